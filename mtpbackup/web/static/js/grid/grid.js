/*
 * The grid of pictures. Only the lines that are seen, and some above and below, are in the page: 20,000 pictures
 * scroll like twenty. One place in it takes the keyboard's focus (roving tabindex); `steps` knows where keys lead.
 */

import { h } from '../dom.js';
import { layOut, lineAt, measure } from './layout.js';
import { step } from './steps.js';
import { Thumbs } from './thumbs.js';
import { makeDay, makeMonth, makeTile, showPicture } from './tile.js';

/* Pixels above and below what is seen for which lines are made, and for which thumbnails are asked. */
const AHEAD = { lines: 700, thumbs: 250 };

export class Grid {
  #where;
  #choice;
  #open;
  #entries = [];
  #plan;
  #drawn = new Map();
  #place = { entry: 0 };
  #thumbs;
  #frame = null;
  #watch;
  #stops = new AbortController();
  /* Pixels at the top of the window that something else covers. */
  #cover = 0;
  /* Whether Shift and arrows are drawing a range. */
  #extending = false;

  /**
   * @param {object} options
   * @param {"phone"|"archive"} options.where whose pictures
   * @param {string} options.label of the whole, for screen readers
   * @param {Choice|null} options.choice what is chosen; null where nothing can be
   * @param {function(number)|null} options.open is told the index of an entry to be looked at
   */
  constructor({ where, label, choice = null, open = null }) {
    this.#where = where;
    this.#choice = choice;
    this.#open = open;
    this.element = h('div', {
      class: 'grid', role: 'grid', 'aria-label': label, 'aria-multiselectable': choice ? 'true' : null,
      'aria-readonly': 'true',
    });
    this.#plan = layOut([], measure(600));
    this.#thumbs = new Thumbs(where, (id, address) => this.#pictureArrived(id, address));
    const { signal } = this.#stops;
    this.element.addEventListener('click', (event) => this.#clicked(event), { signal });
    this.element.addEventListener('change', (event) => this.#dayTicked(event), { signal });
    this.element.addEventListener('keydown', (event) => this.#keyed(event), { signal });
    this.element.addEventListener('focusin', (event) => this.#focused(event), { signal });
    window.addEventListener('scroll', () => this.#drawSoon(), { signal, passive: true });
    choice?.addEventListener('change', () => this.#showChoice(), { signal });
    this.#watch = new ResizeObserver(() => this.#resized());
    this.#watch.observe(this.element);
  }

  /**
   * Shows other entries.
   * @param {Entry[]} entries
   * @param {boolean} anew whether this is a new listing: what was seen stays where it is, and keeps the focus
   */
  show(entries, anew = false) {
    if (anew) this.#thumbs.retry();
    const held = this.element.contains(document.activeElement);
    const place = this.#nameOf(this.#place);
    const anchor = anew ? this.#anchor() : null;
    this.#entries = entries;
    this.#place = { entry: 0 };
    this.#layOut();
    if (anchor) this.#keepAt(this.#indexOf(anchor.key), anchor.offset);
    if (!held || entries.length === 0) return;
    this.#place = this.#placeOf(place);
    this.#goTo(this.#place, false);
  }

  /* Names of places last longer than their numbers. */
  #nameOf({ entry, day }) {
    return day === undefined ? { key: this.#entries[entry]?.key } : { day: this.#plan.days[day]?.key };
  }

  #placeOf({ key, day }) {
    const number = this.#plan.days.findIndex((each) => day !== undefined && each.key === day);
    return number >= 0 ? { day: number } : { entry: Math.max(0, this.#indexOf(key)) };
  }

  #indexOf(key) {
    return key === undefined ? -1 : this.#entries.findIndex((entry) => entry.key === key);
  }

  /* The first picture that is seen once the top of the grid has left the window, and how far down it is. */
  #anchor() {
    const top = this.element.getBoundingClientRect().top;
    const seen = top < 0 ? this.#firstSeen(-top) : null;
    if (seen === null) return null;
    return { key: this.#entries[seen].key, offset: this.#plan.lines[this.#plan.lineOf[seen]].top + top };
  }

  /* Scrolls so that an entry is that far down the window. */
  #keepAt(index, offset) {
    if (index < 0) return;
    const now = this.element.getBoundingClientRect().top + this.#plan.lines[this.#plan.lineOf[index]].top;
    window.scrollBy({ top: now - offset, behavior: 'instant' });
    this.#draw();
  }

  /** Scrolls to the first entry of a month ("2024-05"; "" for those without a date), and goes there. */
  jumpTo(month) {
    const line = this.#plan.lines.find((each) => each.kind === 'month' && each.month === month);
    const index = this.#entries.findIndex((entry) => entry.day.slice(0, 7) === month);
    if (!line || index < 0) return;
    const top = this.element.getBoundingClientRect().top + window.scrollY + line.top;
    window.scrollTo({ top: top - this.#cover, behavior: 'instant' });
    this.#draw();
    this.#place = { entry: index };
    this.#drawnPlace(this.#place)?.focus({ preventScroll: true });
  }

  /** Moves the focus to an entry, as after looking at it; its number may be another one by now. */
  focusEntry({ key, date }) {
    if (this.#entries.length === 0) return;
    const index = this.#indexOf(key);
    // What is gone meanwhile: to the next one, which is older.
    const next = index >= 0 ? index : this.#entries.findIndex((entry) => entry.date < date);
    this.#goTo({ entry: next >= 0 ? next : this.#entries.length - 1 });
  }

  /** Says how much of the top of the window something else covers. */
  set cover(pixels) {
    this.#cover = pixels;
  }

  close() {
    this.#stops.abort();
    this.#watch.disconnect();
    this.#thumbs.close();
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
  }

  // --- drawing ----------------------------------------------------------------------------------------------

  #layOut() {
    const width = this.element.clientWidth;
    if (width === 0) return;
    this.#plan = layOut(this.#entries, measure(width));
    const { size, lines, height } = this.#plan;
    this.element.style.height = `${height}px`;
    this.element.style.setProperty('--columns', size.columns);
    this.element.style.setProperty('--tile', `${size.tile}px`);
    this.element.style.setProperty('--gap', `${size.gap}px`);
    this.element.setAttribute('aria-rowcount', lines.length);
    this.element.setAttribute('aria-colcount', size.columns);
    for (const line of this.#drawn.values()) line.remove();
    this.#drawn.clear();
    this.#draw();
  }

  #resized() {
    const width = this.element.clientWidth;
    if (width === 0) return;
    const { size, lineOf } = this.#plan;
    const next = measure(width);
    if (next.columns === size.columns && next.tile === size.tile && lineOf.length === this.#entries.length) return;
    // What was at the top stays at the top: on a turned phone one does not want to look for one's place.
    const anchor = this.#anchor();
    const held = this.element.contains(document.activeElement);
    this.#layOut();
    if (anchor) this.#keepAt(this.#indexOf(anchor.key), anchor.offset);
    if (held) this.#drawnPlace(this.#place)?.focus({ preventScroll: true });
  }

  #drawSoon() {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#draw();
    });
  }

  #draw() {
    const { lines } = this.#plan;
    // Asked once, before anything is changed: each question after a change would cost a layout of the page.
    const top = -this.element.getBoundingClientRect().top;
    const bottom = top + window.innerHeight;
    // Where nobody is in the grid, Tab leads to the first picture that is seen, not back to where one once was.
    if (!this.element.contains(document.activeElement)) this.#place = { entry: this.#firstSeen(top) ?? 0 };
    const first = lineAt(lines, top - AHEAD.lines);
    const last = Math.min(lines.length - 1, lineAt(lines, bottom + AHEAD.lines));
    const wanted = new Set();
    for (let line = first; line <= last; line += 1) wanted.add(line);
    const held = this.#lineOfPlace(this.#place);
    if (held !== null) wanted.add(held);
    for (const [line, element] of this.#drawn) {
      if (wanted.has(line)) continue;
      element.remove();
      this.#drawn.delete(line);
    }
    // In the order of the page, for screen readers; what is there already is never moved, or it would lose focus.
    let next = this.element.firstElementChild;
    for (const line of [...wanted].sort((one, other) => one - other)) {
      const there = this.#drawn.get(line);
      if (there) next = there.nextElementSibling;
      else this.#insertLine(line, next);
    }
    this.#setTabStop();
    this.#askForThumbs(top - AHEAD.thumbs, bottom + AHEAD.thumbs);
  }

  #insertLine(number, before) {
    const line = this.#plan.lines[number];
    const row = h('div', { role: 'row', class: `line ${line.kind}`, 'aria-rowindex': number + 1 });
    row.style.transform = `translateY(${line.top}px)`;
    const choosable = this.#choice !== null;
    if (line.kind === 'month') {
      row.append(makeMonth(line, this.#plan.size.columns));
    } else if (line.kind === 'days') {
      for (const day of line.days) {
        const files = this.#ofDay(day).reduce((sum, entry) => sum + entry.files.length, 0);
        const cell = makeDay(day, files, choosable);
        cell.setAttribute('aria-colindex', day.column + 1);
        cell.style.gridColumn = `${day.column + 1} / span ${day.span}`;
        row.append(cell);
      }
    } else {
      for (const { index, column } of line.cells) {
        const entry = this.#entries[index];
        const tile = makeTile(entry, index, this.#where, choosable);
        tile.setAttribute('aria-colindex', column + 1);
        tile.style.gridColumnStart = column + 1;
        const picture = this.#thumbs.known(entry.cover.id);
        if (picture !== undefined) showPicture(tile, picture);
        row.append(tile);
      }
    }
    this.#drawn.set(number, row);
    this.element.insertBefore(row, before);
    if (choosable) this.#showChoiceIn(row);
  }

  #firstSeen(top) {
    const { lines } = this.#plan;
    for (let line = lineAt(lines, top + this.#cover); line < lines.length; line += 1) {
      if (lines[line].kind === 'tiles') return lines[line].cells[0].index;
    }
    return this.#entries.length > 0 ? this.#entries.length - 1 : null;
  }

  #ofDay(day) {
    return this.#entries.slice(day.first, day.first + day.count);
  }

  // --- thumbnails -------------------------------------------------------------------------------------------

  #askForThumbs(top, bottom) {
    const { lines } = this.#plan;
    const ids = [];
    for (let line = lineAt(lines, top); line < lines.length && lines[line].top < bottom; line += 1) {
      for (const { index } of lines[line].cells ?? []) ids.push(this.#entries[index].cover.id);
    }
    this.#thumbs.want(ids);
  }

  #pictureArrived(id, address) {
    for (const row of this.#drawn.values()) {
      for (const tile of row.querySelectorAll('.tile')) {
        if (this.#entries[tile.dataset.entry]?.cover.id === id) showPicture(tile, address);
      }
    }
  }

  // --- choosing ---------------------------------------------------------------------------------------------

  #showChoice() {
    for (const row of this.#drawn.values()) this.#showChoiceIn(row);
  }

  #showChoiceIn(row) {
    for (const tile of row.querySelectorAll('.tile')) {
      tile.setAttribute('aria-selected', String(this.#choice.has(this.#entries[tile.dataset.entry])));
    }
    for (const box of row.querySelectorAll('input[data-day]')) {
      const entries = this.#ofDay(this.#plan.days[box.dataset.day]);
      const chosen = entries.filter((entry) => this.#choice.has(entry)).length;
      box.checked = chosen === entries.length;
      box.indeterminate = chosen > 0 && chosen < entries.length;
    }
  }

  #clicked(event) {
    const tile = event.target.closest('.tile');
    if (!tile) return;
    const index = Number(tile.dataset.entry);
    // What was clicked is seen already: the page must not move under the pointer.
    this.#goTo({ entry: index }, false);
    if (this.#choice === null) this.#open?.(index);
    else if (event.shiftKey) this.#choice.extend(this.#entries, this.#entries[index]);
    else this.#choice.toggle(this.#entries[index]);
  }

  #dayTicked(event) {
    const day = this.#plan.days[event.target.dataset.day];
    if (day) this.#choice.set(this.#ofDay(day), event.target.checked);
  }

  // --- the keyboard -----------------------------------------------------------------------------------------

  #keyed(event) {
    if (event.altKey || event.metaKey) return;
    const next = step(this.#plan, this.#place, event.key, {
      all: event.ctrlKey, page: window.innerHeight - 2 * this.#cover, days: this.#choice !== null,
    });
    if (next) {
      event.preventDefault();
      this.#move(next, event.shiftKey);
    } else if (this.#act(event)) {
      event.preventDefault();
    }
  }

  #move(next, extend) {
    const from = this.#entries[this.#place.entry];
    this.#goTo(next);
    const to = this.#entries[next.entry];
    if (!extend) this.#extending = false;
    if (!extend || !this.#choice || !from || !to) return;
    if (!this.#extending) {
      // The first step of a range starts where one is, whatever was chosen before.
      this.#choice.anchor(from);
      this.#extending = true;
    }
    this.#choice.extend(this.#entries, to);
  }

  #act(event) {
    if (!event.shiftKey) this.#extending = false;
    const entry = this.#entries[this.#place.entry];
    if (event.key === 'Enter' && entry && this.#open) {
      this.#open(this.#place.entry);
      return true;
    }
    if (this.#choice === null) return false;
    if ((event.key === ' ' || event.key === 'Enter') && entry) {
      if (event.shiftKey) this.#choice.extend(this.#entries, entry);
      else this.#choice.toggle(entry);
      return true;
    }
    if (event.key.toLowerCase() === 'a' && event.ctrlKey) {
      this.#choice.set(this.#entries, true);
      return true;
    }
    if (event.key === 'Escape' && !this.#choice.isEmpty) {
      this.#choice.clear();
      return true;
    }
    return false;
  }

  #focused(event) {
    const { entry, day } = event.target.dataset;
    if (entry !== undefined) this.#place = { entry: Number(entry) };
    else if (day !== undefined) this.#place = { day: Number(day) };
    this.#setTabStop();
  }

  #goTo(place, scroll = true) {
    this.#place = place;
    if (!this.#drawnPlace(place)) this.#drawLineOf(place);
    const element = this.#drawnPlace(place);
    if (!element) return;
    element.focus({ preventScroll: true });
    // The page's scroll-padding keeps it clear of what sticks to the top and to the bottom.
    if (scroll) element.closest('[role="gridcell"]').scrollIntoView({ block: 'nearest', behavior: 'instant' });
    this.#setTabStop();
  }

  #drawLineOf(place) {
    const number = this.#lineOfPlace(place);
    if (number === null || this.#drawn.has(number)) return;
    const after = [...this.#drawn.keys()].filter((line) => line > number);
    this.#insertLine(number, after.length > 0 ? this.#drawn.get(Math.min(...after)) : null);
  }

  #lineOfPlace(place) {
    const { days, lineOf } = this.#plan;
    return (place.day === undefined ? lineOf[place.entry] : days[place.day]?.line) ?? null;
  }

  #drawnPlace(place) {
    return this.element.querySelector(
      place.day === undefined ? `[data-entry="${place.entry}"]` : `[data-day="${place.day}"]`);
  }

  #setTabStop() {
    const stop = this.#drawnPlace(this.#place);
    for (const old of this.element.querySelectorAll('[tabindex="0"]')) {
      if (old !== stop) old.setAttribute('tabindex', '-1');
    }
    stop?.setAttribute('tabindex', '0');
  }
}