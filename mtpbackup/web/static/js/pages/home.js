/* Home: which phone, is all of it safe, and the one big button. */

import { fill, h, named } from '../dom.js';
import { Thumbs } from '../grid/thumbs.js';
import { icon } from '../icons.js';
import { isActive, listen, now } from '../live.js';
import { jobWords } from '../parts/job.js';
import { steps } from '../parts/phone-state.js';
import { complain } from '../say.js';
import { get } from '../server.js';
import { count, harmless, number, size, when } from '../words.js';
import { begin } from './starting.js';

export const title = 'Home';

const STATE_ICONS = { ready: 'phone', none: 'cable', locked: 'lock', busy: 'warning', permission: 'lock', error: 'problem' };

/** @returns {{element: Element, close: function}} */
export function open() {
  const hero = h('section', { class: 'card hero', 'aria-label': 'The phone' }, h('p', null, 'One moment…'));
  const safe = h('section', { class: 'card', 'aria-label': 'The backup' });
  const latest = h('section', { class: 'latest', 'aria-labelledby': 'latest-title', hidden: true });
  const runs = h('section', { class: 'card runs', 'aria-labelledby': 'runs-title' });
  let drawn = '';
  const strip = new Strip(latest);
  let filesSeen = -1;
  const update = () => {
    const { state } = now;
    if (!state) return;
    // Only what changed is drawn anew: a button must not vanish under a finger or lose the focus.
    const shown = JSON.stringify([state, isActive(now.job) && jobWords(now.job)]);
    if (shown === drawn) return;
    drawn = shown;
    keepFocus(hero, () => fill(hero, ...drawHero(state)));
    fill(safe, ...drawArchive(state));
    fill(runs, ...drawRuns(state.runs));
    if (state.archive.trouble) {
      filesSeen = -1;
      latest.hidden = true;
    } else if (state.archive.files !== filesSeen) {
      filesSeen = state.archive.files;
      strip.draw().catch(complain);
    }
  };
  const ends = [listen('state', update), listen('job', update)];
  update();
  return {
    element: h('div', { class: 'home' }, hero, latest, h('div', { class: 'pair' }, safe, runs)),
    close() {
      for (const end of ends) end();
      strip.close();
    },
  };
}

function keepFocus(part, change) {
  const name = part.contains(document.activeElement) ? document.activeElement.dataset.name : undefined;
  change();
  if (name) part.querySelector(`[data-name="${name}"]`)?.focus();
}

function drawHero({ phone, counts, archive }) {
  const job = now.job;
  const ready = phone.state === 'ready';
  // Without the backup nobody can tell what is new.
  const known = !archive.trouble;
  return [
    h('span', { class: `round big is-${phone.state}` }, icon(STATE_ICONS[phone.state] ?? 'phone')),
    h('div', { class: 'hero-text' },
      phone.name && h('p', { class: 'over' }, h('bdi', null, harmless(phone.name)),
        h('span', { class: `pill is-${phone.state}` }, icon(ready ? 'tick' : 'warning'),
          ready ? 'Connected' : phone.state === 'none' ? 'Not connected' : 'Cannot be used yet')),
      h('h2', { class: 'headline' }, !ready ? harmless(phone.headline)
        : known ? readyHeadline(counts, phone) : withoutBackup(counts)),
      !ready ? steps(phone.what_to_do) : known ? readyDetail(counts)
        : h('p', null, 'How many of them are safe is seen when the backup can be read.')),
    h('div', { class: 'hero-do' },
      isActive(job) && job.kind !== 'listing'
        ? h('a', { class: 'main huge', href: '#/progress', 'data-name': 'go' }, icon('progress'), jobWords(job))
        : h('button', {
          type: 'button', class: 'main huge', 'data-name': 'go',
          disabled: !ready || !known || counts.new === 0, on: { click: backUpAll },
        }, icon('backup'), counts.new === 0 && ready && known ? 'Nothing new' : 'Back up now'),
      ready && h('a', { class: 'quiet-link', href: '#/phone', 'data-name': 'see' }, 'See what is on the phone')),
  ];
}

function readyHeadline(counts, phone) {
  if (counts.on_phone === null) return harmless(phone.headline || 'Looking at the phone…');
  if (counts.on_phone === 0) return 'No photos or videos on this phone';
  if (counts.new === 0) return counts.on_phone === 1 ? 'The one picture is safe' : `All ${count(counts.on_phone)} safe`;
  return `${count(counts.new)} new`;
}

