// Dialogs for what changes something: they say what will happen, and keep what was typed until it has.
import { call, newKey } from './api.js';
import { html, useEffect, useRef, useState } from './html.js';
import { Failure } from './load.js';

/** A modal dialog; Esc closes it and the focus goes back. @param {{title: string, close: () => void, children?: any}} props */
export function Dialog({ title, close, children }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    ref.current?.showModal();
    return () => before?.focus();
  }, []);
  return html`<dialog ref=${ref} aria-labelledby="dialog-title" onCancel=${(/** @type {Event} */ e) => { e.preventDefault(); close(); }}>
    <h2 id="dialog-title">${title}</h2>${children}</dialog>`;
}

/** A button whose dialog sends one request. The key is made once per dialog, so sending again does nothing twice.
 * @param {{label: string, title?: string, danger?: boolean, says: any, method: string, path: string | ((form: Record<string, string>) => string), sends?: string,
 *   body?: (form: Record<string, string>) => any, done: (answer: any) => void, children?: any, keyed?: boolean,
 *   refuse?: (form: Record<string, string>) => string}} props */
export function Act(props) {
  const [open, set] = useState(false);
  return html`<button class=${props.danger ? 'danger' : ''} onClick=${() => set(true)}>${props.label}</button>
    ${open && html`<${Sending} ...${props} close=${() => set(false)} />`}`;
}

/** @param {any} props */
function Sending({ label, title, says, method, path, body, done, children, close, danger, keyed = true, refuse }) {
  const [key] = useState(newKey);
  const [error, fail] = useState(/** @type {any} */ (null));
  const [busy, work] = useState(false);
  /** @param {SubmitEvent} e */
  const send = async (e) => {
    e.preventDefault();
    const form = Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (e.target)));
    const refused = refuse?.(form);
    if (refused) {
      fail(new Error(refused));
      return;
    }
    work(true);
    try {
      const answer = await call(method, typeof path === 'function' ? path(form) : path, { body: body?.(form), key: keyed ? key : undefined });
      close();
      done(answer);
    } catch (err) {
      fail(err);
      work(false);
    }
  };
  return html`<${Dialog} title=${title || label} close=${close}><form onSubmit=${send}>
    <div class="says">${says}</div>${children}
    ${error && html`<${Failure} error=${error} />`}
    <p class="buttons"><button type="button" onClick=${close}>Leave it</button>
      <button type="submit" class=${danger ? 'danger' : 'primary'} disabled=${busy}>${busy ? 'Sending…' : label}</button></p>
  </form></${Dialog}>`;
}

/** The reason that is written into the audit. @param {{optional?: boolean}} props */
export const Reason = ({ optional = false }) => html`<label>Reason, for the audit${optional ? ' (may be empty)' : ''} <input name="reason"
  required=${!optional} maxlength="500" autocomplete="off" /></label>`;
