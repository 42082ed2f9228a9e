/* From the program's list of files to what people see: pictures, of which some are several files. */

import { dateParts, moment } from '../words.js';

/*
 * A listing has one array for each file, not an object: 20,000 of them arrive in half the time.
 * [id, name, folder index, size, date, kind, safe (on the phone) or on_phone (in the backup), group, label]
 */

/**
 * One file.
 * @typedef {{id: string, name: string, folder: number, size: number, date: string, kind: string,
 *   mark: boolean|null, label: string}} File
 *
 * What is shown as one picture: a file, or several that belong together (RAW and JPEG, a burst, a live photo).
 * @typedef {{key: string, files: File[], cover: File, date: string, day: string, size: number,
 *   kind: string, mark: boolean|null, label: string}} Entry
 */

const RAW = /\.(dng|raw|arw|cr2|cr3|nef|nrw|orf|raf|rw2|pef|srw)$/i;

function readFile(row) {
  const [id, name, folder, size, date, kind, mark, , label] = row;
  return { id: String(id), name, folder, size, date, kind, mark: mark === null ? null : Boolean(mark), label };
}

/**
 * Reads a listing.
 * @param {{folders: string[][], items: Array[]}} listing the newest first
 * @returns {{folders: string[][], entries: Entry[], files: number}}
 */
export function readListing(listing) {
  const groups = new Map();
  const entries = [];
  for (const row of listing.items) {
    const file = readFile(row);
    const group = row[7];
    const known = group ? groups.get(group) : undefined;
    if (known) {
      known.push(file);
      continue;
    }
    const files = [file];
    if (group) groups.set(group, files);
    entries.push(files);
  }
  return {
    folders: listing.folders,
    entries: entries.map((files) => makeEntry(files, listing.folders)),
    files: listing.items.length,
  };
}

function makeEntry(files, folders) {
  // A picture stands for its group rather than its RAW file or its few seconds of film.
  const cover = files.find((file) => file.kind === 'photo' && !RAW.test(file.name)) ?? files[0];
  const marks = files.map((file) => file.mark);
  return {
    // Ids last for one listing only; the place of the file outlives it.
    key: `${folders[cover.folder]?.join('/')}/${cover.name}`,
    files,
    cover,
    date: cover.date,
    day: dateParts(cover.date) ? cover.date.slice(0, 10) : '',
    size: files.reduce((sum, file) => sum + file.size, 0),
    kind: cover.kind,
    // On the phone, a group is safe when all of it is; in the backup, it is on the phone when all of it is.
    mark: marks.includes(false) ? false : marks.includes(null) ? null : true,
    label: files.length > 1 ? groupWord(files) : cover.label,
  };
}

/** What several files are together. Files beside a picture (edits: AAE, XMP) make it no burst. */
export function groupWord(files) {
  const raw = files.filter((file) => RAW.test(file.name)).length;
  const pictures = files.filter((file) => file.kind === 'photo' && !RAW.test(file.name)).length;
  if (pictures > 1 || raw > 1) return `Burst of ${Math.max(pictures, raw)}`;
  if (pictures > 0 && files.some((file) => file.kind === 'video')) return 'Live photo';
  if (raw > 0) return pictures > 0 ? 'Photo and RAW' : 'RAW photo with edits';
  return 'Photo with edits';
}

/** "Photo", "Video", "Screenshot", "Motion photo", "Burst of 7". */
export function kindWord(entry) {
  if (entry.files.length > 1) return entry.label;
  if (entry.label === 'screenshot') return 'Screenshot';
  if (entry.label === 'motion') return 'Motion photo';
  return { photo: 'Photo', video: 'Video' }[entry.kind] ?? 'File';
}

/**
 * The whole of an entry in words, for screen readers: "Photo, 6 May 2024 07:08, not yet backed up".
 * @param {Entry} entry
 * @param {"phone"|"archive"} where
 */
export function describe(entry, where) {
  return [kindWord(entry), moment(entry.date), markWords(entry, where)].filter(Boolean).join(', ');
}

function markWords(entry, where) {
  if (where === 'phone') return entry.mark ? 'safe in the backup' : 'not yet backed up';
  return { true: 'also on the phone', false: 'no longer on the phone' }[String(entry.mark)] ?? '';
}
