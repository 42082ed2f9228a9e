/* Brings a listing onto a shelf; a newer question takes an older one's place. */

import { get } from '../server.js';

export class Loader {
  #shelf;
  #done;
  #control = null;

  /**
   * @param {Shelf} shelf
   * @param {function()} done is told after each try
   */
  constructor(shelf, done) {
    this.#shelf = shelf;
    this.#done = done;
  }

  async load(path, waiting) {
    this.#control?.abort();
    const control = new AbortController();
    this.#control = control;
    if (this.#shelf.entries === null) this.#shelf.explain(waiting);
    try {
      const listing = await get(path, control.signal);
      if (control.signal.aborted) return;
      this.#shelf.take(listing);
    } catch (error) {
      if (error.name === 'AbortError') return;
      if (error.status === undefined) throw error;
      // No phone, or not read yet. Pictures that are there already stay to be looked at.
      if (this.#shelf.entries === null) this.#shelf.explain(error.headline);
    }
    this.#done();
  }

  close() {
    this.#control?.abort();
  }
}
