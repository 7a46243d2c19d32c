import { beforeEach, describe, expect, it, test, vi } from 'vitest';
import type { BookOrder } from '../../lib/domain/auction/book.ts';
import type { Instruction } from '../../lib/domain/auction/orders.ts';
import { changeStops, noStops } from '../../lib/domain/auction/stops.ts';
import { type AccountState, emptyAccount } from '../../lib/domain/clearing/account.ts';
import type { RollInstruction } from '../../lib/domain/clearing/roll.ts';
import { businessDays } from '../../lib/domain/contract/calendar.ts';
import { type Cents, lots, ticks } from '../../lib/domain/contract/units.ts';
import { encodeAccount, readAccount } from '../../lib/store/accounts.ts';
import { findClosing, newestAuctions, openAuction } from '../../lib/store/auctions.ts';
import { listDays, readDay } from '../../lib/store/days.ts';
import { halt } from '../../lib/store/halt.ts';
import { publishIndex } from '../../lib/store/index-values.ts';
import { ownerStopsKey, rollInstructionKey, shardOf } from '../../lib/store/keys.ts';
import { deleteRollInstruction, writeRollInstruction } from '../../lib/store/roll-instructions.ts';
import { rollOrders } from '../../lib/store/roll-orders.ts';
import { writeOwnerStops } from '../../lib/store/stops.ts';
import { readSubmission } from '../../lib/store/submissions.ts';
import { type Item, json, Table } from '../../lib/store/table.ts';
import { ANN, BOB, CAT, DAN, SHARDS } from '../venue/accounts.ts';
import { DEC, month, newYork, on, RISKY } from '../venue/h100.ts';
import { buy, sell, spread } from '../venue/orders.ts';
import { record, submission } from '../venue/records.ts';
import { crashOnce, deliver, invocation, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
await venue.fund(ANN, BOB, CAT, DAN);

// Positions in December roll into January on business days 5 to 9 of November 2025: the 7th, 10th, 11th, 12th and 13th.
const FIRST = on('2025-11-07');
const JAN = month('2026-01');
const EARLIER = on('2025-11-06');

let product: string;
beforeEach(async () => {
  product = venue.nextProduct();
  await venue.list(product, { date: EARLIER });
});

const roll = (date: string): Promise<number[]> => deliver('rolls', { v: 1, product, slot: newYork(date, '16:00') });
const rollBook = async (auction = 1): Promise<BookOrder[]> =>
  (await Promise.all(Array.from({ length: SHARDS }, (_, shard) => rollOrders(venue.table, product, shard, auction)))).flat();
const instruct = (account: string, instruction: RollInstruction = { at: 'market' }): Promise<void> =>
  writeRollInstruction(venue.table, product, account, SHARDS, instruction);
const AT_LIMIT = (limit: number): RollInstruction => ({ at: 'limit', limit: ticks(limit) });

/** Gives an account a position in December as its window opened: `held` then, `rolled` since, `now` left. */
async function give(account: string, held: number, rolled = 0, now = held - rolled): Promise<void> {
  const empty: AccountState = { ...emptyAccount(account), name: account };
  const state = (await readAccount(venue.table, account, SHARDS)) ?? empty;
  const progress = { near: DEC, held: lots(held), rolled: lots(rolled) };
  const holding = { lots: now ? { [DEC]: lots(now) } : {}, roll: progress };
  await venue.table.put(encodeAccount({ ...state, products: { ...state.products, [product]: holding } }, SHARDS));
}

describe('an instruction becomes a spread order of the closing auction', () => {
  const [to, back] = [
    { buy: JAN, sell: DEC },
    { buy: DEC, sell: JAN },
  ];
  test.each<[string, [held: number, rolled: number, now: number], RollInstruction, object | undefined]>([
    [
      'a long at the market, within the band above the settled spread',
      [10, 0, 10],
      { at: 'market' },
      { ...to, limit: 50, lots: 2 },
    ],
    ['a short at the market, within the band below it', [-10, 0, -10], { at: 'market' }, { ...back, limit: 50, lots: 2 }],
    ['a long at its limit', [10, 0, 10], AT_LIMIT(-3), { ...to, limit: -3, lots: 2 }],
    ['a short at its limit', [-10, 0, -10], AT_LIMIT(-3), { ...back, limit: 3, lots: 2 }],
    ['a share rounded half up', [13, 0, 13], { at: 'market' }, { ...to, limit: 50, lots: 3 }],
    ['less what has rolled already', [20, 3, 17], { at: 'market' }, { ...to, limit: 50, lots: 1 }],
    ['never more than is still held', [20, 0, 1], { at: 'market' }, { ...to, limit: 50, lots: 1 }],
    ['nothing when all of the share has rolled', [10, 2, 8], { at: 'market' }, undefined],
    ['nothing when the position is gone', [10, 0, 0], { at: 'market' }, undefined],
    ['nothing when it has turned over', [10, 0, -4], { at: 'market' }, undefined],
    ['nothing for too small a share', [2, 0, 2], { at: 'market' }, undefined],
  ])('%s', async (_, [held, rolled, now], instruction, expected) => {
    await give(ANN, held, rolled, now);
    await instruct(ANN, instruction);
    await give(CAT, held, rolled, now);
    expect(await roll(FIRST)).toEqual([]);
    const made = { account: ANN, sender: 'venue', clientOrderId: `roll/${FIRST}` };
    const ours = { timeInForce: 'auction', rolls: true, partlyFilled: false };
    expect(await rollBook()).toEqual(expected ? [{ ...expected, ...made, ...ours }] : []);
    expect(await readDay(venue.table, product, FIRST)).toMatchObject({ step: 'close', auction: 1 });
    expect(venue.engine.messages('closings')).toEqual([{ v: 1, product, date: FIRST }]);
  });

  it('for no account that is stopped', async () => {
    for (const account of [ANN, BOB]) {
      await give(account, 5);
      await instruct(account);
    }
    const note = { by: 'olga', at: '', reason: 'why' };
    const stops = changeStops(noStops(ANN), { of: ANN, side: 'operator', kind: 'stop', note })!;
    await writeOwnerStops(venue.table, stops, SHARDS);
    await roll(FIRST);
    expect((await rollBook()).map(({ account }) => account)).toEqual([BOB]);
    await venue.table.delete(ownerStopsKey(ANN, SHARDS));
  });

  it('for accounts of every shard', async () => {
    for (const account of [ANN, BOB, CAT, DAN]) {
      await give(account, 5);
      await instruct(account);
    }
    await roll(FIRST);
    expect((await rollBook()).map(({ account }) => account).toSorted()).toEqual([ANN, BOB, CAT, DAN].toSorted());
  });
});

test.each([
  ['before the window', '2025-11-06', '2025-11-05'],
  ['after it', '2025-11-14', '2025-11-13'],
])('%s no order is written and the day goes on to its close', async (_, date, listed) => {
  product = `${product}X`;
  await venue.list(product, { date: listed });
  await give(ANN, 10);
  await instruct(ANN);
  await roll(date);
  expect(await rollBook()).toEqual([]);
  expect(await readDay(venue.table, product, on(date))).toMatchObject({ step: 'close' });
});

test('a product that is not listed, and a day without trading, have no day run', async () => {
  expect(await deliver('rolls', { v: 1, product: 'NONE', slot: newYork(FIRST, '16:00') })).toEqual([]);
  expect(await roll('2025-11-08')).toEqual([]);
  expect(await roll('2025-11-27')).toEqual([]);
  expect(await listDays(venue.table, product, 10)).toEqual([]);
});

describe('a day run waits', () => {
  const waits = async (): Promise<void> => {
    expect(await roll(FIRST)).toEqual([]);
    expect(await readDay(venue.table, product, FIRST)).toMatchObject({ step: 'roll' });
    expect(venue.engine.messages('closings')).toEqual([]);
  };
  const goesOn = async (): Promise<void> => {
    expect(await roll(FIRST)).toEqual([]);
    expect(await readDay(venue.table, product, FIRST)).toMatchObject({ step: 'close', auction: 2 });
  };
  const slot = newYork(FIRST, '10:00');

  it('until the auctions before it have cleared, and until every shard has posted them', async () => {
    await deliver('closings', { v: 1, product, slot });
    await waits();
    await venue.work('orders', 'clearings');
    await waits();
    await deliver('postings', { v: 1, shard: 0 });
    await waits();
    await deliver('postings', { v: 1, shard: 1 });
    await goesOn();
  });

  it('while the venue is halted', async () => {
    await venue.holdAuction(product, slot);
    await halt(venue.table, { reason: 'test', by: 'op', at: '' });
    await waits();
    await venue.resume();
    await goesOn();
  });
});

test('missed days are planned in order of date, the one that is due with its own slot, and the earliest is run', async () => {
  const slot = newYork('2025-11-12', '16:00').replace('00:00.000', '00:07.000');
  await deliver('rolls', { v: 1, product, slot });
  const days = (await listDays(venue.table, product, 10)).toReversed();
  expect(days.map(({ date, step }) => [date, step])).toEqual(
    businessDays('NYSE', FIRST, on('2025-11-12')).map((date) => [date, date === FIRST ? 'close' : 'roll']),
  );
  expect(days.map((day) => day.slot)).toEqual([...days.slice(0, -1).map(({ date }) => newYork(date, '16:00')), slot]);
  expect((await newestAuctions(venue.table, product, 10)).map(({ date, closing }) => [date, closing])).toEqual([[FIRST, true]]);
  await roll('2025-11-12');
  expect(await listDays(venue.table, product, 10)).toHaveLength(days.length);
});

test('a wake-up of the roll that comes again after its day has moved on notifies the next step', async () => {
  await roll(FIRST);
  venue.engine.drain();
  await roll(FIRST);
  expect(venue.engine.messages('closings')).toHaveLength(1);
  expect(await newestAuctions(venue.table, product, 10)).toHaveLength(1);
  await venue.work('closings');
  venue.engine.drain();
  await roll(FIRST);
  expect(venue.engine.messages('day-runs')).toEqual([{ v: 1, product }]);
});

test('a closing auction that another worker has numbered in between is taken for what it is', async () => {
  const slot = newYork(FIRST, '16:00');
  await openAuction(venue.table, { product, auction: 1, slot, date: FIRST, closing: true, shards: SHARDS });
  const read = Table.prototype.get.bind(venue.table);
  let looked = 0;
  // Not there yet when it is first looked for.
  vi.spyOn(venue.table, 'get').mockImplementation(async (key, consistent) =>
    key.pk === `CLOSING#${product}` && ++looked === 1 ? undefined : read(key, consistent),
  );
  expect(await roll(FIRST)).toEqual([]);
  expect(looked).toBe(2);
  expect(await readDay(venue.table, product, FIRST)).toMatchObject({ step: 'close', auction: 1 });
});

test('a day run that is asked for a day to come, by a slip, is not run, and neither are the days before it', async () => {
  const slip = record('rolls', { v: 1, product, slot: newYork('2025-12-31', '16:00') }, { sentAt: newYork(FIRST, '12:00') });
  expect(await deliver('rolls', slip)).toEqual([]);
  expect(await listDays(venue.table, product, 9)).toEqual([]);
});

test('the number of the closing auction is not one that an auction took at the same moment', async () => {
  const original = venue.table.createTogether.bind(venue.table);
  const slot = newYork(FIRST, '15:59');
  vi.spyOn(venue.table, 'createTogether').mockImplementationOnce(async (items) => {
    await openAuction(venue.table, { product, auction: 1, slot, date: FIRST, closing: false, shards: SHARDS });
    return original(items);
  });
  expect(await roll(FIRST)).toEqual([]);
  expect(await findClosing(venue.table, product, FIRST)).toBeUndefined();
  expect(await readDay(venue.table, product, FIRST)).toMatchObject({ step: 'roll' });
});

describe('a roll that crashes half-way', () => {
  /** Names of one shard, in order, more than two chunks' worth. */
  const names = Array.from({ length: 6000 }, (_, at) => `m${String(at).padStart(4, '0')}`)
    .filter((account) => shardOf(account, SHARDS) === 0)
    .slice(0, 2100);
  const isChunk = (chunk: number) => (item: Item) => item.pk.startsWith('ROLL#') && item.sk.endsWith(`#000${chunk}`);

  async function instructMany(accounts: readonly string[]): Promise<void> {
    const holding = { lots: { [DEC]: lots(5) }, roll: { near: DEC, held: lots(5), rolled: lots(0) } };
    const state = { applied: 1, products: { [product]: holding } };
    const attributes = { data: json({ at: 'market' }) };
    await venue.table.putAll(
      accounts.flatMap((account) => [
        encodeAccount({ ...emptyAccount(account), ...state }, SHARDS),
        { ...rollInstructionKey(product, account, SHARDS), attributes },
      ]),
    );
  }

  it('goes on in the next invocation when this one has no time for another chunk, and looks at no chunk again', async () => {
    await instructMany(names);
    invocation.timeLeftMs = 1_000;
    const looked: string[][] = [];
    for (let at = 0; at < 2; at++) {
      expect(await roll(FIRST)).toEqual([]);
      expect(venue.engine.messages('rolls')).toHaveLength(1);
      looked.push((await rollBook()).map(({ account }) => account));
      venue.engine.drain();
    }
    expect(await roll(FIRST)).toEqual([]);
    expect(looked.map((accounts) => accounts.length)).toEqual([1000, 2000]);
    expect((await rollBook()).map(({ account }) => account)).toEqual(names);
    expect(await readDay(venue.table, product, FIRST)).toMatchObject({ step: 'close', auction: 1 });
    expect(venue.engine.messages('closings')).toEqual([{ v: 1, product, date: FIRST }]);
  });

  it.each([
    ['before its second chunk', 'before', 1],
    ['after its second chunk', 'after', 1],
    ['after its last', 'after', 2],
  ] as const)('%s covers every account once, whatever was instructed meanwhile', async (_, when, chunk) => {
    const [inside, behind] = [`${names[10]}x`, 'zz1'].map((name) => {
      for (let at = 0; ; at++) if (shardOf(`${name}${at}`, SHARDS) === 0) return `${name}${at}`;
    }) as [string, string];
    await instructMany(names);
    crashOnce(venue.table, 'create', when, isChunk(chunk));
    expect(await roll(FIRST)).toEqual([0]);
    await deleteRollInstruction(venue.table, product, names[20]!, SHARDS);
    await deleteRollInstruction(venue.table, product, names[999]!, SHARDS);
    await instructMany([inside, behind]);
    expect(await roll(FIRST)).toEqual([]);
    const covered = (await rollBook()).map(({ account }) => account);
    expect(new Set(covered).size).toBe(covered.length);
    // What was decided before stands; accounts behind the last chunk that stands are still taken in.
    expect(covered).toEqual(chunk === 2 ? names : [...names, behind]);
  });

  it.each([
    ['before it numbered its auction', 'createTogether', 'before'],
    ['after it numbered its auction', 'createTogether', 'after'],
    ['before it moved the day', 'update', 'before'],
    ['after it moved the day', 'update', 'after'],
  ] as const)('%s ends the same', async (_, method, when) => {
    await give(ANN, 10);
    await instruct(ANN);
    crashOnce(venue.table, method, when);
    expect(await roll(FIRST)).toEqual([0]);
    await give(CAT, 10);
    await instruct(CAT);
    expect(await roll(FIRST)).toEqual([]);
    expect(await readDay(venue.table, product, FIRST)).toMatchObject({ step: 'close', auction: 1 });
    expect(await rollBook()).toHaveLength(method === 'update' ? 1 + (when === 'before' ? 1 : 0) : 2);
    expect(venue.engine.messages('closings')).toHaveLength(1);
  });
});

test('a day with a roll moves lots from one month to the next and changes no account’s total', async () => {
  product = `${product}Y`;
  await venue.list(product, { date: '2025-11-05' });
  const day = '2025-11-06';
  const at = (date: string): string => newYork(date, '09:30');
  const send = (account: string, date: string, ...orders: Parameters<typeof submission>[3]) =>
    deliver('orders', submission(product, account, at(date), orders));
  for (const date of [day, FIRST]) await publishIndex(venue.table, product, on(date), 2_400_000n as never, ['op']);
  await send(ANN, day, buy('a', DEC, 2400, 10));
  await send(CAT, day, sell('a', DEC, 2400, 10));
  await venue.runDay(product, day);
  expect(await venue.stateOf(product)).toMatchObject({ closedOn: day });
  const lotsOf = async (account: string) => (await readAccount(venue.table, account, SHARDS))!.products[product]!.lots;
  const total = (of: Readonly<Record<number, number>>): number => Object.values(of).reduce((sum, held) => sum + held, 0);

  await instruct(ANN);
  await send(DAN, FIRST, spread('s', DEC, JAN, 8, 1), spread('t', DEC, JAN, -30, 9));
  await venue.runDay(product, FIRST);
  expect(await venue.stateOf(product)).toMatchObject({ closedOn: FIRST });
  expect(await lotsOf(ANN)).toEqual({ [DEC]: 8, [JAN]: 2 });
  expect(await lotsOf(DAN)).toEqual({ [DEC]: 2, [JAN]: -2 });
  expect([total(await lotsOf(ANN)), total(await lotsOf(CAT)), total(await lotsOf(DAN))]).toEqual([10, -10, 0]);
  expect((await readAccount(venue.table, ANN, SHARDS))!.products[product]!.roll).toEqual({ near: DEC, held: 10, rolled: 2 });
  expect(await readDay(venue.table, product, FIRST)).toMatchObject({
    step: 'done',
    report: { roll: { longsRolled: 2, shortsRolled: 0, longsLeft: 8 } },
  });
});

describe('a roll order is cut to what its account could pay for', () => {
  const LOT_CENTS = 30_000n;
  const short = async (cents: bigint): Promise<void> => {
    product = venue.nextProduct();
    await venue.list(product, { date: EARLIER, parameters: RISKY });
    await instruct(ANN);
    const state = await readAccount(venue.table, ANN, SHARDS);
    await venue.table.put(encodeAccount({ ...state!, cash: cents as Cents }, SHARDS));
  };
  const rolled = async (): Promise<number[]> => {
    expect(await roll(FIRST)).toEqual([]);
    return (await rollBook()).map(({ lots: count }) => count);
  };
  const sent = async (...instructions: Instruction[]): Promise<void> => {
    const message = submission(product, ANN, newYork(FIRST, '10:00'), instructions);
    expect(await deliver('orders', message)).toEqual([]);
    const { shard, key } = message;
    const { outcomes } = (await readSubmission(venue.table, product, shard, ANN, key))!;
    expect(outcomes).toEqual(instructions.map(() => 'accepted'));
  };

  // Two of ten lots are due; each may cost the band, 50 ticks, beside the 300 that a lot needs, wherever it lies.
  it.each([
    ['whole, where there is cash for what it may cost', 10n * LOT_CENTS + 10_000n, [2]],
    ['in part, where there is cash for one lot’s', 10n * LOT_CENTS + 9_999n, [1]],
    ['not at all, where there is none', 10n * LOT_CENTS + 4_999n, []],
  ] as const)('%s', async (_, cash, expected) => {
    await short(cash);
    await give(ANN, 10);
    expect(await rolled()).toEqual(expected);
  });

  it('beside the orders that the account has in the book', async () => {
    await short(11n * LOT_CENTS + 10_000n);
    await give(ANN, 10);
    await sent(buy('own', DEC, 2400, 1));
    expect(await rolled()).toEqual([2]);
    await short(11n * LOT_CENTS + 5_000n);
    await give(ANN, 10);
    await sent(buy('own', DEC, 2400, 1));
    expect(await rolled()).toEqual([1]);
  });

  it('and an owner that is large needs what its tier does', async () => {
    await short(10n * (LOT_CENTS + 2_000n) + 9_999n);
    const { version, parameters } = await venue.stateOf(product);
    const margin = { ...parameters.margin, concentration: [{ lots: 5, ticks: 20 }] };
    await venue.commit({
      kind: 'parameters-changed',
      product,
      version: version + 1,
      parameters: { ...parameters, margin },
      by: 'op',
      at: '',
    });
    await give(ANN, 10);
    const state = (await readAccount(venue.table, ANN, SHARDS))!;
    const holding = { ...state.products[product]!, settledLots: lots(10) };
    await venue.table.put(encodeAccount({ ...state, products: { ...state.products, [product]: holding } }, SHARDS));
    expect(await rolled()).toEqual([1]);
  });
});
