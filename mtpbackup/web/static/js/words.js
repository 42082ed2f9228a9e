/* Numbers, sizes, dates and names as people read them; the same words as the commands use. */

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September',
  'October', 'November', 'December'];
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

export const monthNames = MONTHS;

/** 3619 -> "3,619" */
export function count(number) {
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A number with its noun: "1 picture", "3,412 pictures". */
export function number(amount, singular, plural = `${singular}s`) {
  return `${count(amount)} ${amount === 1 ? singular : plural}`;
}

/** Bytes in decimal units, as phones and disks are sold: "41.8 GB". */
export function size(bytes) {
  if (bytes < 1000) return number(bytes, 'byte');
  for (const unit of ['KB', 'MB', 'GB']) {
    bytes /= 1000;
    if (bytes < 999.5) return `${unit === 'KB' ? bytes.toFixed(0) : bytes.toFixed(1)} ${unit}`;
  }
  return `${(bytes / 1000).toFixed(1)} TB`;
}

/** A length of time: "45 s", "23 min", "2 h 05 min". */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole === 0) return 'a moment';
  if (whole < 100) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 100) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/*
 * Dates of pictures are the phone's own local time without a zone ("2024-05-06T07:08:00"). They are taken
 * apart as text, never put through the zone of this computer.
 */

/** The parts of a date, or null where there is none. */
export function dateParts(text) {
  const found = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d))?/.exec(text ?? '');
  if (!found) return null;
  const [year, month, day] = found.slice(1, 4).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > 31) return null;
  const weekday = WEEKDAYS[new Date(Date.UTC(year, month - 1, day)).getUTCDay()];
  return { year, month, day, weekday, time: found[4] ? `${found[4]}:${found[5]}` : '' };
}

/** "6 May 2024 07:08", "6 May 2024" or "no date". */
export function moment(text) {
  const date = dateParts(text);
  if (!date) return 'no date';
  return `${date.day} ${MONTHS[date.month - 1]} ${date.year}${date.time ? ` ${date.time}` : ''}`;
}

/** "Monday, 6 May 2024" */
export function longDay(text) {
  const date = dateParts(text);
  return date ? `${date.weekday}, ${date.day} ${MONTHS[date.month - 1]} ${date.year}` : 'No date';
}

/** "Mon, 6 May": its year is in the heading of the month above. */
export function shortDay(text) {
  const date = dateParts(text);
  return date ? `${date.weekday.slice(0, 3)}, ${date.day} ${MONTHS[date.month - 1].slice(0, 3)}` : 'No date';
}

/** "2024-05" -> "May 2024" */
export function month(text) {
  const date = dateParts(`${text}-01`);
  return date ? `${MONTHS[date.month - 1]} ${date.year}` : 'No date';
}

/**
 * When a run was, seen from now: "today at 14:03", "yesterday at 09:12", "6 May 2024 at 07:08". These dates
 * do carry a zone, or are meant in that of this computer.
 */
export function when(iso, now = new Date()) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '';
  const clock = `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`;
  const days = Math.round((midnight(now) - midnight(date)) / 86_400_000);
  if (days === 0) return `today at ${clock}`;
  if (days === 1) return `yesterday at ${clock}`;
  return `${date.getDate()} ${MONTHS[date.getMonth()]} ${date.getFullYear()} at ${clock}`;
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/**
 * A name from a phone made harmless to look at: control characters and those that turn the direction of text
 * around become a visible sign, so that "exe.gpj" cannot pose as a picture. Joiners that build emoji stay.
 */
export function harmless(name) {
  return String(name).replace(/(?!\u200d)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\ufffd');
}
