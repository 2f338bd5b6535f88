import { Act } from '../dialog.js';
import { Time, count } from '../format.js';
import { html, useState } from '../html.js';
import { Empty, Show, useLoad, useServed } from '../load.js';
import { withQuery } from '../api.js';
import { List, Table, setQuery } from '../table.js';

export function Stock() {
  const query = new URLSearchParams(location.search);
  const lists = useServed('GET /v1/stock');
  const find = (/** @type {SubmitEvent} */ e) => {
    e.preventDefault();
    const q = String(new FormData(/** @type {any} */ (e.target)).get('q')).trim();
    if (lists) setQuery({ q });
    else if (q) { history.pushState(null, '', `/stock/${encodeURIComponent(q)}`); dispatchEvent(new PopStateEvent('popstate')); }
  };
  const columns = [
    { head: 'SKU', cell: (/** @type {any} */ s) => html`<a href=${`/stock/${encodeURIComponent(s.sku)}`}>${s.sku}</a>`, text: (/** @type {any} */ s) => s.sku },
    ...['on_hand', 'reserved', 'available', 'on_order', 'reorder_point'].map((f) => ({ head: f.replace('_', ' '), number: true,
      cell: (/** @type {any} */ s) => html`<span class=${s[f] < 0 ? 'bad' : ''}>${s[f] < 0 ? '⚠ ' : ''}${count(s[f])}</span>`, text: (/** @type {any} */ s) => s[f] })),
  ];
  const path = withQuery('/v1/stock', { q: query.get('q'), low: query.get('low') });
  return html`<h1 tabindex="-1">Stock</h1>
    <form class="filters" onSubmit=${find}><label>SKU <input name="q" type="search" value=${query.get('q') || ''} /></label>
      <button>Find</button>${lists && html` <label><input type="checkbox" checked=${query.get('low') === 'true'}
        onChange=${(/** @type {any} */ e) => setQuery({ low: e.target.checked ? 'true' : '' })} /> Only below the reorder point</label>`}</form>
    ${lists === false && html`<p class="dim">This server lists no stock; a single SKU is found by its number, as 85123A.</p>`}
    ${lists && html`<${List} key=${path} caption="Stock" path=${path} columns=${columns} empty=${html`<${Empty} title="No such product" />`} />`}`;
}

/** @param {{arg: string, reads: boolean}} props */
export function Sku({ arg, reads }) {
  const path = `/v1/stock/${encodeURIComponent(arg)}`;
  const stock = useLoad(path, 5);
  const lists = useServed('GET /v1/stock');
  const [turn, renew] = useState(0); // what an operator has changed shows in the lists when it has gone its way
  const done = () => { stock.reload(); renew(turn + 1); };
  const columns = [{ head: 'Warehouse', cell: (/** @type {any} */ w) => w.warehouse },
    ...['on_hand', 'reserved', 'available', 'on_order', 'reorder_point'].map((f) => ({ head: f.replace('_', ' '), number: true,
      cell: (/** @type {any} */ w) => html`<span class=${w[f] < 0 ? 'bad' : ''}>${w[f] < 0 ? '⚠ ' : ''}${count(w[f])}</span>` }))];
  const held = [{ head: 'Order', cell: (/** @type {any} */ r) => html`<a href=${`/sagas/${r.order}`}><code>${r.order}</code></a>` },
    { head: 'State', cell: (/** @type {any} */ r) => r.state },
    { head: 'Warehouse', cell: (/** @type {any} */ r) => r.warehouse || '–' }, { head: 'Quantity', number: true, cell: (/** @type {any} */ r) => count(r.quantity) },
    { head: 'Since', cell: (/** @type {any} */ r) => html`<${Time} at=${r.since} />` }];
  const moved = [{ head: 'When', cell: (/** @type {any} */ m) => html`<${Time} at=${m.at} />` }, { head: 'Warehouse', cell: (/** @type {any} */ m) => m.warehouse },
    { head: 'Change', number: true, cell: (/** @type {any} */ m) => (m.change > 0 ? `+${count(m.change)}` : count(m.change)) }, { head: 'What', cell: (/** @type {any} */ m) => m.what },
    { head: 'Order', cell: (/** @type {any} */ m) => m.order ? html`<a href=${`/sagas/${m.order}`}><code>${m.order}</code></a>` : '–' },
    { head: 'Receipt or return', cell: (/** @type {any} */ m) => m.reference || '–' }];
  return html`<h1 tabindex="-1">Stock of ${arg}</h1>
    <${Show} of=${stock}>${(/** @type {any} */ s) => html`<p><strong>${count(s.available)}</strong> available · ${
        count(s.on_hand)} on hand · ${count(s.reserved)} reserved · ${count(s.on_order)} on order</p>
      <${Table} caption="Warehouses" columns=${columns} rows=${s.warehouses || []} />
      ${!reads && html`<p><${Act} label="Receive goods" method="POST" path="/v1/stock/receipts" done=${done}
        body=${(/** @type {any} */ f) => ({ items: [{ sku: arg, warehouse: f.warehouse, quantity: Number(f.quantity) }] })}
        says=${html`<p>So many pieces of ${arg} have come in. Orders that wait for them go on by themselves.</p>`}>
        <label>Warehouse <select name="warehouse">${(s.warehouses || []).map((/** @type {any} */ w) => html`<option>${w.warehouse}</option>`)}</select></label>
        <label>Quantity <input name="quantity" type="number" min="1" max="1000000000" required /></label></${Act}> ${' '}
      <${Act} label="Count" method="POST" path="/v1/stock/counts" done=${done}
        body=${(/** @type {any} */ f) => ({ items: [{ sku: arg, warehouse: f.warehouse, counted: Number(f.counted), reason: f.reason }] })}
        says=${html`<p>So many pieces of ${arg} are there, those in parcels that have not left included. Of what is set aside and missing the newest
          orders are cancelled; the oldest keep their goods.</p>`}>
        <label>Warehouse <select name="warehouse">${(s.warehouses || []).map((/** @type {any} */ w) => html`<option>${w.warehouse}</option>`)}</select></label>
        <label>Counted <input name="counted" type="number" min="0" max="1000000000" required /></label>
        <label>Reason <input name="reason" maxlength="200" /></label></${Act}></p>`}`}</${Show}>
    ${lists && stock.data && html`<h2>Orders that hold it, or wait for it</h2><${List} key=${`held ${turn}`} caption="Reservations" mark="held" path=${`${path}?of=reservations`} columns=${held} limit=${20} every=${turn && 5}
      empty=${html`<p class="dim">No order holds any, and none waits.</p>`} />
      <h2>Movements</h2><${List} key=${`moved ${turn}`} caption="Movements" mark="moved" path=${`${path}?of=movements`} columns=${moved} limit=${20} every=${turn && 5}
      empty=${html`<p class="dim">Nothing has moved.</p>`} />`}`;
}
