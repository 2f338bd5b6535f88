// The operators' API. Who is signed in is in a cookie that scripts cannot read.

/** A refusal as the API describes it (RFC 9457). */
export class Problem extends Error {
  /** @param {number} status @param {any} body @param {number} retryAfter */
  constructor(status, body, retryAfter = 0) {
    super(body.detail || body.title || `the server answered ${status}`);
    this.status = status;
    this.type = String(body.type || '').split('/').pop() || 'unknown';
    /** @type {{detail: string, location?: string}[]} */
    this.errors = body.errors || [];
    this.retryAfter = retryAfter;
  }
}

// How far this machine's clock is behind the server's, in ms: ages and countdowns count by the server's.
let behind = 0;

/** The server's time, in ms. */
export const now = () => Date.now() + behind;

/** @type {(() => Promise<void>) | null} */
let signIn = null;

/** While somebody signs in again, for all requests that wait for it. @type {Promise<void> | null} */
let signing = null;

/** Sets what is called when the session has ended during a request; the request is sent again once it resolves.
 * @param {() => Promise<void>} fn */
export const onSignedOut = (fn) => { signIn = fn; };

/** @param {string} method @param {string} path @param {{body?: any, key?: string, signal?: AbortSignal}} [more]
 * @returns {Promise<any>} */
export async function call(method, path, more = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: 'application/json' };
  if (more.body !== undefined) headers['Content-Type'] = 'application/json';
  if (more.key) headers['Idempotency-Key'] = more.key;
  let answer;
  try {
    answer = await fetch(path, { method, headers, signal: more.signal,
      body: more.body === undefined ? undefined : JSON.stringify(more.body) });
  } catch (err) {
    if (more.signal?.aborted) throw err;
    throw new Problem(0, { type: 'unreachable', detail: 'the server does not answer: is it running?' });
  }
  const date = Date.parse(answer.headers.get('Date') || '');
  if (date && Math.abs(date - now()) > 2000) behind = date - Date.now();
  if (answer.status === 401 && path !== '/session' && signIn) {
    signing ??= signIn().finally(() => { signing = null; });
    await signing;
    return call(method, path, more);
  }
  const text = await answer.text();
  let body;
  try {
    body = text === '' ? {} : JSON.parse(text);
  } catch {
    body = { detail: `the server answered ${answer.status} with something that is not JSON` };
  }
  if (!answer.ok) throw new Problem(answer.status, body, Number(answer.headers.get('Retry-After')) || 0);
  return body;
}

/** @param {string} path @param {AbortSignal} [signal] */
export const get = (path, signal) => call('GET', path, { signal });

/** All items of a list, up to a bound that is said where it is reached. @param {string} path @param {number} most
 * @returns {Promise<{items: any[], more: boolean}>} */
export async function all(path, most = 1000) {
  const items = [];
  for (let cursor = ''; ;) {
    const page = await get(withQuery(path, { limit: '200', cursor }));
    items.push(...page.items);
    cursor = page.next_cursor;
    if (!cursor || items.length >= most) return { items, more: Boolean(cursor) };
  }
}

/** @param {string} path @param {Record<string, string | undefined | null>} fields */
export function withQuery(path, fields) {
  const [base, old] = path.split('?');
  const query = new URLSearchParams(old);
  for (const [name, value] of Object.entries(fields)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  return text ? `${base}?${text}` : base;
}

/** A key for a request that must happen once, however often it is sent. */
export const newKey = () => crypto.randomUUID();

/** @type {Promise<Set<string>> | null} */
let known = null;

/** What this server serves, as "GET /v1/sagas". */
export function served() {
  known ??= get('/openapi.json').then((doc) => {
    const routes = new Set();
    for (const [path, methods] of Object.entries(doc.paths)) {
      for (const method of Object.keys(/** @type {any} */ (methods))) routes.add(`${method.toUpperCase()} ${path}`);
    }
    return routes;
  }).catch((err) => { known = null; throw err; });
  return known;
}

/** @type {Map<string, Promise<boolean>>} */
const probes = new Map();

/** Whether a route is served here: by this process, or, where a proxy leads to the processes of several services, by another. That
 * is seen by the refusal of a method that no route has. @param {string} route */
export async function isServed(route) {
  if ((await served()).has(route)) return true;
  let probe = probes.get(route);
  if (!probe) {
    probe = fetch(route.split(' ')[1].replace(/\{[^}]+\}/g, 'x'), { method: 'PUT' }).then((a) => a.status === 405);
    probes.set(route, probe);
    probe.catch(() => probes.delete(route));
  }
  return probe;
}

/** @returns {Promise<{signed_in: boolean, subject?: string, scope?: string, expires_at?: string}>} */
export const session = () => get('/session');
