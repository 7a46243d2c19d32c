/** Auctions and intakes under workers that are late, or two at once: what has moved on is never moved back. */
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import {
  type Auction,
  admitDate,
  auctionsAfter,
  becomeWriter,
  closeShard,
  findClosing,
  findIntraday,
  type Intake,
  latestSlot,
  markAuction,
  moveIntake,
  newestAuctions,
  noteCleared,
  openAuction,
  readAuction,
  readIntake,
  type Writer,
} from '../../lib/store/auctions.ts';
import { Table } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';
import { on } from '../venue/h100.ts';

let engine: Engine;
let table: Table;
beforeAll(async () => {
  engine = await startEngine();
  table = new Table();
});
afterAll(() => engine.stop());

let products = 0;
const newProduct = (): string => `P${++products}`;
const slotAt = (hour: number): string => `2025-10-20T${String(hour).padStart(2, '0')}:00:00.000Z`;
const opening = (product: string, auction: number, slot = slotAt(auction)) => ({
  product,
  auction,
  slot,
  date: on('2025-10-20'),
  closing: false,
  shards: 2,
});
const numbers = (auctions: readonly Auction[]): number[] => auctions.map(({ auction }) => auction);

describe('an intake', () => {
  const CUT = '2025-10-20T14:00:00.500Z';
  const LATER = '2025-10-20T17:00:00.500Z';

  it('begins at the first auction, with no cut before it', async () => {
    expect(await readIntake(table, newProduct(), 0)).toEqual({
      open: 1,
      openedAt: '',
      dates: [],
      passed: new Map(),
      writers: [],
      stops: 0,
    });
  });

  it('moves to the next auction with the instant of the cut, and keeps the dates that it leaves', async () => {
    const product = newProduct();
    const first = await readIntake(table, product, 0);
    const admitted = await admitDate(table, product, 0, await admitDate(table, product, 0, first, '2025-10-21'), '2025-10-20');
    expect(admitted).toMatchObject({ open: 1, openedAt: '', dates: ['2025-10-20', '2025-10-21'] });
    const moved: Intake = {
      open: 2,
      openedAt: CUT,
      dates: [],
      passed: new Map([[1, ['2025-10-20', '2025-10-21']]]),
      writers: [],
      stops: 0,
    };
    expect(await moveIntake(table, product, 0, admitted, CUT)).toEqual(moved);
    expect(await readIntake(table, product, 0)).toEqual(moved);
    expect(await readIntake(table, product, 1)).toMatchObject({ open: 1 });
  });

  it('is not moved again by a worker that saw it before: an auction that is cut stays cut', async () => {
    const product = newProduct();
    const seen = await readIntake(table, product, 0);
    const moved = await moveIntake(table, product, 0, seen, CUT);
    await expect(moveIntake(table, product, 0, seen, LATER)).rejects.toThrow('has moved on from auction 1');
    const next = await moveIntake(table, product, 0, moved, LATER);
    await expect(moveIntake(table, product, 0, seen, CUT)).rejects.toThrow('has moved on from auction 1');
    await expect(moveIntake(table, product, 0, moved, CUT)).rejects.toThrow('has moved on from auction 2');
    expect(await readIntake(table, product, 0)).toEqual(next);
  });

  it('is moved though the answer was lost: the same marker that comes again finds its own move, and its book', async () => {
    const product = newProduct();
    const seen = await admitDate(table, product, 0, await readIntake(table, product, 0), '2025-10-20');
    const moved = await moveIntake(table, product, 0, seen, CUT);
    expect(await moveIntake(table, product, 0, seen, CUT)).toEqual(moved);
    expect(await readIntake(table, product, 0)).toEqual(moved);
  });

  it('is not opened again by a worker that lets a date into an auction that has been cut meanwhile', async () => {
    const product = newProduct();
    const seen = await admitDate(table, product, 0, await readIntake(table, product, 0), '2025-10-20');
    const moved = await moveIntake(table, product, 0, seen, CUT);
    await expect(admitDate(table, product, 0, seen, '2025-10-21')).rejects.toThrow('has moved on from auction 1');
    expect(await readIntake(table, product, 0)).toEqual(moved);
  });

  const writer = (name: string): Writer => ({ name, keysFrom: 1_760_000_000_000 });

  it('has one writer of those that read it at the same time, and none that saw it before a cut', async () => {
    const product = newProduct();
    const seen = await admitDate(table, product, 0, await readIntake(table, product, 0), '2025-10-20');
    const first = await becomeWriter(table, product, 0, seen, writer('a.1'));
    expect(first).toEqual({ ...seen, writers: [writer('a.1')] });
    await expect(becomeWriter(table, product, 0, seen, writer('b.1'))).rejects.toThrow('has another writer or moved on');
    const second = await becomeWriter(table, product, 0, first, writer('b.2'));
    await expect(becomeWriter(table, product, 0, first, writer('a.2'))).rejects.toThrow('has another writer or moved on');
    expect(await readIntake(table, product, 0)).toEqual(second);
    expect(await moveIntake(table, product, 0, second, CUT)).toMatchObject({ open: 2, writers: [] });
    await expect(becomeWriter(table, product, 0, second, writer('b.3'))).rejects.toThrow('has another writer or moved on');
    await expect(becomeWriter(table, product, 0, seen, writer('a.3'))).rejects.toThrow('has another writer or moved on');
  });

  it('has its writer though the answer was lost: the request that comes again finds its own name', async () => {
    const product = newProduct();
    const seen = await admitDate(table, product, 0, await readIntake(table, product, 0), '2025-10-20');
    const entered = await becomeWriter(table, product, 0, seen, writer('a.1'));
    expect(await becomeWriter(table, product, 0, seen, writer('a.1'))).toEqual(entered);
  });

  it('does not lose the instant of its cut to the dates it lets in after it', async () => {
    const product = newProduct();
    const moved = await moveIntake(table, product, 0, await readIntake(table, product, 0), CUT);
    expect(await admitDate(table, product, 0, moved, '2025-10-20')).toMatchObject({ open: 2, openedAt: CUT });
  });

  it('knows the dates of the last sixty-four auctions it has left, and lets the ones before them go', async () => {
    const product = newProduct();
    let intake = await readIntake(table, product, 0);
    while (intake.open < 70) intake = await moveIntake(table, product, 0, intake, CUT);
    expect([...intake.passed.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, at) => at + 6));
  });
});

