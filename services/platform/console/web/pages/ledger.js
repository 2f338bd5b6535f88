import { Ago, Time, count, money } from '../format.js';
import { html } from '../html.js';
import { Show, useLoad } from '../load.js';
import { Table } from '../table.js';

export function Ledger() {
  const loaded = useLoad('/v1/conservation', 5);
  /** @param {any} b @param {number | undefined} v */
  const amount = (b, v) => (v === undefined ? '–' : b.currency ? money({ amount: v, currency: b.currency }) : count(v));
  const checks = [
    { head: 'Holds', cell: (/** @type {any} */ c) => html`<span class=${`badge ${c.skipped ? 'dim' : c.holds ? 'good' : 'bad'}`}>${c.skipped ? '– not looked at'
      : c.holds ? '✓ holds' : `✕ ${count(c.broken)} broken`}</span>` },
    { head: 'Check', cell: (/** @type {any} */ c) => html`<strong>${c.name}</strong>: ${c.says}${c.skipped && html` <small>(${c.skipped})</small>`}` },
    { head: 'Looked at', number: true, cell: (/** @type {any} */ c) => `${count(c.checked)} ${c.of}` },
  ];
  const breaks = [
    { head: 'What', cell: (/** @type {any} */ b) => html`${b.kind}: ${b.text}` },
    { head: 'Where', cell: (/** @type {any} */ b) => b.order ? html`<a href=${`/sagas/${b.order}`}><code>${b.order}</code></a>` : html`<code>${b.id}</code>` },
    { head: 'Expected', number: true, cell: (/** @type {any} */ b) => amount(b, b.expected) },
    { head: 'Found', number: true, cell: (/** @type {any} */ b) => amount(b, b.found) },
    { head: 'Since', cell: (/** @type {any} */ b) => html`<${Ago} at=${b.since} />` },
  ];
  return html`<h1 tabindex="-1">Ledger</h1>
    <p>The databases of all services, their topics and the gateway's book are compared again and again: is any money or piece lost or doubled?</p>
    <${Show} of=${loaded}>${(/** @type {any} */ l) => html`
      <p class=${l.holds ? 'calm' : 'notice bad'}>${l.holds ? '✓ Everything adds up.' : l.checked_at ? '✕ Something does not add up.' : 'No look has ended yet.'}
        ${l.checked_at && html` <small>Read <${Time} at=${l.checked_at} />, <${Ago} at=${l.checked_at} />; looks: ${count(l.rounds)}.</small>`}</p>
      ${l.error && html`<p class="notice bad" role="alert">No whole look since <${Time} at=${l.error_since} />: ${l.error}</p>`}
      ${l.breaks.length > 0 && html`<h2>Breaks</h2><${Table} caption="Breaks" columns=${breaks} rows=${l.breaks} />
        ${l.breaks.length === 200 && html`<p>The first 200 are listed; the checks count all.</p>`}`}
      <h2>Checks</h2><${Table} caption="Checks" columns=${checks} rows=${l.checks} empty=${html`<p class="dim">The first look has not ended yet; it shows
        by itself.</p>`} />`}</${Show}>`;
}
