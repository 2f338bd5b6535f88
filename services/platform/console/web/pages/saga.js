import { all } from '../api.js';
import { Act, Reason } from '../dialog.js';
import { Ago, State, Time, Why, causes, count, fine, money, short, span, words } from '../format.js';
import { html, useEffect, useMemo, useState } from '../html.js';
import { chainOf, diff, foldedText, lanesOf, rowsOf, small, tall, undoneBy } from '../lanes.js';
import { Show, useAsync, useLoad, useServed } from '../load.js';
import { useChanged } from '../live.js';
import { MoveDeadline } from './deadlines.js';
import { Decide } from './reviews.js';

/** @param {{arg: string, reads: boolean}} props */
export function Saga({ arg, reads }) {
  const saga = useLoad(`/v1/sagas/${encodeURIComponent(arg)}`, 3);
  useChanged(arg, saga.reload);
  return html`<h1 tabindex="-1">Order <code>${arg}</code></h1>
    <${Show} of=${saga}>${(/** @type {any} */ s) => html`<${Told} saga=${s} reads=${reads} reload=${saga.reload} />`}</${Show}>`;
}

/** The event to begin with: that after which the saga does not go on, or from which follows what is overdue. @param {any} saga */
const telling = (saga) => saga.events.find((/** @type {any} */ e) => e.id === (saga.stuck || saga.obligations.find((/** @type {any} */ o) =>
  o.overdue))?.event) || saga.events[0];

/** @param {{saga: any, reads: boolean, reload: () => void}} props */
function Told({ saga, reads, reload }) {
  const query = new URLSearchParams(location.search);
  const [fold, setFold] = useState(query.get('fold') !== 'no');
  const [failures, setFailures] = useState(query.get('show') === 'failures');
  const [text, setText] = useState(query.get('find') || '');
  const [chosen, choose] = useState(Number(query.get('n')));
  const [open, unfold] = useState(() => new Set());
  useEffect(() => {
    const q = new URLSearchParams();
    if (chosen) q.set('n', String(chosen));
    if (!fold) q.set('fold', 'no');
    if (failures) q.set('show', 'failures');
    if (text) q.set('find', text);
    history.replaceState(null, '', `${location.pathname}${q.size ? `?${q}` : ''}`);
  }, [chosen, fold, failures, text]);
  const events = saga.events;
  const undone = useMemo(() => undoneBy(events), [events]);
  const take = (/** @type {any} */ e) => (!failures || e.compensates?.length || undone.has(e.n) || /fail|declin|refus|cancel|reject|lost|short/.test(
    e.type)) && (!text || `${e.type} ${e.service} ${JSON.stringify(e.data)}`.includes(text));
  const rows = rowsOf(events, { fold, open, take: failures || text ? take : undefined });
  const event = events.find((/** @type {any} */ e) => e.n === chosen) || telling(saga);
  return html`<${Head} saga=${saga} />
    <${Actions} saga=${saga} reads=${reads} reload=${reload} />
    <div class="filters"><label><input type="checkbox" checked=${fold} onChange=${() => setFold(!fold)} /> Fold bookkeeping</label>
      <label><input type="checkbox" checked=${failures} onChange=${() => setFailures(!failures)} /> Failures and compensations only</label>
      <label>Find <input type="search" value=${text} onInput=${(/** @type {any} */ e) => setText(e.target.value)} /></label>
      <${Copy} saga=${saga} undone=${undone} /> <a href=${`/audit?on=${encodeURIComponent(saga.order)}`}>What operators did</a></div>
    <div class="saga"><div>
      <${Events} saga=${saga} rows=${rows} undone=${undone} chosen=${event?.n} choose=${choose}
        unfold=${(/** @type {any[]} */ list) => unfold(new Set([...open, ...list.map((e) => e.n)]))} />
      <${Now} saga=${saga} reads=${reads} reload=${reload} /></div>
      ${event && html`<${Side} event=${event} saga=${saga} undone=${undone} />`}</div>`;
}

