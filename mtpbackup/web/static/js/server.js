/* Calls to the program that shows this page. Nothing else is ever asked. */

/** A refusal, with the words that the program has for it. */
export class Refusal extends Error {
  /**
   * @param {string} headline one sentence
   * @param {string[]} whatToDo next steps
   * @param {number} status of HTTP; 0 where there was no answer
   */
  constructor(headline, whatToDo, status) {
    super(headline);
    this.headline = headline;
    this.whatToDo = whatToDo;
    this.status = status;
  }
}

async function call(path, settings) {
  let answer;
  try {
    answer = await fetch(path, { credentials: 'same-origin', ...settings });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Refusal('The program does not answer.', ['Start it again: mtpbackup show'], 0);
  }
  if (answer.ok) return answer.json();
  let said = {};
  try {
    said = await answer.json();
  } catch {
    // Not in the program's own words (a refusal by the web server itself): the number has to do.
  }
  throw new Refusal(said.headline ?? `That did not work (${answer.status}).`, said.what_to_do ?? [], answer.status);
}

/** Asks. @param {AbortSignal} [signal] takes the question back */
export function get(path, signal) {
  return call(path, { signal });
}

/** Orders. The header cannot be sent by a foreign page, which is why the server asks for it. */
export function post(path, body = {}, signal) {
  return call(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'mtpbackup' },
    body: JSON.stringify(body),
    signal,
  });
}

/** The address of an item's thumbnail; where is "phone" or "archive". */
export function thumbAddress(where, id) {
  return `/thumb/${where}/${encodeURIComponent(id)}`;
}

/** The address of a saved file. */
export function fileAddress(id, download = false) {
  return `/file/archive/${encodeURIComponent(id)}${download ? '?download=1' : ''}`;
}
