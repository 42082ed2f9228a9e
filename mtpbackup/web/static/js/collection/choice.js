/* What is chosen. Ranges work as in file managers: from the anchor to where one is, and they may shrink again. */

export class Choice extends EventTarget {
  #chosen = new Map();
  #anchor = null;
  /* What was chosen when the anchor was set: a range that shrinks gives back only what it had added. */
  #before = new Map();

  /** @param {Entry} entry */
  has(entry) {
    return this.#chosen.has(entry.key);
  }

  /** How many files are chosen: all those of a group. */
  get files() {
    return this.#sum((entry) => entry.files.length);
  }

  get bytes() {
    return this.#sum((entry) => entry.size);
  }

  get isEmpty() {
    return this.#chosen.size === 0;
  }

  /** The chosen files, in no particular order. */
  allFiles() {
    return [...this.#chosen.values()].flatMap((entry) => entry.files);
  }

  #sum(measure) {
    let sum = 0;
    for (const entry of this.#chosen.values()) sum += measure(entry);
    return sum;
  }

  /** Chooses or gives up one entry, from which ranges then start. */
  toggle(entry) {
    if (!this.#chosen.delete(entry.key)) this.#chosen.set(entry.key, entry);
    this.anchor(entry);
    this.#changed();
  }

  /** Ranges start here from now on. */
  anchor(entry) {
    this.#anchor = entry.key;
    this.#before = new Map(this.#chosen);
  }

  /** Chooses all from the anchor to an entry; without an anchor that is still shown, this entry alone. */
  extend(entries, entry) {
    const to = entries.indexOf(entry);
    let from = entries.findIndex((other) => other.key === this.#anchor);
    if (from < 0) {
      this.anchor(entry);
      from = to;
    }
    const range = entries.slice(Math.min(from, to), Math.max(from, to) + 1);
    this.#chosen = new Map(this.#before);
    for (const each of range) this.#chosen.set(each.key, each);
    this.#changed();
  }

  /** Chooses or gives up many: a day, or all. */
  set(entries, chosen) {
    for (const entry of entries) {
      if (chosen) this.#chosen.set(entry.key, entry);
      else this.#chosen.delete(entry.key);
    }
    this.#anchor = null;
    this.#changed();
  }

  clear() {
    if (this.isEmpty) return;
    this.#chosen.clear();
    this.#anchor = null;
    this.#changed();
  }

  /** After a new listing: keeps what is still there, under its new ids. */
  renew(entries) {
    const renewed = entries.filter((entry) => this.#chosen.has(entry.key));
    this.#chosen = new Map(renewed.map((entry) => [entry.key, entry]));
    this.#before = new Map(this.#chosen);
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
