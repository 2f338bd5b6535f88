// Charts: a heading with the current value, lines, a sentence for readers, and the numbers as a table.
import { Time, count } from './format.js';
import { html, useState } from './html.js';

const width = 360;
const height = 96;

/** @typedef {{name: string, values: (number | null)[]}} Series */

/** @param {{title: string, unit?: string, series: Series[], from: string, step: number, shown?: (v: number) => string}} props */
export function Chart({ title, unit = '', series, from, step, shown = count }) {
  const n = Math.max(0, ...series.map((s) => s.values.length));
  const [at, point] = useState(-1);
  const [table, asTable] = useState(false);
  const most = Math.max(1e-9, ...series.flatMap((s) => s.values.map((v) => v ?? 0)));
  const i = at < 0 || at >= n ? n - 1 : at;
  const x = (/** @type {number} */ k) => (n < 2 ? 0 : (k / (n - 1)) * width);
  const y = (/** @type {number} */ v) => height - 2 - (v / most) * (height - 8);
  const when = (/** @type {number} */ k) => new Date(Date.parse(from) + k * step * 1000).toISOString();
  const say = (/** @type {number | null | undefined} */ v) => (v === null || v === undefined ? '?' : `${shown(v)}${unit && ` ${unit}`}`);
  const peak = series.map((s) => `${s.name}: last ${say(s.values.at(-1))}, most ${say(Math.max(0, ...s.values.map((v) => v ?? 0)))}`);
  /** @param {KeyboardEvent} e */
  const keys = (e) => {
    if (e.key === 'ArrowLeft') point(Math.max(0, i - 1));
    else if (e.key === 'ArrowRight') point(Math.min(n - 1, i + 1));
    else return;
    e.preventDefault();
  };
  return html`<section class="chart"><h2>${title}</h2>
    <p class="legend">${series.map((s, k) => html`<span class=${`s${k}`}>${s.name} <strong>${say(s.values[i])}</strong></span> `)}
      ${n > 0 && html`<small><${Time} at=${when(i)} /></small>`}</p>
    ${table ? html`<div class="scroll short" tabindex="0" role="region" aria-label=${`${title}, as a table`}><table>
      <thead><tr><th scope="col">When</th>${series.map((s) => html`<th scope="col" class="number">${s.name}</th>`)}</tr></thead>
      <tbody>${Array.from({ length: n }, (_, k) => n - 1 - k).map((k) => html`<tr><td><${Time} at=${when(k)} /></td>
        ${series.map((s) => html`<td class="number">${say(s.values[k])}</td>`)}</tr>`)}</tbody></table></div>`
    : html`<svg viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${`${title}. ${peak.join('; ')}`} tabindex="0" onKeyDown=${keys}
        onMouseMove=${(/** @type {any} */ e) => { const box = e.currentTarget.getBoundingClientRect();
    point(Math.round(((e.clientX - box.left) / box.width) * (n - 1))); }} onMouseLeave=${() => point(-1)}>
        ${series.map((s, k) => html`<polyline class=${`s${k}`} points=${s.values.map((v, j) => (v === null ? '' :
    `${x(j).toFixed(1)},${y(v).toFixed(1)}`)).join(' ')} />`)}
        ${at >= 0 && html`<line class="cursor" x1=${x(i)} x2=${x(i)} y1="0" y2=${height} />`}</svg>`}
    <button class="link" onClick=${() => asTable(!table)}>${table ? 'as a chart' : 'as a table'}</button></section>`;
}