/** @param {number} n @param {string} word */
const several = (n, word) => `${count(n)} ${word}${n === 1 ? '' : 's'}`;

/** @param {{saga: any}} props */
function Head({ saga }) {
  const cancelled = saga.events.find((/** @type {any} */ e) => /^(order\.(cancelled|rejected)|storefront\.cancellation_requested)\./.test(e.type));
  const m = saga.money;
  return html`<p><${State} ...${saga} ended=${saga.ended_at} />
      ${saga.customer && html` · <a href=${`/sagas?customer=${encodeURIComponent(saga.customer)}`}>${saga.customer}</a>`}
      ${m && html` · total ${money(m.total)} · authorised ${money(m.authorized)} · captured ${money(m.captured)} · refunded ${money(m.refunded)}`}</p>
    <p class="dim">Began <${Time} at=${saga.began_at} offset /> · ${saga.ended_at ? html`ended after ${span((Date.parse(saga.ended_at)
    - Date.parse(saga.began_at)) / 1000)}` : html`last event <${Ago} at=${saga.last_at} />`} · ${count(saga.events.length)} events of
      ${' '}${lanesOf(saga.events).length} services · ${several(saga.calls.length, 'question')} outside · ${several(saga.compensations.length, 'compensation')}
      ${cancelled && html` · ${cancelled.type.startsWith('storefront') ? `${cancelled.data?.operator ? `cancelled by ${cancelled.data.operator} of the shop` : 'cancelled by the customer'}${
      cancelled.data?.reason ? `: ${cancelled.data.reason}` : ''}`
    : `${words(short(cancelled.type).split('.')[1])} by ${cancelled.service}${cancelled.data?.reason ? `: ${words(String(cancelled.data.reason))}` : ''}`} (${cancelled.n})`}</p>
    ${saga.stuck && html`<div class="notice bad" role="alert"><p><strong>⚠ ${words(saga.stuck.cause)}${saga.stuck.service
    && `, owed by ${saga.stuck.service}`}</strong> for <${Ago} at=${saga.stuck.since} late="" />: <${Why} text=${saga.stuck.detail} /></p>
      <p>${causes[saga.stuck.cause]}</p>${saga.deadlines.filter((/** @type {any} */ d) => !d.due_at).map((/** @type {any} */ d) =>
    html`<p>${d.moved_by} took the deadline of ${d.service} off: without it nothing happens by itself.</p>`)}</div>`}`;
}

/** @param {{saga: any, reads: boolean, reload: () => void}} props */
function Actions({ saga, reads, reload }) {
  const cancels = useServed('POST /v1/orders/{id}/cancellation');
  const reviews = useAsync(`review ${saga.order} ${saga.last_at}`, async () => saga.state === 'in_review'
    ? (await all('/v1/reviews')).items.find((r) => r.order === saga.order) || null : null);
  const parked = useLoad(`/v1/parked?order=${encodeURIComponent(saga.order)}`, 10);
  const dispatched = saga.events.some((/** @type {any} */ e) => e.type.startsWith('shipping.dispatched.'));
  const before = !dispatched && !saga.ended_at;
  const why = saga.cancellable?.why || (dispatched ? 'the goods have left: this is past the point of no return' : 'it has ended');
  const undo = saga.events.filter((/** @type {any} */ e) => /\.(reserved|authorized|captured|prepared|label_bought|pick_requested)\.v\d+$/.test(e.type))
    .map((/** @type {any} */ e) => short(e.type));
  return html`${parked.data?.items.length > 0 && html`<div class="notice bad"><h2>Parked</h2><p>${causes.parked}</p><ul>${parked.data.items.map((/** @type {any} */ p) =>
    html`<li>${p.service} put ${short(p.type)} aside <${Ago} at=${p.parked_at} />: <${Why} text=${p.reason || 'waits behind the one before'} />
        ${p.behind > 0 && ` · ${p.behind} behind it`}</li>`)}</ul>
      ${!reads && html`<${Act} label="Redrive this order" says=${html`<p>What is parked of this order is processed again, in its order.</p>`} method="POST"
        path="/v1/parked/redrive" body=${(/** @type {any} */ f) => ({ orders: [saga.order], reason: f.reason })}
        done=${(/** @type {any} */ a) => { history.pushState(null, '', `/redrives/${a.id}`); dispatchEvent(new PopStateEvent('popstate')); }}>
        <${Reason} /></${Act}>`}</div>`}
    ${reviews.data && !reads && html`<div class="notice"><h2>A person must decide</h2><${Decide} review=${reviews.data} done=${reload} /></div>`}
    ${cancels && !reads && html`<p>${before ? html`<${Act} label="Cancel the order" danger method="POST" path=${
    `/v1/orders/${saga.order}/cancellation`} body=${(/** @type {any} */ f) => ({ reason: f.reason })} done=${reload} says=${html`
      <p>The order is before the point of no return. ${undo.length ? `To be undone: ${undo.join(', ')}.` : 'Nothing is to be undone yet.'}</p>`}>
      <${Reason} /></${Act}>` : html`<span class="dim">Cannot be cancelled: ${why}.</span>`}</p>`}`;
}

