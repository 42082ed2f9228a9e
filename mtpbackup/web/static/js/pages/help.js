/* Help: what was looked at, what is wrong, and what to do. */

import { fill, h } from '../dom.js';
import { icon } from '../icons.js';
import { listen } from '../live.js';
import { steps } from '../parts/phone-state.js';
import { complain, say } from '../say.js';
import { get } from '../server.js';
import { harmless, number } from '../words.js';

export const title = 'Help';

const STATES = {
  problem: ['problem', 'Problem'],
  hint: ['warning', 'Hint'],
  ok: ['tick', 'Good'],
};

/** @returns {{element: Element, close: function}} */
export function open() {
  const list = h('div', { class: 'findings' }, h('p', { class: 'soft' }, 'Looking…'));
  let control = new AbortController();
  let told = false;
  const look = async (asked) => {
    control.abort();
    control = new AbortController();
    try {
      const { findings } = await get('/api/help', control.signal);
      draw(list, findings);
      const problems = findings.filter(({ state }) => state === 'problem').length;
      if (asked || !told) say(problems === 0 ? 'No problems found' : `${number(problems, 'problem')} found`);
      told = true;
    } catch (error) {
      if (error.name !== 'AbortError') complain(error);
    }
  };
  let phone = null;
  const end = listen('state', (state) => {
    // What is found depends on the phone: when that changes, look again.
    if (phone !== null && phone !== state.phone.state) look(false);
    phone = state.phone.state;
  });
  look(false);
  return {
    element: h('div', { class: 'help' },
      h('p', { class: 'lead' }, 'What this computer and the phone look like just now.'),
      list,
      h('button', { type: 'button', class: 'plain framed', on: { click: () => look(true) } },
        icon('retry'), 'Look again'),
      h('section', { class: 'card keys', 'aria-labelledby': 'keys-title' },
        h('h2', { id: 'keys-title' }, 'By keyboard'),
        h('dl', { class: 'facts' }, KEYS.map(([keys, what]) =>
          h('div', null, h('dt', null, keys.map((key) => h('kbd', null, key))), h('dd', null, what)))))),
    close() {
      control.abort();
      end();
    },
  };
}

const KEYS = [
  [['←', '→', '↑', '↓'], 'go from picture to picture'],
  [['Space'], 'choose a picture, or a whole day on its heading'],
  [['Shift', '←', '→', '↑', '↓'], 'choose all on the way'],
  [['Ctrl', 'A'], 'choose all that is shown'],
  [['Home', 'End'], 'to the ends of a line; with Ctrl, of everything'],
  [['Enter'], 'open a picture of the backup'],
  [['Esc'], 'choose none, or close what is open'],
];

function draw(list, findings) {
  if (findings.length === 0) {
    fill(list, h('p', null, 'Nothing is known to be wrong.'));
    return;
  }
  const order = Object.keys(STATES);
  const sorted = [...findings].sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
  fill(list, h('ul', null, sorted.map(({ state, headline, what_to_do: whatToDo }) => {
    const [drawing, word] = STATES[state] ?? STATES.hint;
    return h('li', { class: `card finding is-${state}` },
      h('span', { class: 'round' }, icon(drawing)),
      h('div', null,
        h('p', { class: 'over' }, word),
        h('h2', null, harmless(headline)),
        steps(whatToDo)));
  })));
}
