/*
 * Where a key leads in the grid: numbers only, no page. A place is an entry or a day's heading:
 * {entry: index} or {day: index}.
 */

/**
 * @param {object} plan of `layOut`
 * @param {{entry?: number, day?: number}} place where one is
 * @param {string} key as in KeyboardEvent
 * @param {{all: boolean, page: number, days: boolean}} how `all`: to the ends of everything (Ctrl); `page`: the
 *   height of a page; `days`: whether headings of days can be gone to
 * @returns {object|null} the next place; null where the key leads nowhere
 */
export function step(plan, place, key, how) {
  const count = plan.lineOf.length;
  if (count === 0) return null;
  if (key === 'ArrowLeft') return sideways(plan, place, -1);
  if (key === 'ArrowRight') return sideways(plan, place, 1);
  if (key === 'ArrowUp') return vertical(plan, place, -1, how.days);
  if (key === 'ArrowDown') return vertical(plan, place, 1, how.days);
  if (key === 'Home') return how.all ? { entry: 0 } : endOfLine(plan, place, 0);
  if (key === 'End') return how.all ? { entry: count - 1 } : endOfLine(plan, place, -1);
  if (key === 'PageUp' || key === 'PageDown') return page(plan, place, key === 'PageUp' ? -how.page : how.page);
  return null;
}

function lineOf(plan, place) {
  return place.day === undefined ? plan.lineOf[place.entry] : plan.days[place.day].line;
}

function columnOf(plan, place) {
  return place.day === undefined ? plan.columnOf[place.entry] : plan.days[place.day].column;
}

function sideways(plan, place, by) {
  if (place.day !== undefined) {
    const next = place.day + by;
    return plan.days[next] ? { day: next } : null;
  }
  const next = place.entry + by;
  return next >= 0 && next < plan.lineOf.length ? { entry: next } : null;
}

function vertical(plan, place, by, days) {
  const column = columnOf(plan, place);
  for (let line = lineOf(plan, place) + by; plan.lines[line]; line += by) {
    if (plan.lines[line].kind === 'days' && !days) continue;
    const found = inLine(plan.lines[line], column);
    if (found) return found;
  }
  return null;
}

/** What is nearest to a column in a line. */
function inLine(line, column) {
  if (line.kind === 'tiles') return { entry: nearest(line.cells, column).index };
  if (line.kind === 'days') {
    const day = line.days.findLast((each) => each.column <= column) ?? line.days[0];
    return { day: day.index };
  }
  return null;
}

function nearest(cells, column) {
  return cells.reduce((best, cell) =>
    (Math.abs(cell.column - column) < Math.abs(best.column - column) ? cell : best));
}

function endOfLine(plan, place, which) {
  const line = plan.lines[lineOf(plan, place)];
  if (line.kind === 'tiles') return { entry: line.cells.at(which).index };
  return { day: line.days.at(which).index };
}

function page(plan, place, by) {
  const start = plan.lines[lineOf(plan, place)].top;
  const column = columnOf(plan, place);
  const direction = Math.sign(by);
  let found = null;
  for (let line = lineOf(plan, place) + direction; plan.lines[line]; line += direction) {
    if (plan.lines[line].kind !== 'tiles') continue;
    found = inLine(plan.lines[line], column);
    if (Math.abs(plan.lines[line].top - start) >= Math.abs(by)) break;
  }
  return found;
}
