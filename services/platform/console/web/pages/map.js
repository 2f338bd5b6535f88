import { Ago, count, fine, short, span, words } from '../format.js';
import { html, useState } from '../html.js';
import { Show, useLoad } from '../load.js';

/** Where each service stands in the picture. A test holds that every declared one has a place. @type {Record<string, [number, number]>} */
export const places = { storefront: [80, 130], catalog: [80, 330], order: [250, 130], fraud: [250, 30], inventory: [430, 30], payment: [430, 130],
  shipping: [610, 130], warehouse: [610, 30], refund: [430, 230], invoice: [250, 230], notification: [250, 330], reporting: [430, 330],
  recommendation: [610, 330] };

/** @typedef {{topic: string, service: string, types: string[]}} Edge */

/** Who hears what, by the declared rows. @param {any} choreography @returns {{services: string[], edges: Edge[]}} */
function read(choreography) {
  /** @type {Map<string, Edge>} */
  const edges = new Map();
  for (const m of choreography.machines) {
    for (const r of m.rows) {
      if (r.command || r.form === 'command' || r.form === 'deadline' || !/\.v\d+$/.test(r.on || '')) continue;
      const from = r.on.split('.')[0];
      if (from === m.service) continue;
      const key = `${from} ${m.service}`;
      if (!edges.has(key)) edges.set(key, { topic: `${from}.events`, service: m.service, types: [] });
      const types = /** @type {Edge} */ (edges.get(key)).types;
      if (!types.includes(r.on)) types.push(r.on);
    }
  }
  return { services: [...new Set(choreography.machines.map((/** @type {any} */ m) => m.service))].map(String), edges: [...edges.values()] };
}

export function FlowMap() {
  const declared = useLoad('/v1/choreography');
  const flow = useLoad('/v1/flow', 2);
  const overdue = useLoad('/v1/obligations?overdue=true&limit=200', 5);
  return html`<h1 tabindex="-1">Map</h1>
    <${Show} of=${declared}>${(/** @type {any} */ d) => html`<${Show} of=${flow}>${(/** @type {any} */ f) => html`<${Bus} declared=${read(d)} flow=${f}
      overdue=${overdue.data?.items || []} />`}</${Show}>`}</${Show}>`;
}

/** What is known of one arrow. @param {Edge} e @param {any} flow */
function about(e, flow) {
  const told = flow.edges.find((/** @type {any} */ f) => f.topic === e.topic && f.service === e.service);
  return { told, late: told?.overdue, parked: told?.parked, bad: told?.overdue > 0 || told?.parked > 0 };
}

/** How long the oldest waits; a service that has never reported may be anywhere. @param {any} told */
const lag = (told) => (told?.lag_seconds === undefined ? '?' : span(Math.floor(told.lag_seconds)).replace('.0', ''));

/** @param {{declared: ReturnType<typeof read>, flow: any, overdue: any[]}} props */
function Bus({ declared, flow, overdue }) {
  const { services, edges } = declared;
  const [chosen, choose] = useState(/** @type {{service?: string, edge?: Edge}} */ ({}));
  const silent = (/** @type {string} */ s) => flow.silent.includes(s);
  return html`${flow.silent.length > 0 && html`<p class="notice bad" role="status">⚠ Of ${flow.silent.join(', ')} no process reports:
      what others say to it waits on its topics, and goes on once one runs.</p>`}
    <div class="saga"><div class="scroll" tabindex="0" role="region" aria-label="Picture"><${Picture} declared=${declared} chosen=${chosen.service}
      choose=${(/** @type {string} */ service) => choose({ service })} flow=${flow} silent=${silent} /></div>
    <${Chosen} chosen=${chosen} edges=${edges} flow=${flow} overdue=${overdue} /></div>
    <h2>Who hears which topic</h2>
    <p class="dim">Events of the last minute, and how long the oldest waits that the service has not taken in.</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Who hears which topic"><table class="bus">
      <thead><tr><th scope="col">Topic</th>${services.map((s) => html`<th scope="col"><button class="link" onClick=${() => choose({ service: s })}>${s}</button>
        ${silent(s) && html`<br /><span class="bad">⚠ silent</span>`}</th>`)}</tr></thead>
      <tbody>${services.map((from) => html`<tr><th scope="row">${from}.events</th>${services.map((to) => {
    if (from === to) return html`<td class="says">says</td>`;
    const e = edges.find((one) => one.topic === `${from}.events` && one.service === to);
    if (!e) return html`<td class="none"></td>`;
    const { told, late, parked, bad } = about(e, flow);
    return html`<td class=${bad ? 'bad' : ''}><button class="link" onClick=${() => choose({ edge: e })}>${count(told?.per_minute)}/min<br />${lag(told)
      }${late > 0 ? html`<br />⚠ ${late} overdue` : ''}${parked > 0 ? html`<br />⚠ ${parked} parked` : ''}</button></td>`;
  })}</tr>`)}</tbody></table></div>`;
}

