import { withQuery } from '../api.js';
import { Time, words } from '../format.js';
import { html } from '../html.js';
import { Empty, useServed } from '../load.js';
import { List, setQuery } from '../table.js';

/** @param {any} on what was acted on, by kind: order, deadline, group, sku … */
function On({ on }) {
  const kinds = Object.entries(on || {});
  return kinds.length === 0 ? '–' : kinds.map(([kind, id], i) => {
    const to = { order: '/sagas/', group: '/parked/', sku: '/stock/', redrive: '/redrives/' }[kind];
    return html`${i > 0 ? ', ' : ''}${words(kind)} ${to ? html`<a href=${to + encodeURIComponent(String(id))}><code>${id}</code></a>` : html`<code>${id}</code>`}`;
  });
}

export function Audit() {
  const has = useServed('GET /v1/audit');
  const query = new URLSearchParams(location.search);
  const path = withQuery('/v1/audit', { by: query.get('by'), what: query.get('what')?.trim().replaceAll(' ', '-'), on: query.get('on') });
  const said = (/** @type {any} */ v) => Object.entries(v || {}).filter(([k]) => k !== 'reason')
    .map(([k, x]) => `${words(k)}: ${typeof x === 'object' ? JSON.stringify(x) : x}`).join(', ');
  /** What it changed: from what to what, and where that is not told what was asked for. @param {any} a */
  const change = (a) => [said(a.before), said(a.after || a.asked)].filter((t) => t !== '').join(' → ') || '–';
  const columns = [
    { head: 'When', cell: (/** @type {any} */ a) => html`<${Time} at=${a.at} />`, text: (/** @type {any} */ a) => a.at },
    { head: 'Who', cell: (/** @type {any} */ a) => a.by, text: (/** @type {any} */ a) => a.by },
    { head: 'What', cell: (/** @type {any} */ a) => words(a.what).replaceAll('-', ' '), text: (/** @type {any} */ a) => a.what },
    { head: 'On', cell: (/** @type {any} */ a) => html`<${On} on=${a.on} />`, text: (/** @type {any} */ a) => JSON.stringify(a.on) },
    { head: 'Reason', cell: (/** @type {any} */ a) => a.reason || '–', text: (/** @type {any} */ a) => a.reason },
    { head: 'Before → after', cell: (/** @type {any} */ a) => html`<small>${change(a)}</small>`, text: change },
    { head: 'Outcome', cell: (/** @type {any} */ a) => html`<span class=${/^(done|repeated)/.test(a.outcome || '') ? '' : 'bad'}>${words(a.outcome
      || 'not known: under way, or cut off')}</span>`, text: (/** @type {any} */ a) => a.outcome },
  ];
  return html`<h1 tabindex="-1">Audit</h1>
    ${has === false && html`<${Empty} title="This server has no audit to show"><p>What operators do is in the services' logs, as lines with “audit”.</p></${Empty}>`}
    ${has && html`<form class="filters" onSubmit=${(/** @type {any} */ e) => { e.preventDefault();
    setQuery(/** @type {any} */ (Object.fromEntries(new FormData(e.target)))); }}>
      <label>Who <input name="by" value=${query.get('by') || ''} /></label> <label>What <input name="what" value=${query.get('what') || ''} /></label>
      <label>On <input name="on" value=${query.get('on') || ''} /></label> <button>Filter</button></form>
      <${List} key=${path} caption="Audit" path=${path} columns=${columns} empty=${html`<${Empty} title="Nobody has done anything"><p>Every act of an operator is
        written here before it is done.</p></${Empty}>`} />`}`;
}
