import { Act, Reason } from '../dialog.js';
import { Ago, Time, currentZone, short } from '../format.js';
import { html } from '../html.js';
import { Empty, useAsync } from '../load.js';
import { all, withQuery } from '../api.js';
import { Choice, List } from '../table.js';

/** Moving a deadline, and taking it off. @param {{deadline: any, done: () => void}} props */
export function MoveDeadline({ deadline: d, done }) {
  const path = `/v1/deadlines/${encodeURIComponent(d.id)}`;
  const due = Date.parse(d.due_at || new Date().toISOString());
  const local = new Date(due + 3600e3 - new Date(due).getTimezoneOffset() * 60e3).toISOString().slice(0, 16);
  return html`<${Act} label=${d.due_at ? 'Move' : 'Put back'} title="Move the deadline" method="PATCH" path=${path} keyed=${false}
      body=${(/** @type {any} */ f) => ({ due_at: new Date(f.due).toISOString(), reason: f.reason || undefined })} done=${done}
      says=${html`<p>What ${d.service} does when time is up since ${short(d.since)} happens then instead. It is due
        ${d.due_at ? html` <${Time} at=${d.due_at} offset />` : ' never now'}.</p>`}>
      <label>Due (${Intl.DateTimeFormat().resolvedOptions().timeZone}, the clock of this machine)
        <input type="datetime-local" name="due" required value=${local} /></label><${Reason} optional /></${Act}>
    ${d.due_at && html` <${Act} label="Take off" title="Take the deadline off" danger method="DELETE" keyed=${false} done=${done}
      path=${(/** @type {any} */ f) => withQuery(path, { reason: f.reason })}
      says=${html`<p>Nothing happens by itself any more: ${d.service} waits until what it waits for comes. It can be put back.</p>`}>
      <${Reason} optional /></${Act}>`}`;
}

/** @param {{reads: boolean}} props */
export function Deadlines({ reads }) {
  const query = new URLSearchParams(location.search);
  const path = withQuery('/v1/deadlines', { service: query.get('service'), overdue: query.get('overdue'), order: query.get('order') });
  const loaded = useAsync('deadlines', () => all('/v1/deadlines', 2000), 30);
  const services = [...new Set((loaded.data?.items || []).map((/** @type {any} */ d) => d.service))].sort();
  const columns = [
    { head: 'Due', cell: (/** @type {any} */ d) => d.due_at ? html`<span class=${d.overdue ? 'bad' : ''}><${Time} at=${d.due_at} />, ${d.overdue ? '⚠ ' : ''}
      <${Ago} at=${d.due_at} late="overdue" /></span>` : 'taken off', text: (/** @type {any} */ d) => d.due_at || '' },
    { head: 'Service', cell: (/** @type {any} */ d) => d.service, text: (/** @type {any} */ d) => d.service },
    { head: 'Runs since', cell: (/** @type {any} */ d) => html`${short(d.since)} <small><${Time} at=${d.armed_at} /></small>`, text: (/** @type {any} */ d) => d.since },
    { head: 'Then', cell: (/** @type {any} */ d) => d.fires?.map(short).join(' or ') || '–', text: (/** @type {any} */ d) => d.fires?.join(' ') },
    { head: 'Order', cell: (/** @type {any} */ d) => html`<a href=${`/sagas/${d.order}`}><code>${d.order}</code></a>`, text: (/** @type {any} */ d) => d.order },
    { head: 'Moved by', cell: (/** @type {any} */ d) => d.moved_by ? html`${d.moved_by} <small><${Ago} at=${d.moved_at} /></small>` : '–',
      text: (/** @type {any} */ d) => d.moved_by },
    ...(reads ? [] : [{ head: 'Actions', cell: (/** @type {any} */ d) => html`<${MoveDeadline} deadline=${d} done=${loaded.reload} />` }]),
  ];
  return html`<h1 tabindex="-1">Deadlines</h1>
    <div class="filters"><${Choice} name="service" label="Service" options=${services} />
      <${Choice} name="overdue" label="Overdue" options=${['true', 'false']} />
      <span>Times in ${currentZone()}</span></div>
    ${loaded.data && html`<${Histogram} deadlines=${loaded.data.items} />`}
    <${List} key=${path + loaded.at} caption="Deadlines" path=${path} columns=${columns} empty=${html`<${Empty} title="No deadlines">
      <p>None runs now. Orders get some as they go on: how long goods are held, when a review rejects itself.</p></${Empty}>`} />`;
}

/** How many fall due in each of the next 24 hours. @param {{deadlines: any[]}} props */
function Histogram({ deadlines }) {
  const hours = Array.from({ length: 24 }, () => 0);
  for (const d of deadlines) {
    const h = Math.floor((Date.parse(d.due_at) - Date.now()) / 3600e3);
    if (h >= 0 && h < 24) hours[h]++;
  }
  const most = Math.max(...hours);
  if (!most) return html`<p class="dim">None falls due in the next 24 hours.</p>`;
  const sum = hours.reduce((a, b) => a + b, 0);
  return html`<section class="chart wide"><h2>The next 24 hours: ${sum}</h2><svg viewBox="0 0 480 60" role="img"
    aria-label=${`${sum} fall due in the next 24 hours, most (${most}) in ${hours.indexOf(most)} hours`}>
    ${hours.map((n, h) => html`<rect class="bar" x=${h * 20 + 2} width="16" y=${58 - (n / most) * 54} height=${(n / most) * 54 + 1} />`)}</svg></section>`;
}
