// What changes, as the server tells it. One tab of a browser holds the stream and tells the others: browsers open few connections.
import { now } from './api.js';
import { html, useEffect, useState } from './html.js';

/** How long, in ms, the server may say nothing: it says something every second. */
const patience = 10_000;

const channel = new BroadcastChannel('orderflow');
/** @type {Set<(kind: string, data: any) => void>} */
const listeners = new Set();
let heard = Date.now();
let begun = false;

/** @param {{kind: string, data: any}} message */
function tell({ kind, data }) {
  heard = Date.now();
  listeners.forEach((fn) => fn(kind, data));
}
channel.onmessage = (e) => tell(e.data);

/** @type {EventSource | null} */
let source = null;

function connect() {
  source?.close();
  source = new EventSource('/v1/stream');
  for (const kind of ['sagas', 'overview', 'catching-up']) {
    source.addEventListener(kind, (e) => {
      const message = { kind, data: JSON.parse(/** @type {MessageEvent} */ (e).data) };
      channel.postMessage(message);
      tell(message);
    });
  }
}

function hold() {
  connect();
  setInterval(() => { if (Date.now() - heard > patience / 2) connect(); }, patience / 2);
  return new Promise(() => {}); // until the tab is closed
}


/** Begins to follow; once. */
export function follow() {
  if (begun) return;
  begun = true;
  if (navigator.locks) navigator.locks.request('orderflow-stream', hold);
  else hold(); // not over https, nor on this machine
}

/** Calls changed when the saga of this order has. @param {string} order @param {() => void} changed */
export function useChanged(order, changed) {
  useEffect(() => {
    /** @param {string} kind @param {any} data */
    const fn = (kind, data) => { if (kind === 'sagas' && (!data.all || data.orders.includes(order))) changed(); };
    listeners.add(fn);
    return () => { listeners.delete(fn); };
  }, [order]);
}

/** The overview as it was told last; undefined before. */
export function useOverview() {
  const [told, set] = useState(/** @type {any} */ (undefined));
  useEffect(() => {
    /** @param {string} kind @param {any} data */
    const fn = (kind, data) => { if (kind === 'overview') set(data); };
    listeners.add(fn);
    return () => { listeners.delete(fn); };
  }, []);
  return told;
}

/** Says when the server tells nothing any more: the pages ask by themselves then, less often. */
export function Live() {
  const [lost, set] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => set(begun && Date.now() - heard > patience ? now() - (Date.now() - heard) : 0), 1000);
    return () => clearInterval(timer);
  }, []);
  return lost ? html`<span class="badge bad" role="status">Live updates stopped, as of ${new Date(lost).toISOString().slice(11, 19)} UTC</span>` : null;
}
