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

/**
 * How many files each choice has by itself.
 * @returns {{kinds: Object<string, number>, marked: number, folders: number[]}}
 */
export function tally(entries, folderCount) {
  const kinds = Object.fromEntries(KINDS.map(([name]) => [name, 0]));
  const folders = new Array(folderCount).fill(0);
  let marked = 0;
  for (const entry of entries) {
    for (const file of entry.files) {
      for (const [name, , test] of KINDS) if (test(file)) kinds[name] += 1;
      folders[file.folder] += 1;
      if (file.mark === false) marked += 1;
    }
  }
  return { kinds, marked, folders };
}
