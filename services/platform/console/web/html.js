// What every component needs: html`…` builds elements, never from strings of markup.
import { h } from './vendor/preact.js';
import htm from './vendor/htm.js';

/** @type {(strings: TemplateStringsArray, ...values: any[]) => any} */
export const html = htm.bind(h);

export { useEffect, useMemo, useRef, useState } from './vendor/hooks.js';
