// Tables of lists: paged by cursor, read by keys, saved as CSV.
import { all, withQuery } from './api.js';
import { html, useEffect, useRef, useState } from './html.js';
import { Empty, Show, useLoad } from './load.js';

/** @typedef {{head: string, cell: (row: any) => any, text?: (row: any) => any, number?: boolean}} Column */

/** @param {{caption: string, columns: Column[], rows: any[], empty?: any}} props */
export function Table({ caption, columns, rows, empty }) {
  if (rows.length === 0) return empty || html`<${Empty} title=${`${caption}: none`} />`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}><table>
    <caption class="hidden">${caption}</caption>
    <thead><tr>${columns.map((c) => html`<th scope="col" class=${c.number ? 'number' : ''}>${c.head}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${columns.map((c) => html`<td class=${c.number ? 'number' : ''}>${c.cell(row)}</td>`)}</tr>`)}
    </tbody></table></div>`;
}

/** A list of the API, a page at a time. The page shown is in the address, so that reloading and going back keep it. Which rows it
 * has, and where, does not change while they are read; renewed tells where their contents are read again, by the page shown.
 * @param {{caption: string, path: string, columns: Column[], limit?: number, empty?: any, total?: number, every?: number,
 *   select?: (row: any) => boolean, renewed?: {path: (rows: any[]) => string, key: (row: any) => string}, mark?: string}} props mark is the
 *   name in the address, if a page has several lists */
export function List({ caption, path, columns, limit = 50, empty, total, every = 0, select, renewed, mark = 'pages' }) {
  const here = new URLSearchParams(location.search);
  const [cursors, go] = useState(/** @type {string[]} */ (here.get(mark)?.split(',').filter(Boolean) || []));
  const first = useRef(path);
  useEffect(() => {
    if (first.current !== path) go([]);
    first.current = path;
  }, [path]);
  /** @param {string[]} next */
  const turn = (next) => {
    go(next);
    const query = new URLSearchParams(location.search);
    if (next.length) query.set(mark, next.join(','));
    else query.delete(mark);
    history.replaceState(null, '', `${location.pathname}${query.size ? `?${query}` : ''}`);
  };
  const loaded = useLoad(withQuery(path, { limit: String(limit), cursor: cursors.at(-1) }), cursors.length ? 0 : every);
  const shown = loaded.data?.items;
  const [ripe, ripen] = useState(false); // what was just read needs no renewal
  useEffect(() => {
    const timer = setTimeout(() => ripen(true), 2000);
    return () => clearTimeout(timer);
  }, []);
  const again = useLoad(ripe && renewed && shown?.length ? renewed.path(shown) : null, 2);
  return html`<${Show} of=${loaded}>${(/** @type {any} */ page) => {
    const latest = (/** @type {any} */ row) => again.data?.items.find((/** @type {any} */ a) => renewed?.key(a) === renewed?.key(row)) || row;
    const rows = (select ? page.items.filter(select) : page.items).map(latest);
    const from = cursors.length * limit;
    return html`${again.error && html`<p class="notice" role="status">The rows are not renewed: ${again.error.message}.</p>`}
      <${Table} caption=${caption} columns=${columns} rows=${rows} empty=${cursors.length ? undefined : empty} />
      <p class="pager">${rows.length > 0 && html`<span>${from + 1}–${from + page.items.length}${total === undefined ? '' : ` of ${
        new Intl.NumberFormat('en').format(total)}`}</span>`}
      ${cursors.length > 0 && html`<button onClick=${() => turn(cursors.slice(0, -1))}>Newer</button>`}
      ${page.next_cursor && html`<button onClick=${() => turn([...cursors, page.next_cursor])}>Older</button>`}
      ${rows.length > 0 && html`<${Save} name=${caption} path=${path} columns=${columns} />`}</p>`;
  }}</${Show}>`;
}

/** @param {any} value */
function quoted(value) {
  const text = String(value ?? '');
  // A cell that begins like a formula is text for spreadsheets too.
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** @param {{name: string, path: string, columns: Column[]}} props */
function Save({ name, path, columns }) {
  const [state, set] = useState('');
  const save = async () => {
    set('reading…');
    try {
      const { items, more } = await all(path, 10000);
      const kept = columns.filter((c) => c.text);
      const lines = [kept.map((c) => quoted(c.head)), ...items.map((row) => kept.map((c) => quoted(c.text?.(row))))];
      const file = URL.createObjectURL(new Blob([lines.map((l) => l.join(',')).join('\r\n')], { type: 'text/csv' }));
      const a = document.createElement('a');
      a.href = file;
      a.download = `${name.toLowerCase().replaceAll(' ', '-')}.csv`;
      a.click();
      URL.revokeObjectURL(file);
      set(more ? 'the first 10,000 rows are saved' : '');
    } catch (err) {
      set(`not saved: ${/** @type {Error} */ (err).message}`);
    }
  };
  return columns.some((c) => c.text) && html`<button onClick=${save}>CSV</button> <span role="status">${state}</span>`;
}

/** Filters are links and fields whose state is in the address. @param {{name: string, options: string[], label: string}} props */
export function Choice({ name, options, label }) {
  const query = new URLSearchParams(location.search);
  return html`<label>${label} <select value=${query.get(name) || ''} onChange=${(/** @type {any} */ e) =>
    setQuery({ [name]: e.target.value })}><option value="">any</option>
    ${options.map((o) => html`<option value=${o} selected=${o === query.get(name)}>${o.replaceAll('_', ' ')}</option>`)}</select></label>`;
}

/** @param {Record<string, string>} fields */
export function setQuery(fields) {
  const to = withQuery(`${location.pathname}${location.search}`, { ...fields, pages: undefined });
  history.pushState(null, '', to);
  dispatchEvent(new PopStateEvent('popstate'));
}