const laneWidth = 22;

/** @param {any} props */
function Events({ saga, rows, undone, chosen, choose, unfold }) {
  const events = saga.events;
  const lanes = lanesOf(events);
  const chain = chainOf(events, chosen);
  const start = Date.parse(saga.began_at);
  const calls = new Map(saga.calls.map((/** @type {any} */ c) => [c.id, c]));
  const byN = new Map(events.map((/** @type {any} */ e) => [e.n, e]));
  /** @param {KeyboardEvent} e */
  const keys = (e) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (!step) return;
    const list = rows.filter((/** @type {any} */ r) => r.kind === 'event').map((/** @type {any} */ r) => r.event.n);
    const n = list[Math.max(0, Math.min(list.length - 1, list.indexOf(chosen) + step))];
    choose(n);
    document.getElementById(`event-${n}`)?.focus();
    e.preventDefault();
  };
  return html`<div class="scroll graph" tabindex="0" role="region" aria-label="Events" style=${{ '--lanes': `${lanes.length * laneWidth}px` }}>
    <div class="lanes" aria-hidden="true"><div class="lane-names">${lanes.map((l) => html`<span title=${l}>${l}</span>`)}</div>
      <${Graph} rows=${rows} lanes=${lanes} chain=${chain} chosen=${chosen} /></div>
    <table class="events" onKeyDown=${keys}><caption class="hidden">Events in causal order</caption>
      <thead><tr><th scope="col">Event</th><th scope="col">Led to by</th><th scope="col" class="number">After</th></tr></thead>
      <tbody>${rows.map((/** @type {any} */ r) => {
    if (r.kind === 'gap') return html`<tr class="small gap"><td colspan="3">${span(r.seconds)} later</td></tr>`;
    if (r.kind === 'pivot') return html`<tr class="small pivot"><td colspan="3">point of no return</td></tr>`;
    if (r.kind === 'fold') {
      return html`<tr class="small fold"><td colspan="2"><button class="link" onClick=${() => unfold(r.events)}>${foldedText(r.events)}</button></td>
        <td class="number">+${fine((Date.parse(r.events[0].at) - start) / 1000)}</td></tr>`;
    }
    const e = r.event;
    const call = /** @type {any} */ (calls.get(e.id));
    const from = /** @type {any} */ (byN.get(e.caused_by));
    return html`<tr class=${`${e.n === chosen ? 'chosen' : ''} ${e.compensates?.length ? 'compensation' : ''}`}
      aria-current=${e.n === chosen ? 'true' : undefined}><td>
      <button class="link" id=${`event-${e.n}`} onClick=${() => choose(e.n)}>${e.n}. ${undone.has(e.n) ? html`<s>${short(e.type)}</s>` : short(e.type)}</button>
      ${' '}<span class="service">${e.service}</span>
      ${undone.has(e.n) && html` <small>undone by ${undone.get(e.n).n}</small>`}
      ${e.compensates?.length > 0 && html` <small class="undoes">↶ undoes ${e.compensates.map(short).join(', ')}</small>`}
      ${call && html` <span class=${`badge ${call.overdue || call.last_error ? 'bad' : ''}`}>⇄${call.tries > 1 ? ` ×${call.tries}` : ''}${
  call.answered_at ? ` ${count(Date.parse(call.answered_at) - Date.parse(call.asked_at))} ms` : call.silent ? '' : ' not answered'}</span>`}</td>
      <td>${from ? `${from.n}. ${short(from.type)}` : e.reaction.on || ''}${e.reaction.form === 'deadline' ? ' ◷' : ''}</td>
      <td class="number">+${fine((Date.parse(e.at) - start) / 1000)}</td></tr>`;
  })}</tbody></table></div>`;
}

