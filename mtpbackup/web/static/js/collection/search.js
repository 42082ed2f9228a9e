/* Finding by date and name: "2024", "May 2024", "6 May 2024", "2024-05-06", "IMG_0042", or several of them. */

import { monthNames } from '../words.js';

/**
 * A test for what was typed, or null for nothing typed. All words have to fit; case does not matter.
 * @param {string} text
 * @returns {function(Entry): boolean|null}
 */
export function finder(text) {
  const words = text.toLowerCase().split(/[\s,]+/).filter(Boolean);
  if (words.length === 0) return null;
  const tests = readWords(words);
  return (entry) => tests.every((test) => test(entry));
}

function readWords(words) {
  const named = words.some((word) => monthNumber(word) !== null);
  return words.map((word, index) => {
    const month = monthNumber(word);
    if (month !== null) return either(datePart(5, month), nameHas(word));
    if (/^(19|20)\d\d$/.test(word)) return either(datePart(0, word), nameHas(word));
    if (/^\d{4}-\d\d(-\d\d)?$/.test(word)) return either(datePart(0, word), nameHas(word));
    // A small number is a day only beside the name of a month; alone it is a part of a name.
    if (named && /^\d{1,2}\.?$/.test(word) && beside(words, index)) {
      return datePart(8, word.replace('.', '').padStart(2, '0'));
    }
    return nameHas(word);
  });
}

function beside(words, index) {
  return [words[index - 1], words[index + 1]].some((word) => word !== undefined && monthNumber(word) !== null);
}

function monthNumber(word) {
  const plain = word.replace(/\.$/, '');
  if (plain.length < 3) return null;
  const index = monthNames.findIndex((name) => name.toLowerCase().startsWith(plain));
  return index < 0 ? null : String(index + 1).padStart(2, '0');
}

function datePart(from, part) {
  return (entry) => entry.date.startsWith(part, from);
}

function nameHas(word) {
  return (entry) => entry.files.some((file) => file.name.toLowerCase().includes(word));
}

function either(one, other) {
  return (entry) => one(entry) || other(entry);
}
