/* A job in words. */

import { count, duration, size } from '../words.js';

const DOING = { listing: 'Looking at the phone', backup: 'Backing up', restore: 'Putting back', verify: 'Checking' };
const BY = { listing: 'Looking', backup: 'The backup', restore: 'Putting back', verify: 'The check' };

/** What it does: "Backing up". */
export function doing(job) {
  if (job.state === 'stopping') return 'Stopping';
  return DOING[job.kind] ?? 'Working';
}

/** How far it is, between 0 and 1; null while nobody knows. Bytes tell better than files, where there are any. */
export function share(job) {
  if (job.bytes > 0) return Math.min(1, job.done_bytes / job.bytes);
  if (job.files > 0) return Math.min(1, job.done_files / job.files);
  return null;
}

/** One line: "Backing up: 12 of 48 files, 25 %" */
export function jobWords(job) {
  const part = share(job);
  const files = job.files > 0 ? `: ${count(job.done_files)} of ${count(job.files)} files` : '';
  return `${doing(job)}${files}${part === null ? '' : `, ${Math.floor(part * 100)} %`}`;
}

/** The title of its page once it is over. */
export function ended(job) {
  if (job.state === 'done') {
    const well = job.failures.length === 0 && job.summary?.complete !== false;
    return `${BY[job.kind] ?? 'It'} is done${well ? '' : ', but not all went well'}`;
  }
  if (job.state === 'stopped') return `${BY[job.kind] ?? 'It'} was stopped`;
  return `${BY[job.kind] ?? 'It'} did not get to its end`;
}

/** Pace and time left: "38.2 MB a second, 3 min left". */
export function pace(job) {
  return [
    job.rate > 0 ? `${size(job.rate)} a second` : '',
    job.seconds_left === null || job.seconds_left === undefined ? '' : `${duration(job.seconds_left)} left`,
  ].filter(Boolean).join(', ');
}
