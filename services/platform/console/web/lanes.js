// What the saga page draws and folds, as plain functions of the saga.

/** @typedef {{n: number, id: string, type: string, service: string, caused_by?: number, at: string, reaction: any,
 *   compensates?: string[], quiet?: boolean, data?: any, changes?: any, topic: string, partition: number, offset: number,
 *   sequence: number, key: string}} Event */
/** @typedef {{kind: 'event', event: Event, y: number} | {kind: 'fold', events: Event[], y: number}
 *   | {kind: 'gap', seconds: number, y: number} | {kind: 'pivot', y: number}} Row */

export const tall = 28;
export const small = 22;

const bookkeeping = /\.(progressed|readied|extended|status_changed|stock_changed)\.v\d+$/;

/** Services in the order in which they first appear. @param {Event[]} events */
export const lanesOf = (events) => [...new Set(events.map((e) => e.service))];

/** By number of an event: the event that undid it. @param {Event[]} events */
export function undoneBy(events) {
  /** @type {Map<number, Event>} */
  const undone = new Map();
  for (const c of events) {
    for (const type of c.compensates || []) {
      for (const e of events) if (e.n < c.n && e.type === type && !undone.has(e.n)) undone.set(e.n, c);
    }
  }
  return undone;
}

/** The rows of the table: runs of bookkeeping that nothing followed from are one, long waits show, and so does the point of no
 * return. @param {Event[]} events @param {{fold: boolean, open?: Set<number>, take?: (e: Event) => boolean}} how @returns {Row[]} */
export function rowsOf(events, { fold, open = new Set(), take }) {
  const followed = new Set(events.map((e) => e.caused_by));
  /** @type {Row[]} */
  const rows = [];
  let y = 0;
  let last = 0;
  /** @param {any} row @param {number} height */
  const add = (row, height) => { rows.push({ ...row, y }); y += height; };
  for (const e of events) {
    if (take && !take(e)) continue;
    const quiet = e.quiet ?? bookkeeping.test(e.type);
    const at = Date.parse(e.at);
    if (last && at - last > 10000) add({ kind: 'gap', seconds: (at - last) / 1000 }, small);
    last = Math.max(last, at);
    const before = rows.at(-1);
    if (fold && quiet && !followed.has(e.n) && !e.compensates?.length && !open.has(e.n)) {
      if (before?.kind === 'fold') before.events.push(e);
      else add({ kind: 'fold', events: [e] }, small);
    } else add({ kind: 'event', event: e }, tall);
    if (e.type.startsWith('shipping.dispatched.')) add({ kind: 'pivot' }, small);
  }
  return rows;
}

/** "inventory.stock_changed ×197, order.progressed". @param {Event[]} events */
export function foldedText(events) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const e of events) counts.set(e.type, (counts.get(e.type) || 0) + 1);
  return [...counts].map(([type, n]) => type.replace(/\.v1$/, '') + (n > 1 ? ` ×${n}` : '')).join(', ');
}

/** The numbers of what led to an event, and of what followed from it. @param {Event[]} events @param {number} n */
export function chainOf(events, n) {
  const byN = new Map(events.map((e) => [e.n, e]));
  const chain = new Set([n]);
  for (let e = byN.get(n); e?.caused_by; e = byN.get(e.caused_by)) chain.add(e.caused_by);
  const after = new Set([n]);
  for (const e of events) if (e.caused_by && after.has(e.caused_by)) { after.add(e.n); chain.add(e.n); }
  return chain;
}

/** Differences of two values by path, so that one changed field of a large value is one line.
 * @param {any} before @param {any} after @returns {{path: string, before: any, after: any}[]} */
export function diff(before, after, path = '') {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const inner = [before, after].every((v) => v && typeof v === 'object');
  if (!inner || Array.isArray(before) !== Array.isArray(after)) return [{ path, before, after }];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((k) => diff(before[k], after[k], Array.isArray(after) ? `${path}[${k}]` : path ? `${path}.${k}` : k));
}
