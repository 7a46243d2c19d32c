/**
 * Before a cut: takes out the orders of the accounts whose dead-man's switch has run out. Each is one message in the account's group, ahead
 * of the marker that is sent there next. What an invocation has no time for, the next goes on with, before any marker: an account whose
 * orders were taken out has its switch off by then.
 */
import type { SQSRecord } from 'aws-lambda';
import { runsOut } from '../../lib/domain/auction/dead-mans-switch.ts';
import { SUBMIT_MS_MAX } from '../../lib/domain/auction/submission.ts';
import { deadMansSwitchesIn, readDeadMansSwitch, type SwitchPlace } from '../../lib/store/dead-mans-switches.ts';
import type { Backends } from '../backends.ts';
import { runOut } from '../dead-mans-switch.ts';
import type { TimeLeft } from '../queue/consume.ts';
import { untilCommitted } from '../until-committed.ts';

/** Accounts at a time, and what so many may take at the worst, with the SDK's retries and the end of the invocation after it. */
const ACCOUNTS_TOGETHER = 25;
const SOME_MS_MAX = 30_000;

export interface Asking {
  /** When the message that asks for the cut was sent, milliseconds since 1970. */
  readonly at: number;
  /** It was sent a moment ago: what is sent for it is taken for sent now. */
  readonly isFresh: boolean;
  readonly timeLeft: TimeLeft;
}

/** What a message asks with. One that waited, or comes again, is of a time that accept would take for late. */
export const askingOf = ({ attributes }: SQSRecord, timeLeft: TimeLeft): Asking => {
  const at = Number(attributes.SentTimestamp);
  const isFirst = Number(attributes.ApproximateReceiveCount) === 1;
  return { at, isFresh: isFirst && Number(attributes.ApproximateFirstReceiveTimestamp) - at <= SUBMIT_MS_MAX / 2, timeLeft };
};

/** Runs out the switches of a product by an instant, ISO. False when there are more, for an invocation with a message of its own. */
export async function runOutSwitches(
  backends: Backends,
  product: string,
  by: string,
  { at, isFresh, timeLeft }: Asking,
): Promise<boolean> {
  let count = 0;
  for (let shard = 0; shard < backends.shards; shard++)
    for await (const page of deadMansSwitchesIn(backends.table, product, shard)) {
      const due = page.filter(({ own }) => runsOut(own, by));
      for (let from = 0; from < due.length; from += ACCOUNTS_TOGETHER) {
        if (!isFresh || (count > 0 && timeLeft() < SOME_MS_MAX)) return false;
        const some = due.slice(from, from + ACCOUNTS_TOGETHER);
        await Promise.all(some.map(({ account }) => runOutOne(backends, { product, account }, by, at)));
        count += some.length;
      }
    }
  if (count > 0) backends.logger.info("orders taken out: dead-man's switches have run out", { product, by, accounts: count });
  return true;
}

/** It is read again: it may have been set anew since its page was, by a request that was received before it ran out. */
const runOutOne = (backends: Backends, place: SwitchPlace, by: string, at: number) =>
  untilCommitted(async () => {
    const own = await readDeadMansSwitch(backends.table, place, backends.shards);
    return runsOut(own, by) ? runOut(backends, place, own, at) : own;
  });
