import { Ago, count, short, span, words } from '../format.js';
import { html, useState } from '../html.js';
import { Show, useLoad, useServed } from '../load.js';

/** Where each service stands in the picture. A test holds that every declared one has a place. @type {Record<string, [number, number]>} */
export const places = { storefront: [80, 130], catalog: [80, 330], order: [250, 130], fraud: [250, 30], inventory: [430, 30], payment: [430, 130],
  shipping: [610, 130], warehouse: [610, 30], refund: [430, 230], invoice: [250, 230], notification: [250, 330], reporting: [430, 330],
  recommendation: [610, 330] };

/** @typedef {{topic: string, service: string, types: string[]}} Edge */

/** Who hears what, by the declared rows. @param {any} choreography @returns {{services: string[], edges: Edge[], calls: any[]}} */
function read(choreography) {
  /** @type {Map<string, Edge>} */
  const edges = new Map();
  const calls = [];
  for (const m of choreography.machines) {
    for (const r of m.rows) {
      if (r.ask || r.question) calls.push({ service: m.service, question: r.ask || r.question });
      if (r.command || r.form === 'command' || r.form === 'deadline' || !/\.v\d+$/.test(r.on || '')) continue;
      const from = r.on.split('.')[0];
      if (from === m.service) continue;
      const key = `${from} ${m.service}`;
      if (!edges.has(key)) edges.set(key, { topic: `${from}.events`, service: m.service, types: [] });
      const types = /** @type {Edge} */ (edges.get(key)).types;
      if (!types.includes(r.on)) types.push(r.on);
    }
  }
  return { services: [...new Set(choreography.machines.map((/** @type {any} */ m) => m.service))].map(String), edges: [...edges.values()], calls };
}

export function FlowMap() {
  const has = useServed('GET /v1/flow');
  const declared = useLoad('/v1/choreography');
  const flow = useLoad(has ? '/v1/flow' : null, 2);
  const overdue = useLoad('/v1/obligations?overdue=true&limit=200', 5);
  const groups = useLoad('/v1/parked/groups?limit=200', 5);
  return html`<h1 tabindex="-1">Map</h1>
    ${has === false && html`<p class="dim">This server does not tell rates and lag; what is overdue and parked is shown.</p>`}
    <${Show} of=${declared}>${(/** @type {any} */ d) => html`<${Bus} declared=${read(d)} flow=${flow.data}
      overdue=${overdue.data?.items || []} groups=${groups.data?.items || []} />`}</${Show}>`;
}

/** What is known of one arrow. @param {Edge} e @param {any} flow @param {any[]} overdue @param {any[]} groups */
function about(e, flow, overdue, groups) {
  const told = flow?.edges.find((/** @type {any} */ f) => f.topic === e.topic && f.service === e.service);
  const on = (/** @type {string | undefined} */ type) => Boolean(type?.startsWith(`${e.topic.split('.')[0]}.`));
  const late = told?.overdue ?? overdue.filter((o) => o.service === e.service && on(o.on)).length;
  const parked = told?.parked ?? groups.filter((g) => g.service === e.service && on(g.type)).reduce((n, g) => n + g.sagas, 0);
  return { told, late, parked, bad: late > 0 || parked > 0 };
}

/** @param {{declared: ReturnType<typeof read>, flow: any, overdue: any[], groups: any[]}} props */
function Bus({ declared, flow, overdue, groups }) {
  const { services, edges, calls } = declared;
  const [chosen, choose] = useState(/** @type {{service?: string, edge?: Edge}} */ ({}));
  const cell = (/** @type {string} */ topic, /** @type {string} */ service) => edges.find((e) => e.topic === topic && e.service === service);
  return html`<div class="saga"><div class="scroll" tabindex="0" role="region" aria-label="Picture"><${Picture} declared=${declared} chosen=${chosen.service}
      choose=${(/** @type {string} */ service) => choose({ service })} bad=${(/** @type {Edge} */ e) => about(e, flow, overdue, groups).bad} /></div>
    <${Chosen} chosen=${chosen} edges=${edges} calls=${flow?.calls || calls} flow=${flow} overdue=${overdue} /></div>
    <h2>Who hears which topic</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Who hears which topic"><table class="bus">
      <thead><tr><th scope="col">Topic</th>${services.map((s) => html`<th scope="col"><button class="link" onClick=${() => choose({ service: s })}>${s}</button></th>`)}</tr></thead>
      <tbody>${services.map((from) => html`<tr><th scope="row">${from}.events</th>${services.map((to) => {
    if (from === to) return html`<td class="says">says</td>`;
    const e = cell(`${from}.events`, to);
    if (!e) return html`<td class="none"></td>`;
    const { told, late, parked, bad } = about(e, flow, overdue, groups);
    const lag = told?.lag_seconds;
    return html`<td class=${bad ? 'bad' : ''}><button class="link" onClick=${() => choose({ edge: e })}>${told ? `${count(told.per_minute)}/min` : `hears ${e.types.length}`}
        ${flow && html`<br />${lag === undefined ? '?' : span(lag).replace('.0', '')}`}${late > 0 ? html`<br />⚠ ${late} overdue` : ''}${parked > 0 ? html`<br />⚠ ${parked} parked` : ''}</button></td>`;
  })}</tr>`)}</tbody></table></div>`;
}