describe('an auction', () => {
  it('has its slot and its number for good: neither is given twice', async () => {
    const product = newProduct();
    expect(await openAuction(table, opening(product, 1))).toBe(true);
    expect(await openAuction(table, opening(product, 1, slotAt(9)))).toBe(false);
    expect(await openAuction(table, opening(product, 2, slotAt(1)))).toBe(false);
    expect(await findIntraday(table, product, slotAt(1))).toBe(1);
    expect(await findIntraday(table, product, slotAt(9))).toBeUndefined();
    expect(await readAuction(table, product, 2)).toBeUndefined();
  });

  it('that closes a day is found by the day, and never by an instant that another shares', async () => {
    const product = newProduct();
    const { date } = opening(product, 1);
    await openAuction(table, opening(product, 1, slotAt(1)));
    expect(await findClosing(table, product, date)).toBeUndefined();
    expect(await openAuction(table, { ...opening(product, 2, slotAt(1)), closing: true })).toBe(true);
    expect(await findClosing(table, product, date)).toBe(2);
    expect(await findIntraday(table, product, slotAt(1))).toBe(1);
    expect(await openAuction(table, { ...opening(product, 3, slotAt(2)), closing: true })).toBe(false);
    expect(await latestSlot(table, product)).toBe(slotAt(1));
  });

  it('reads as it was opened: not marked, no shard closed, not cleared', async () => {
    const product = newProduct();
    await openAuction(table, { ...opening(product, 1), closing: true });
    expect(await readAuction(table, product, 1)).toEqual({
      ...opening(product, 1),
      closing: true,
      marked: false,
      closed: new Map(),
      clearedBy: undefined,
    });
  });

  it('is marked and noted as cleared, each by itself', async () => {
    const product = newProduct();
    await openAuction(table, opening(product, 1));
    await markAuction(table, product, 1);
    expect(await readAuction(table, product, 1)).toMatchObject({ marked: true, closing: false, clearedBy: undefined });
    await noteCleared(table, product, 1, 7);
    expect(await readAuction(table, product, 1)).toMatchObject({ marked: true, closing: false, clearedBy: 7 });
  });

  it('keeps the dates that a shard was closed with first, whatever a late marker brings', async () => {
    const product = newProduct();
    await openAuction(table, opening(product, 1));
    await closeShard(table, product, 1, 0, ['2025-10-20']);
    const { closed } = await closeShard(table, product, 1, 0, []);
    expect(closed).toEqual(new Map([[0, ['2025-10-20']]]));
    expect((await closeShard(table, product, 1, 1, [])).closed.size).toBe(2);
  });

  it('that was never opened can’t be closed', async () => {
    const product = newProduct();
    await expect(closeShard(table, product, 3, 0, [])).rejects.toThrow(`auction 3 of ${product} was never opened`);
    expect(await readAuction(table, product, 3)).toBeUndefined();
  });
});

test('auctions are listed the newest first before a number, and the oldest first after one', async () => {
  const product = newProduct();
  for (let auction = 1; auction <= 11; auction++) await openAuction(table, opening(product, auction));
  expect(numbers(await newestAuctions(table, product, 3))).toEqual([11, 10, 9]);
  expect(numbers(await newestAuctions(table, product, 3, 10))).toEqual([9, 8, 7]);
  expect(numbers(await newestAuctions(table, product, 3, 1))).toEqual([]);
  expect(numbers(await auctionsAfter(table, product, 8))).toEqual([9, 10, 11]);
  expect(numbers(await auctionsAfter(table, product, 0))).toHaveLength(11);
});
