import { get, withQuery } from '../api.js';
import { Ago, State, count, money, span, words } from '../format.js';
import { html, useState } from '../html.js';
import { Chart } from '../chart.js';
import { Show, useAsync, useLoad, useServed } from '../load.js';
import { Table } from '../table.js';
import { Waits } from './sagas.js';

/** What needs a person, counted from the lists where the server does not count it. A part that does not answer is unknown.
 * @param {AbortSignal} signal */
async function counted(signal) {
  const ask = (/** @type {string} */ path) => get(withQuery(path, { limit: '200' }), signal).catch((err) => ({ failed: err }));
  const [stuck, overdue, parked, reviews, ledger] = await Promise.all([ask('/v1/sagas?attention=true'), ask('/v1/obligations?overdue=true'),
    ask('/v1/parked/groups'), ask('/v1/reviews'), get('/v1/conservation', signal).catch((err) => ({ failed: err }))]);
  if (stuck.failed) throw stuck.failed;
  /** @param {any} page @param {(items: any[]) => number} [sum] */
  const n = (page, sum = (items) => items.length) => (page.failed ? undefined : sum(page.items));
  return { attention: n(stuck), overdue: n(overdue), reviews: n(reviews),
    parked: { sagas: n(parked, (items) => items.reduce((a, g) => a + g.sagas, 0)), groups: n(parked) },
    breaks: broken(ledger) };
}

/** How many breaks the ledger knows. @param {any} ledger */
const broken = (ledger) => (ledger.failed ? undefined : ledger.checks.reduce((/** @type {number} */ a, /** @type {any} */ c) => a + c.broken, 0));

/** The overview of the tracker, with what the ledger has found. @param {AbortSignal} signal */
async function summed(signal) {
  const [overview, ledger] = await Promise.all([get('/v1/overview', signal), get('/v1/conservation', signal).catch((err) => ({ failed: err }))]);
  return { ...overview, breaks: broken(ledger) };
}

export function Overview() {
  const has = useServed('GET /v1/overview');
  const overview = useAsync(`overview ${has}`, has === undefined ? null : has ? summed : counted, has ? 1 : 5);
  return html`<h1 tabindex="-1">Overview</h1>
    <${Show} of=${overview}>${(/** @type {any} */ o) => html`<${Attention} o=${o} at=${overview.at} filter="attention" />
      ${o.open && html`<p class="dim">In flight: ${Object.entries(o.open).filter(([, n]) => n).map(([s, n]) => `${words(s)} ${count(/** @type {any} */ (n))}`)
    .join(' · ') || 'none'} ${o.seconds?.confirmed && html` · confirmed within ${span(o.seconds.confirmed.p50)} (p50), ${span(o.seconds.confirmed.p99)} (p99)`}
        ${o.seconds?.ended && html` · ended within ${span(o.seconds.ended.p50)}, ${span(o.seconds.ended.p99)}`}
        ${o.worst_lag?.service && html` · furthest behind: ${o.worst_lag.service} on ${o.worst_lag.topic}, ${span(o.worst_lag.seconds)}`}</p>`}`}</${Show}>
    <${Charts} />
    <${Badly} />`;
}

/** @param {{o: any, at: number, filter: string}} props */
function Attention({ o, at, filter }) {
  /** @type {[string, number | undefined, string][]} */
  const cards = [['saga(s) in need of attention', o.attention, `/sagas?${filter}=true`], ['obligation(s) overdue', o.overdue, `/sagas?${filter}=true`],
    ['saga(s) parked', o.parked?.sagas, '/parked'], ['review(s) waiting', o.reviews, '/reviews'], ['conservation break(s)', o.breaks, '/ledger'],
    ...(o.silent ? [/** @type {[string, number, string]} */ (['service(s) silent', o.silent.length, '/map'])] : [])];
  if (cards.every(([, n]) => n === 0)) {
    return html`<p class="calm">✓ Nothing needs you. <small>Checked ${Math.max(0, Math.round((Date.now() - at) / 1000))} s ago.</small></p>`;
  }
  return html`<ul class="cards">${cards.map(([what, n, to]) => html`<li class=${n ? 'bad' : ''}><a href=${to}>
    <strong>${n === 0 ? '✓ 0' : n === undefined ? '?' : `⚠ ${count(n)}${n === 200 ? ' or more' : ''}`}</strong> ${what.replace('(s)', n === 1 ? '' : 's')}${
  what === 'service(s) silent' && n ? `: ${o.silent.join(', ')}` : ''}</a></li>`)}</ul>`;
}

