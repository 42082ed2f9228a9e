/* The last step before files are put back: where to, what stands in the way, and go. */

import { fill, freshId, h, named } from '../dom.js';
import { icon } from '../icons.js';
import { now } from '../live.js';
import { post } from '../server.js';
import { harmless, number, size } from '../words.js';
import { begin } from './starting.js';

/* Clashes that are listed; of more, only the number helps. */
const LISTED = 100;
/* Milliseconds of no typing after which a folder's name is taken to be whole. */
const PAUSE = 400;

export class Sending {
  #files = [];
  #control = null;
  #plan = null;
  #timer = null;
  #title = h('h2', { id: 'sending-title', tabindex: '-1' });
  #toPhone;
  #toFolder;
  #into;
  #folder;
  #intoRow;
  #folderRow;
  #phoneName = h('bdi', null);
  #phoneHint = h('span', { class: 'soft' });
  #outcome = h('div', { class: 'outcome', role: 'status' });
  #go = h('button', { type: 'button', class: 'main', disabled: true, on: { click: () => this.#start() } }, 'Put back');
  #known = h('datalist', { id: freshId('folders') });

  constructor() {
    const group = freshId('target');
    const changed = { change: () => this.#ask() };
    this.#toPhone = h('input', { type: 'radio', name: group, value: 'phone', on: changed });
    this.#toFolder = h('input', { type: 'radio', name: group, value: 'folder', on: changed });
    this.#into = h('input', {
      type: 'text', list: this.#known.id, autocomplete: 'off', spellcheck: 'false',
      placeholder: 'where it was', on: { input: () => this.#askSoon() },
    });
    this.#folder = h('input', {
      type: 'text', autocomplete: 'off', spellcheck: 'false', placeholder: '/home/anna/Pictures/From the backup',
      on: { input: () => this.#askSoon() },
    });
    this.#intoRow = h('label', { class: 'field' }, h('span', null, 'Folder on the phone (empty: where each was)'),
      this.#into, this.#known);
    this.#folderRow = h('label', { class: 'field' }, h('span', null, 'Folder of this computer'), this.#folder);
    this.element = h('dialog', { class: 'sheet', 'aria-labelledby': 'sending-title' },
      h('form', { method: 'dialog', on: { submit: (event) => event.preventDefault() } },
        h('div', { class: 'view-head' }, this.#title,
          h('button', {
            type: 'button', class: 'plain', 'aria-label': 'Close', on: { click: () => this.element.close() },
          }, icon('close'))),
        h('fieldset', { class: 'targets' }, h('legend', null, 'Where to?'),
          h('label', { class: 'target' }, this.#toPhone, icon('phone'),
            h('span', null, this.#phoneName, this.#phoneHint)),
          h('label', { class: 'target' }, this.#toFolder, icon('file'), h('span', null, 'A folder of this computer'))),
        this.#intoRow, this.#folderRow,
        this.#outcome,
        h('div', { class: 'row' },
          this.#go,
          h('button', { type: 'button', class: 'plain framed', on: { click: () => this.element.close() } }, 'Not now'))));
    this.element.addEventListener('close', () => this.#forget());
  }

  /** @param {File[]} files @param {number} bytes @param {string[][]} folders those of the backup, as suggestions */
  open(files, bytes, folders) {
    this.#files = files;
    const { phone } = now.state;
    const ready = phone.state === 'ready';
    fill(this.#title, `${number(files.length, 'file')}, ${size(bytes)}`);
    fill(this.#phoneName, harmless(phone.name || 'A phone'));
    fill(this.#phoneHint, ready ? '' : ` (${harmless(phone.headline)})`);
    this.#toPhone.disabled = !ready;
    this.#toPhone.checked = ready;
    this.#toFolder.checked = !ready;
    fill(this.#known, [...new Set(folders.map(([, path]) => path))].filter(Boolean).sort()
      .map((path) => h('option', { value: path })));
    this.element.showModal();
    this.#title.focus();
    this.#ask();
  }

  close() {
    if (this.element.open) this.element.close();
    this.#forget();
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#control?.abort();
    this.#plan = null;
  }

  #askSoon() {
    this.#setPlan(null);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), PAUSE);
  }

  #setPlan(plan) {
    this.#plan = plan;
    this.#go.disabled = plan === null || !plan.fits || plan.files === 0;
    this.#go.textContent = plan && plan.files > 0 ? `Put back ${number(plan.files, 'file')}` : 'Put back';
  }

  async #ask() {
    clearTimeout(this.#timer);
    this.#control?.abort();
    const control = new AbortController();
    this.#control = control;
    this.#setPlan(null);
    const folder = this.#toFolder.checked;
    this.#intoRow.hidden = folder;
    this.#folderRow.hidden = !folder;
    if (folder && this.#folder.value.trim() === '') {
      fill(this.#outcome, h('p', { class: 'soft' }, 'Say which folder.'));
      return;
    }
    fill(this.#outcome, h('p', { class: 'soft' }, 'Looking what is there already…'));
    try {
      const plan = await post('/api/restore/preview', {
        ids: this.#files.map((file) => file.id),
        into: folder ? '' : this.#into.value.trim(),
        to: folder ? this.#folder.value.trim() : 'phone',
      }, control.signal);
      if (control.signal.aborted) return;
      this.#setPlan(plan);
      fill(this.#outcome, drawPlan(plan));
    } catch (error) {
      if (error.name === 'AbortError') return;
      fill(this.#outcome, h('p', { class: 'trouble' }, error.headline ?? String(error)),
        (error.whatToDo ?? []).map((each) => h('p', null, harmless(each))));
    }
  }

  async #start() {
    const plan = this.#plan;
    if (plan === null) return;
    this.#go.disabled = true;
    try {
      await begin('/api/restore', { plan: plan.plan });
      this.element.close();
    } catch (error) {
      this.#setPlan(plan);
      fill(this.#outcome, h('p', { class: 'trouble' }, error.headline ?? String(error)));
    }
  }
}

function drawPlan(plan) {
  const room = plan.fits ? `It fits: ${size(plan.free)} free there.`
    : `It does not fit: ${size(plan.bytes)} to put back, ${size(plan.free)} free there.`;
  return [
    h('p', { class: 'plan' }, icon(plan.fits ? 'tick' : 'problem'), h('strong', null, harmless(plan.headline))),
    h('p', { class: plan.fits ? 'soft' : 'trouble' }, room),
    plan.clashes.length > 0 && h('details', { class: 'clashes', open: plan.clashes.length <= 6 },
      h('summary', null, number(plan.clashes.length, 'name is taken there', 'names are taken there')),
      h('ul', null, plan.clashes.slice(0, LISTED).map(({ name, what }) =>
        h('li', null, named(name), h('span', null, harmless(what)))))),
  ];
}
