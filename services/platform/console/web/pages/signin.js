import { call } from '../api.js';
import { Dialog } from '../dialog.js';
import { html, useEffect, useState } from '../html.js';
import { Failure } from '../load.js';

/** Two requests with one link would use it twice. @type {Promise<any> | null} */
let pending = null;

/** The code of a one-time link is in the fragment, which is sent nowhere; it leaves the address bar before it is used. */
function codeOf() {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  return code;
}

/** @param {{to: string, done: () => void}} props */
export function SignInPage({ to, done }) {
  const [error, fail] = useState(/** @type {any} */ (null));
  const enter = () => {
    if (location.pathname === '/sign-in') history.replaceState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
    done();
  };
  useEffect(() => {
    const code = codeOf();
    if (code) pending = call('POST', '/session', { body: { code } });
    pending?.then(enter, (err) => fail(err)).finally(() => { pending = null; });
  }, []);
  return html`<h1 tabindex="-1">Sign in</h1>
    <p>An operator's token opens the console. On the machine of the installation: <code>orderflow token --operator</code>, or
      ${' '}<code>orderflow token --operator --link</code> for a link that needs no typing.</p>
    <${TokenForm} done=${enter} error=${error} />`;
}

/** The session ended while something was sent: what was typed stays behind this. @param {{done: () => void}} props */
export const SignInAgain = ({ done }) => html`<${Dialog} title="Signed out" close=${() => {}}>
  <p>The session has ended. Sign in again; what you typed is still there, and is sent then.</p><${TokenForm} done=${done} /></${Dialog}>`;

/** @param {{done: () => void, error?: any}} props */
function TokenForm({ done, error: before }) {
  const [error, fail] = useState(/** @type {any} */ (null));
  /** @param {SubmitEvent} e */
  const send = async (e) => {
    e.preventDefault();
    try {
      const token = String(new FormData(/** @type {any} */ (e.target)).get('token')).trim();
      await call('POST', '/session', { body: { token } });
      done();
    } catch (err) {
      fail(err);
    }
  };
  const shown = error || before;
  return html`<form class="sign-in" onSubmit=${send}>
    <label>Token <input name="token" type="password" required autocomplete="off" spellcheck="false" /></label>
    <button type="submit" class="primary">Sign in</button>
    ${shown && html`<div class="notice bad" role="alert"><p>${shown.message}.</p>
      <p>A link works once, for two minutes; a token until it expires. Ask for a new one.</p></div>`}</form>`;
}
