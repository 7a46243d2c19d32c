import { beforeEach, describe, expect, it, test } from 'vitest';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import { keyDate } from '../../lib/domain/auction/idempotency-key.ts';
import type { Instruction, Outcome } from '../../lib/domain/auction/orders.ts';
import { intakeItem, readAuction, readIntake } from '../../lib/store/auctions.ts';
import { auctionKey } from '../../lib/store/keys.ts';
import { newestEvents } from '../../lib/store/log.ts';
import type { MarkerMessage, SubmissionMessage } from '../../lib/store/messages.ts';
import { readCarried, readFills } from '../../lib/store/results.ts';
import { readSubmission } from '../../lib/store/submissions.ts';
import { N } from '../../lib/store/table.ts';
import { ANN, BOB, CAT, SHARDS } from '../venue/accounts.ts';
import { NOV, newYork, OCT } from '../venue/h100.ts';
import { buy, cancel, replace, sell } from '../venue/orders.ts';
import { record, submission } from '../venue/records.ts';
import { crashOnce, deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();

let product: string;
/** Each test trades a product of its own. */
beforeEach(async () => {
  product = venue.nextProduct();
  await venue.list(product);
});

const TEN = newYork('2025-10-20', '10:00');
const ONE = newYork('2025-10-20', '13:00');
const early = newYork('2025-10-20', '09:30');
const noon = newYork('2025-10-20', '12:00');
const late = newYork('2025-10-20', '13:30');

const marker = (shard: number, auction: number, slot = TEN): MarkerMessage => ({
  v: 1,
  kind: 'marker',
  product,
  shard,
  auction,
  slot,
});
const from = (account: string, at: string, instructions: Instruction[], more = {}): SubmissionMessage =>
  submission(product, account, at, instructions, more);
const stored = ({ product, shard, account, key }: SubmissionMessage) => readSubmission(venue.table, product, shard, account, key);
const outcomes = async (message: SubmissionMessage): Promise<readonly Outcome[] | undefined> => (await stored(message))?.outcomes;

/** Accepts a submission and returns what became of its instructions. */
async function send(account: string, at: string, ...instructions: Instruction[]): Promise<readonly Outcome[]> {
  const message = from(account, at, instructions);
  expect(await deliver('orders', message)).toEqual([]);
  return (await outcomes(message))!;
}

/** Puts the markers of an opened auction through both shards, but lets nothing clear. */
async function cut(slot: string): Promise<void> {
  await deliver('closings', { v: 1, product, slot });
  await venue.work('orders');
}
const clear = (): Promise<void> => venue.work();

/** What an account bought and sold in the last auction, and what it carried on. */
async function lastAuction(account: string): Promise<{ fills: [string, number][]; carried: [string, number][] }> {
  const { carried } = await venue.stateOf(product);
  const found = { fills: [] as [string, number][], carried: [] as [string, number][] };
  for await (const { event } of newestEvents(venue.table)) {
    if (event.kind !== 'auction-cleared' || event.product !== product) continue;
    for (const fill of await readFills(venue.table, event))
      if (fill.account === account) found.fills.push([fill.clientOrderId, fill.lots]);
    break;
  }
  for (const order of await readCarried(venue.table, product, carried))
    if (order.account === account) found.carried.push([order.clientOrderId, order.lots]);
  return found;
}

describe('the cut', () => {
  it('is the marker: what comes before it is in the auction, what comes after is in the next, also in one batch', async () => {
    await deliver('closings', { v: 1, product, slot: TEN });
    const [before, after, last] = [1, 2, 3].map((at) => from(ANN, early, [buy(`o${at}`, NOV, 2400, 1)]));
    expect(await deliver('orders', before!)).toEqual([]);
    expect(await deliver('orders', marker(0, 1))).toEqual([]);
    expect(await deliver('orders', after!, marker(0, 2, ONE), last!)).toEqual([1, 2]);
    expect(await stored(before!)).toMatchObject({ auction: 1 });
    expect(await stored(after!)).toMatchObject({ auction: 2 });
    expect(await stored(last!)).toBeUndefined();
  });

  it('falls between two submissions of one batch', async () => {
    await deliver('closings', { v: 1, product, slot: TEN });
    const batch = [from(ANN, early, [buy('a', NOV, 2400, 1)]), marker(0, 1), from(ANN, early, [buy('b', NOV, 2400, 1)])] as const;
    expect(await deliver('orders', ...batch)).toEqual([]);
    expect(await stored(batch[0])).toMatchObject({ auction: 1 });
    expect(await stored(batch[2])).toMatchObject({ auction: 2 });
  });

  it('is made once: a marker that comes again changes nothing, however late', async () => {
    await send(ANN, early, buy('a', NOV, 2400, 1, 'gtc'));
    await cut(TEN);
    const passed = await readIntake(venue.table, product, 0);
    expect(await deliver('orders', marker(0, 1), marker(0, 1))).toEqual([]);
    expect(await readIntake(venue.table, product, 0)).toEqual(passed);
    await clear();
    await venue.holdAuction(product, ONE);
    const intake = await readIntake(venue.table, product, 0);
    expect(await deliver('orders', record('orders', marker(0, 1), { sentAt: late }))).toEqual([]);
    expect(await readIntake(venue.table, product, 0)).toEqual(intake);
    expect(intake).toMatchObject({
      open: 3,
      dates: [],
      passed: new Map([
        [1, [early.slice(0, 10)]],
        [2, []],
      ]),
    });
  });

  it('is refused before the cut of the auction before it', async () => {
    await deliver('closings', { v: 1, product, slot: TEN });
    expect(await deliver('orders', marker(0, 2))).toEqual([0]);
    expect(await readIntake(venue.table, product, 0)).toMatchObject({ open: 1 });
  });

  it('notifies clear when the last shard is closed, and again when that is repeated, and not before', async () => {
    await deliver('closings', { v: 1, product, slot: TEN });
    venue.engine.drain();
    await deliver('orders', marker(1, 1));
    expect(venue.engine.messages('clearings')).toEqual([]);
    await deliver('orders', marker(0, 1));
    expect(venue.engine.messages('clearings')).toEqual([{ v: 1, product, auction: 1 }]);
    await deliver('orders', marker(1, 1));
    expect(venue.engine.messages('clearings')).toHaveLength(2);
  });

  it('survives a worker that crashes after it moved the intake and before the shard was closed', async () => {
    await send(ANN, early, buy('a', NOV, 2400, 1));
    await deliver('closings', { v: 1, product, slot: TEN });
    venue.engine.drain();
    crashOnce(venue.table, 'update', 'after');
    expect(await deliver('orders', marker(0, 1))).toEqual([0]);
    expect(await deliver('orders', marker(0, 1), marker(1, 1))).toEqual([]);
    expect(venue.engine.messages('clearings')).toHaveLength(1);
    await clear();
    expect(await venue.stateOf(product)).toMatchObject({ lastAuction: 1 });
  });
});

describe('an intake', () => {
  it('keeps the dates of the keys it let in, so that a book is read whole over midnight in UTC', async () => {
    const [monday, tuesday] = ['2025-10-20T23:59:59.000Z', '2025-10-21T00:00:01.000Z'];
    await send(ANN, monday, buy('a', NOV, 2400, 3, 'gtc'));
    await send(BOB, tuesday, sell('b', NOV, 2400, 2, 'gtc'));
    await send(BOB, tuesday, sell('c', NOV, 2400, 1, 'gtc'));
    expect(await readIntake(venue.table, product, 0)).toMatchObject({ dates: ['2025-10-20', '2025-10-21'] });
    expect(await send(ANN, tuesday, replace('a', buy('a2', NOV, 2401, 4, 'gtc')), cancel('a'))).toEqual([
      'accepted',
      'unknown-order',
    ]);
    await venue.holdAuction(product, newYork('2025-10-20', '22:00'));
    expect(await lastAuction(ANN)).toEqual({ fills: [['a2', 3]], carried: [['a2', 1]] });
    expect(await readIntake(venue.table, product, 0)).toMatchObject({ dates: [] });
  });

  it('takes the date of the key, not that of its arrival', async () => {
    const key = numberedKey(Date.parse('2025-10-20T23:59:59.999Z'), 77);
    const message = from(ANN, '2025-10-21T00:05:00.000Z', [buy('a', NOV, 2400, 1)], { key });
    await deliver('orders', message);
    expect(keyDate(key)).toBe('2025-10-20');
    expect(await readIntake(venue.table, product, 0)).toMatchObject({ dates: ['2025-10-20'] });
  });

  it('is found again after a worker that crashed when it had let a date in', async () => {
    const message = from(ANN, early, [buy('a', NOV, 2400, 1)]);
    crashOnce(venue.table, 'update', 'after');
    expect(await deliver('orders', message)).toEqual([0]);
    expect(await stored(message)).toBeUndefined();
    expect(await deliver('orders', message)).toEqual([]);
    expect(await outcomes(message)).toEqual(['accepted']);
  });
});

describe('a submission that comes again', () => {
  it.each<[string, (message: SubmissionMessage) => Promise<void>]>([
    ['in the same batch', async (message) => void expect(await deliver('orders', message, message)).toEqual([])],
    ['in another batch', async () => {}],
    ['after its auction was cut', () => cut(TEN)],
    [
      'after its auction cleared and another opened',
      async () => {
        await venue.holdAuction(product, TEN);
        await venue.holdAuction(product, ONE);
      },
    ],
  ])('%s is accepted once', async (_, meanwhile) => {
    const message = from(ANN, early, [buy('a', NOV, 2400, 2, 'gtc')]);
    await deliver('orders', message);
    await meanwhile(message);
    const first = await stored(message);
    expect(await deliver('orders', message)).toEqual([]);
    expect(await stored(message)).toEqual(first);
    expect(first).toMatchObject({ auction: 1, outcomes: ['accepted'] });
    await send(CAT, late, sell('s', NOV, 2400, 9, 'gtc'));
    await venue.holdAuction(product, newYork('2025-10-20', '15:00'));
    expect((await lastAuction(ANN)).fills).toEqual([['a', 2]]);
  });

  it('with another body leaves the first as it is', async () => {
    const key = numberedKey(Date.parse(early), 5);
    const first = from(ANN, early, [buy('a', NOV, 2400, 1)], { key, digest: '0'.repeat(16) });
    const other = from(ANN, early, [buy('b', NOV, 2400, 9)], { key, digest: '1'.repeat(16) });
    for (const batch of [[first, other], [other]]) expect(await deliver('orders', ...batch)).toEqual([]);
    await cut(TEN);
    expect(await deliver('orders', other)).toEqual([]);
    expect(await stored(first)).toMatchObject({ digest: '0'.repeat(16), instructions: [buy('a', NOV, 2400, 1)] });
  });

  it('because the answer to its write was lost is accepted once', async () => {
    const message = from(ANN, early, [buy('a', NOV, 2400, 1)]);
    crashOnce(venue.table, 'create', 'after');
    expect(await deliver('orders', message)).toEqual([0]);
    expect(await deliver('orders', message)).toEqual([]);
    expect(await outcomes(message)).toEqual(['accepted']);
  });
});

describe('instructions', () => {
  it('are judged one by one: a name that is live is refused and the rest stands', async () => {
    await send(ANN, early, buy('a', NOV, 2400, 1));
    expect(
      await send(ANN, early, buy('a', NOV, 2400, 1), buy('b', NOV, 2400, 1), buy('b', NOV, 2400, 1), cancel('x'), cancel('b')),
    ).toEqual(['duplicate-client-order-id', 'accepted', 'duplicate-client-order-id', 'unknown-order', 'accepted']);
    expect(await send(BOB, early, buy('a', NOV, 2400, 1))).toEqual(['accepted']);
  });

  it('of a month that has expired since they were sent are refused', async () => {
    product = venue.nextProduct();
    await venue.list(product, { date: '2025-10-30' });
    const own = await venue.stateOf(product);
    const date = '2025-10-31' as never;
    const results = Object.fromEntries(
      own.listed.map((each) => [each, { price: own.marks[each]!, traded: false, volume: 0, bid: null, offer: null }]),
    ) as never;
    const common = { product, date, auction: 1 };
    const none = { shards: SHARDS, roots: {} };
    const nothing = { orders: 0, fills: none, carried: none, depth: '', surplus: '0' };
    await venue.commit({
      kind: 'auction-cleared',
      ...common,
      slot: '',
      books: date,
      closing: true,
      marks: own.marks,
      months: results,
      ...nothing,
    });
    await venue.commit({
      kind: 'prices-settled',
      ...common,
      previous: own.marks,
      settled: own.marks,
      rollOpens: null,
      approvedBy: [],
    });
    const far = (own.listed.at(-1)! + 1) as never;
    const [mark, finalPrice] = [own.marks[OCT]!, own.marks[OCT]!];
    const expired = { kind: 'month-expired', product, date, month: OCT, mark, finalPrice, index: {} } as const;
    await venue.commit({ ...expired, listed: far, listedAt: mark, approvedBy: [] });
    expect(await send(ANN, early, buy('a', OCT, 2400, 1), buy('b', far, 2400, 1))).toEqual(['contract-not-listed', 'accepted']);
  });

  test.each<[string, Instruction, { fills: [string, number][]; carried: [string, number][] }]>([
    ['a cancel', cancel('a'), { fills: [], carried: [] }],
    ['a replacement', replace('a', buy('b', NOV, 2410, 4, 'gtc')), { fills: [['b', 4]], carried: [] }],
    ['a replacement under its own name', replace('a', buy('a', NOV, 2410, 4, 'gtc')), { fills: [['a', 4]], carried: [] }],
    ['a replacement with less', replace('a', buy('a', NOV, 2410, 1, 'gtc')), { fills: [['a', 1]], carried: [] }],
  ])('reach orders that an auction carried here: %s', async (_, instruction, expected) => {
    await send(ANN, early, buy('a', NOV, 2300, 6, 'gtc'));
    await venue.holdAuction(product, TEN);
    expect(await lastAuction(ANN)).toEqual({ fills: [], carried: [['a', 6]] });
    expect(await send(ANN, '2025-10-21T00:00:30.000Z', instruction)).toEqual(['accepted']);
    await send(CAT, '2025-10-21T00:00:30.000Z', sell('s', NOV, 2400, 9));
    await venue.holdAuction(product, newYork('2025-10-20', '22:00'));
    expect(await lastAuction(ANN)).toEqual(expected);
  });
});

describe('between a cut and its clearing', () => {
  /** What the open order `a` of six lots meets in the auction that is cut. */
  const MET: [string, number][] = [
    ['did not trade', 0],
    ['traded in part', 2],
    ['traded in full', 6],
  ];
  const WORDS: [string, Instruction, (sold: number) => { fills: [string, number][]; carried: [string, number][] }][] = [
    ['a cancel', cancel('a'), () => ({ fills: [], carried: [] })],
    [
      'a replacement',
      replace('a', buy('b', NOV, 2410, 5, 'gtc')),
      (sold) => ({ fills: sold === 0 ? [['b', 5]] : [], carried: [] }),
    ],
  ];
  it.each(WORDS.flatMap(([word, instruction, left]) => MET.map(([met, sold]) => ({ word, instruction, met, sold, left }))))(
    '$word of an order that $met is deferred, and takes effect on what is left',
    async ({ instruction, sold, left }) => {
      await send(ANN, early, buy('a', NOV, 2410, 6, 'gtc'));
      if (sold) await send(CAT, early, sell('s', NOV, 2400, sold));
      await cut(TEN);
      expect(await send(ANN, noon, instruction, buy('n', NOV, 2300, 1, 'gtc'))).toEqual(['deferred', 'accepted']);
      await clear();
      expect((await lastAuction(ANN)).fills).toEqual(sold ? [['a', sold]] : []);
      await send(CAT, noon, sell('t', NOV, 2400, 9));
      await venue.holdAuction(product, ONE);
      const { fills, carried } = left(sold);
      expect(await lastAuction(ANN)).toEqual({ fills, carried: [...carried, ['n', 1]] });
    },
  );

  it('a name that may still be live is live, and one for that auction alone is free', async () => {
    await send(ANN, early, buy('g', NOV, 2300, 1, 'gtc'), buy('o', NOV, 2300, 1));
    await cut(TEN);
    expect(await send(ANN, noon, buy('g', NOV, 2400, 1), buy('o', NOV, 2400, 1), cancel('o'))).toEqual([
      'duplicate-client-order-id',
      'accepted',
      'accepted',
    ]);
  });
});

describe('a submission that comes back from the dead-letter queue', () => {
  const redriven = (message: SubmissionMessage, sentAt: string) => record('orders', message, { sentAt });

  it('after its auction closed is refused and never matched', async () => {
    const message = from(ANN, early, [buy('a', NOV, 2410, 2, 'gtc'), cancel('z')]);
    await venue.holdAuction(product, TEN);
    expect(await deliver('orders', redriven(message, noon))).toEqual([]);
    expect(await outcomes(message)).toEqual(['auction-closed', 'auction-closed']);
    await send(CAT, noon, sell('s', NOV, 2400, 2));
    await venue.holdAuction(product, ONE);
    expect(await lastAuction(ANN)).toEqual({ fills: [], carried: [] });
  });

  it('is refused also when it was received after its auction was due and before it was cut', async () => {
    // A closing auction is cut after its roll, and one that was held up long after it was due.
    await deliver('closings', { v: 1, product, slot: TEN });
    const received = newYork('2025-10-20', '10:20');
    const message = from(ANN, received, [buy('a', NOV, 2410, 2, 'gtc')]);
    const cutAt = newYork('2025-10-20', '10:30');
    for (const shard of [0, 1]) await deliver('orders', record('orders', marker(shard, 1), { sentAt: cutAt }));
    expect(await deliver('orders', redriven(message, noon))).toEqual([]);
    expect(await outcomes(message)).toEqual(['auction-closed']);
  });

  it.each([
    ['while its auction is still open, the first', false],
    ['while its auction is still open, a later', true],
  ])('is accepted %s', async (_, later) => {
    if (later) await venue.holdAuction(product, newYork('2025-10-20', '09:00'));
    const message = from(ANN, early, [buy('a', NOV, 2410, 2)]);
    expect(await deliver('orders', redriven(message, newYork('2025-10-20', '09:50')))).toEqual([]);
    expect(await outcomes(message)).toEqual(['accepted']);
  });

  describe('when its sender has been heard since', () => {
    const at = (time: string): string => newYork('2025-10-20', time);

    it('is overtaken: an order that was cancelled meanwhile does not become live', async () => {
      const order = from(ANN, early, [buy('a', NOV, 2410, 2, 'gtc')]);
      expect(await send(ANN, at('09:35'), cancel('a'))).toEqual(['unknown-order']);
      for (const time of ['09:40', '09:45']) expect(await deliver('orders', redriven(order, at(time)))).toEqual([]);
      expect(await outcomes(order)).toEqual(['overtaken']);
      await send(CAT, at('09:50'), sell('s', NOV, 2400, 2));
      await venue.holdAuction(product, TEN);
      expect(await lastAuction(ANN)).toEqual({ fills: [], carried: [] });
    });

    it('is overtaken by a word of any outcome, and by none of another account or product', async () => {
      const order = from(ANN, early, [buy('a', NOV, 2410, 2), cancel('z')]);
      const other = from(BOB, early, [buy('b', NOV, 2410, 2)]);
      expect(await send(ANN, at('09:35'), buy('n', NOV + 600, 2400, 1))).toEqual(['contract-not-listed']);
      expect(await deliver('orders', redriven(order, at('09:40')), redriven(other, at('09:40')))).toEqual([]);
      expect(await outcomes(order)).toEqual(['overtaken', 'overtaken']);
      expect(await outcomes(other)).toEqual(['accepted']);
    });

    it.each([
      ['in the order they were sent', [0, 1, 2], ['accepted', 'accepted', 'accepted'], ['b']],
      ['backwards', [2, 1, 0], ['overtaken', 'overtaken', 'unknown-order'], []],
      ['the order last', [1, 2, 0], ['overtaken', 'accepted', 'unknown-order'], ['b']],
      ['each twice', [0, 0, 1, 1, 2, 2, 0, 1, 2], ['accepted', 'accepted', 'accepted'], ['b']],
    ])('and comes with others, %s, it never undoes what was said after it', async (_, order, expected, live) => {
      const letters = [
        from(ANN, at('09:30'), [buy('a', NOV, 2300, 2, 'gtc')]),
        from(ANN, at('09:31'), [buy('b', NOV, 2300, 2, 'gtc')]),
        from(ANN, at('09:32'), [cancel('a')]),
      ];
      const batch = order.map((which) => redriven(letters[which]!, at('09:40')));
      for (const each of batch) expect(await deliver('orders', each)).toEqual([]);
      expect((await Promise.all(letters.map(outcomes))).map((each) => each?.[0])).toEqual(expected);
      await venue.holdAuction(product, TEN);
      const { carried } = await lastAuction(ANN);
      expect(carried.map(([name]) => name)).toEqual(live);
    });
  });

  it('is not mistaken for one when it was received just before a cut and queued just after', async () => {
    await venue.holdAuction(product, TEN);
    const message = from(ANN, newYork('2025-10-20', '09:59'), [buy('a', NOV, 2410, 2)]);
    const sentAt = new Date(Date.parse(message.receivedAt) + 39_000).toISOString();
    expect(await deliver('orders', redriven(message, sentAt))).toEqual([]);
    expect(await stored(message)).toMatchObject({ auction: 2, outcomes: ['accepted'] });
  });
});

describe('what was sent while accounts were in another number of shards', () => {
  it('is left for the operator, and is in no book of any shard', async () => {
    const [own, other] = [from(ANN, early, [buy('a', NOV, 2400, 1)]).shard, SHARDS - 1];
    expect(own).not.toBe(other);
    const misplaced = { ...from(ANN, early, [buy('a', NOV, 2400, 1)]), shard: other };
    expect(await deliver('orders', misplaced, marker(SHARDS, 1))).toEqual([0, 1]);
    expect(await stored(misplaced)).toBeUndefined();
    expect(await stored({ ...misplaced, shard: own })).toBeUndefined();
    for (const shard of [0, 1, SHARDS])
      expect(await readIntake(venue.table, product, shard)).toMatchObject({ open: 1, dates: [] });
  });

  it('closes no auction again that all shards had closed: its markers change nothing', async () => {
    await send(ANN, early, buy('a', NOV, 2400, 1, 'gtc'));
    await venue.holdAuction(product, TEN);
    const { pk, sk } = auctionKey(product, 1);
    // As the auction stands behind a move into more shards from one, and of the intakes nothing is known but what is open.
    await venue.table.update(
      { pk, sk },
      { expression: 'SET shards = :one, closed = :closed', values: { ':one': N(1), ':closed': { M: { 0: { L: [] } } } } },
    );
    for (const shard of [0, 1]) await venue.table.put(intakeItem(product, shard, { open: 2, openedAt: TEN, dates: [] }));
    expect(await deliver('orders', marker(0, 1), marker(1, 1))).toEqual([]);
    expect((await readAuction(venue.table, product, 1))!.closed).toEqual(new Map([[0, []]]));
    expect(await readIntake(venue.table, product, 1)).toMatchObject({ open: 2 });
  });
});

test('a submission to a product that is not listed fails and is left for the operator', async () => {
  expect(await deliver('orders', submission('NONE', ANN, early, [buy('a', NOV, 2400, 1)]))).toEqual([0]);
});