/** @param {any} props */
function Graph({ rows, lanes, chain, chosen }) {
  const x = (/** @type {string} */ service) => lanes.indexOf(service) * laneWidth + laneWidth / 2;
  const at = new Map();
  for (const r of rows) {
    if (r.kind === 'event') at.set(r.event.n, { e: r.event, y: r.y + tall / 2 });
  }
  const last = rows.at(-1);
  const height = last ? last.y + (last.kind === 'event' ? tall : small) : 0;
  return html`<svg width=${lanes.length * laneWidth} height=${height}>
    ${lanes.map((/** @type {string} */ l) => html`<line class="lane" x1=${x(l)} x2=${x(l)} y1="0" y2=${height} />`)}
    ${[...at.values()].map(({ e, y }) => {
    const from = at.get(e.caused_by);
    if (!from) return null;
    const a = x(from.e.service);
    const b = x(e.service);
    const bend = a === b ? `C${a - 14},${from.y} ${a - 14},${y} ${b},${y}` : `C${a},${(from.y + y) / 2} ${b},${(from.y + y) / 2} ${b},${y - 5}`;
    return html`<path class=${`arrow ${e.compensates?.length ? 'undoing' : ''} ${chain.has(e.n) && chain.has(from.e.n) ? 'chain' : ''}`}
      d=${`M${a},${from.y}${bend}`} />`;
  })}
    ${[...at.values()].map(({ e, y }) => html`<circle class=${`node ${e.reaction.form} ${e.compensates?.length ? 'undoing' : ''} ${
    e.n === chosen ? 'chosen' : ''}`} cx=${x(e.service)} cy=${y} r="5" />`)}</svg>`;
}

/** @param {{saga: any, reads: boolean, reload: () => void}} props */
function Now({ saga, reads, reload }) {
  const owed = saga.obligations;
  return html`<section class="now"><h2>Now${saga.ended_at ? ', it has ended' : ''}</h2>
    ${owed.length === 0 && html`<p>Nothing is owed.</p>`}
    <ul>${owed.map((/** @type {any} */ o) => {
    const deadline = saga.deadlines.find((/** @type {any} */ d) => d.id === o.event && d.service === o.service);
    return html`<li class=${o.overdue ? 'bad' : ''}><strong>${o.kind === 'decision' ? 'a person' : o.service}</strong> owes: ${o.what}
        <small> · since <${Time} at=${o.since} /> · ${o.overdue ? html`⚠ <${Ago} at=${o.until} late="overdue" />` : html`until
        ${' '}<${Time} at=${o.until} />, <${Ago} at=${o.until} />`}</small>
        ${o.cause && html`<br /><span class="badge bad">⚠ ${words(o.cause)}</span> <${Why} text=${o.detail} />`}
        ${o.kind === 'deadline' && deadline && !reads && html` <${MoveDeadline} deadline=${deadline} done=${reload} />`}</li>`;
  })}</ul>
    ${saga.deadlines.filter((/** @type {any} */ d) => !d.due_at).map((/** @type {any} */ d) => html`<p>Taken off by ${d.moved_by}: the deadline
      of ${d.service} since ${short(d.since)}. ${!reads && html`<${MoveDeadline} deadline=${d} done=${reload} />`}</p>`)}
    ${saga.ahead?.length > 0 && html`<h2>Ahead</h2><ol class="ahead">${saga.ahead.map((/** @type {any} */ a) => html`<li>${a.service}: on ${short(a.on)}
      → ${(a.emits || []).map(short).join(' or ') || 'nothing more'}</li>`)}</ol>`}
    ${!saga.ended_at && !saga.events.some((/** @type {any} */ e) => e.type.startsWith('shipping.dispatched.')) && html`<p class="dim">Before the
      point of no return: it can still be cancelled.</p>`}</section>`;
}

