/* Progress: how far the job is, and in the end what came of it. */

import { fill, h, named, setText } from '../dom.js';
import { icon } from '../icons.js';
import { isActive, listen, now, takeOrdered } from '../live.js';
import { doing, ended, pace, share } from '../parts/job.js';
import { steps } from '../parts/phone-state.js';
import { complain, say } from '../say.js';
import { post } from '../server.js';
import { count, harmless, number, size } from '../words.js';

export const title = 'Progress';

/* Failures that are listed; of more, only the number helps. */
const LISTED = 200;

/** @returns {{element: Element, close: function}} */
export function open() {
  const running = new Running();
  const place = h('div', { class: 'progress' });
  let drawn = '';
  const update = () => {
    const { job } = now;
    if (isActive(job)) {
      if (drawn !== `running ${job.id}`) {
        drawn = `running ${job.id}`;
        fill(place, running.element);
      }
      running.show(job);
      return;
    }
    const shown = job ? JSON.stringify(job) : 'none';
    if (shown === drawn) return;
    drawn = shown;
    fill(place, job ? drawEnd(job) : drawNone());
  };
  const ends = [listen('job', update), listen('state', update)];
  update();
  return {
    element: place,
    close() {
      for (const end of ends) end();
    },
  };
}

function drawNone() {
  return h('section', { class: 'card calm' },
    h('span', { class: 'round big' }, icon('progress')),
    h('h2', null, 'Nothing is running'),
    h('p', null, 'Backups and pictures on their way back to a phone are seen here.'),
    h('a', { class: 'quiet-link', href: '#/' }, 'To the start'));
}

/* A job at work. The elements stay and only their texts change, so that the stop button keeps the focus. */
class Running {
  #title = h('h2', null);
  #bar = h('progress', { max: '1', 'aria-label': 'How far it is' });
  #part = h('p', { class: 'figure' });
  #done = h('dd', null);
  #pace = h('dd', null);
  #current = h('dd', { class: 'current' });
  #stop = h('button', { type: 'button', class: 'plain framed', on: { click: () => this.#askToStop() } },
    icon('stop'), h('span', null, 'Stop'));
  #failed = h('p', { class: 'trouble', hidden: true });
  #told = -1;

  constructor() {
    this.element = h('section', { class: 'card running', 'aria-label': 'What is running' },
      this.#title, this.#part, this.#bar,
      h('dl', { class: 'facts' },
        h('div', null, h('dt', null, 'Done'), this.#done),
        h('div', null, h('dt', null, 'Pace'), this.#pace),
        h('div', null, h('dt', null, 'Now'), this.#current)),
      this.#failed,
      h('div', { class: 'row' }, this.#stop,
        h('p', { class: 'soft' }, 'You may close this page. The work goes on while the program runs.')));
  }

  show(job) {
    const part = share(job);
    setText(this.#title, doing(job));
    setText(this.#part, part === null ? '…' : `${Math.floor(part * 100)} %`);
    if (part === null) this.#bar.removeAttribute('value');
    else this.#bar.value = part;
    const bytes = job.bytes > 0 ? `, ${size(job.done_bytes)} of ${size(job.bytes)}` : '';
    const files = job.files > 0 ? `${count(job.done_files)} of ${number(job.files, 'file')}` : number(job.done_files, 'file');
    setText(this.#done, files + bytes);
    setText(this.#pace, pace(job) || '…');
    if (this.#current.textContent !== harmless(job.current)) fill(this.#current, named(job.current));
    this.#stop.disabled = job.state === 'stopping';
    this.#failed.hidden = job.failures.length === 0;
    setText(this.#failed, `${number(job.failures.length, 'file')} could not be copied so far. The rest goes on.`);
    // Screen readers hear of every tenth part, not of every picture.
    const tenth = part === null ? -1 : Math.floor(part * 10);
    if (tenth > 0 && tenth !== this.#told) say(`${tenth * 10} % done`);
    this.#told = tenth;
  }

  async #askToStop() {
    this.#stop.disabled = true;
    try {
      await post('/api/stop');
    } catch (error) {
      this.#stop.disabled = false;
      complain(error);
    }
  }
}

function drawEnd(job) {
  const good = job.state === 'done' && job.failures.length === 0 && job.summary?.complete !== false;
  const again = againWords(job);
  return h('section', { class: 'card ended', 'aria-label': 'What came of it' },
    h('span', { class: `round big ${good ? 'is-ready' : 'is-warning'}` }, icon(good ? 'shield' : 'warning')),
    h('p', { class: 'over' }, ended(job)),
    h('h2', { class: 'headline' }, harmless(job.headline)),
    steps(job.what_to_do),
    job.failures.length > 0 && drawFailures(job),
    h('div', { class: 'row' },
      again && h('button', { type: 'button', class: 'main', on: { click: retry } }, icon('retry'), again),
      job.kind === 'backup'
        ? h('a', { class: 'plain framed', href: '#/backup' }, 'Look at the backup')
        : !job.summary?.target && h('a', { class: 'plain framed', href: '#/phone' }, 'See the phone')));
}

/* What the button says that does it once more; empty where all went well. */
function againWords({ state, failures }) {
  if (state === 'stopped') return 'Go on';
  if (state === 'failed') return 'Try again';
  if (failures.length === 0) return '';
  return `Try ${failures.length === 1 ? 'it' : `the ${count(failures.length)}`} again`;
}

function drawFailures({ failures }) {
  return h('details', { open: failures.length <= 10, class: 'failures' },
    h('summary', null, number(failures.length, 'file did not make it', 'files did not make it')),
    h('ul', null, failures.slice(0, LISTED).map(({ path, why }) =>
      h('li', null, named(path), h('span', null, harmless(why))))),
    failures.length > LISTED && h('p', { class: 'soft' }, `And ${count(failures.length - LISTED)} more.`));
}

async function retry(event) {
  const button = event.currentTarget;
  button.disabled = true;
  try {
    takeOrdered(await post('/api/retry'));
  } catch (error) {
    button.disabled = false;
    complain(error);
  }
}
