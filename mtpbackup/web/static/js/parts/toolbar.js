/* The bar above a grid: what to show, each choice with its count, and where to jump to. */

import { EVERYTHING, KINDS, tally } from '../collection/filters.js';
import { finder } from '../collection/search.js';
import { fill, freshId, h } from '../dom.js';
import { icon } from '../icons.js';
import { count, harmless, month } from '../words.js';

export class Toolbar {
  #wish = { ...EVERYTHING };
  #kinds;
  #marked;
  #markedText = h('span', null);
  #folders;
  #months;
  #changed;

  /**
   * @param {object} options
   * @param {string} options.marked the words for "only those that are new" or "only those that are gone"
   * @param {boolean} options.search whether there is a field to find by date and name
   * @param {function(object)} options.changed is told what to show from now on
   * @param {function(string)} options.jump is told a month to go to
   */
  constructor({ marked, search, changed, jump }) {
    this.#changed = changed;
    const group = freshId('kind');
    this.#kinds = new Map(KINDS.map(([name, words]) => {
      const radio = h('input', {
        type: 'radio', name: group, value: name, checked: name === 'all',
        on: { change: () => this.#set({ kind: name }) },
      });
      const label = h('label', { class: 'chip' }, radio, h('span', null, words), h('span', { class: 'chip-count' }));
      return [name, label];
    }));
    const box = h('input', { type: 'checkbox', on: { change: () => this.#set({ marked: box.checked }) } });
    this.#marked = h('label', { class: 'chip' }, box, h('span', null, marked), this.#markedText);
    this.#markedText.className = 'chip-count';
    this.#folders = h('select', { 'aria-label': 'Folder', on: { change: () => this.#folderChosen() } });
    this.#months = h('select', {
      'aria-label': 'Go to a month',
      on: {
        change: () => {
          const wanted = this.#months.value;
          this.#months.value = 'none';
          if (wanted !== 'none') jump(wanted);
        },
      },
    });
    const chips = h('div', { class: 'chips' },
      h('fieldset', { class: 'kinds' }, h('legend', { class: 'for-readers' }, 'Show'), [...this.#kinds.values()]),
      this.#marked);
    const picks = h('div', { class: 'picks' },
      h('span', { class: 'pick' }, this.#folders), h('span', { class: 'pick' }, this.#months));
    // Two full lines with a field to search in, one without.
    this.element = h('div', { class: 'toolbar' }, search ? [this.#searchField(), picks, chips] : [chips, picks]);
  }

  /** What is to be shown. */
  get wish() {
    return this.#wish;
  }

  /** Counts a collection anew. */
  count({ entries, folders }) {
    const counts = tally(entries, folders.length);
    for (const [name, label] of this.#kinds) {
      label.querySelector('.chip-count').textContent = count(counts.kinds[name]);
      // A kind of which there is nothing only takes room, unless it is the one that is shown.
      label.hidden = counts.kinds[name] === 0 && name !== 'all' && this.#wish.kind !== name;
    }
    this.#markedText.textContent = count(counts.marked);
    this.#marked.hidden = counts.marked === 0 && !this.#wish.marked;
    this.#offerFolders(folders, counts.folders);
  }

  /** Offers the months of what is shown. */
  offerMonths(entries) {
    const months = new Map();
    for (const { day, files } of entries) {
      const key = day.slice(0, 7);
      months.set(key, (months.get(key) ?? 0) + files.length);
    }
    fill(this.#months, h('option', { value: 'none' }, 'Month…'),
      [...months].map(([key, files]) => h('option', { value: key }, `${month(key)} (${count(files)})`)));
  }

  #offerFolders(folders, counts) {
    const storages = new Set(folders.map(([storage]) => storage));
    const offered = folders
      .map(([storage, path], index) => {
        const name = [storages.size > 1 && storage, path || 'Top folder'].filter(Boolean).join(': ');
        return { index, name: harmless(name), files: counts[index] };
      })
      .filter(({ files }) => files > 0)
      .sort((one, other) => one.name.localeCompare(other.name));
    const chosen = this.#wish.folder;
    fill(this.#folders, h('option', { value: '' }, 'All folders'),
      offered.map(({ index, name, files }) => h('option', { value: String(index) }, `${name} (${count(files)})`)));
    const still = offered.some(({ index }) => index === chosen);
    this.#folders.value = still ? String(chosen) : '';
    if (!still) this.#wish = { ...this.#wish, folder: null };
  }

  #folderChosen() {
    const { value } = this.#folders;
    this.#set({ folder: value === '' ? null : Number(value) });
  }

  #searchField() {
    const field = h('input', {
      type: 'search', placeholder: 'Find: May 2024, IMG_0042…', autocomplete: 'off', spellcheck: 'false',
      'aria-label': 'Find by date or name',
      on: { input: () => this.#set({ find: finder(field.value) }) },
    });
    return h('div', { class: 'search' }, icon('search'), field);
  }

  #set(change) {
    this.#wish = { ...this.#wish, ...change };
    this.#changed(this.#wish);
  }
}
