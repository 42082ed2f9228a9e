/* Starts the page: frame, news from the program, and one page for each address. */

import { fill, h } from './dom.js';
import { build, mark } from './frame.js';
import { start } from './live.js';
import { complain, hush } from './say.js';
import * as backup from './pages/backup.js';
import * as back from './pages/back.js';
import * as help from './pages/help.js';
import * as home from './pages/home.js';
import * as phone from './pages/phone.js';
import * as progress from './pages/progress.js';

const PAGES = {
  '#/': home, '#/phone': phone, '#/backup': backup, '#/back': back, '#/progress': progress, '#/help': help,
};

const main = build();
let opened = null;

function go() {
  const address = PAGES[location.hash] ? location.hash : '#/';
  const page = PAGES[address];
  const first = opened === null;
  opened?.close();
  hush();
  const heading = h('h1', { tabindex: '-1' }, page.title);
  document.title = `${page.title} – mtpbackup`;
  mark(address);
  opened = page.open();
  fill(main, heading, opened.element);
  window.scrollTo({ top: 0, behavior: 'instant' });
  // Screen readers learn of the new page by its heading; at the very start they read the document anyway.
  if (!first) heading.focus({ preventScroll: true });
}

window.addEventListener('hashchange', go);
go();
start().catch(complain);
