/**
 * Settle: the day run's conductor. Whatever rings, it looks at where the product's earliest unfinished day stands and
 * takes every step that may be taken now: roll, close and clear by ringing those who do them, settle, expire and report
 * itself, each by one event of the clearing log. A step starts when every shard has posted the one before it.
 */

import { METRICS } from '../../lib/store/names.ts';
import { measure } from '../backends.ts';
import { consume } from '../queue/consume.ts';
import { advance } from './advance.ts';
import { sweep } from './sweep.ts';

export const handler = consume('day-runs', (backends) => async (message) => {
  if (message.kind === 'product') return advance(backends, message.product);
  await sweep(backends, Date.parse(message.at));
  measure(backends, METRICS.sweep, 1);
});
