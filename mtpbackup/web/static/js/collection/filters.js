/* Showing a part of a collection, and counting what each choice would show. */

/** What can be chosen of kinds, in the order of the buttons. */
export const KINDS = [
  ['all', 'Everything', () => true],
  ['photo', 'Photos', (file) => file.kind === 'photo' && file.label !== 'screenshot'],
  ['video', 'Videos', (file) => file.kind === 'video'],
  ['screenshot', 'Screenshots', (file) => file.label === 'screenshot'],
];

const TESTS = Object.fromEntries(KINDS.map(([name, , test]) => [name, test]));

/**
 * What a person asked to see.
 * @typedef {{kind: string, marked: boolean, folder: number|null, find: function(Entry): boolean|null}} Wish
 */
export const EVERYTHING = Object.freeze({ kind: 'all', marked: false, folder: null, find: null });

/** Entries of which at least one file fits the wish; their groups stay whole. `marked`: not safe, or gone. */
export function filter(entries, wish) {
  const kind = TESTS[wish.kind];
  return entries.filter((entry) =>
    (!wish.find || wish.find(entry)) &&
    entry.files.some((file) => kind(file) && (!wish.marked || file.mark === false) &&
      (wish.folder === null || file.folder === wish.folder)));
}

function countOf(files, test) {
  let count = 0;
  for (const file of files) if (test(file)) count += 1;
  return count;
}

/**
 * How many files each choice has by itself.
 * @returns {{kinds: Object<string, number>, marked: number, folders: number[]}}
 */
export function tally(entries, folderCount) {
  const files = entries.flatMap((entry) => entry.files);
  const kinds = Object.fromEntries(KINDS.map(([name, , test]) => [name, countOf(files, test)]));
  const folders = new Array(folderCount).fill(0);
  for (const file of files) folders[file.folder] += 1;
  return { kinds, marked: countOf(files, (file) => file.mark === false), folders };
}
