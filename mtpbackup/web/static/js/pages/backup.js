/* In the backup: what is safe, from the disk, with or without a phone. */

import { fill, h, named } from '../dom.js';
import { listen, now } from '../live.js';
import { Loader } from '../parts/loader.js';
import { PhonePick } from '../parts/phone-pick.js';
import { Shelf } from '../parts/shelf.js';
import { harmless, number, size } from '../words.js';
import { Viewer } from '../viewer.js';

export const title = 'In the backup';

/** @returns {{element: Element, close: function}} */
export function open() {
  const summary = h('p', { class: 'lead' });
  const shelf = new Shelf({
    where: 'archive', label: 'Pictures in the backup', marked: 'Only here', search: true,
    nothing: 'Nothing is in the backup yet.',
    open: (index) => viewer.open(shelf.shown, index, shelf.folders),
  });
  const viewer = new Viewer((entry) => shelf.focusEntry(entry));
  const pick = new PhonePick(() => load());
  const loader = new Loader(shelf, () => {});
  const load = () => loader.load(`/api/archive/items${pick.query}`, 'Looking into the backup…');
  let seen = null;
  const update = () => {
    if (!now.state) return;
    const { archive } = now.state;
    if (archive.trouble) {
      fill(summary, harmless([archive.trouble.headline, ...archive.trouble.what_to_do].join(' ')));
      seen = -1;
      return;
    }
    fill(summary, `${number(archive.files, 'file')}, ${size(archive.bytes)}, in `, named(archive.name));
    pick.offer(now.state.phones);
    // What a backup has just saved turns up without asking, and so does what is on a disk that has come back.
    if (seen !== null && seen !== archive.files) load();
    seen = archive.files;
  };
  // What the phone was found to hold changes what is marked as gone.
  const ends = [listen('state', update), listen('listing', () => load())];
  update();
  load();
  return {
    element: h('div', null, summary, pick.element, shelf.element, viewer.element),
    close() {
      for (const end of ends) end();
      loader.close();
      shelf.close();
      viewer.close();
    },
  };
}
