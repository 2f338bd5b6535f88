import { Act, Reason } from '../dialog.js';
import { Ago, Time, money } from '../format.js';
import { html } from '../html.js';
import { Empty, Show, useLoad } from '../load.js';
import { Table } from '../table.js';

/** @param {{review: any, done: () => void}} props */
export function Decide({ review: r, done }) {
  const says = html`<p>Score ${r.score}${r.rules?.length ? `: ${r.rules.join(', ')}` : ''}. Without a decision it is rejected
    ${' '}<${Ago} at=${r.rejects_at || r.due} />.</p>`;
  const act = (/** @type {boolean} */ approve) => html`<${Act} label=${approve ? 'Approve' : 'Refuse'} danger=${!approve} method="POST"
    title=${approve ? 'Approve the order' : 'Refuse the order'} path=${`/v1/reviews/${r.order}`} body=${(/** @type {any} */ f) => ({ approve, reason: f.reason || undefined })} done=${done} says=${html`${says}
    <p>${approve ? 'The order goes on: payment and goods as usual.' : 'The order is rejected, and what was held for it is given back.'}</p>`}><${Reason} optional /></${Act}>`;
  return html`${act(true)} ${act(false)}`;
}

/** @param {{reads: boolean}} props */
export function Reviews({ reads }) {
  const loaded = useLoad('/v1/reviews?limit=200', 5);
  /** @param {any} r */
  const due = (r) => r.rejects_at || r.due;
  const columns = [
    { head: 'Order', cell: (/** @type {any} */ r) => html`<a href=${`/sagas/${r.order}`}><code>${r.order}</code></a>` },
    { head: 'Waits since', cell: (/** @type {any} */ r) => html`<${Ago} at=${r.since} />` },
    { head: 'Score', number: true, cell: (/** @type {any} */ r) => r.score },
    { head: 'Because', cell: (/** @type {any} */ r) => (r.rules || []).join(', ') },
    { head: 'Money', number: true, cell: (/** @type {any} */ r) => (r.money ? money(r.money) : '–') },
    { head: 'Rejects itself', cell: (/** @type {any} */ r) => html`<${Ago} at=${due(r)} /> <small><${Time} at=${due(r)} /></small>` },
    { head: reads ? 'Status' : 'Decide', cell: (/** @type {any} */ r) => (reads || r.status !== 'open' && r.operator ? r.status
      : html`<${Decide} review=${r} done=${() => { loaded.reload(); document.querySelector('h1')?.focus(); }} />`) },
  ];
  return html`<h1 tabindex="-1">Reviews</h1>
    <${Show} of=${loaded}>${(/** @type {any} */ page) => html`<${Table} caption="Reviews" columns=${columns}
      rows=${[...page.items].sort((a, b) => Date.parse(a.since) - Date.parse(b.since))}
      empty=${html`<${Empty} title="No order waits for a decision"><p>Orders come here that the rules for fraud send to a person.</p></${Empty}>`} />
      ${page.next_cursor && html`<p>The 200 that wait longest are shown; there are more.</p>`}`}</${Show}>`;
}
