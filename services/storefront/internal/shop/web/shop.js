// The shop's page. Everything it asks of the API is in orderflow.js.
import { Orderflow, Refusal, newKey } from './orderflow.js';

const stored = (/** @type {string} */ name) => JSON.parse(sessionStorage.getItem(name) || 'null');
const store = (/** @type {string} */ name, /** @type {any} */ value) => sessionStorage.setItem(name, JSON.stringify(value));

/** The last request as a line for a terminal; the token is left out.
 * @param {{method: string, path: string, body?: any, key?: string}} r */
function tellCurl({ method, path, body, key }) {
  const quoted = (/** @type {string} */ text) => `'${text.replaceAll("'", "'\\''")}'`;
  at('curl').textContent = ['curl', method === 'GET' ? '' : `-X ${method}`, `-H "Authorization: Bearer $TOKEN"`, key && `-H "Idempotency-Key: ${key}"`,
    body !== undefined && `-H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`, quoted(location.origin + path)].filter(Boolean).join(' ');
}

const api = new Orderflow({ token: stored('token') || '', sent: tellCurl });
/** @type {Record<string, {sku: string, description: string, price: any, quantity: number}>} */
let basket = stored('basket') || {};
/** @type {AbortController} */
let shown = new AbortController();

/** @param {string} id */
const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Makes an element: attributes, listeners as onclick, and children. @param {string} tag @param {Record<string, any>} [attributes] @param {any[]} children */
function el(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) e.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) e.setAttribute(name, value === true ? '' : value);
  }
  e.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return e;
}

/** @param {{amount: number, currency: string}} m */
function money(m) {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency: m.currency });
  return format.format(m.amount / 10 ** (format.resolvedOptions().maximumFractionDigits || 0));
}

const when = (/** @type {string} */ t) => el('time', { datetime: t }, new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(t)));

/** @param {string} title @param {any[]} parts */
function show(title, ...parts) {
  const h1 = el('h1', { tabindex: '-1' }, title);
  at('page').replaceChildren(h1, ...parts.flat().filter(Boolean));
  document.title = `${title} · Orderflow shop`;
  h1.focus({ preventScroll: true });
}

/** @param {any} err */
const refused = (err) => el('div', { class: 'notice', role: 'alert' }, el('p', {}, err.status === 401 ? 'You are signed out: ' : '', err.message || String(err)),
  err.status === 401 ? el('p', {}, el('a', { href: '#/sign-in' }, 'Sign in again')) : null,
  (err.errors || []).length ? el('ul', {}, err.errors.map((/** @type {any} */ e) => el('li', {}, `${e.location}: ${e.detail}`))) : null);

function count() {
  const n = Object.values(basket).reduce((sum, l) => sum + l.quantity, 0);
  at('basket-count').textContent = n ? `(${n})` : '';
  at('who').replaceChildren(api.token ? el('button', { onclick: () => { api.token = ''; store('token', ''); go(); } }, 'Sign out') : el('a', { href: '#/sign-in' }, 'Sign in'));
}

/** @param {any} product @param {number} quantity */
function put(product, quantity) {
  if (quantity > 0) basket[product.sku] = { sku: product.sku, description: product.description, price: product.price, quantity };
  else delete basket[product.sku];
  store('basket', basket);
  count();
}

async function goods() {
  const list = el('ul', { class: 'goods' });
  const more = el('p', {});
  const status = el('p', { role: 'status' });
  let turn = 0;
  const load = async (/** @type {string} */ q, cursor = '') => {
    const mine = ++turn;
    try {
      const page = await api.products(q, cursor);
      if (mine !== turn) return;
      if (!cursor) list.replaceChildren();
      list.append(...page.items.map((/** @type {any} */ p) => el('li', {}, el('strong', {}, p.description), el('span', { class: 'dim' }, p.sku), el('span', {}, money(p.price)),
        el('span', { class: p.available ? 'good' : 'bad' }, p.available ? `${p.available} left` : p.backorderable ? 'not in stock; can be ordered' : 'not in stock'),
        el('button', { onclick: () => { put(p, (basket[p.sku]?.quantity || 0) + 1); status.textContent = `${p.description} is in the basket.`; } },
          'Put in the basket', el('span', { hidden: true }, p.sku)))));
      status.textContent = list.children.length ? '' : q ? `Nothing is called “${q}”.` : 'No goods yet: orderflow demo loads a catalogue.';
      more.replaceChildren(page.next_cursor ? el('button', { onclick: () => load(q, page.next_cursor) }, 'More') : '');
    } catch (err) {
      list.replaceChildren(el('li', {}, refused(err)));
    }
  };
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const search = el('input', { type: 'search', oninput: (/** @type {any} */ e) => { clearTimeout(timer); timer = setTimeout(() => load(e.target.value.trim()), 250); } });
  show('Goods', el('label', {}, 'Search ', search), status, list, more);
  await load('');
}