/** @param {any} props */
function Picture({ declared, chosen, choose, bad }) {
  const at = (/** @type {string} */ s) => places[s] || [720, 430];
  return html`<svg class="map" viewBox="0 0 700 370" width="700" height="370" role="img" aria-label="The services and who hears whom; the table below says the same">
    ${[...declared.edges].sort((a, b) => Number(bad(a)) - Number(bad(b))).map((e) => {
    const [x1, y1] = at(e.topic.split('.')[0]);
    const [x2, y2] = at(e.service);
    const d = Math.hypot(x2 - x1, y2 - y1) || 1;
    const [mx, my] = [(x1 + x2) / 2 - ((y2 - y1) / d) * 26, (y1 + y2) / 2 + ((x2 - x1) / d) * 26];
    const mine = chosen && (e.service === chosen || e.topic === `${chosen}.events`);
    return html`<path class=${`arrow ${bad(e) ? 'bad' : mine ? 'chain' : 'faint'}`} d=${`M${x1},${y1}Q${mx},${my} ${x2},${y2}`} />`;
  })}
    ${declared.services.map((/** @type {string} */ s) => {
    const [x, y] = at(s);
    return html`<g class=${`place ${s === chosen ? 'chosen' : ''}`} onClick=${() => choose(s)}><rect x=${x - 58} y=${y - 15} width="116" height="30" rx="5" />
      <text x=${x} y=${y + 4} text-anchor="middle">${s}</text></g>`;
  })}</svg>`;
}

/** @param {any} props */
function Chosen({ chosen, edges, calls, flow, overdue }) {
  const { service, edge } = chosen;
  if (edge) {
    const told = flow?.edges.find((/** @type {any} */ f) => f.topic === edge.topic && f.service === edge.service);
    const late = overdue.filter((/** @type {any} */ o) => o.service === edge.service && o.on?.startsWith(`${edge.topic.split('.')[0]}.`));
    return html`<section class="side" aria-label="The arrow" tabindex="0"><h2>${edge.topic} → ${edge.service}</h2>
      <ul>${(told?.events || edge.types.map((/** @type {string} */ type) => ({ type }))).map((/** @type {any} */ t) => html`<li>${short(t.type)}
        ${t.per_minute !== undefined && ` ${count(t.per_minute)}/min`}</li>`)}</ul>
      ${told && html`<h3>Partitions</h3><table><thead><tr><th scope="col">Partition</th><th scope="col" class="number">Behind</th><th scope="col">Owner</th></tr></thead>
        <tbody>${told.partitions?.map((/** @type {any} */ p) => html`<tr><td>${p.n}</td><td class="number">${count(p.lag_events)}</td>
        <td class=${p.silent_seconds ? 'bad' : ''}>${p.silent_seconds ? `⚠ silent ${span(p.silent_seconds)}` : p.owner || '?'}</td></tr>`)}</tbody></table>`}
      <${Late} late=${late} /></section>`;
  }
  if (!service) return html`<section class="side" aria-label="Details"><p>Choose a service or a cell.</p></section>`;
  const asks = calls.filter((/** @type {any} */ c) => c.service === service);
  const runs = (flow?.processes || []).filter((/** @type {any} */ p) => p.service === service);
  return html`<section class="side" aria-label="The service" tabindex="0"><h2>${service}</h2>
    <p>Hears ${edges.filter((/** @type {Edge} */ e) => e.service === service).map((/** @type {Edge} */ e) => e.topic.split('.')[0]).join(', ') || 'nobody'};
      is heard by ${edges.filter((/** @type {Edge} */ e) => e.topic === `${service}.events`).map((/** @type {Edge} */ e) => e.service).join(', ') || 'nobody'}.</p>
    ${asks.length > 0 && html`<h3>Asks outside</h3><ul>${asks.map((/** @type {any} */ c) => html`<li>${c.question}${c.per_minute === undefined ? ''
    : `: ${count(c.per_minute)}/min, p95 ${count(c.p95_ms)} ms, ${count(c.open)} open`}</li>`)}</ul>`}
    ${runs.length > 0 && html`<h3>Processes</h3><ul>${runs.map((/** @type {any} */ p) => html`<li><code>${p.process}</code>, heard from <${Ago} at=${p.at} /></li>`)}</ul>`}
    <${Late} late=${overdue.filter((/** @type {any} */ o) => o.service === service)} /></section>`;
}

/** @param {{late: any[]}} props */
const Late = ({ late }) => html`${late.length > 0 && html`<h3>Sagas waiting here</h3><ul>${late.slice(0, 20).map((o) => html`<li><a href=${`/sagas/${o.order}`}><code>${o.order}</code></a>
  ${' '}${words(o.cause || '')} <${Ago} at=${o.until} late="overdue" /></li>`)}</ul>${late.length > 20 && html`<p>and ${late.length - 20} more</p>`}`}`;
