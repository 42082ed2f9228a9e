/* Saying things: quietly to screen readers, and as a notice to all. */

import { fill, h } from './dom.js';
import { icon } from './icons.js';

const quiet = h('p', { class: 'for-readers', role: 'status', 'aria-live': 'polite' });
const notices = h('div', { class: 'notices', role: 'alert' });

/** The two regions, to be put into the page once and early: readers notice changes only in regions they know. */
export function regions() {
  return [quiet, notices];
}

/** Tells screen readers, when they have time. */
export function say(text) {
  quiet.textContent = text;
}

/** Shows that something did not work, with what to do next; stays until it is closed. */
export function complain(refusal) {
  const steps = refusal.whatToDo ?? [];
  fill(notices, h('div', { class: 'notice' },
    icon('problem'),
    h('div', null,
      h('strong', null, refusal.headline ?? String(refusal)),
      steps.map((step) => h('p', null, step))),
    h('button', { type: 'button', class: 'plain', 'aria-label': 'Close this notice', on: { click: hush } },
      icon('close'))));
}

/** Takes the notice away. */
export function hush() {
  notices.replaceChildren();
}
