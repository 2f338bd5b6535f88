// The frame: who is signed in, which page is shown, and how one gets about.
import { get, onSignedOut, session, withQuery } from './api.js';
import { Clock, currentZone, own, setZone, zones } from './format.js';
import { html, useEffect, useRef, useState } from './html.js';
import { Failure, useAsync, useLoad, useServed } from './load.js';
import { Live, follow, useOverview } from './live.js';
import { Audit } from './pages/audit.js';
import { Deadlines } from './pages/deadlines.js';
import { FlowMap } from './pages/map.js';
import { Ledger } from './pages/ledger.js';
import { Overview } from './pages/overview.js';
import { Group, Parked, Redrive } from './pages/parked.js';
import { Reports } from './pages/reports.js';
import { Reviews } from './pages/reviews.js';
import { Saga } from './pages/saga.js';
import { Sagas } from './pages/sagas.js';
import { SignInAgain, SignInPage } from './pages/signin.js';
import { Sku, Stock } from './pages/stock.js';
import { Component, render } from './vendor/preact.js';

/** @type {[RegExp, any, string][]} */
const pages = [
  [/^\/$/, Overview, 'Overview'], [/^\/sagas$/, Sagas, 'Sagas'], [/^\/sagas\/([^/]+)$/, Saga, 'Order'], [/^\/map$/, FlowMap, 'Map'],
  [/^\/parked$/, Parked, 'Parked'], [/^\/parked\/([^/]+)$/, Group, 'Parked'], [/^\/redrives\/([^/]+)$/, Redrive, 'Redrive'],
  [/^\/deadlines$/, Deadlines, 'Deadlines'], [/^\/reviews$/, Reviews, 'Reviews'], [/^\/stock$/, Stock, 'Stock'],
  [/^\/stock\/(.+)$/, Sku, 'Stock'], [/^\/ledger$/, Ledger, 'Ledger'], [/^\/reports$/, Reports, 'Reports'], [/^\/audit$/, Audit, 'Audit'],
];

const nav = [['/', 'Overview', 'o'], ['/sagas', 'Sagas', 's'], ['/map', 'Map', 'm'], ['/parked', 'Parked', 'p'], ['/reviews', 'Reviews', 'r'],
  ['/deadlines', 'Deadlines', 'd'], ['/stock', 'Stock', 'k'], ['/ledger', 'Ledger', 'l'], ['/reports', 'Reports', 'b'], ['/audit', 'Audit', 'a']];

/** @param {string} to */
export function visit(to) {
  history.pushState(null, '', to);
  dispatchEvent(new PopStateEvent('popstate'));
}

/** Shows what a page threw instead of what it would have drawn. */
class Boundary extends Component {
  constructor() {
    super(...arguments);
    this.state = { error: null };
  }

  /** @param {any} error */
  static getDerivedStateFromError(error) { return { error }; }

  /** @param {any} props @param {any} state */
  render(props, state) {
    return state.error ? html`<h1 tabindex="-1">This page failed</h1>
      <${Failure} error=${state.error} retry=${() => this.setState({ error: null })} />` : props.children;
  }
}

function useAddress() {
  const [address, set] = useState(location.pathname + location.search);
  useEffect(() => {
    const moved = () => set(location.pathname + location.search);
    /** @param {MouseEvent} e */
    const clicked = (e) => {
      const a = /** @type {Element} */ (e.target).closest?.('a[href]');
      if (!(a instanceof HTMLAnchorElement) || a.origin !== location.origin || a.target || a.download || a.pathname === '/docs'
        || a.getAttribute('href')?.startsWith('#')
        || e.button || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey || e.defaultPrevented) return;
      e.preventDefault();
      visit(a.href);
    };
    addEventListener('popstate', moved);
    document.addEventListener('click', clicked);
    return () => { removeEventListener('popstate', moved); document.removeEventListener('click', clicked); };
  }, []);
  return address;
}

