/*
 * Where each picture goes: numbers only, no page. Days follow one another; small ones share a line as long as
 * they fit, so that a year of single pictures does not become a year of empty lines. Months start anew, with a
 * heading. All is worked out at once, 20,000 entries in a few milliseconds; the grid then draws only what is seen.
 */

export const HEIGHTS = { month: 64, days: 44 };

/**
 * @typedef {{index: number, key: string, first: number, count: number, column: number, span: number, line: number}} Day
 * @typedef {{kind: "month", top: number, height: number, month: string}
 *   | {kind: "days", top: number, height: number, days: Day[]}
 *   | {kind: "tiles", top: number, height: number, cells: {index: number, column: number}[]}} Line
 */

/**
 * How many tiles go side by side, and how large they are.
 * @param {number} width in CSS pixels
 */
export function measure(width) {
  const gap = width < 600 ? 4 : 8;
  const wanted = width < 600 ? 112 : 172;
  const columns = Math.max(3, Math.floor((width + gap) / (wanted + gap)));
  const tile = Math.floor((width - gap * (columns - 1)) / columns);
  return { columns, tile, gap };
}

/**
 * Lays entries out.
 * @param {{day: string}[]} entries in the order in which they are shown
 * @param {{columns: number, tile: number, gap: number}} size
 * @returns {{lines: Line[], days: Day[], lineOf: Int32Array, columnOf: Int32Array, dayOf: Int32Array,
 *   height: number, size: object}}
 */
export function layOut(entries, size) {
  const plan = {
    lines: [], days: splitDays(entries), size, height: 0,
    lineOf: new Int32Array(entries.length),
    columnOf: new Int32Array(entries.length),
    dayOf: new Int32Array(entries.length),
  };
  // A day's name needs room, even above a single small tile.
  const least = Math.min(size.columns, Math.ceil(148 / (size.tile + size.gap)));
  let waiting = [];
  let used = 0;
  let month = null;
  for (const [index, day] of plan.days.entries()) {
    plan.dayOf.fill(index, day.first, day.first + day.count);
    const span = Math.min(size.columns, Math.max(day.count, least));
    const starts = day.key.slice(0, 7) !== month;
    if (waiting.length > 0 && (starts || used + span > size.columns)) {
      addDays(plan, waiting);
      waiting = [];
      used = 0;
    }
    if (starts) {
      month = day.key.slice(0, 7);
      addLine(plan, { kind: 'month', month }, HEIGHTS.month);
    }
    day.column = used;
    day.span = span;
    waiting.push(day);
    used += span;
  }
  if (waiting.length > 0) addDays(plan, waiting);
  return plan;
}

function splitDays(entries) {
  const days = [];
  for (const [index, entry] of entries.entries()) {
    const last = days.at(-1);
    if (last && last.key === entry.day) last.count += 1;
    else days.push({ index: days.length, key: entry.day, first: index, count: 1, column: 0, span: 0, line: 0 });
  }
  return days;
}

function addLine(plan, line, height) {
  line.top = plan.height;
  line.height = height;
  plan.lines.push(line);
  plan.height += height;
}

function addDays(plan, days) {
  for (const day of days) day.line = plan.lines.length;
  addLine(plan, { kind: 'days', days }, HEIGHTS.days);
  const { columns, tile, gap } = plan.size;
  const rows = Math.max(...days.map((day) => Math.ceil(day.count / columns)));
  for (let row = 0; row < rows; row += 1) {
    const cells = [];
    for (const day of days) {
      // A day that shares its line has one row; one that fills lines has them for itself.
      const first = day.first + row * columns;
      const last = Math.min(day.first + day.count, first + columns);
      for (let index = first; index < last; index += 1) {
        const column = day.column + index - first;
        plan.lineOf[index] = plan.lines.length;
        plan.columnOf[index] = column;
        cells.push({ index, column });
      }
    }
    addLine(plan, { kind: 'tiles', cells }, tile + gap);
  }
}

/** The first line that reaches below a height. */
export function lineAt(lines, y) {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lines[middle].top + lines[middle].height > y) high = middle;
    else low = middle + 1;
  }
  return low;
}
