/* What is around every page: the name, the ways to the pages, the job that runs, and word of a lost program. */

import { fill, h } from './dom.js';
import { icon } from './icons.js';
import { isActive, listen, now } from './live.js';
import { regions, say } from './say.js';
import { jobWords } from './parts/job.js';

/* Address, icon, name, and a shorter one for narrow windows. */
const WAYS = [
  ['#/', 'home', 'Home', 'Home'],
  ['#/phone', 'phone', 'On the phone', 'Phone'],
  ['#/backup', 'backup', 'In the backup', 'Backup'],
  ['#/back', 'back', 'Put back', 'Put back'],
  ['#/progress', 'progress', 'Progress', 'Progress'],
  ['#/help', 'help', 'Help', 'Help'],
];

const links = WAYS.map(([address, drawing, name, short]) =>
  h('a', { href: address, 'aria-label': name },
    icon(drawing), h('span', { class: 'wide' }, name), h('span', { class: 'narrow' }, short)));
const banner = h('div', { class: 'banner', hidden: true });
const lost = h('div', { class: 'lost', role: 'alert', hidden: true },
  'The program has ended, or does not answer. To go on: ', h('code', null, 'mtpbackup show'));
const main = h('main', { id: 'main', tabindex: '-1' });

/** Puts the frame into the page. @returns {Element} where the pages go */
export function build() {
  document.body.append(
    h('a', { class: 'skip', href: '#main', on: { click: skip } }, 'Skip to the page'),
    h('header', { class: 'side' },
      h('p', { class: 'brand' }, h('img', { src: '/static/icon.svg', alt: '', width: '32', height: '32' }),
        h('span', null, 'mtpbackup')),
      h('nav', { 'aria-label': 'Pages' }, links)),
    h('div', { class: 'stage' }, lost, ...regions(), banner, main));
  listen('job', showBanner);
  listen('link', (works) => { lost.hidden = works; });
  return main;
}

/* The address is taken by the pages, so the link cannot simply lead to an anchor. */
function skip(event) {
  event.preventDefault();
  main.focus();
}

/** Marks where one is. */
export function mark(address) {
  for (const link of links) {
    if (link.getAttribute('href') === address) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  showBanner(now.job);
}

let lastTold = '';
let lastEnd = null;

/* A job that runs is seen on every page but its own. Its start and its end are told. */
function showBanner(job) {
  const running = isActive(job);
  const elsewhere = location.hash !== '#/progress';
  banner.hidden = !(running && elsewhere);
  if (!banner.hidden) {
    fill(banner, h('a', { href: '#/progress' }, icon('progress', running ? 'turning' : ''), jobWords(job)));
  }
  if (!job) return;
  // A look at the phone comes and goes in between: an end is told once all the same.
  if (!running && job.id === lastEnd) return;
  if (!running) lastEnd = job.id;
  const told = `${job.id} ${running ? 'running' : job.state}`;
  if (told !== lastTold && !(lastTold === '' && !running)) say(running ? jobWords(job) : job.headline);
  lastTold = told;
}
