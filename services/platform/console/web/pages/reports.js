import { Time, count, money, words } from '../format.js';
import { html } from '../html.js';
import { Empty, useServed } from '../load.js';
import { List } from '../table.js';

export function Reports() {
  const runs = useServed('GET /v1/reports/daily');
  if (runs === false) return html`<h1 tabindex="-1">Reports</h1><${Empty} title="The reporting service does not run here"><p>Start it beside the others.</p></${Empty}>`;
  const link = (/** @type {any} */ e) => (e.order ? html`<a href=${`/sagas/${e.order}`}><code>${e.order}</code></a>` : '–');
  const days = [
    { head: 'Business day', cell: (/** @type {any} */ d) => html`${d.day} <small>${d.zone}</small>`, text: (/** @type {any} */ d) => d.day },
    { head: 'State', cell: (/** @type {any} */ d) => words(d.state), text: (/** @type {any} */ d) => d.state },
    { head: 'Entries', number: true, cell: (/** @type {any} */ d) => `${count(d.entries)}${d.late_entries ? ` (${d.late_entries} late)` : ''}`, text: (/** @type {any} */ d) => d.entries },
    { head: 'Debits = credits', cell: (/** @type {any} */ d) => html`${(d.currencies || []).map((/** @type {any} */ c) => html`<div>${c.debits === c.credits ? '✓' : '✕'}
      ${' '}${money({ amount: c.debits, currency: c.currency })}</div>`)}`, text: (/** @type {any} */ d) => (d.currencies || []).map((/** @type {any} */ c) => `${c.currency} ${c.debits}`).join(' ') },
    { head: 'Balances', cell: (/** @type {any} */ d) => html`${(d.currencies || []).map((/** @type {any} */ c) => html`<div>${c.accounts.map((/** @type {any} */ a) =>
      `${words(a.account)} ${money({ amount: a.balance, currency: c.currency })}`).join(' · ')}</div>`)}` },
    { head: 'Settlement', cell: (/** @type {any} */ d) => words(d.settlement?.state || '–'), text: (/** @type {any} */ d) => d.settlement?.state },
  ];
  const journal = [
    { head: 'When', cell: (/** @type {any} */ e) => html`<${Time} at=${e.happened_at} />`, text: (/** @type {any} */ e) => e.happened_at },
    { head: 'Day', cell: (/** @type {any} */ e) => e.day, text: (/** @type {any} */ e) => e.day },
    { head: 'Movement', cell: (/** @type {any} */ e) => words(e.movement), text: (/** @type {any} */ e) => e.movement },
    { head: 'Order', cell: link, text: (/** @type {any} */ e) => e.order },
    { head: 'Transfers', cell: (/** @type {any} */ e) => html`${e.transfers.map((/** @type {any} */ t) => html`<div>${words(t.debit)} ← ${money(t.amount)} ← ${words(t.credit)}</div>`)}`,
      text: (/** @type {any} */ e) => e.transfers.map((/** @type {any} */ t) => `${t.debit} ${t.credit} ${t.amount.amount} ${t.amount.currency}`).join('; ') },
    { head: 'Reference', cell: (/** @type {any} */ e) => html`<code>${e.reference}</code>`, text: (/** @type {any} */ e) => e.reference },
  ];
  const differ = [
    { head: 'Day', cell: (/** @type {any} */ d) => d.day }, { head: 'Order', cell: link },
    { head: 'What differs', cell: (/** @type {any} */ d) => Object.entries(d).filter(([k]) => !['day', 'order'].includes(k)).map(([k, v]) =>
      `${words(k)} ${/** @type {any} */ (v)?.currency ? money(/** @type {any} */ (v)) : JSON.stringify(v)}`).join(', ') },
  ];
  return html`<h1 tabindex="-1">Reports</h1>${runs && html`
    <h2>Business days</h2><${List} caption="Daily reports" path="/v1/reports/daily" columns=${days} limit=${10} empty=${html`<${Empty} title="No day has begun"><p>The
      first movement of money begins one.</p></${Empty}>`} />
    <h2>Discrepancies with settlements</h2><${List} caption="Discrepancies" path="/v1/reports/discrepancies" columns=${differ} limit=${20}
      empty=${html`<p class="calm">✓ None.</p>`} />
    <h2>Journal</h2><${List} caption="Journal" path="/v1/journal" columns=${journal} limit=${20} empty=${html`<p class="dim">No money has moved.</p>`} />`}`;
}
