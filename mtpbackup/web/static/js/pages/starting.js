/* Starting a job: give the order, take the news, and go to where its progress is seen. */

import { takeOrdered } from '../live.js';
import { hush } from '../say.js';
import { post } from '../server.js';

/** @throws {Refusal} where the program says no */
export async function begin(path, body) {
  hush();
  const job = await post(path, body);
  takeOrdered(job);
  location.hash = '#/progress';
}
