import { call, withQuery } from '../api.js';
import { Act, Reason } from '../dialog.js';
import { Ago, Time, Why, count, short, words } from '../format.js';
import { html, useState } from '../html.js';
import { Empty, Failure, Show, useAsync, useLoad, useServed } from '../load.js';
import { List, Table } from '../table.js';

/** @param {string} to */
const visit = (to) => { history.pushState(null, '', to); dispatchEvent(new PopStateEvent('popstate')); };

export function Parked() {
  const has = useServed('GET /v1/parked/groups');
  const columns = [
    { head: 'Cause', cell: (/** @type {any} */ g) => html`<a href=${`/parked/${encodeURIComponent(g.id)}`}>${g.reason.split(/\s+goroutine/)[0]}</a>` },
    { head: 'Service', cell: (/** @type {any} */ g) => g.service },
    { head: 'What', cell: (/** @type {any} */ g) => `${words(g.form)} ${short(g.type)}` },
    { head: 'Sagas', number: true, cell: (/** @type {any} */ g) => count(g.sagas) },
    { head: 'Events', number: true, cell: (/** @type {any} */ g) => count(g.events) },
    { head: 'Oldest', cell: (/** @type {any} */ g) => html`<${Ago} at=${g.oldest} />` },
    { head: 'Newest', cell: (/** @type {any} */ g) => html`<${Ago} at=${g.newest} />` },
    { head: 'Example', cell: (/** @type {any} */ g) => html`<a href=${`/sagas/${g.example}`}><code>${g.example}</code></a>` },
  ];
  const redrives = [
    { head: 'Redrive', cell: (/** @type {any} */ r) => html`<a href=${`/redrives/${r.id}`}><code>${r.id}</code></a>` },
    { head: 'State', cell: (/** @type {any} */ r) => words(r.state) }, { head: 'By', cell: (/** @type {any} */ r) => r.by },
    { head: 'Began', cell: (/** @type {any} */ r) => html`<${Time} at=${r.created_at} />` },
    { head: 'Done', number: true, cell: (/** @type {any} */ r) => `${count(r.released)} of ${count(r.total)}` },
    { head: 'Failed again', number: true, cell: (/** @type {any} */ r) => count(r.failed) },
  ];
  return html`<h1 tabindex="-1">Parked</h1>
    <p>What a service could not process. Later events of the same order wait behind it, in order; all other orders go on.</p>
    ${has === false && html`<${Empty} title="Each service shows what it has parked at its own operators' listener"><p>Here the services run apart, and
      this address leads to one of them. <code>orderflow parked groups --postgres URL --kafka HOST:PORT</code> shows and redrives what all of them have parked;
      the sagas concerned are <a href="/sagas?cause=parked">these</a>.</p></${Empty}>`}
    ${has && html`<${List} caption="Groups by cause" path="/v1/parked/groups" columns=${columns} every=${5}
      empty=${html`<${Empty} title="Nothing is parked"><p>Every event could be processed.</p></${Empty}>`} />
    <h2>Redrives</h2><${List} caption="Redrives" path="/v1/parked/redrives" columns=${redrives} limit=${20} every=${5}
      empty=${html`<${Empty} title="No redrive yet" />`} />`}`;
}

/** @param {{arg: string, reads: boolean}} props */
export function Group({ arg, reads }) {
  const groups = useLoad('/v1/parked/groups?limit=200', 5);
  const preview = useAsync(`preview ${arg}`, reads ? null : () => call('POST', '/v1/parked/redrive', { body: { group: arg, dry_run: true } }));
  const [opened] = useState(() => new Date().toISOString());
  const columns = [
    { head: 'Order', cell: (/** @type {any} */ p) => html`<a href=${`/sagas/${p.order}`}><code>${p.order}</code></a>` },
    { head: 'Number', number: true, cell: (/** @type {any} */ p) => p.number },
    { head: 'Reason', cell: (/** @type {any} */ p) => html`<${Why} text=${p.reason || 'waits behind the one before'} />` },
    { head: 'Parked', cell: (/** @type {any} */ p) => html`<${Ago} at=${p.parked_at} />` },
    { head: 'Behind it', number: true, cell: (/** @type {any} */ p) => count(p.behind) },
    ...(reads ? [] : [{ head: 'Actions', cell: (/** @type {any} */ p) => html`<${Discard} item=${p} />` }]),
  ];
  return html`<h1 tabindex="-1">Parked by one cause</h1>
    <${Show} of=${groups}>${(/** @type {any} */ all) => {
    const g = all.items.find((/** @type {any} */ one) => one.id === arg);
    if (!g) return html`<${Empty} title="Nothing of this cause is parked any more"><p><a href="/parked">All that is parked</a></p></${Empty}>`;
    const later = preview.data ? g.sagas - preview.data.total : 0;
    return html`<dl><dt>Service</dt><dd>${g.service}</dd><dt>What</dt><dd>${words(g.form)} ${short(g.type)}</dd><dt>Reason</dt><dd><${Why} text=${g.reason} /></dd></dl>
      ${preview.error && html`<${Failure} error=${preview.error} retry=${preview.reload} />`}
      ${preview.data && html`<p>${count(preview.data.total)} sagas with ${count(preview.data.events)} events, as of
        ${' '}<${Time} at=${preview.data.as_of || opened} />.${later > 0 ? ` ${later} came later: they are not in it.` : ''}</p>
        <${Act} label=${`Redrive ${preview.data.total} ${preview.data.total === 1 ? 'saga' : 'sagas'}`} method="POST" path="/v1/parked/redrive"
          done=${(/** @type {any} */ a) => visit(`/redrives/${a.id}`)}
          says=${html`<p>They are processed again in steps of 1, 2, 5, 20, 50, 100 …, each saga in its order. The first that fails again stops it.</p>`}
          body=${(/** @type {any} */ f) => ({ group: arg, as_of: preview.data.as_of, steps: [1, 2, 5, 20, 50, 100], pause: f.pause,
      per_second: Number(f.rate), stop_on_failure: f.stop === 'on', reason: f.reason })}>
          <label>At most per second <input name="rate" type="number" min="0.1" max="1000" step="any" value="10" required /></label>
          <label>After each step <select name="pause"><option value="none">go on</option><option value="ask">wait for me</option></select></label>
          <label><input type="checkbox" name="stop" checked /> Stop at the first failure</label><${Reason} /></${Act}>`}
      <${List} caption="Sagas" path=${withQuery('/v1/parked', { group: arg })} columns=${columns} />`;
  }}</${Show}>`;
}

