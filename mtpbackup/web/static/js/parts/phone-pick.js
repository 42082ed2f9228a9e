/* Which phone's pictures, where the backup has those of several. */

import { fill, h } from '../dom.js';
import { count, harmless } from '../words.js';

export class PhonePick {
  #select;
  #offered = '';

  /** @param {function()} changed */
  constructor(changed) {
    this.#select = h('select', { on: { change: changed } });
    this.element = h('label', { class: 'pick phone-pick', hidden: true }, h('span', null, 'From'), this.#select);
  }

  /** What to add to the address of a listing. */
  get query() {
    return this.#select.value ? `?phone=${encodeURIComponent(this.#select.value)}` : '';
  }

  offer(phones) {
    const offered = JSON.stringify(phones);
    if (offered === this.#offered) return;
    this.#offered = offered;
    const before = this.#select.value;
    fill(this.#select, h('option', { value: '' }, 'All phones'),
      phones.map(({ id, name, files }) => h('option', { value: String(id) }, `${harmless(name)} (${count(files)})`)));
    this.#select.value = phones.some(({ id }) => String(id) === before) ? before : '';
    this.element.hidden = phones.length < 2;
  }
}