/** @param {any} value */
const shown = (value) => (value === undefined ? '(none)' : typeof value === 'string' ? value : JSON.stringify(value, null, 1));

/** @param {any} props */
function Side({ event: e, saga, undone }) {
  const call = saga.calls.find((/** @type {any} */ c) => c.id === e.id);
  const changes = Object.entries(e.changes || {}).flatMap(([field, c]) => diff(/** @type {any} */ (c).before, /** @type {any} */ (c).after, field));
  return html`<section class="side" aria-label="The event" tabindex="0"><h2>${e.n}. ${short(e.type)}</h2><dl>
    <dt>Service</dt><dd>${e.service}</dd>
    <dt>At</dt><dd><${Time} at=${e.at} offset /></dd>
    <dt>Where</dt><dd>${e.topic}/${e.partition}, offset ${e.offset}, number ${e.sequence}</dd>
    <dt>How</dt><dd>${e.reaction.form}${e.reaction.on ? ` ${short(e.reaction.on)}` : ''}${e.reaction.question ? ` (${e.reaction.question})` : ''}</dd>
    ${undone.has(e.n) && html`<dt>Undone by</dt><dd>${undone.get(e.n).n}. ${short(undone.get(e.n).type)}</dd>`}
    ${e.compensates?.length > 0 && html`<dt>Undoes</dt><dd>${e.compensates.map(short).join(', ')}</dd>`}
    ${call && html`<dt>Question</dt><dd>${call.question}, ${call.tries} ${call.tries === 1 ? 'try' : 'tries'}${call.last_error
    ? `; last error: ${call.last_error}` : ''}${call.outcome ? ` → ${short(call.outcome)}` : ''}</dd>`}</dl>
    ${changes.length > 0 && html`<h3>State of ${e.service}</h3><table class="diff"><thead><tr><th scope="col">Field</th><th scope="col">Change</th></tr></thead>
      <tbody>${changes.map((c) => html`<tr><td>${c.path}</td><td><del>${shown(c.before)}</del> <ins>${shown(c.after)}</ins></td></tr>`)}</tbody></table>`}
    <h3>Payload</h3><pre tabindex="0" role="region" aria-label="Payload">${JSON.stringify(e.data, null, 1)}</pre></section>`;
}

/** @param {any} props */
function Copy({ saga, undone }) {
  const [told, tell] = useState('');
  const text = () => [`Order ${saga.order}: ${saga.state}${saga.reason ? `, ${saga.reason}` : ''}`,
    ...saga.events.map((/** @type {any} */ e) => `${e.n}. ${e.at} ${short(e.type)}${e.caused_by ? ` (led to by ${e.caused_by})` : ''}${
      e.compensates?.length ? ` undoes ${e.compensates.map(short).join(', ')}` : ''}${undone.has(e.n) ? ` (undone by ${undone.get(e.n).n})` : ''}`),
    ...saga.obligations.map((/** @type {any} */ o) => `owed by ${o.service} until ${o.until}: ${o.what}${o.cause ? ` (${o.cause}: ${o.detail})` : ''}`),
  ].join('\n');
  return html`<button onClick=${() => navigator.clipboard.writeText(text()).then(() => tell('copied'), () => tell('the browser refused'))}>
    Copy as text</button> <span role="status">${told}</span>`;
}