/** `/` searches, g and a letter goes to a page, j and k go through a list, ? shows them. @param {(show: boolean) => void} help */
function useKeys(help) {
  useEffect(() => {
    let before = '';
    /** @param {KeyboardEvent} e */
    const pressed = (e) => {
      const typing = /** @type {Element} */ (e.target).closest?.('input, select, textarea, dialog');
      if (typing || e.ctrlKey || e.metaKey || e.altKey || localStorage.getItem('keys') === 'off') return;
      const to = before === 'g' && nav.find(([, , key]) => key === e.key);
      before = e.key;
      if (to) visit(to[0]);
      else if (e.key === '/') document.getElementById('search')?.focus();
      else if (e.key === '?') help(true);
      else if (e.key === 'j' || e.key === 'k') {
        const links = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('main tbody a:first-of-type'))];
        const at = links.indexOf(/** @type {any} */ (document.activeElement));
        links[Math.max(0, Math.min(links.length - 1, at + (e.key === 'j' ? 1 : -1)))]?.focus();
      } else return;
      e.preventDefault();
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  }, []);
}

function Search() {
  /** @param {SubmitEvent} e */
  const find = async (e) => {
    e.preventDefault();
    const q = String(new FormData(/** @type {any} */ (e.target)).get('q')).trim();
    if (!q) return;
    if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(q)) visit(`/sagas/${q}`);
    else if (/^[0-9a-f-]{6,}$/.test(q) || /^guest-|^cust/.test(q)) visit(withQuery('/sagas', /^[0-9a-f-]+$/.test(q) ? { q } : { customer: q }));
    else {
      const found = await get(`/v1/stock/${encodeURIComponent(q)}`).catch(() => null);
      visit(found ? `/stock/${encodeURIComponent(q)}` : withQuery('/sagas', { q }));
    }
  };
  return html`<form role="search" onSubmit=${find}>
    <label class="hidden" for="search">Search</label><input id="search" name="q" type="search" placeholder="Order, customer or SKU" size="22" />
  </form>`;
}

/** What needs a person, for the navigation and the one live region. */
function useAttention() {
  const overview = useServed('GET /v1/overview');
  const parked = useLoad(overview === false ? '/v1/parked/groups?limit=200' : null, 5);
  const reviews = useLoad(overview === false ? '/v1/reviews?limit=200' : null, 5);
  const live = useOverview();
  const asked = useLoad(overview ? '/v1/overview' : null, live ? 30 : 5).data;
  const told = live && (!asked || asked.as_of < live.as_of) ? live : asked;
  if (told) return { Parked: told.parked?.sagas, Reviews: told.reviews, Sagas: told.attention };
  return { Parked: parked.data?.items.reduce((/** @type {number} */ n, /** @type {any} */ g) => n + g.sagas, 0),
    Reviews: reviews.data?.items.length };
}

/** @param {{who: any, address: string, help: (show: boolean) => void}} props */
function Header({ who, address, help }) {
  /** @type {Record<string, number | undefined>} */
  const counts = useAttention();
  const streams = useServed('GET /v1/stream');
  useEffect(() => { if (streams) follow(); }, [streams]);
  const [theme, setTheme] = useState(localStorage.getItem('theme') || 'system');
  const [zone, pick] = useState(currentZone());
  useEffect(() => { document.documentElement.dataset.theme = theme; localStorage.setItem('theme', theme); }, [theme]);
  const leave = async () => {
    await fetch('/session', { method: 'DELETE' });
    location.assign('/sign-in');
  };
  const says = Object.entries(counts).filter(([, n]) => n).map(([what, n]) => `${what} ${n}`).join(', ');
  return html`<header><a class="skip" href="#main" onClick=${(/** @type {Event} */ e) => { e.preventDefault();
    document.querySelector('h1')?.focus(); }}>Skip to the page</a>
    <strong class="name">Orderflow</strong>
    <nav aria-label="Pages">${nav.map(([to, title]) => html`<a href=${to}
      aria-current=${(to === '/' ? address.split('?')[0] === '/' : address.startsWith(to)) ? 'page' : undefined}>${title}${
  counts[title] ? html` <span class="count">${counts[title]}</span>` : ''}</a>`)}</nav>
    <${Search} />
    <div class="settings"><${Live} /><${Clock} />
      <label><span class="hidden">Time zone</span><select value=${zone} onChange=${(/** @type {any} */ e) => {
    setZone(e.target.value); pick(e.target.value); }}>${[own(), ...zones()].filter((z, i, list) => list.indexOf(z) === i).map((z) =>
    html`<option value=${z} selected=${z === zone}>${z}</option>`)}</select></label>
      <label><span class="hidden">Theme</span><select value=${theme} onChange=${(/** @type {any} */ e) => setTheme(e.target.value)}>
        ${['system', 'light', 'dark'].map((t) => html`<option value=${t} selected=${t === theme}>${t}</option>`)}</select></label>
      <button class="link" onClick=${() => help(true)}>Keys</button>
      <span>${who.subject}${who.scope === 'read' ? ' (read-only)' : ''}</span>
      <button class="link" onClick=${leave}>Sign out</button></div>
    <p class="hidden" role="status" aria-live="polite">${says && `Needs attention: ${says}`}</p></header>`;
}

