/* The bar at the bottom of a page where something can be chosen: how much it is, and the button that does it. */

import { fill, h } from '../dom.js';

export class Tray {
  #words = h('p', { class: 'tray-words', role: 'status' });
  #hint = h('p', { class: 'tray-hint' });
  #clear;
  #go;
  #last = '';

  /**
   * @param {object} options
   * @param {function()} options.clear gives up all that is chosen
   * @param {function()} options.go does what the button says
   */
  constructor({ clear, go }) {
    this.#clear = h('button', { type: 'button', class: 'plain', on: { click: clear } }, 'Clear');
    this.#go = h('button', { type: 'button', class: 'main', on: { click: go } });
    this.element = h('section', { class: 'tray', 'aria-label': 'What is chosen' },
      h('div', { class: 'tray-text' }, this.#words, this.#hint),
      h('div', { class: 'tray-buttons' }, this.#clear, this.#go));
  }

  /**
   * @param {object} what
   * @param {string} what.words "12 chosen, 48.2 MB"
   * @param {string} what.hint whether it fits, or how to choose
   * @param {boolean} what.trouble whether the hint is about something that does not go
   * @param {string} what.button words of the button
   * @param {boolean} what.ready whether it can be pressed
   * @param {boolean} what.chosen whether there is something to give up
   */
  show({ words, hint, trouble = false, button, ready, chosen }) {
    const all = JSON.stringify([words, hint, trouble, button, ready, chosen]);
    if (all === this.#last) return;
    this.#last = all;
    fill(this.#words, words);
    fill(this.#hint, hint);
    this.#hint.classList.toggle('trouble', trouble);
    fill(this.#go, button);
    this.#go.disabled = !ready;
    this.#clear.hidden = !chosen;
  }
}