/** @type {[string, string][]} */
const policies = [['fill_all', 'Wait until all is there'], ['fill_or_kill', 'All at once, or cancel the order'], ['fill_available', 'Send what is there, drop the rest']];
/** @type {[string, string][]} */
const tokens = [['tok_ok', 'tok_ok: is paid'], ['tok_declined', 'tok_declined: the card is declined'], ['tok_insufficient_funds', 'tok_insufficient_funds: not enough money'],
  ['tok_timeout', 'tok_timeout: the gateway answers late or not at all'], ['tok_capture_fails', 'tok_capture_fails: the money cannot be taken; all is undone'],
  ['tok_refund_fails_once', 'tok_refund_fails_once: the first refund fails']];

function basketPage() {
  const lines = Object.values(basket);
  if (!lines.length) {
    show('Basket', el('p', {}, 'It is empty. ', el('a', { href: '#/' }, 'To the goods')));
    return;
  }
  const total = el('strong');
  const sum = () => {
    const now = Object.values(basket);
    total.textContent = now.length ? money({ amount: now.reduce((s, l) => s + l.price.amount * l.quantity, 0), currency: now[0].price.currency }) : '';
  };
  sum();
  const rows = lines.map((l) => el('tr', {}, el('td', {}, `${l.description} (${l.sku})`), el('td', { class: 'number' }, money(l.price)),
    el('td', {}, el('input', { type: 'number', min: '0', max: '100000', value: String(l.quantity), 'aria-label': `Quantity of ${l.sku}`,
      onchange: (/** @type {any} */ e) => { put(l, Number(e.target.value)); sum(); if (Number(e.target.value) < 1) basketPage(); } }))));
  const kept = stored('address') || {};
  const field = (/** @type {string} */ name, /** @type {string} */ label, /** @type {any} */ more = {}) => el('label', {}, label,
    el('input', { name, required: true, value: kept[name] || '', ...more }), el('span', { class: 'bad', 'data-field': name }));
  const fault = el('div');
  let key = newKey();
  let sent = '';
  const form = el('form', { onsubmit: async (/** @type {SubmitEvent} */ e) => {
    e.preventDefault();
    const f = /** @type {any} */ (Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (e.target))));
    store('address', f);
    const order = { lines: Object.values(basket).map(({ sku, quantity }) => ({ sku, quantity })), email: f.email, payment_token: f.payment_token, fill_policy: f.fill_policy,
      ship_to: { name: f.name, line1: f.line1, city: f.city, postcode: f.postcode, country: f.country.toUpperCase() } };
    if (sent && sent !== JSON.stringify(order)) key = newKey(); // another order; the same one keeps its key
    sent = JSON.stringify(order);
    const button = /** @type {HTMLButtonElement} */ (form.querySelector('button.primary'));
    button.disabled = true;
    document.querySelectorAll('[data-field]').forEach((s) => { s.textContent = ''; });
    fault.replaceChildren();
    try {
      const placed = await api.place(order, key);
      basket = {};
      store('basket', basket);
      location.hash = `#/orders/${placed.id}`;
    } catch (err) {
      const rest = (/** @type {any} */ (err).errors || []).filter((/** @type {any} */ one) => {
        const name = String(one.location || '').split('.').pop();
        const place = document.querySelector(`[data-field="${name}"]`);
        if (place) place.textContent = one.detail;
        return !place;
      });
      fault.replaceChildren(refused(Object.assign(new Refusal(/** @type {any} */ (err).status, { detail: /** @type {any} */ (err).message, errors: rest }, 0))));
      button.disabled = false;
    }
  } }, el('h2', {}, 'Where to'), field('name', 'Name', { autocomplete: 'name' }), field('line1', 'Street', { autocomplete: 'address-line1' }),
  field('city', 'City', { autocomplete: 'address-level2' }), field('postcode', 'Postcode', { autocomplete: 'postal-code' }),
  field('country', 'Country, two letters', { maxlength: '2', value: kept.country || 'GB' }), field('email', 'E-mail', { type: 'email', autocomplete: 'email' }),
  el('h2', {}, 'If not all is there'), el('label', {}, 'Then', el('select', { name: 'fill_policy' }, policies.map(([v, text]) => el('option', { value: v }, text)))),
  el('h2', {}, 'Payment'), el('label', {}, 'Test token of the simulated gateway', el('select', { name: 'payment_token' }, tokens.map(([v, text]) => el('option', { value: v }, text)))),
  el('p', {}, 'Total ', total), fault, el('button', { class: 'primary', type: 'submit' }, 'Place the order'));
  show('Basket', el('div', { class: 'scroll' }, el('table', {}, el('thead', {}, el('tr', {}, el('th', {}, 'Goods'), el('th', { class: 'number' }, 'Price'), el('th', {}, 'Quantity'))),
    el('tbody', {}, rows))), api.token ? form : el('p', {}, el('a', { href: '#/sign-in' }, 'Sign in to order')));
}