/** @param {any} props */
function Picture({ declared, chosen, choose, flow, silent }) {
  const at = (/** @type {string} */ s) => places[s] || [720, 430];
  const bad = (/** @type {Edge} */ e) => about(e, flow).bad;
  /** @type {any[]} */
  const rates = []; // before all else
  return html`<svg class="map" viewBox="0 0 700 385" width="700" height="385" role="img" aria-label="The services and who hears whom; the table below says the same">
    ${[...declared.edges].sort((a, b) => Number(bad(a)) - Number(bad(b))).map((e) => {
    const [x1, y1] = at(e.topic.split('.')[0]);
    const [x2, y2] = at(e.service);
    const d = Math.hypot(x2 - x1, y2 - y1) || 1;
    const bend = Math.max(26, d / 6); // around who stands between
    const [mx, my] = [(x1 + x2) / 2 - ((y2 - y1) / d) * bend, (y1 + y2) / 2 + ((x2 - x1) / d) * bend];
    const mine = chosen && (e.service === chosen || e.topic === `${chosen}.events`);
    const { told } = about(e, flow);
    return html`<path class=${`arrow ${bad(e) ? 'bad' : mine ? 'chain' : 'faint'}`} d=${`M${x1},${y1}Q${mx},${my} ${x2},${y2}`} />
      ${(bad(e) || mine && told?.per_minute > 0) && rates.push(html`<text class="rate" x=${(x1 + 2 * mx + x2) / 4}
        y=${(y1 + 2 * my + y2) / 4 + 4} text-anchor="middle">${count(told?.per_minute)}/min${told?.lag_seconds < 1 ? '' : `, ${lag(told)}`}</text>`) && ''}`;
  })}
    ${declared.services.map((/** @type {string} */ s) => {
    const [x, y] = at(s);
    return html`<g class=${`place ${s === chosen ? 'chosen' : ''} ${silent(s) ? 'bad' : ''}`} onClick=${() => choose(s)}><rect x=${x - 58} y=${y - 15} width="116" height="30" rx="5" />
      <text x=${x} y=${y + 4} text-anchor="middle">${silent(s) ? '⚠ ' : ''}${s}</text></g>`;
  })}${rates}</svg>`;
}

/** @param {any} props */
function Chosen({ chosen, edges, flow, overdue }) {
  const { service, edge } = chosen;
  if (edge) {
    const { told } = about(edge, flow);
    const late = overdue.filter((/** @type {any} */ o) => o.service === edge.service && o.on?.startsWith(`${edge.topic.split('.')[0]}.`));
    return html`<section class="side" aria-label="The arrow" tabindex="0"><h2>${edge.topic} → ${edge.service}</h2>
      <p>${count(told?.per_minute)} a minute; ${count(told?.lag_events)} events behind, the oldest for ${lag(told)}.</p>
      <ul>${(told?.events || edge.types.map((/** @type {string} */ type) => ({ type }))).map((/** @type {any} */ t) => html`<li>${short(t.type)}
        ${t.per_minute !== undefined && ` ${count(t.per_minute)}/min`}</li>`)}</ul>
      ${told && html`<h3>Partitions</h3><table><thead><tr><th scope="col">Partition</th><th scope="col" class="number">Behind</th><th scope="col">Owner</th></tr></thead>
        <tbody>${told.partitions?.map((/** @type {any} */ p) => html`<tr><td>${p.n}</td><td class="number">${count(p.lag_events)}</td>
        <td class=${p.silent_seconds ? 'bad' : ''}>${p.silent_seconds ? `⚠ silent ${span(p.silent_seconds)}` : p.owner || '?'}</td></tr>`)}</tbody></table>`}
      <${Late} late=${late} /></section>`;
  }
  if (!service) return html`<section class="side" aria-label="Details"><p>Choose a service or a cell.</p></section>`;
  const asks = flow.calls.filter((/** @type {any} */ c) => c.service === service);
  const runs = flow.processes.filter((/** @type {any} */ p) => p.service === service);
  return html`<section class="side" aria-label="The service" tabindex="0"><h2>${service}</h2>
    <p>Hears ${edges.filter((/** @type {Edge} */ e) => e.service === service).map((/** @type {Edge} */ e) => e.topic.split('.')[0]).join(', ') || 'nobody'};
      is heard by ${edges.filter((/** @type {Edge} */ e) => e.topic === `${service}.events`).map((/** @type {Edge} */ e) => e.service).join(', ') || 'nobody'}.</p>
    ${asks.length > 0 && html`<h3>Asks outside</h3><ul>${asks.map((/** @type {any} */ c) => html`<li>${c.question}: ${count(c.per_minute)}/min${c.p95_seconds === undefined
    ? '' : `, answered within ${fine(c.p95_seconds)}`}${c.open > 0 && html`, <span class=${c.oldest_seconds > 30 ? 'bad' : ''}>${count(c.open)} open for ${
    span(c.oldest_seconds)}</span>`}</li>`)}</ul>`}
    ${runs.length > 0 && html`<h3>Processes</h3><ul>${runs.map((/** @type {any} */ p) => html`<li><code>${p.process}</code>, ${p.silent && html`<span class="bad">⚠ silent,</span> `}heard from <${Ago} at=${p.at} /></li>`)}</ul>`}
    <${Late} late=${overdue.filter((/** @type {any} */ o) => o.service === service)} /></section>`;
}

/** @param {{late: any[]}} props */
const Late = ({ late }) => html`${late.length > 0 && html`<h3>Sagas waiting here</h3><ul>${late.slice(0, 20).map((o) => html`<li><a href=${`/sagas/${o.order}`}><code>${o.order}</code></a>
  ${' '}${words(o.cause || '')} <${Ago} at=${o.until} late="overdue" /></li>`)}</ul>${late.length > 20 && html`<p>and ${late.length - 20} more</p>`}`}`;
