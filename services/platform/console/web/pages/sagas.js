import { withQuery } from '../api.js';
import { Ago, State, Time, count, money, words } from '../format.js';
import { html, useEffect, useState } from '../html.js';
import { Empty, useLoad, useServed } from '../load.js';
import { Choice, List, setQuery } from '../table.js';

const fields = ['state', 'open', 'stuck', 'attention', 'cause', 'service', 'reason', 'customer', 'sku', 'from', 'to', 'q'];
const states = ['placed', 'in_review', 'backordered', 'confirmed', 'preparing', 'cancelling', 'shipped', 'delivered', 'completed',
  'returned', 'rejected', 'cancelled'];

/** What a saga waits for, in words. @param {{saga: any}} props */
export function Waits({ saga }) {
  if (saga.stuck) {
    return html`<span class="bad">${saga.stuck.service && `${saga.stuck.service}: `}${saga.stuck.detail.split(/\s+goroutine \d/)[0]}</span>`;
  }
  if (saga.waits) {
    return html`${saga.waits.cause && html`<span class="badge bad">⚠ ${words(saga.waits.cause)}</span> `}${saga.waits.service}: ${saga.waits.what} <small>until <${Time} at=${saga.waits.until} /></small>`;
  }
  return saga.owed ? html`<span>${saga.owed} owed</span>` : saga.ended_at ? 'nothing' : 'its next event';
}

export function Sagas() {
  const query = new URLSearchParams(location.search);
  const filter = Object.fromEntries(fields.map((f) => [f, query.get(f)]));
  const path = withQuery('/v1/sagas', filter);
  const more = useServed('GET /v1/sagas/facets');
  const facets = useLoad(more ? withQuery('/v1/sagas/facets', filter) : null, 10).data;
  const fresh = useLoad(withQuery(path, { limit: '1' }), 5).data?.items[0];
  const [turn, renew] = useState(0);
  const any = fields.some((f) => filter[f]);
  const columns = [
    { head: 'Order', cell: (/** @type {any} */ s) => html`<a href=${`/sagas/${s.order}`}><code>${s.order}</code></a>`,
      text: (/** @type {any} */ s) => s.order },
    { head: 'State', cell: (/** @type {any} */ s) => html`<${State} ...${s} ended=${s.ended_at} />`,
      text: (/** @type {any} */ s) => [s.state, s.reason].filter(Boolean).join(': ') },
    ...(more ? [{ head: 'Customer', cell: (/** @type {any} */ s) => s.customer && html`<a href=${withQuery('/sagas', {
      customer: s.customer })}>${s.customer}</a>`, text: (/** @type {any} */ s) => s.customer },
    { head: 'Total', number: true, cell: (/** @type {any} */ s) => s.currency ? money({ amount: s.total, currency: s.currency })
      : money(s.total), text: (/** @type {any} */ s) => s.total?.amount ?? s.total }] : []),
    { head: 'Began', cell: (/** @type {any} */ s) => html`<${Time} at=${s.began_at} />`, text: (/** @type {any} */ s) => s.began_at },
    { head: 'Last event', cell: (/** @type {any} */ s) => html`<${Ago} at=${s.last_at} />`, text: (/** @type {any} */ s) => s.last_at },
    { head: 'Waits for', cell: (/** @type {any} */ s) => html`<${Waits} saga=${s} />`,
      text: (/** @type {any} */ s) => s.stuck?.detail || s.waits?.what || s.owed },
  ];
  const options = (/** @type {string} */ of, /** @type {string[]} */ known) => [...new Set([...known, ...Object.keys(facets?.[of] || {})])];
  return html`<h1 tabindex="-1">Sagas</h1>
    <div class="filters">
      <${Choice} name="state" label="State" options=${options('state', states)} />
      <${Choice} name="attention" label="Needs attention" options=${['true', 'false']} />
      ${more && html`<${Choice} name="cause" label="Cause" options=${options('cause', ['consumer_behind', 'parked', 'outside_party',
    'publisher_behind', 'never_produced'])} />
        <${Choice} name="service" label="Owed by" options=${options('service', [])} />
        <${Choice} name="reason" label="Reason" options=${options('reason', [])} />`}
      ${!more && html`<${Choice} name="stuck" label="Stuck" options=${['true', 'false']} />
        <${Choice} name="open" label="Open" options=${['true', 'false']} />`}
      ${any && html`<button onClick=${() => setQuery(Object.fromEntries(fields.map((f) => [f, ''])))}>All sagas</button>`}
      ${facets && html`<span>${Object.entries(facets.state || {}).map(([s, n]) => `${words(s)} ${count(/** @type {any} */ (n))}`)
    .join(' · ')}</span>`}
    </div>
    ${any && html`<p class="says">${fields.filter((f) => filter[f]).map((f) => `${f} ${filter[f]}`).join(', ')}</p>`}
    <${Newer} key=${`${path} ${turn}`} path=${path} newest=${fresh?.order} renew=${() => renew(turn + 1)} />
    <${List} key=${`list ${path} ${turn}`} caption="Sagas" path=${path} columns=${columns} limit=${100} total=${facets?.total}
      renewed=${{ key: (/** @type {any} */ s) => s.order, path: (/** @type {any[]} */ rows) => withQuery('/v1/sagas', {
    limit: '100', orders: rows.map((s) => s.order).join() }) }} empty=${html`<${Empty}
      title=${any ? 'No saga matches this filter' : 'No orders yet'}>${any ? html`<p>Take a part of the filter off.</p>`
  : html`<p>Place one in the shop, on the customers' listener at <code>/shop</code>, or run <code>orderflow demo</code>.</p>`}</${Empty}>`} />`;
}

/** A list does not move under the reader: what is new is said, and shown when asked for.
 * @param {{path: string, newest?: string, renew: () => void}} props */
function Newer({ path, newest, renew }) {
  const then = useLoad(withQuery(path, { limit: '1' })).data;
  const changed = then && newest && newest !== then.items[0]?.order;
  const empty = changed && then.items.length === 0; // nothing that would move
  useEffect(() => { if (empty) renew(); }, [empty]);
  return changed && !empty ? html`<p role="status"><button class="pill" onClick=${renew}>There are newer sagas:
    show them</button></p>` : null;
}
