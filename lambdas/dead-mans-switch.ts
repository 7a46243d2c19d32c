/**
 * Running a dead-man's switch out, as close and the participants' API do it: whichever comes first after it has run out notes so, takes the
 * account's orders out under a key that stands in the note, and notes that it is done. The other goes on from what it finds.
 */
import { randomBytes } from 'node:crypto';
import { VENUE_SENDER } from '../lib/domain/auction/book-columns.ts';
import {
  type DeadMansSwitch,
  ranOut,
  runningOut,
  type SwitchOn,
  type SwitchRunningOut,
} from '../lib/domain/auction/dead-mans-switch.ts';
import { uuidv7Of } from '../lib/domain/auction/idempotency-key.ts';
import { type SwitchPlace, writeDeadMansSwitch } from '../lib/store/dead-mans-switches.ts';
import type { Backends } from './backends.ts';
import { takeOut } from './take-out.ts';

/**
 * Takes out the orders of an account whose switch runs out. `at` is the time of what asks for it, milliseconds since 1970, and of about now.
 * Gives the switch as it then stands, off; `undefined` when it has changed meanwhile: look again.
 */
export async function runOut(
  { table, queues, shards }: Pick<Backends, 'table' | 'queues' | 'shards'>,
  place: SwitchPlace,
  own: SwitchOn | SwitchRunningOut,
  at: number,
): Promise<DeadMansSwitch | undefined> {
  // Of random bits: a participant that knew the key could have sent something else under it before.
  const running = own.state === 'running-out' ? own : runningOut(own, uuidv7Of(at, randomBytes(16)));
  if (running !== own && !(await writeDeadMansSwitch(table, place, running, shards))) return undefined;
  await takeOut({ queues, shards }, { ...place, sender: VENUE_SENDER, key: running.key, at, why: 'dead-mans-switch' });
  const off = ranOut(running);
  return (await writeDeadMansSwitch(table, place, off, shards)) ? off : undefined;
}
