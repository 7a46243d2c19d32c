/** Accept where it would be easy to be a little wrong: order of arrival, whose carried orders, and when a message is too late. */
import { beforeEach, describe, expect, it, test } from 'vitest';
import { VenueRows } from '../../lib/audit/rows.ts';
import { bookFindings } from '../../lib/audit/submissions.ts';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import type { Instruction, Outcome } from '../../lib/domain/auction/orders.ts';
import type { ProductParameters } from '../../lib/domain/contract/product.ts';
import { newestEvents } from '../../lib/store/log.ts';
import type { MarkerMessage, SubmissionMessage } from '../../lib/store/messages.ts';
import { readFills } from '../../lib/store/results.ts';
import { readSubmission } from '../../lib/store/submissions.ts';
import { ANN, CAT, SHARDS } from '../venue/accounts.ts';
import { NOV, newYork } from '../venue/h100.ts';
import { buy, cancel, replace, sell } from '../venue/orders.ts';
import { record, submission } from '../venue/records.ts';
import { deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();

let product: string;
beforeEach(async () => {
  product = venue.nextProduct();
  await venue.list(product);
});

const TEN = newYork('2025-10-20', '10:00');
const ONE = newYork('2025-10-20', '13:00');
const early = newYork('2025-10-20', '09:30');
const noon = newYork('2025-10-20', '12:00');
const later = (instant: string, milliseconds: number): string => new Date(Date.parse(instant) + milliseconds).toISOString();

const from = (account: string, at: string, instructions: Instruction[], key?: string): SubmissionMessage =>
  submission(product, account, at, instructions, key ? { key } : {});
const stored = ({ shard, account, key }: SubmissionMessage) => readSubmission(venue.table, product, shard, account, key);
async function send(account: string, at: string, ...instructions: Instruction[]): Promise<readonly Outcome[]> {
  const message = from(account, at, instructions);
  expect(await deliver('orders', message)).toEqual([]);
  return (await stored(message))!.outcomes;
}
/** Closes an auction in every shard and lets nothing clear. */
async function cut(slot: string): Promise<void> {
  await deliver('closings', { v: 1, product, slot });
  await venue.work('orders');
}
/** What traded in the newest auction: account, order and lots. */
async function fills(): Promise<[string, string, number][]> {
  for await (const { event } of newestEvents(venue.table)) {
    if (event.kind !== 'auction-cleared' || event.product !== product) continue;
    const all = await readFills(venue.table, event);
    return all.map(({ account, clientOrderId, lots }) => [account, clientOrderId, lots]);
  }
  return [];
}

describe('a cancelled order does not trade', () => {
  it('though the key of its cancel is older than its own, and both were sent in the same millisecond', async () => {
    const placed = from(ANN, early, [buy('a', NOV, 2400, 2)], numberedKey(Date.parse(early) + 5, 1));
    const gone = from(ANN, early, [cancel('a')], numberedKey(Date.parse(early), 1));
    expect(await deliver('orders', placed, gone)).toEqual([]);
    expect((await stored(gone))?.outcomes).toEqual(['accepted']);
    await send(CAT, early, sell('s', NOV, 2400, 2));
    await venue.holdAuction(product, TEN);
    expect(await fills()).toEqual([]);
  });

  it('though its cancel was sent before it by the clock: the queue’s order is what was answered', async () => {
    const placed = record('orders', from(ANN, early, [buy('a', NOV, 2400, 2)]), { sentAt: later(early, 900) });
    const gone = record('orders', from(ANN, early, [cancel('a')]), { sentAt: later(early, 800) });
    expect(await deliver('orders', placed, gone)).toEqual([]);
    await send(CAT, early, sell('s', NOV, 2400, 2));
    await venue.holdAuction(product, TEN);
    expect(await fills()).toEqual([]);
  });
});

it('finds the carried orders of an account of any shard, also when another shard was asked for first', async () => {
  await send(ANN, early, buy('a', NOV, 2300, 1, 'gtc'));
  await send(CAT, early, buy('c', NOV, 2300, 1, 'gtc'));
  await venue.holdAuction(product, TEN);
  expect(await send(ANN, noon, cancel('a'), cancel('c'))).toEqual(['accepted', 'unknown-order']);
  expect(await send(CAT, noon, cancel('c'), cancel('a'))).toEqual(['accepted', 'unknown-order']);
});

it('finds the carried orders of a product, also when another product was asked for first', async () => {
  const both = [product, `${product}-2`];
  await venue.list(both[1]!);
  for (product of both) {
    await send(ANN, early, buy(`of-${product}`, NOV, 2300, 1, 'gtc'));
    await venue.holdAuction(product, TEN);
  }
  for (product of both) {
    const names = both.map((each) => cancel(`of-${each}`));
    const outcomes = both.map((each) => (each === product ? 'accepted' : 'unknown-order'));
    expect(await send(ANN, noon, ...names)).toEqual(outcomes);
  }
});

it('finds what the last auction carried, not what an auction before it did', async () => {
  await send(ANN, early, buy('a', NOV, 2300, 1, 'gtc'));
  await venue.holdAuction(product, TEN);
  await send(ANN, noon, replace('a', buy('b', NOV, 2300, 1, 'gtc')));
  await venue.holdAuction(product, ONE);
  expect(await send(ANN, newYork('2025-10-20', '13:30'), cancel('a'), cancel('b'))).toEqual(['unknown-order', 'accepted']);
});

describe('an order that traded in part', () => {
  it('keeps its replacement out of the auction after, and not out of later ones: what those leave is not known', async () => {
    await send(ANN, early, buy('a', NOV, 2410, 6, 'gtc'));
    await send(CAT, early, sell('s', NOV, 2400, 2));
    await venue.holdAuction(product, TEN);
    await cut(ONE);
    expect(await send(ANN, newYork('2025-10-20', '13:30'), replace('a', buy('b', NOV, 2410, 4, 'gtc')))).toEqual(['deferred']);
    expect(await send(ANN, newYork('2025-10-20', '13:31'), cancel('a'), cancel('b'))).toEqual(['unknown-order', 'deferred']);
  });

  it('is replaced by name in the auction after, when that one is open', async () => {
    await send(ANN, early, buy('a', NOV, 2410, 6, 'gtc'));
    await send(CAT, early, sell('s', NOV, 2400, 2));
    await venue.holdAuction(product, TEN);
    expect(await send(ANN, noon, replace('a', buy('b', NOV, 2410, 3, 'gtc')), cancel('a'))).toEqual([
      'accepted',
      'unknown-order',
    ]);
  });
});

describe('a submission that comes back late is overtaken', () => {
  it.each<[rule: string, since: number, queuedAfter: number, outcome: Outcome]>([
    ['by one that was received a millisecond after it', 1, 60_000, 'overtaken'],
    ['by one of the same millisecond: which was first is not known', 0, 60_000, 'overtaken'],
    ['not by one that was received before it', -1, 60_000, 'accepted'],
    ['not when it was on its way for forty seconds', 1, 40_000, 'accepted'],
    ['when it was on its way for a millisecond more', 1, 40_001, 'overtaken'],
  ])('%s', async (_, since, queuedAfter, outcome) => {
    await send(ANN, later(early, since), buy('b', NOV, 2400, 1));
    const message = from(ANN, early, [buy('a', NOV, 2400, 1)]);
    expect(await deliver('orders', record('orders', message, { sentAt: later(early, queuedAfter) }))).toEqual([]);
    expect((await stored(message))?.outcomes).toEqual([outcome]);
  });
});

describe('what an account may have live and send', () => {
  /** Another version of the parameters. */
  const change = async (parameters: Partial<ProductParameters>): Promise<void> => {
    const { version, parameters: before } = await venue.stateOf(product);
    const changed = { version: version + 1, parameters: { ...before, ...parameters } };
    await venue.commit({ kind: 'parameters-changed', product, ...changed, by: 'op', at: '' });
  };

  it('is bounded with what it carries, and a lower limit takes nothing away', async () => {
    await change({ liveOrdersMax: 3 });
    await send(ANN, early, buy('a', NOV, 2300, 1, 'gtc'), buy('b', NOV, 2300, 1, 'gtc'));
    await venue.holdAuction(product, TEN);
    expect(await send(ANN, noon, buy('c', NOV, 2300, 1), buy('d', NOV, 2300, 1))).toEqual(['accepted', 'too-many-live-orders']);
    expect(await send(CAT, noon, buy('c', NOV, 2300, 1))).toEqual(['accepted']);
    await change({ liveOrdersMax: 1 });
    expect(await send(ANN, noon, buy('d', NOV, 2300, 1), replace('a', buy('d', NOV, 2300, 1, 'gtc')))).toEqual([
      'too-many-live-orders',
      'accepted',
    ]);
    await cut(ONE);
    const last = newYork('2025-10-20', '13:30');
    expect(await send(ANN, last, buy('e', NOV, 2300, 1), cancel('b'), cancel('d'), buy('e', NOV, 2300, 1))).toEqual([
      'too-many-live-orders',
      'deferred',
      'deferred',
      'accepted',
    ]);
  });

  it('is bounded by submissions in each auction, of which cancels are always taken', async () => {
    await change({ submissionsMax: 2 });
    await send(ANN, early, buy('a', NOV, 2300, 1, 'gtc'));
    expect(await send(ANN, early, buy('b', NOV, 2300, 1, 'gtc'))).toEqual(['accepted']);
    expect(await send(ANN, early, buy('c', NOV, 2300, 1), replace('a', buy('c', NOV, 2300, 1)), cancel('b'))).toEqual([
      'too-many-submissions',
      'too-many-submissions',
      'accepted',
    ]);
    await venue.holdAuction(product, TEN);
    expect(await send(ANN, noon, replace('a', buy('c', NOV, 2300, 1)))).toEqual(['accepted']);
  });
});

test('of a submission that was one too many only the refusal is kept, however often it is read again', async () => {
  const { version, parameters } = await venue.stateOf(product);
  const changed = { version: version + 1, parameters: { ...parameters, submissionsMax: 1 } };
  await venue.commit({ kind: 'parameters-changed', product, ...changed, by: 'op', at: '' });
  await send(ANN, early, buy('a', NOV, 2300, 1, 'gtc'));
  const flood = from(
    ANN,
    early,
    Array.from({ length: 500 }, (_, at) => buy(`b${at}`, NOV, 2300, 1)),
  );
  expect(await deliver('orders', flood)).toEqual([]);
  expect(await deliver('orders', flood)).toEqual([]);
  const kept = (await stored(flood))!;
  expect([kept.digest, kept.instructions, kept.outcomes]).toEqual([flood.digest, [], ['too-many-submissions']]);
  expect(await send(ANN, early, cancel('a'))).toEqual(['accepted']);
  expect(bookFindings(await VenueRows.from(venue.table.scan()), SHARDS)).toEqual([]);
});

describe('a submission is too late', () => {
  /** A venue whose first auction was cut at a time. */
  const cutAt = async (sentAt: string): Promise<void> => {
    await deliver('closings', { v: 1, product, slot: TEN });
    venue.engine.drain();
    for (const shard of [0, 1]) {
      const marker: MarkerMessage = { v: 1, kind: 'marker', product, shard, auction: 1, slot: TEN };
      expect(await deliver('orders', record('orders', marker, { sentAt }))).toEqual([]);
    }
  };
  const CUT = later(TEN, 1500);

  it.each<[rule: string, received: string, queuedAfter: number, outcome: Outcome]>([
    ['received with the cut and queued forty seconds later is on its way', CUT, 40_000, 'accepted'],
    ['received with the cut and queued a millisecond after that is refused', CUT, 40_001, 'auction-closed'],
    ['received before the cut and queued in time is on its way', later(CUT, -1), 40_000, 'accepted'],
    ['received before the cut and queued too late is refused', later(CUT, -1), 40_001, 'auction-closed'],
    ['received a millisecond after the cut is not, however late it is queued', later(CUT, 1), 3_600_000, 'accepted'],
  ])('%s', async (_, received, queuedAfter, outcome) => {
    await cutAt(CUT);
    const message = from(ANN, received, [buy('a', NOV, 2400, 1)]);
    expect(await deliver('orders', record('orders', message, { sentAt: later(received, queuedAfter) }))).toEqual([]);
    expect(await stored(message)).toMatchObject({ auction: 2, outcomes: [outcome] });
  });
});