function withoutBackup(counts) {
  return counts.on_phone === null ? 'Looking at the phone…' : `${number(counts.on_phone, 'file')} on the phone`;
}

function readyDetail(counts) {
  if (counts.on_phone === null || counts.on_phone === 0) return null;
  if (counts.new === 0) {
    return h('p', { class: 'good' }, icon('shield'), 'Everything on this phone is in the backup.');
  }
  const bytes = counts.new_bytes === null ? '' : `, ${size(counts.new_bytes)}`;
  return h('p', null, `To back up: ${number(counts.new, 'file')}${bytes}. ` +
    `Safe already: ${count(counts.safe)} of ${count(counts.on_phone)}.`);
}

async function backUpAll(event) {
  const button = event.currentTarget;
  button.disabled = true;
  try {
    await begin('/api/backup', { ids: null });
  } catch (error) {
    button.disabled = false;
    complain(error);
  }
}

function drawArchive({ archive, phones }) {
  if (archive.trouble || !archive.there) {
    return [
      h('h2', null, archive.trouble ? harmless(archive.trouble.headline) : 'No backup yet'),
      archive.trouble ? steps(archive.trouble.what_to_do)
        : [h('p', { class: 'soft' }, 'The first one makes it, in ', named(archive.name), '.'),
          archive.free !== null && h('dl', { class: 'facts' }, room(archive))],
    ];
  }
  return [
    h('h2', null, 'In the backup'),
    h('p', { class: 'figure' }, count(archive.files), h('small', null, archive.files === 1 ? ' file' : ' files')),
    h('dl', { class: 'facts' },
      fact('Size', size(archive.bytes)),
      archive.free !== null && room(archive),
      fact('Folder', named(archive.name)),
      phones.length > 1 && phones.map((phone) =>
        fact(h('bdi', null, harmless(phone.name)), `${number(phone.files, 'file')}, ${size(phone.bytes)}`))),
    archive.files > 0 && h('a', { class: 'quiet-link', href: '#/backup' }, 'Look at the backup'),
  ];
}

function room({ free }) {
  return fact('Room on the disk', `${size(free)} free`);
}

function fact(name, value) {
  return h('div', null, h('dt', null, name), h('dd', null, value));
}

function drawRuns(runs) {
  return [
    h('h2', { id: 'runs-title' }, 'Last backups'),
    runs.length === 0
      ? h('p', { class: 'soft' }, 'None yet. The first one takes longest: all others bring only what is new.')
      : h('ul', null, runs.slice(0, 5).map((run) => h('li', null,
        icon(run.complete ? 'shield' : 'warning', run.complete ? 'good' : 'bad'),
        h('div', null,
          h('p', null, runWords(run)),
          h('p', { class: 'soft' }, h('bdi', null, harmless(run.phone)), `, ${when(run.started)}`))))),
  ];
}

function runWords(run) {
  const saved = run.saved === 0 ? 'Nothing new' : `${number(run.saved, 'file')} saved, ${size(run.bytes)}`;
  if (run.failed > 0) return `${saved}; ${count(run.failed)} not saved`;
  return run.complete ? saved : `${saved}; did not get to its end`;
}

/* A few of the newest pictures: the quickest proof that a backup is one. */
class Strip {
  #part;
  #places = new Map();
  #thumbs = new Thumbs('archive', (id, address) => this.#arrived(id, address));

  constructor(part) {
    this.#part = part;
  }

  async draw() {
    const { items } = await get('/api/archive/items?limit=24');
    const pictures = items.filter((row) => row[5] === 'photo').slice(0, 8);
    this.#part.hidden = pictures.length < 4;
    if (this.#part.hidden) return;
    this.#places = new Map(pictures.map(([id]) => [String(id), h('span', null)]));
    fill(this.#part,
      h('h2', { id: 'latest-title' }, 'Newest in the backup'),
      h('a', { class: 'strip', href: '#/backup', 'aria-label': 'See all pictures in the backup' },
        [...this.#places.values()]));
    for (const id of this.#places.keys()) this.#arrived(id, this.#thumbs.known(id));
    this.#thumbs.want([...this.#places.keys()]);
  }

  close() {
    this.#thumbs.close();
  }

  #arrived(id, address) {
    if (address) this.#places.get(id)?.replaceChildren(h('img', { src: address, alt: '' }));
  }
}
