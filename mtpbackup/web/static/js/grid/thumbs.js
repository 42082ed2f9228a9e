/*
 * Thumbnails, asked for only while they are seen. What scrolls away is not asked for any more, or taken back when
 * it was; what came stays for a while. While the program copies it says "later" (503), since copying goes first.
 */

import { thumbAddress } from '../server.js';

/* Browsers keep six connections to one address, and one of them brings the news. */
const AT_ONCE = 4;
/* About 20 MB of small pictures. */
const KEPT = 1500;
/* Milliseconds that a picture has to be seen before it is asked for: who races through a year sees none. */
const PATIENCE = 50;

export class Thumbs {
  #where;
  #arrived;
  #kept = new Map();
  #none = new Set();
  #wanted = [];
  #running = new Map();
  #timer = null;
  #closed = false;

  /**
   * @param {"phone"|"archive"} where
   * @param {function(string, string|null)} arrived is told an id and the address of its picture; null where there
   *   is none to be had
   */
  constructor(where, arrived) {
    this.#where = where;
    this.#arrived = arrived;
  }

  /** The address of a picture that came; null where there is none; undefined where that is not known yet. */
  known(id) {
    if (this.#none.has(id)) return null;
    const address = this.#kept.get(id);
    if (address !== undefined) {
      // The map keeps the order of use: the first is the one used longest ago.
      this.#kept.delete(id);
      this.#kept.set(id, address);
    }
    return address;
  }

  /** Says what is to be seen now, the most wanted first. All else is taken back. */
  want(ids) {
    this.#wanted = ids.filter((id) => !this.#none.has(id) && !this.#kept.has(id));
    const wanted = new Set(this.#wanted);
    for (const [id, running] of this.#running) {
      if (!wanted.has(id)) running.abort();
    }
    if (this.#timer === null && this.#wanted.length > 0) this.#later(PATIENCE);
  }

  /** Asks again for those of which there was none: what has been copied since may have one. */
  retry() {
    this.#none.clear();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.want([]);
    for (const running of this.#running.values()) running.abort();
    for (const address of this.#kept.values()) URL.revokeObjectURL(address);
    this.#kept.clear();
  }

  #later(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#go();
    }, milliseconds);
  }

  #go() {
    if (this.#closed || this.#timer !== null) return;
    for (const id of this.#wanted) {
      if (this.#running.size >= AT_ONCE) return;
      if (!this.#running.has(id)) this.#fetch(id);
    }
  }

  async #fetch(id) {
    const control = new AbortController();
    this.#running.set(id, control);
    try {
      const answer = await fetch(thumbAddress(this.#where, id), { signal: control.signal });
      if (answer.status === 503) {
        this.#later(1000 * Math.min(30, Number(answer.headers.get('Retry-After')) || 2));
      } else if (answer.ok) {
        const picture = await answer.blob();
        if (!control.signal.aborted) this.#keep(id, URL.createObjectURL(picture));
      } else if (!control.signal.aborted) {
        this.#settle(id);
      }
    } catch (error) {
      // Taken back, or the program is gone. Of the latter the page tells elsewhere; here one tries again later.
      if (error.name !== 'AbortError') this.#later(3000);
    } finally {
      this.#running.delete(id);
      this.#go();
    }
  }

  #keep(id, address) {
    this.#kept.set(id, address);
    if (this.#kept.size > KEPT) {
      const [oldest, old] = this.#kept.entries().next().value;
      this.#kept.delete(oldest);
      URL.revokeObjectURL(old);
    }
    this.#wanted = this.#wanted.filter((other) => other !== id);
    this.#arrived(id, address);
  }

  #settle(id) {
    this.#none.add(id);
    this.#wanted = this.#wanted.filter((other) => other !== id);
    this.#arrived(id, null);
  }
}
