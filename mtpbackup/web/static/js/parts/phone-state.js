/* What keeps the phone from being used, in words, with what to do. */

import { h } from '../dom.js';
import { icon } from '../icons.js';
import { harmless } from '../words.js';

const ICONS = { none: 'cable', locked: 'lock', busy: 'warning', permission: 'lock', error: 'problem' };

/** A card with what to do about a phone that cannot be used; null where all is well or nothing is known. */
export function phoneTrouble(phone) {
  if (!phone || phone.state === 'ready') return null;
  return h('section', { class: `card trouble-card is-${phone.state}`, 'aria-label': 'The phone' },
    h('span', { class: 'round' }, icon(ICONS[phone.state] ?? 'warning')),
    h('div', null,
      h('h2', null, harmless(phone.headline)),
      steps(phone.what_to_do)));
}

/** Next steps: a sentence, or a numbered list of several. */
export function steps(whatToDo) {
  if (whatToDo.length === 0) return null;
  if (whatToDo.length === 1) return h('p', null, harmless(whatToDo[0]));
  return h('ol', null, whatToDo.map((step) => h('li', null, harmless(step))));
}
