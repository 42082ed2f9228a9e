/* A collection on show: the bar of filters, the grid, and a word where there is nothing to see. */

import { filter } from '../collection/filters.js';
import { readListing } from '../collection/items.js';
import { fill, h } from '../dom.js';
import { Grid } from '../grid/grid.js';
import { say } from '../say.js';
import { number } from '../words.js';
import { Toolbar } from './toolbar.js';

export class Shelf {
  #where;
  #grid;
  #toolbar;
  #choice;
  #all = null;
  #empty = h('p', { class: 'empty', hidden: true });
  #nothing;
  #watch;

  /**
   * @param {object} options
   * @param {"phone"|"archive"} options.where
   * @param {string} options.label name of the grid
   * @param {string} options.marked words of the filter for what is new, or gone
   * @param {string} options.nothing what to say where the collection is empty
   * @param {boolean} options.search
   * @param {Choice|null} options.choice
   * @param {function(number)|null} options.open
   */
  constructor({ where, label, marked, nothing, search = false, choice = null, open = null }) {
    this.#where = where;
    this.#choice = choice;
    this.#nothing = nothing;
    this.shown = [];
    this.#grid = new Grid({ where, label, choice, open });
    this.#toolbar = new Toolbar({
      marked, search, changed: () => this.#show(false), jump: (month) => this.#grid.jumpTo(month),
    });
    this.#toolbar.element.hidden = true;
    // What has the focus must not lie under the bar, which has one line or two.
    this.#watch = new ResizeObserver(() => this.#makeRoom());
    this.#watch.observe(this.#toolbar.element);
    this.element = h('div', { class: `shelf of-${where}` }, this.#toolbar.element, this.#empty, this.#grid.element);
  }

  /** All entries, whatever is filtered; null before the first listing. */
  get entries() {
    return this.#all?.entries ?? null;
  }

  get folders() {
    return this.#all?.folders ?? [];
  }

  /** Takes a listing in, the first or a newer one. */
  take(listing) {
    this.#all = readListing(listing);
    this.#choice?.renew(this.#all.entries);
    this.#toolbar.count(this.#all);
    this.#toolbar.element.hidden = this.#all.entries.length === 0;
    this.#show(true);
  }

  /** Shows a sentence in place of pictures. */
  explain(text) {
    this.#all = null;
    this.shown = [];
    this.#toolbar.element.hidden = true;
    this.#grid.show([], true);
    this.#setEmpty(text);
  }

  focusEntry(entry) {
    this.#grid.focusEntry(entry);
  }

  close() {
    this.#grid.close();
    this.#watch.disconnect();
    document.documentElement.style.removeProperty('--bar');
  }

  #makeRoom() {
    const bar = this.#toolbar.element;
    const sticks = getComputedStyle(bar).position === 'sticky';
    const height = sticks ? bar.offsetHeight : 0;
    this.#grid.cover = height;
    document.documentElement.style.setProperty('--bar', `${height}px`);
  }

  #show(anew) {
    if (this.#all === null) return;
    this.shown = filter(this.#all.entries, this.#toolbar.wish);
    this.#grid.element.hidden = this.shown.length === 0;
    this.#grid.show(this.shown, anew);
    this.#toolbar.offerMonths(this.shown);
    const files = this.shown.reduce((sum, entry) => sum + entry.files.length, 0);
    if (this.shown.length > 0) {
      this.#setEmpty('');
      if (!anew) say(`${number(files, 'picture')} shown`);
    } else {
      this.#setEmpty(this.#all.entries.length === 0 ? this.#nothing : 'Nothing here fits. Try another filter.');
      if (!anew) say('No pictures shown');
    }
  }

  #setEmpty(text) {
    fill(this.#empty, text);
    this.#empty.hidden = text === '';
  }
}
