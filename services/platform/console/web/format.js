// Times, money and names as people read them.
import { now } from './api.js';
import { html, useEffect, useState } from './html.js';

const digits = new Map();

/** @param {{amount: number, currency: string} | undefined} m */
export function money(m) {
  if (!m || !m.currency) return '–';
  if (!digits.has(m.currency)) {
    digits.set(m.currency, new Intl.NumberFormat('en', { style: 'currency', currency: m.currency }).resolvedOptions()
      .maximumFractionDigits);
  }
  const n = digits.get(m.currency);
  return new Intl.NumberFormat('en', { style: 'currency', currency: m.currency }).format(m.amount / 10 ** n);
}

/** @param {number | undefined} n */
export const count = (n) => (n === undefined ? '?' : new Intl.NumberFormat('en').format(n));

/** The zones offered: that of the machine, UTC, and all others. */
export const zones = () => ['UTC', ...Intl.supportedValuesOf('timeZone').filter((z) => z !== 'UTC')];

export const own = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

let zone = localStorage.getItem('zone') || own();
/** @type {Set<() => void>} */
const watchers = new Set();

export const currentZone = () => zone;

/** @param {string} name */
export function setZone(name) {
  zone = name;
  localStorage.setItem('zone', name);
  watchers.forEach((fn) => fn());
}

/** @param {number} every how often, in ms, it is drawn anew beside changes of the zone */
function useClock(every) {
  const [, draw] = useState(0);
  useEffect(() => {
    const fn = () => draw((/** @type {number} */ n) => n + 1);
    watchers.add(fn);
    const timer = every ? setInterval(fn, every) : undefined;
    return () => { watchers.delete(fn); clearInterval(timer); };
  }, [every]);
}

/** @param {Date} at @param {string} in_ */
const written = (at, in_) => new Intl.DateTimeFormat('en-CA', { timeZone: in_, year: 'numeric', month: '2-digit', day: '2-digit',
  hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).format(at).replace(',', '');

/** @param {Date} at @param {string} in_ */
const offset = (at, in_) => new Intl.DateTimeFormat('en', { timeZone: in_, timeZoneName: 'shortOffset' }).formatToParts(at)
  .find((p) => p.type === 'timeZoneName')?.value || '';

/** A moment in the chosen zone; the tooltip has it in UTC too. @param {{at?: string | null, offset?: boolean}} props */
export function Time(props) {
  useClock(0);
  if (!props.at) return html`<span>–</span>`;
  const at = new Date(props.at);
  return html`<time datetime=${props.at} title=${`${written(at, zone)} ${zone} (${offset(at, zone)}) = ${written(at, 'UTC')} UTC`}>
    ${written(at, zone)}${props.offset ? ` ${offset(at, zone)}` : ''}</time>`;
}

/** @param {number} seconds */
export function span(seconds) {
  const s = Math.max(0, seconds);
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} d`;
}

/** As span, in milliseconds below a second. @param {number} seconds */
export const fine = (seconds) => (seconds < 1 ? `${Math.max(0, Math.round(seconds * 1000))} ms` : span(seconds));

/** How long ago, or until when, counted on the server's clock. @param {{at?: string | null, late?: string}} props */
export function Ago({ at, late }) {
  useClock(1000);
  if (!at) return html`<span>–</span>`;
  const seconds = (now() - Date.parse(at)) / 1000;
  const words = seconds < 0 ? `in ${span(Math.ceil(-seconds))}` : `${span(Math.floor(seconds))} ${late ?? 'ago'}`;
  return html`<time datetime=${at} title=${`${written(new Date(at), zone)} ${zone}`}>${words.replace('.0 s', ' s').trim()}</time>`;
}

/** The clock of the server in the chosen zone. */
export function Clock() {
  useClock(1000);
  return html`<span class="clock">${written(new Date(now()), zone).slice(11)}</span>`;
}

/** "payment.capture_failed.v1" as people say it. @param {string} type */
export const short = (type) => type.replace(/\.v1$/, '');

/** @param {string} word */
export const words = (word) => word.replaceAll('_', ' ');

/** States have an icon and a word; the colour only repeats it. @type {Record<string, [string, string]>} */
const marks = { completed: ['✓', 'good'], delivered: ['✓', 'good'], cancelled: ['✕', 'dim'], rejected: ['✕', 'dim'], returned: ['↩', 'dim'],
  in_review: ['?', 'warn'], backordered: ['…', 'warn'], cancelling: ['↶', 'warn'] };

/** @param {{state: string, reason?: string, owed?: number, overdue?: number, ended?: boolean, stuck?: any}} props */
export function State({ state, reason, owed, overdue, ended, stuck }) {
  const [icon, kind] = marks[state] || ['●', 'open'];
  return html`<span class=${`badge ${kind}`}>${icon} ${words(state)}${reason ? `: ${words(reason)}` : ''}</span>
    ${stuck && html` <span class="badge bad">⚠ ${words(stuck.cause)}</span>`}
    ${ended && owed ? html` <span class=${`badge ${overdue ? 'bad' : ''}`}>${overdue ? '⚠ ' : ''}${owed} owed</span>` : ''}`;
}

/** What a cause means, and where to look, as the README has it. @type {Record<string, string>} */
export const causes = {
  consumer_behind: 'The service has not consumed the event yet, or none of its processes reports. Look at its process, and at its lag.',
  parked: 'The service could not process the event and waits for a person. Read the reason, mend the cause, then redrive.',
  outside_party: 'The call is retried, and gets no answer. Look at the tries, the last error, and the party itself.',
  publisher_behind: 'The events are committed and not yet on the topic. Look at the broker.',
  never_produced: 'A number is missing on a topic, or nobody owes anything and the order has not ended. Look at the service named '
    + 'last, and run orderflow verify.',
};

/** Why something failed: the sentence, and a program's stack only for those who want it. @param {{text?: string}} props */
export function Why({ text = '' }) {
  const [says, ...stack] = text.split(/\s+(?=goroutine \d+ \[)/);
  return html`${says}${stack.length > 0 && html` <details><summary>Where in the program</summary><pre tabindex="0">${stack.join(' ')}</pre></details>`}`;
}
