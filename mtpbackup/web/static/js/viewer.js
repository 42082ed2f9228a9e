/* One picture or film of the backup, as large as the window, with what is known of it. */

import { describe } from './collection/items.js';
import { fill, h, named } from './dom.js';
import { icon } from './icons.js';
import { fileAddress, get, thumbAddress } from './server.js';
import { count, harmless, moment, size } from './words.js';

/* Where the program found the date. */
const SOURCES = {
  exif_offset: 'the picture itself',
  exif_gps: 'the picture and its position',
  gps: 'the position in the picture',
  exif: 'the picture itself',
  mp4: 'the film itself',
  name: 'its name',
  mtp: 'the phone',
};

export class Viewer {
  #closed;
  #entries = [];
  #folders = [];
  #index = 0;
  #member = 0;
  #control = null;
  #stage = h('div', { class: 'view-stage' });
  #members = h('div', { class: 'view-members', role: 'group', 'aria-label': 'Files of this picture' });
  #details = h('dl', { class: 'facts' });
  #title = h('h2', { id: 'view-title', tabindex: '-1' });
  #where = h('p', { class: 'soft' });
  #download = h('a', { class: 'main', download: '' }, icon('download'), 'Download');
  #before;
  #after;
  #listen = (event) => this.#keyed(event);

  /** @param {function(Entry)} closed is told what one saw when the viewer was closed */
  constructor(closed) {
    this.#closed = closed;
    this.#before = h('button', {
      type: 'button', class: 'view-step before', 'aria-label': 'Newer picture', on: { click: () => this.#step(-1) },
    }, icon('left'));
    this.#after = h('button', {
      type: 'button', class: 'view-step after', 'aria-label': 'Older picture', on: { click: () => this.#step(1) },
    }, icon('right'));
    this.element = h('dialog', { class: 'viewer', 'aria-labelledby': 'view-title' },
      h('div', { class: 'view-picture' }, this.#stage, this.#before, this.#after),
      h('div', { class: 'view-side' },
        h('div', { class: 'view-head' }, this.#title,
          h('button', {
            type: 'button', class: 'plain', 'aria-label': 'Close', on: { click: () => this.element.close() },
          }, icon('close'))),
        // The link stands before the facts: they come a moment later, and it must not move away from under a finger.
        this.#where, this.#members, this.#download, this.#details));
    // On the document: after Tab past the last button the focus may be on nothing of the page.
    document.addEventListener('keydown', this.#listen);
    this.element.addEventListener('close', () => this.#left());
  }

  /** Opens one of the entries that are shown. */
  open(entries, index, folders) {
    this.#entries = entries;
    this.#folders = folders;
    this.#show(index);
    this.element.showModal();
    this.#title.focus();
  }

  close() {
    document.removeEventListener('keydown', this.#listen);
    if (this.element.open) this.element.close();
  }

  #left() {
    this.#control?.abort();
    this.#empty();
    this.#closed(this.#entries[this.#index]);
  }

  /* A film would go on playing unseen, and a large picture loading: taking it out of the page is not enough. */
  #empty() {
    for (const element of this.#stage.querySelectorAll('img, video')) {
      element.removeAttribute('src');
      if (element instanceof HTMLMediaElement) element.load();
    }
    fill(this.#stage);
  }

  #step(by) {
    const next = this.#index + by;
    if (next < 0 || next >= this.#entries.length) return;
    this.#show(next);
  }

  #keyed(event) {
    if (!this.element.open) return;
    // A film has a use for the arrows itself.
    if (event.target instanceof HTMLMediaElement || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'ArrowLeft') this.#step(-1);
    else if (event.key === 'ArrowRight') this.#step(1);
    else return;
    event.preventDefault();
  }

  #show(index) {
    this.#index = index;
    const entry = this.#entries[index];
    this.#member = entry.files.indexOf(entry.cover);
    this.#before.disabled = index === 0;
    this.#after.disabled = index === this.#entries.length - 1;
    this.#showFile();
  }

  #showFile() {
    const entry = this.#entries[this.#index];
    const file = entry.files[this.#member];
    fill(this.#title, named(file.name));
    fill(this.#where, `${count(this.#index + 1)} of ${count(this.#entries.length)}`);
    this.#download.href = fileAddress(file.id, true);
    this.#empty();
    fill(this.#stage, this.#content(entry, file));
    this.#showMembers(entry);
    this.#describe(file);
  }

  #content(entry, file) {
    const name = describe(entry, 'archive');
    if (file.kind === 'video') {
      const film = h('video', { controls: '', preload: 'metadata', 'aria-label': name, src: fileAddress(file.id) });
      film.addEventListener('error', () => this.#cannotShow(film, file));
      return film;
    }
    const image = h('img', { alt: name, src: fileAddress(file.id) });
    image.addEventListener('error', () => this.#cannotShow(image, file));
    return image;
  }

  /* Browsers know few kinds of files. For the others there is the small picture, and a word. */
  #cannotShow(element, file) {
    if (element.parentElement !== this.#stage) return;
    const small = h('img', { alt: '', class: 'small', src: thumbAddress('archive', file.id) });
    small.addEventListener('error', () => small.replaceWith(icon(file.kind === 'video' ? 'film' : 'picture', 'stand-in')));
    fill(this.#stage, h('div', { class: 'view-other' }, small,
      h('p', null, 'Browsers do not show this kind of file. It is safe all the same: download it to open it.')));
  }

  #showMembers(entry) {
    this.#members.hidden = entry.files.length < 2;
    if (this.#members.hidden) return;
    fill(this.#members, entry.files.map((file, index) => h('button', {
      type: 'button', class: 'chip-button', 'aria-pressed': String(index === this.#member),
      on: { click: () => this.#pick(index) },
    }, harmless(file.name))));
  }

  #pick(index) {
    this.#member = index;
    this.#showFile();
    this.#members.children[index]?.focus();
  }

  async #describe(file) {
    this.#control?.abort();
    const control = new AbortController();
    this.#control = control;
    const [storage, folder] = this.#folders[file.folder] ?? ['', ''];
    this.#facts({ taken: file.date, size: file.size, path: [storage, folder].filter(Boolean).join('/') });
    try {
      const known = await get(`/api/archive/items/${encodeURIComponent(file.id)}`, control.signal);
      if (!control.signal.aborted) this.#facts(known);
    } catch (error) {
      // What the listing said stands there already; more is not to be had.
      if (error.name !== 'AbortError' && error.status === undefined) throw error;
    }
  }

  #facts(known) {
    const rows = [
      ['Taken', moment(known.taken)],
      ['Date from', SOURCES[known.taken_source] ?? ''],
      ['Size', size(known.size)],
      ['Pixels', known.width && known.height ? `${count(known.width)} × ${count(known.height)}` : ''],
      ['Camera', known.camera],
      ['Place', known.place],
      ['Phone', known.phone],
      ['On the phone', { true: 'yes, still', false: 'no longer' }[String(asMark(known.on_phone))]],
      ['Lies in', known.path],
      ['Fingerprint', known.sha256 ? `SHA-256 ${known.sha256.slice(0, 16)}…` : ''],
    ];
    fill(this.#details, rows.filter(([, value]) => value).map(([name, value]) =>
      h('div', null, h('dt', null, name), h('dd', null, named(value)))));
  }
}

function asMark(value) {
  return value === null || value === undefined ? null : Boolean(value);
}
