/* On the phone: what is there, what of it is safe, and a backup of what is chosen. */

import { Choice } from '../collection/choice.js';
import { fill, h } from '../dom.js';
import { isActive, listen, now } from '../live.js';
import { Loader } from '../parts/loader.js';
import { phoneTrouble } from '../parts/phone-state.js';
import { Shelf } from '../parts/shelf.js';
import { Tray } from '../parts/tray.js';
import { complain } from '../say.js';
import { count, harmless, number, size } from '../words.js';
import { begin } from './starting.js';

export const title = 'On the phone';

/** @returns {{element: Element, close: function}} */
export function open() {
  const choice = new Choice();
  const trouble = h('div', null);
  const shelf = new Shelf({
    where: 'phone', label: 'Pictures on the phone', marked: 'New', choice,
    nothing: 'There are no photos or videos on this phone.',
  });
  const tray = new Tray({ clear: () => choice.clear(), go: () => backUp(choice) });
  const update = () => {
    fill(trouble, phoneTrouble(now.state?.phone));
    tray.element.hidden = shelf.entries === null || shelf.entries.length === 0;
    if (!tray.element.hidden) tray.show(sum(choice, shelf));
  };
  const loader = new Loader(shelf, update);
  const load = () => loader.load('/api/phone/items', 'Looking at the phone…');
  choice.addEventListener('change', update);
  const ends = [
    listen('state', () => {
      if (now.state.phone.state === 'ready' && shelf.entries === null) load();
      update();
    }),
    listen('job', update),
    listen('listing', load),
  ];
  load();
  return {
    element: h('div', { class: 'with-tray' }, trouble, shelf.element, tray.element),
    close() {
      for (const end of ends) end();
      loader.close();
      shelf.close();
    },
  };
}

/* What stands in the tray. */
function sum(choice, shelf) {
  const busy = isActive(now.job) && now.job.kind !== 'listing';
  const ready = !busy && now.state?.phone.state === 'ready';
  const missing = now.state?.archive.trouble;
  if (missing) {
    // Without the backup nobody can tell what is new.
    return {
      words: choice.isEmpty ? 'Nothing can be backed up now.' : `${number(choice.files, 'file')} chosen`,
      hint: harmless([missing.headline, ...missing.what_to_do].join(' ')),
      trouble: true, button: 'Back up', ready: false, chosen: !choice.isEmpty,
    };
  }
  // Where nobody can tell how much room there is, the program finds out when it is needed.
  const free = now.state?.archive.free ?? Infinity;
  if (choice.isEmpty) {
    const fresh = shelf.entries.flatMap((entry) => entry.files).filter((file) => file.mark === false);
    const bytes = fresh.reduce((total, file) => total + file.size, 0);
    if (fresh.length === 0) {
      return { words: 'All of it is safe.', hint: 'Nothing new to back up.', button: 'Back up', ready: false };
    }
    return {
      words: `${number(fresh.length, 'new file')}, ${size(bytes)}`,
      hint: busy ? 'Wait until what is running is done.' : `${fits(bytes, free)} Or choose some of them.`.trim(),
      trouble: bytes > free, button: 'Back up all new', ready: ready && bytes <= free,
    };
  }
  const files = choice.allFiles();
  const fresh = files.filter((file) => file.mark === false);
  const bytes = fresh.reduce((total, file) => total + file.size, 0);
  const safe = files.length - fresh.length;
  const already = safe > 0 ? ` ${number(safe, 'is', 'are')} safe already.` : '';
  return {
    words: `${number(files.length, 'file')} chosen, ${size(choice.bytes)}`,
    hint: busy ? 'Wait until what is running is done.' : fresh.length === 0 ? 'All of them are safe already.'
      : fits(bytes, free) + already,
    trouble: bytes > free,
    button: fresh.length === 0 ? 'Back up' : `Back up ${count(fresh.length)}`,
    ready: ready && fresh.length > 0 && bytes <= free, chosen: true,
  };
}

function fits(bytes, free) {
  if (free === Infinity) return '';
  return bytes <= free ? `It fits: ${size(free)} free.` : `It does not fit: ${size(bytes - free)} more room is needed.`;
}

async function backUp(choice) {
  const fresh = choice.allFiles().filter((file) => file.mark === false);
  try {
    await begin('/api/backup', { ids: choice.isEmpty ? null : fresh.map((file) => file.id) });
    choice.clear();
  } catch (error) {
    complain(error);
  }
}
