/* One picture of the grid, and the headings between the pictures, as elements. */

import { describe } from '../collection/items.js';
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { count, longDay, month, number, shortDay } from '../words.js';

const KIND_ICONS = { photo: 'picture', video: 'film' };

/**
 * The cell of an entry.
 * @param {Entry} entry
 * @param {number} index its place among those shown
 * @param {"phone"|"archive"} where
 * @param {boolean} choosable whether it can be chosen
 */
export function makeTile(entry, index, where, choosable) {
  return h('div', {
    class: 'tile', role: 'gridcell', tabindex: '-1', 'data-entry': index, 'aria-label': describe(entry, where),
    'aria-selected': choosable ? 'false' : null,
  },
  h('span', { class: 'picture' }, icon(KIND_ICONS[entry.kind] ?? 'file', 'stand-in')),
  choosable && h('span', { class: 'tick' }, icon('tick')),
  corner(entry),
  badge(entry, where));
}

/* What kind of thing it is, where that is not a plain photo. */
function corner(entry) {
  if (entry.files.length > 1) {
    return h('span', { class: 'corner', 'aria-hidden': 'true', title: entry.label },
      icon('stack'), count(entry.files.length));
  }
  return entry.kind === 'video' ? h('span', { class: 'corner' }, icon('play')) : null;
}

/* Shape and word, so that nothing hangs on the colour. The cell's name says the same in words. */
function badge(entry, where) {
  if (where === 'phone') {
    return entry.mark
      ? h('span', { class: 'badge safe', 'aria-hidden': 'true' }, icon('shield'), 'Safe')
      : h('span', { class: 'badge new', 'aria-hidden': 'true' }, icon('plus'), 'New');
  }
  if (entry.mark !== false) return null;
  return h('span', { class: 'badge gone', 'aria-hidden': 'true' }, icon('gone'), 'Only here');
}

/** Puts the picture into a tile: its address, or null where there is none and the icon stays. */
export function showPicture(tile, address) {
  const place = tile.querySelector('.picture');
  if (address === null) {
    place.classList.add('none');
    return;
  }
  if (place.querySelector('img')) return;
  const image = h('img', { alt: '', decoding: 'async', draggable: 'false' });
  // A picture that turns out to be broken leaves the icon where it is.
  image.addEventListener('error', () => image.remove());
  image.addEventListener('load', () => place.classList.add('there'));
  image.src = address;
  place.append(image);
}

/** The cell with a month's name, over the whole line. */
export function makeMonth(line, columns) {
  return h('div', { role: 'rowheader', class: 'month', 'aria-colspan': columns },
    h('h2', null, month(line.month)));
}

/**
 * The cell with a day's name, over its pictures.
 * @param {Day} day
 * @param {number} files how many files it has
 * @param {boolean} choosable whether the whole day can be chosen
 */
export function makeDay(day, files, choosable) {
  const name = [h('span', { class: 'day-name' }, shortDay(day.key)), h('span', { class: 'day-count' }, count(files))];
  const cell = h('div', { role: 'gridcell', class: 'day', 'aria-colspan': day.span });
  if (choosable) {
    cell.append(h('label', null,
      h('input', {
        type: 'checkbox', tabindex: '-1', 'data-day': day.index,
        'aria-label': `All of ${longDay(day.key)}, ${number(files, 'picture')}`,
      }),
      name));
  } else {
    cell.append(h('span', { class: 'for-readers' }, `${longDay(day.key)}, ${number(files, 'picture')}`),
      h('span', { 'aria-hidden': 'true', class: 'day-line' }, name));
  }
  return cell;
}