async function ordersPage() {
  show('My orders');
  try {
    const { items } = await api.orders();
    show('My orders', items.length ? el('ul', {}, items.map((/** @type {any} */ o) => el('li', {}, el('a', { href: `#/orders/${o.id}` }, when(o.placed_at)), ` ${o.status.replaceAll('_', ' ')}, ${money(o.total)}`)))
      : el('p', {}, 'None yet. ', el('a', { href: '#/' }, 'To the goods')));
  } catch (err) {
    show('My orders', refused(err));
  }
}

/** @param {string} id */
async function orderPage(id) {
  const body = el('div');
  const back = el('div'); // beside what is drawn anew, so that nothing typed is lost
  const key = newKey();
  show(`Order ${id}`, body, back);
  const { signal } = shown;
  const draw = async () => {
    const o = await api.order(id);
    if (signal.aborted) return;
    body.replaceChildren(...orderParts(o, key, draw));
    if (['delivered', 'completed'].includes(o.status) && !back.children.length) {
      back.append(returnForm(o, () => { back.replaceChildren(); return draw(); }));
    }
  };
  try {
    await draw();
    for await (const _ of api.watch(id, signal)) await draw();
  } catch (err) {
    if (!signal.aborted) body.append(refused(err));
  }
}

const pieces = (/** @type {any[]} */ lines) => lines.map((l) => `${l.quantity} × ${l.sku}`).join(', ');

