/* What the program tells by itself: the state of phone and backup, the job that runs, a new listing. */

import { get } from './server.js';

const listeners = { state: new Set(), job: new Set(), listing: new Set(), link: new Set() };
let source = null;

/** What was told last; null until then. `link` is false while the program does not answer. */
export const now = { state: null, job: null, link: true };

/**
 * Listens. @param {"state"|"job"|"listing"|"link"} what
 * @returns {function} ends it
 */
export function listen(what, listener) {
  listeners[what].add(listener);
  return () => listeners[what].delete(listener);
}

function tell(what, value) {
  for (const listener of [...listeners[what]]) listener(value);
}

/** Takes a state that was asked for or told. */
export function takeState(state) {
  now.state = state;
  tell('state', state);
  takeJob(state.job);
}

/** Takes a job as an order was answered with it; its end may have been told already, on the other way. */
export function takeOrdered(job) {
  const known = now.job;
  if (known && (known.id > job.id || (known.id === job.id && !isActive(known)))) return;
  takeJob(job);
}

/** Takes the news of a job. */
export function takeJob(job) {
  const before = now.job;
  now.job = job;
  if (job !== null || before !== null) tell('job', job);
}

function takeLink(works) {
  if (now.link === works) return;
  now.link = works;
  tell('link', works);
}

/** Starts listening to the program, for as long as the page is to be seen. */
export function start() {
  // A browser keeps few connections to one address: pages in the background give theirs back.
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()));
  if (!document.hidden) open();
  // What was told meanwhile is newer than the answer to a question that was asked before.
  return get('/api/state').then((state) => { if (now.state === null) takeState(state); });
}

function close() {
  source?.close();
  source = null;
}

function open() {
  if (source) return;
  source = new EventSource('/api/events');
  source.addEventListener('open', () => takeLink(true));
  source.addEventListener('state', (event) => takeState(JSON.parse(event.data)));
  source.addEventListener('job', (event) => takeJob(JSON.parse(event.data)));
  source.addEventListener('listing', (event) => tell('listing', JSON.parse(event.data)));
  source.addEventListener('error', () => {
    takeLink(false);
    // A browser gives up for good after a refusal (the program was started anew): ask again by ourselves.
    if (source?.readyState === EventSource.CLOSED) {
      close();
      setTimeout(() => !document.hidden && open(), 3000);
    }
  });
}

/** Whether a job is under way. */
export function isActive(job) {
  return job !== null && job !== undefined && (job.state === 'running' || job.state === 'stopping');
}