/** @param {{close: () => void}} props */
function Help({ close }) {
  const ref = useRef(/** @type {any} */ (null));
  const [off, set] = useState(localStorage.getItem('keys') === 'off');
  useEffect(() => ref.current.showModal(), []);
  return html`<dialog ref=${ref} onClose=${close} aria-labelledby="keys-title"><h2 id="keys-title">Keys</h2>
    <p><kbd>/</kbd> search · <kbd>j</kbd> <kbd>k</kbd> next and previous in a list · <kbd>Enter</kbd> open · <kbd>?</kbd> this</p>
    <p>${nav.map(([, title, key]) => html`<kbd>g</kbd> <kbd>${key}</kbd> ${title} `)}</p>
    <label><input type="checkbox" checked=${off} onChange=${(/** @type {any} */ e) => {
    set(e.target.checked); localStorage.setItem('keys', e.target.checked ? 'off' : 'on'); }} /> Keys without Ctrl do nothing</label>
    <p><a href="/docs" target="_blank" rel="noopener">The operators' API</a></p>
    <form method="dialog"><button>Close</button></form></dialog>`;
}

function App() {
  const address = useAddress();
  const path = address.split('?')[0];
  const me = useAsync('session', session);
  const [help, showHelp] = useState(false);
  const [again, askAgain] = useState(/** @type {{resolve: () => void} | null} */ (null));
  useKeys(showHelp);
  useEffect(() => onSignedOut(() => new Promise((resolve) => { askAgain({ resolve: () => resolve(undefined) }); })), []);
  const [, Page, title] = pages.find(([pattern]) => pattern.test(path)) || [];
  useEffect(() => {
    document.title = path === '/sign-in' ? 'Sign in · Orderflow' : `${title || 'Nothing here'} · Orderflow`;
    document.querySelector('h1')?.focus({ preventScroll: true });
  }, [path, me.data?.signed_in]);
  if (me.error) return html`<main id="main"><h1 tabindex="-1">Orderflow</h1><${Failure} error=${me.error} retry=${me.reload} /></main>`;
  if (!me.data) return null;
  if (path === '/sign-in' || !me.data.signed_in) {
    return html`<main id="main"><${SignInPage} to=${path === '/sign-in' ? '/' : address} done=${me.reload} /></main>`;
  }
  const found = pages.find(([pattern]) => pattern.test(path))?.[0].exec(path);
  return html`<${Header} who=${me.data} address=${address} help=${showHelp} />
    <main id="main"><${Boundary} key=${path}>${Page ? html`<${Page} arg=${found?.[1] && decodeURIComponent(found[1])}
      reads=${me.data.scope === 'read'} />` : html`<h1 tabindex="-1">There is no such page</h1><p><a href="/">To the overview</a></p>`}
    </${Boundary}></main>
    ${help && html`<${Help} close=${() => showHelp(false)} />`}
    ${again && html`<${SignInAgain} done=${() => { again.resolve(); askAgain(null); }} />`}`;
}

document.documentElement.dataset.theme = localStorage.getItem('theme') || 'system';
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById('console')));