/** @param {{item: any}} props */
function Discard({ item }) {
  const [done, set] = useState(false);
  const tail = item.order.slice(-4);
  return done ? 'discarded' : html`<${Act} label="Discard" danger method="POST" path="/v1/parked/discard" done=${() => set(true)}
    body=${(/** @type {any} */ f) => ({ items: [{ service: item.service, number: item.number }], reason: f.reason })}
    refuse=${(/** @type {any} */ f) => (f.tail === tail ? '' : 'these are not the last four characters of the order')}
    says=${html`<p>${item.service} will never process ${short(item.type)} of this order. What waits behind it goes on. This cannot be undone; its
      data is kept.</p>`}><label>The last four characters of the order <code>${item.order}</code>
      <input name="tail" required maxlength="4" autocomplete="off" /></label><${Reason} /></${Act}>`;
}

/** @param {{arg: string, reads: boolean}} props */
export function Redrive({ arg, reads }) {
  const loaded = useLoad(`/v1/parked/redrives/${encodeURIComponent(arg)}`, 1);
  const [error, fail] = useState(/** @type {any} */ (null));
  const send = (/** @type {string} */ what) => call('POST', `/v1/parked/redrives/${encodeURIComponent(arg)}/${what}`, {})
    .then(() => { fail(null); loaded.reload(); }, fail);
  const steps = [
    { head: 'Step', cell: (/** @type {any} */ s) => s.number }, { head: 'Service', cell: (/** @type {any} */ s) => s.service },
    { head: 'Sagas', number: true, cell: (/** @type {any} */ s) => s.size }, { head: 'Done', number: true, cell: (/** @type {any} */ s) => s.done },
    { head: 'Failed again', number: true, cell: (/** @type {any} */ s) => s.failed },
    { head: 'Gone before', number: true, cell: (/** @type {any} */ s) => s.gone },
  ];
  const failures = [
    { head: 'Order', cell: (/** @type {any} */ f) => html`<a href=${`/sagas/${f.order}`}><code>${f.order}</code></a>` },
    { head: 'Was parked for', cell: (/** @type {any} */ f) => html`<${Why} text=${f.was} />` }, { head: 'Failed now for', cell: (/** @type {any} */ f) => html`<${Why} text=${f.now} />` },
    { head: 'At', cell: (/** @type {any} */ f) => html`<${Time} at=${f.failed_at} />` },
  ];
  return html`<h1 tabindex="-1">Redrive</h1><${Show} of=${loaded}>${(/** @type {any} */ r) => html`
    <p><span class=${`badge ${r.failed ? 'bad' : 'good'}`}>${words(r.state)}</span> ${r.selection} · by ${r.by} · <${Time} at=${r.created_at} />
      ${r.reason && html` · “${r.reason}”`}</p>
    <p role="status"><progress max=${Math.max(1, r.total)} value=${r.total - r.left} aria-label="sagas begun"></progress>
      ${' '}${count(r.released)} done · ${count(r.failed)} failed again · ${count(r.gone)} gone before · ${count(r.left)} left of ${count(r.total)}
      ${r.later > 0 && ` · ${count(r.later)} parked since, not in it`}${r.at && html` · now at <a href=${`/sagas/${r.at}`}>${r.at}</a>`}</p>
    ${!reads && !r.ended_at && ['running', 'paused'].includes(r.state) && html`<p><button class="danger" onClick=${() => send('stop')}>Stop</button>
      ${r.state === 'paused' && html` <button class="primary" onClick=${() => send('continue')}>Go on</button>`}</p>`}
    ${error && html`<${Failure} error=${error} />`}
    ${r.steps?.length > 0 && html`<h2>Steps</h2><${Table} caption="Steps" columns=${steps} rows=${r.steps} />`}
    ${r.failures?.length > 0 && html`<h2>Failed again</h2><${Table} caption="Failures" columns=${failures} rows=${r.failures} />`}`}</${Show}>`;
}