/** @type {{title: string, unit: string, of: RegExp}[]} */
const charts = [
  { title: 'Orders and events', unit: '', of: /^(orders|ended|events)$/ },
  { title: 'In flight', unit: '', of: /^open/ },
  { title: 'From placed to confirmed', unit: 's', of: /^confirmed_/ },
  { title: 'From placed to ended', unit: 's', of: /^ended_/ },
  { title: 'Money', unit: '', of: /^(captured|refunded)/ },
  { title: 'Compensations by reason', unit: '', of: /^compensations?/ },
  { title: 'Lag of the worst service', unit: 's', of: /lag/ },
];

/** The charts that the server keeps numbers for. Amounts of two currencies are never one line. */
function Charts() {
  const has = useServed('GET /v1/overview/series');
  const [step, set] = useState('1s');
  const seconds = step === '1s' ? 1 : 60;
  const loaded = useLoad(has ? withQuery('/v1/overview/series', { step }) : null, seconds === 1 ? 2 : 30);
  if (has === false) return html`<p class="dim">This server keeps no history for charts.</p>`;
  if (!has) return null;
  return html`<section><div class="filters"><label>Charts of <select value=${step} onChange=${(/** @type {any} */ e) => set(e.target.value)}>
    <option value="1s">15 minutes, by the second</option><option value="1m">24 hours, by the minute</option></select></label></div>
    <${Show} of=${loaded}>${(/** @type {any} */ all) => { const d = sinceFirst(all, seconds); return html`<div class="charts">${charts.map((
    { title, unit, of }) => {
    const mine = d.series.filter((/** @type {any} */ s) => of.test(s.name));
    const units = [...new Set(mine.map((/** @type {any} */ s) => (/^[A-Z]{3}$/.test(s.unit) ? s.unit : '')))];
    return units.map((currency) => html`<${Chart} title=${currency ? `${title}, ${currency}` : title} unit=${currency ? '' : unit} from=${d.from}
      step=${seconds} shown=${currency ? (/** @type {number} */ v) => money({ amount: v, currency: String(currency) }) : count}
      series=${mine.filter((/** @type {any} */ s) => !currency || s.unit === currency).map((/** @type {any} */ s) => ({ name: words(s.name.replace(/^(compensations|confirmed|ended)_/, '')), values: s.values }))} />`);
  })}</div>`; }}</${Show}></section>`;
}

/** The figures from shortly before the first event on: what was before an installation is no line. @param {any} d @param {number} step seconds */
function sinceFirst(d, step) {
  const events = d.series.find((/** @type {any} */ s) => s.name === 'events').values;
  const first = events.findIndex((/** @type {number | null} */ v) => v);
  const cut = first < 0 ? 0 : Math.max(0, Math.min(first - 2, events.length - 60));
  return { from: new Date(Date.parse(d.from) + cut * step * 1000).toISOString(),
    series: d.series.map((/** @type {any} */ s) => ({ ...s, values: s.values.slice(cut) })) };
}

/** What ended badly last, and what is stuck. */
function Badly() {
  const columns = [
    { head: 'Order', cell: (/** @type {any} */ s) => html`<a href=${`/sagas/${s.order}`}><code>${s.order}</code></a>` },
    { head: 'State', cell: (/** @type {any} */ s) => html`<${State} ...${s} ended=${s.ended_at} />` },
    { head: 'Last event', cell: (/** @type {any} */ s) => html`<${Ago} at=${s.last_at} />` },
    { head: 'Waits for', cell: (/** @type {any} */ s) => html`<${Waits} saga=${s} />` },
  ];
  const loaded = useAsync('badly', async (signal) => {
    const pages = await Promise.all(['attention=true', 'state=cancelled', 'state=rejected'].map((q) => get(`/v1/sagas?${q}&limit=8`, signal)));
    return pages.flatMap((p) => p.items);
  }, 10);
  return html`<h2>Stuck, and ended badly</h2><${Show} of=${loaded}>${(/** @type {any} */ rows) => html`<${Table} caption="Stuck, and ended badly"
    columns=${columns} rows=${rows} empty=${html`<p class="dim">None. ${'No orders yet? Place one in the shop, at /shop on the customers’ listener.'}</p>`} />`}</${Show}>`;
}
