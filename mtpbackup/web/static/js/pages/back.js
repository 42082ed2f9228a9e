/* Put back: choose in the backup, see what would happen, go. */

import { Choice } from '../collection/choice.js';
import { h } from '../dom.js';
import { isActive, listen, now } from '../live.js';
import { Loader } from '../parts/loader.js';
import { PhonePick } from '../parts/phone-pick.js';
import { Shelf } from '../parts/shelf.js';
import { Tray } from '../parts/tray.js';
import { number, size } from '../words.js';
import { Sending } from './sending.js';

export const title = 'Put back';

/** @returns {{element: Element, close: function}} */
export function open() {
  const choice = new Choice();
  const shelf = new Shelf({
    where: 'archive', label: 'Pictures in the backup, to choose from', marked: 'Only here',
    search: true, choice, nothing: 'Nothing is in the backup yet.',
  });
  const sending = new Sending();
  const tray = new Tray({
    clear: () => choice.clear(),
    go: () => sending.open(choice.allFiles(), choice.bytes, shelf.folders),
  });
  const update = () => {
    if (now.state) pick.offer(now.state.phones);
    tray.element.hidden = shelf.entries === null || shelf.entries.length === 0;
    const busy = isActive(now.job) && now.job.kind !== 'listing';
    tray.show({
      words: choice.isEmpty ? 'Nothing chosen yet' : `${number(choice.files, 'file')} chosen, ${size(choice.bytes)}`,
      hint: busy ? 'Wait until what is running is done.'
        : choice.isEmpty ? 'Choose pictures, or whole days.' : 'Next you see what will happen. Nothing is sent before.',
      button: 'Next', ready: !choice.isEmpty && !busy, chosen: !choice.isEmpty,
    });
  };
  const loader = new Loader(shelf, update);
  const load = () => loader.load(`/api/archive/items${pick.query}`, 'Looking into the backup…');
  const pick = new PhonePick(load);
  choice.addEventListener('change', update);
  const ends = [listen('state', update), listen('job', update), listen('listing', load)];
  update();
  load();
  return {
    element: h('div', { class: 'with-tray' },
      h('p', { class: 'lead' }, 'Choose what goes back to a phone, or into a folder of this computer. ' +
        'Nothing is ever replaced or deleted.'),
      pick.element, shelf.element, tray.element, sending.element),
    close() {
      for (const end of ends) end();
      loader.close();
      shelf.close();
      sending.close();
    },
  };
}
