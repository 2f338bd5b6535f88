// A client of the customers' API, to copy. It needs nothing but a browser, or a Node.js.
//
//   const shop = new Orderflow({ token });
//   const order = await shop.place({ lines, ship_to, email, payment_token });
//   for await (const entry of shop.watch(order.id)) console.log(entry.status);

/** A refusal of the API (RFC 9457). `errors` names every fault and its place, as body.lines[0].quantity. */
export class Refusal extends Error {
  /** @param {number} status @param {any} body @param {number} retryAfter seconds */
  constructor(status, body, retryAfter) {
    super(body.detail || body.title || `status ${status}`);
    this.status = status;
    /** @type {{detail: string, location: string}[]} */
    this.errors = body.errors || [];
    this.retryAfter = retryAfter;
  }
}

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** A key for a request that must happen once. Send the same key again whenever you do not know whether it did. */
export const newKey = () => crypto.randomUUID();

export class Orderflow {
  /** @param {{url?: string, token?: string, sent?: (request: {method: string, path: string, body?: any, key?: string}) => void}} [options]
   *    sent hears of each request, without the token */
  constructor({ url = '', token = '', sent = () => {} } = {}) {
    Object.assign(this, { url, token, sent });
    this.url = url;
    this.token = token;
    this.sent = sent;
  }

  /** Sends one request. What may be sent again is, up to five times: requests that change nothing, and those with a key.
   * 429 and 503 say when to come again; a lost connection and 5xx leave open whether the request was carried out, and 409 of a
   * key in use says that it still runs: the same key makes sure that it happens once.
   * @param {string} method @param {string} path @param {{body?: any, key?: string, accept?: string}} [more] @returns {Promise<Response>} */
  async send(method, path, { body, key, accept = 'application/json' } = {}) {
    this.sent({ method, path, body, key });
    for (let tries = 1; ; tries++) {
      /** @type {Record<string, string>} */
      const headers = { Accept: accept };
      if (this.token) headers.Authorization = `Bearer ${this.token}`;
      if (body !== undefined) headers['Content-Type'] = 'application/json';
      if (key) headers['Idempotency-Key'] = key;
      const answer = await fetch(this.url + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
        .catch(() => null);
      if (answer?.ok) return answer;
      const after = Number(answer?.headers.get('Retry-After')) || 0;
      const running = answer?.status === 409 && after > 0;
      const again = tries < 5 && (method === 'GET' || key) && (!answer || answer.status === 429 || answer.status >= 500 || running);
      if (!again) throw new Refusal(answer?.status || 0, answer ? await answer.json().catch(() => ({})) : { detail: 'no connection' }, after);
      await pause(after * 1000 || 250 * 2 ** tries);
    }
  }

  /** A page of the products whose SKU or description has q; go on with next_cursor. @param {string} [q] @param {string} [cursor] */
  async products(q = '', cursor = '') {
    return (await this.send('GET', `/v1/products?${new URLSearchParams({ q, cursor, limit: '24' })}`)).json();
  }

  /** Places an order. Make the key before the first try and keep it until you have an answer. On 422, errors says what to correct.
   * @param {any} order @param {string} [key] */
  async place(order, key = newKey()) {
    return (await this.send('POST', '/v1/orders', { body: order, key })).json();
  }

  /** @param {string} id */
  async order(id) { return (await this.send('GET', `/v1/orders/${id}`)).json(); }

  /** Your orders, newest first. */
  async orders() { return (await this.send('GET', '/v1/orders')).json(); }

  /** Asks to cancel an order; 409 says that it is too late. @param {string} id @param {string} [reason] @param {string} [key] */
  async cancel(id, reason, key = newKey()) {
    return (await this.send('POST', `/v1/orders/${id}/cancellation`, { body: reason ? { reason } : {}, key })).json();
  }

  /** Asks to send goods back. @param {string} id @param {{sku: string, quantity: number}[]} lines @param {string} reason @param {string} [key] */
  async sendBack(id, lines, reason, key = newKey()) {
    return (await this.send('POST', `/v1/orders/${id}/returns`, { body: { lines, reason }, key })).json();
  }

  /** An invoice of the order, as a PDF. @param {string} id @param {string} number */
  async invoice(id, number) { return (await this.send('GET', `/v1/orders/${id}/invoices/${number}`, { accept: 'application/pdf' })).blob(); }

  /** The order's timeline, live, until it has ended. After a lost connection it goes on behind the last entry, so none is missing
   * and none comes twice. EventSource cannot send a token, so the stream is read by hand.
   * @param {string} id @param {AbortSignal} [signal] @returns {AsyncGenerator<{at: string, status: string, text: string}>} */
  async* watch(id, signal) {
    for (let last = '', wait = 250; !signal?.aborted; await pause(wait)) {
      /** @type {Record<string, string>} */
      const headers = { Accept: 'text/event-stream', Authorization: `Bearer ${this.token}` };
      if (last) headers['Last-Event-ID'] = last;
      const answer = await fetch(`${this.url}/v1/orders/${id}/events`, { headers, signal }).catch(() => null);
      if (answer?.status === 204) return; // it has ended, and all was told
      if (answer && answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
        throw new Refusal(answer.status, await answer.json().catch(() => ({})), 0);
      }
      wait = Math.min(wait * 2, 10000);
      try {
        let text = '';
        for await (const part of answer?.ok && answer.body ? answer.body.pipeThrough(new TextDecoderStream()) : []) {
          const events = (text + part).split('\n\n');
          text = events.pop() || '';
          for (const event of events) {
            const field = (/** @type {string} */ name) => event.split('\n').find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1).trim();
            const data = field('data');
            if (!data) continue;
            last = field('id') || last;
            wait = 250;
            yield JSON.parse(data);
          }
        }
      } catch {
        // The connection was lost: the next turn resumes.
      }
    }
  }
}