/** @param {any} o @param {string} key @param {() => Promise<void>} draw */
function orderParts(o, key, draw) {
  const fault = el('div');
  const act = (/** @type {() => Promise<any>} */ fn) => async () => {
    try {
      await fn();
      await draw();
    } catch (err) {
      fault.replaceChildren(refused(err));
    }
  };
  const here = o.shipments.some((/** @type {any} */ s) => s.parcel && s.state === 'prepared'); // it may still be stopped
  const over = ['rejected', 'cancelled', 'returned', 'completed', 'delivered', ...here ? [] : ['shipped']].includes(o.status);
  const p = o.payment;
  const of = (/** @type {string} */ id) => {
    const parcel = o.shipments.find((/** @type {any} */ s) => s.id === id)?.parcel;
    return parcel ? ` for parcel ${parcel.number}` : '';
  };
  return [el('p', { role: 'status' }, el('strong', {}, o.status.replaceAll('_', ' ')), o.reason ? `: ${o.reason.replaceAll('_', ' ')}` : '', o.next ? `. Next: ${o.next.text} (${o.next.by})` : ''),
    el('ol', { class: 'timeline' }, o.timeline.map((/** @type {any} */ e) => el('li', {}, when(e.at), ` ${e.text || e.status}`))),
    el('p', {}, `Total ${money(o.total)} · set aside ${money(p.authorized)} · taken ${money(p.captured)} · given back ${money(p.refunded)}`),
    el('div', { class: 'scroll' }, el('table', {}, el('thead', {}, el('tr', {}, el('th', {}, 'SKU'), el('th', { class: 'number' }, 'Quantity'), el('th', { class: 'number' }, 'Price'))),
      el('tbody', {}, o.lines.map((/** @type {any} */ l) => el('tr', {}, el('td', {}, l.sku), el('td', { class: 'number' }, `${l.quantity}${l.unfilled ? ` of ${l.ordered}` : ''}`),
        el('td', { class: 'number' }, money(l.unit_price))))))),
    ...o.shipments.map((/** @type {any} */ s) => el('p', {}, `Parcel${s.parcel ? ` ${s.parcel.number} of ${s.parcel.of}` : ''} with ${s.carrier}, tracking ${s.tracking_number}: ${s.state}${
      s.lines ? `; ${pieces(s.lines)}` : ''}`)),
    ...o.returns.map((/** @type {any} */ r) => el('p', {}, `Return of ${pieces(r.lines)}: ${r.state}${r.refusal ? `, ${r.refusal}` : ''}${
      r.tracking_number ? `; send it with ${r.carrier}, ${r.tracking_number}` : ''}`)),
    fault,
    ...(o.invoices || []).map((/** @type {any} */ d) => el('p', {}, el('button', { onclick: act(async () => {
      const file = URL.createObjectURL(await api.invoice(o.id, d.number));
      el('a', { href: file, download: `${d.number}.pdf` }).click();
      URL.revokeObjectURL(file);
    }) }, `Invoice ${d.number}${of(d.shipment_id)}, as a PDF`))),
    over || o.cancellation_requested ? null : el('p', {}, el('button', { onclick: act(() => api.cancel(o.id, undefined, key)) }, o.status === 'shipped' ? 'Cancel what has not left' : 'Cancel the order'))].filter((e) => e !== null);
}

/** @param {any} o @param {() => Promise<void>} done */
function returnForm(o, done) {
  const key = newKey();
  const fault = el('div');
  return el('details', {}, el('summary', {}, 'Send goods back'), el('form', { onsubmit: async (/** @type {SubmitEvent} */ e) => {
    e.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (e.target));
    const lines = o.lines.map((/** @type {any} */ l) => ({ sku: l.sku, quantity: Number(form.get(`q ${l.sku}`)) })).filter((/** @type {any} */ l) => l.quantity > 0);
    try {
      await api.sendBack(o.id, lines, String(form.get('reason')), key);
      await done();
    } catch (err) {
      fault.replaceChildren(refused(err));
    }
  } }, o.lines.map((/** @type {any} */ l) => el('label', {}, `${l.sku}: `, el('input', { type: 'number', name: `q ${l.sku}`, min: '0', max: String(l.quantity), value: '0' }))),
  el('label', {}, 'Why', el('input', { name: 'reason', required: true, maxlength: '500' })), fault, el('button', {}, 'Ask to send it back')));
}

async function signInPage() {
  const fault = el('div');
  const enter = (/** @type {string} */ token) => { api.token = token; store('token', token); location.hash = '#/'; };
  const guest = el('p');
  show('Sign in', el('form', { onsubmit: (/** @type {SubmitEvent} */ e) => {
    e.preventDefault();
    enter(String(new FormData(/** @type {HTMLFormElement} */ (e.target)).get('token')).trim());
  } }, el('label', {}, 'A customer’s token (orderflow token --customer ID)', el('input', { name: 'token', type: 'password', required: true, autocomplete: 'off' })),
  el('button', {}, 'Sign in')), guest, fault);
  guest.append(el('button', { class: 'primary', onclick: async () => {
    const answer = await fetch('/shop/session', { method: 'POST' }).catch(() => null);
    if (answer?.ok) enter((await answer.json()).token);
    else fault.replaceChildren(refused(new Error('This installation lets nobody in without a token: only one with the simulated gateway, on this machine, does.')));
  } }, 'Try as a new customer'));
}

function go() {
  shown.abort();
  shown = new AbortController();
  count();
  const [, page, id] = location.hash.split('/');
  if (page === 'sign-in') signInPage();
  else if (page === 'basket') basketPage();
  else if (page === 'orders') (id ? orderPage(id) : ordersPage());
  else goods();
}

addEventListener('hashchange', go);
go();
