/** A shard posts its accounts in slices of 250: the accounts at the ends of a slice are posted once each, like any. */
import { expect, test } from 'vitest';
import type { Fill } from '../../lib/domain/auction/book.ts';
import { CASH } from '../../lib/domain/contract/months.ts';
import { cents, type Lots, lots, ticks } from '../../lib/domain/contract/units.ts';
import { accountsOf } from '../../lib/store/accounts.ts';
import { readTotals } from '../../lib/store/control-totals.ts';
import { readCursor } from '../../lib/store/cursors.ts';
import { readHalt } from '../../lib/store/halt.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { writeRollInstruction } from '../../lib/store/roll-instructions.ts';
import { readStatements } from '../../lib/store/statements.ts';
import { CAT, SHARDS } from '../venue/accounts.ts';
import { DEC, newYork, on } from '../venue/h100.ts';
import { writeRows } from '../venue/results.ts';
import { deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();

/** The first business day on which December rolls, so that what is left of the roll is counted. */
const DAY = on('2025-11-07');
const NO_QUOTES = { bid: null, offer: null, sealedBid: null, sealedOffer: null };
const SLICES = [249, 250, 251, 500, 501];

/** Names of so many accounts of shard 0, some of them second ones of their owners: by id they stand in another order than in their shard. */
function accounts(count: number, prefix: string): string[] {
  const names: string[] = [];
  for (let at = 0; names.length < count; at++)
    names.push(...[`${prefix}-${at}`, `${prefix}-${at}.desk`, `${prefix}-${at}-2`].filter((name) => shardOf(name, SHARDS) === 0));
  return names.slice(0, count);
}
async function post(): Promise<void> {
  for (let shard = 0; shard < SHARDS; shard++) expect(await deliver('postings', { v: 1, shard })).toEqual([]);
}

/** A closing auction in which each of the accounts buys a lot from one of the other shard, at the mark. */
async function trade(product: string, buyers: readonly string[]): Promise<number> {
  const { marks, listed } = await venue.stateOf(product);
  const fill = (account: string, quantity: number): Fill => ({
    account,
    clientOrderId: 'a',
    buy: account === CAT ? CASH : DEC,
    sell: account === CAT ? DEC : CASH,
    lots: lots(quantity),
    sender: 'desk-7',
    rolls: false,
  });
  const references = await writeRows(venue.table, product, 1, {
    shards: 2,
    fills: new Map([
      [0, buyers.toSorted().map((account) => fill(account, 1))],
      [1, [fill(CAT, buyers.length)]],
    ]),
    carried: new Map(),
    depth: [],
  });
  const months = Object.fromEntries(
    listed.map((each) => [each, { price: marks[each]!, traded: each === DEC, volume: lots(0), ...NO_QUOTES }]),
  );
  const common = { product, auction: 1, slot: newYork(DAY, '16:00'), date: DAY, books: DAY, closing: true, marks, months };
  return venue.commit({ kind: 'auction-cleared', ...common, orders: 0, surplus: '0', ...references });
}

test.each(SLICES)('%i accounts trade, are marked to market and get their statements, once each', async (count) => {
  const product = `PS${count}`;
  await venue.list(product, { date: '2025-11-06' });
  const buyers = accounts(count, `s${count}`);
  for (const account of buyers) await writeRollInstruction(venue.table, product, account, SHARDS, { at: 'market' });
  const cleared = await trade(product, buyers);
  await post();
  expect((await readTotals(venue.table, cleared)).shards.get(0)).toMatchObject({ accounts: count, lots: { [DEC]: count } });

  const { marks } = await venue.stateOf(product);
  const settled = { ...marks, [DEC]: ticks(marks[DEC]! + 3) };
  const common = { product, date: DAY, auction: 1, rollOpens: null, approvedBy: [] };
  const marked = await venue.commit({ kind: 'prices-settled', ...common, previous: marks, settled });
  await post();
  expect((await readTotals(venue.table, marked)).shards.get(0)).toEqual({
    accounts: count,
    cents: cents(300n * BigInt(count)),
    lots: {},
    held: { long: { [DEC]: count }, net: { [DEC]: count } },
  });

  const closed = await venue.commit({ kind: 'day-closed', product, date: DAY, after: 0 });
  await post();
  const { accounts: statements, day } = (await readTotals(venue.table, closed)).shards.get(0)!;
  expect(statements).toBe(count);
  expect(day).toMatchObject({ collected: 300n * BigInt(count), longsLeft: count });
  for (const account of [buyers[0]!, buyers.at(-2)!, buyers.at(-1)!])
    expect(await readStatements(venue.table, account, 9)).toMatchObject([
      { date: DAY, variation: 300n, positions: { [DEC]: 1 } },
    ]);

  const held = new Map<string, Lots | undefined>();
  for await (const { account, products } of accountsOf(venue.table, 0)) held.set(account, products[product]?.lots[DEC]);
  expect(buyers.filter((account) => held.get(account) !== 1)).toEqual([]);
  expect(await readHalt(venue.table)).toBeUndefined();
});

test('what is left to roll is counted of an account that stands before another in its shard, and behind it by id', async () => {
  const product = 'PSZ';
  await venue.list(product, { date: '2025-11-06' });
  const [first] = accounts(1, 'zz');
  const tail = Array.from({ length: 99 }, (_, each) => `${first}-${each}`).find((name) => shardOf(name, SHARDS) === 0)!;
  // In the order of the shard, whose last they are.
  const buyers = [first!, `${first}.desk`, tail];
  for (const account of buyers) await writeRollInstruction(venue.table, product, account, SHARDS, { at: 'market' });
  await trade(product, buyers);
  await post();
  const { marks } = await venue.stateOf(product);
  const common = { product, date: DAY, auction: 1, rollOpens: null, approvedBy: [] };
  await venue.commit({ kind: 'prices-settled', ...common, previous: marks, settled: marks });
  const closed = await venue.commit({ kind: 'day-closed', product, date: DAY, after: 0 });
  await post();
  expect((await readTotals(venue.table, closed)).shards.get(0)?.day).toMatchObject({ longsLeft: buyers.length });
});

test('an auction that is split into another number of shards than accounts are posted in is not posted in part', async () => {
  await venue.list('OTHER', { date: '2025-11-06' });
  await post();
  const [buyer] = accounts(1, 'other');
  const before = await readCursor(venue.table, 0);
  const { marks, listed } = await venue.stateOf('OTHER');
  const months = Object.fromEntries(
    listed.map((each) => [each, { price: marks[each]!, traded: false, volume: lots(0), ...NO_QUOTES }]),
  );
  const fill: Fill = { account: buyer!, clientOrderId: 'a', buy: DEC, sell: CASH, lots: lots(1), sender: 'desk-7', rolls: false };
  const result = { shards: SHARDS + 1, fills: new Map([[0, [fill]]]), carried: new Map(), depth: [] };
  const references = await writeRows(venue.table, 'OTHER', 1, result);
  const common = {
    product: 'OTHER',
    auction: 1,
    slot: newYork(DAY, '10:00'),
    date: DAY,
    books: DAY,
    closing: false,
    marks,
    months,
  };
  const seq = await venue.commit({ kind: 'auction-cleared', ...common, orders: 0, surplus: '0', ...references });
  for (let shard = 0; shard < SHARDS; shard++) expect(await deliver('postings', { v: 1, shard })).toEqual([0]);
  expect((await readTotals(venue.table, seq)).shards.size).toBe(0);
  expect(await readCursor(venue.table, 0)).toBe(before);
});
