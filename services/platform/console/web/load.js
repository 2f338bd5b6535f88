// Loading what a page shows, and saying so while it is not there.
import { get, isServed } from './api.js';
import { html, useEffect, useRef, useState } from './html.js';

/** @template T @typedef {{data?: T, error?: any, at: number, loading: boolean, reload: () => void}} Loaded */

/** Loads path, and again every so many seconds while the page is visible; a null path loads nothing. What was loaded stays
 * while the next answer is awaited, and if it fails.
 * @param {string | null} path @param {number} [every] seconds @returns {Loaded<any>} */
export function useLoad(path, every = 0) {
  return useAsync(path, path ? (signal) => get(path, signal) : null, every);
}

/** @param {any} key the answer belongs to it @param {((signal: AbortSignal) => Promise<any>) | null} fetcher
 * @param {number} [every] @returns {Loaded<any>} */
export function useAsync(key, fetcher, every = 0) {
  const [state, set] = useState(/** @type {any} */ ({ key: null, at: 0 }));
  const [turn, again] = useState(0);
  const latest = useRef(fetcher);
  latest.current = fetcher;
  useEffect(() => {
    if (!latest.current) return undefined;
    const stop = new AbortController();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const load = async () => {
      if (document.hidden && every) {
        timer = setTimeout(load, every * 1000);
        return;
      }
      let wait = every;
      try {
        const data = await /** @type {any} */ (latest.current)(stop.signal);
        if (stop.signal.aborted) return;
        set({ key, data, at: Date.now() });
      } catch (error) {
        if (stop.signal.aborted) return;
        set((/** @type {any} */ old) => ({ key, data: old.key === key ? old.data : undefined, at: old.at, error }));
        wait = (/** @type {any} */ (error)).type === 'catching-up' ? 1 : every;
      }
      if (wait) timer = setTimeout(load, wait * 1000);
    };
    load();
    return () => { stop.abort(); clearTimeout(timer); };
  }, [key, every, turn]);
  const mine = state.key === key ? state : { at: 0 };
  return { data: mine.data, error: mine.error, at: mine.at, loading: !mine.data && !mine.error,
    reload: () => again((/** @type {number} */ n) => n + 1) };
}

/** Whether the server serves a route, as "GET /v1/audit"; undefined until that is known. @param {string} route */
export function useServed(route) {
  return useAsync(`served ${route}`, () => isServed(route).then((yes) => ({ yes }))).data?.yes;
}

/** Shows children(data) once there is data; before that a skeleton, the progress of the tracker, or what is wrong and what next.
 * @param {{of: Loaded<any>, children: (data: any) => any}} props */
export function Show({ of, children }) {
  if (of.data === undefined && of.error) return html`<${Failure} error=${of.error} retry=${of.reload} />`;
  if (of.data === undefined) return html`<p class="skeleton" role="status">Loading…</p>`;
  return html`${of.error && html`<p class="notice" role="status">Not renewed since
    ${' '}${Math.round((Date.now() - of.at) / 1000)} s: ${of.error.message}. <button onClick=${of.reload}>Try again</button></p>`}
    ${children(of.data)}`;
}

/** What failed, and what next. @param {{error: any, retry?: () => void}} props */
export function Failure({ error, retry }) {
  if (error.type === 'catching-up') {
    const [, read, total] = /(\d+) of (\d+)/.exec(error.message) || [];
    return html`<div class="notice" role="status"><h2>The tracker is catching up</h2>
      <p>${error.message}. This page shows by itself once it has.</p>
      ${total && html`<progress max=${total} value=${read} aria-label="events read"></progress>`}</div>`;
  }
  const next = error.status === 404 ? 'Check the address, or search for the order above.'
    : error.status === 403 ? 'Your token only reads: ask for one that may act.'
      : error.status === 422 ? 'Change the filter.' : 'The other pages work as usual.';
  return html`<div class="notice bad" role="alert"><h2>${error.status === 404 ? 'There is no such thing' : 'This did not work'}</h2>
    <p>${error.message || String(error)} <small>(${error.type || 'error'})</small></p>
    ${error.errors?.length > 0 && html`<ul>${error.errors.map((/** @type {any} */ e) =>
    html`<li>${e.location}: ${e.detail}</li>`)}</ul>`}
    <p>${next} ${retry && html`<button onClick=${retry}>Try again</button>`}</p></div>`;
}

/** @param {{title: string, children?: any}} props */
export const Empty = ({ title, children }) => html`<div class="empty"><p><strong>${title}</strong></p>${children}</div>`;
