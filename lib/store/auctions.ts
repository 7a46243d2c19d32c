/**
 * Auctions in the table: the number a slot was given, the shards that have closed, and the intake of each shard that says
 * which auction is open for it. The intake also keeps the dates of the submission keys it let in, so that a frozen book
 * is read from exactly the partitions it is in.
 */
import type { BusinessDate } from '../domain/contract/calendar.ts';
import { auctionKey, intakeKey, slotKey } from './keys.ts';
import { type Attributes, integer, N, type Rows, S, type Table, text } from './table.ts';

export interface Auction {
  readonly product: string;
  readonly auction: number;
  readonly slot: string;
  readonly date: BusinessDate;
  readonly closing: boolean;
  /** Its markers have been sent to every shard. */
  readonly marked: boolean;
  /** By closed shard, the dates whose book partitions its orders are in. */
  readonly closed: ReadonlyMap<number, readonly string[]>;
  /** Number of the log event that cleared it. */
  readonly clearedBy: number | undefined;
}

export interface Intake {
  /** The auction that a submission now goes into. */
  readonly open: number;
  /** When the marker that cut the auction before it was sent, ISO; empty before the first. */
  readonly openedAt: string;
  readonly dates: readonly string[];
  /** The same of the auctions it has left, the newest of them, by number. */
  readonly passed: ReadonlyMap<number, readonly string[]>;
}

const FIRST_INTAKE: Intake = { open: 1, openedAt: '', dates: [], passed: new Map() };

export async function findAuction(table: Table, product: string, slot: string): Promise<number | undefined> {
  const item = await table.get(slotKey(product, slot));
  return item && integer(item, 'auction');
}

export async function readAuction(table: Rows, product: string, auction: number): Promise<Auction | undefined> {
  const item = await table.get(auctionKey(product, auction));
  return item && decodeAuction(product, item);
}

/** The newest auctions first. */
export async function newestAuctions(table: Table, product: string, limit: number, before?: number): Promise<Auction[]> {
  const range = before === undefined ? {} : { to: auctionKey(product, before - 1).sk };
  const items = await table.queryAll(auctionKey(product, 0).pk, { newestFirst: true, limit, ...range });
  return items.map((item) => decodeAuction(product, item));
}

/** Auctions after a number, the oldest first. */
export async function auctionsAfter(table: Table, product: string, auction: number): Promise<Auction[]> {
  const { pk, sk } = auctionKey(product, auction);
  return (await table.queryAll(pk, { after: sk })).map((item) => decodeAuction(product, item));
}

/** Gives a slot the next number, once: false when the slot or the number is taken, and the caller should look again. */
export async function openAuction(
  table: Table,
  { product, auction, slot, date, closing }: Pick<Auction, 'product' | 'auction' | 'slot' | 'date' | 'closing'>,
): Promise<boolean> {
  return table.createTogether([
    {
      ...auctionKey(product, auction),
      attributes: {
        slot: S(slot),
        date: S(date),
        closing: { BOOL: closing },
        marked: { BOOL: false },
        closed: { M: {} },
        v: N(1),
      },
    },
    { ...slotKey(product, slot), attributes: { auction: N(auction) } },
  ]);
}

export async function markAuction(table: Table, product: string, auction: number): Promise<void> {
  await table.update(auctionKey(product, auction), { expression: 'SET marked = :yes', values: { ':yes': { BOOL: true } } });
}

/** Adds a shard to the closed ones; the answer holds all of them. Adding it again changes nothing. */
export async function closeShard(
  table: Table,
  product: string,
  auction: number,
  shard: number,
  dates: readonly string[],
): Promise<Auction> {
  const item = await table.update(auctionKey(product, auction), {
    expression: 'SET closed.#shard = if_not_exists(closed.#shard, :dates)',
    names: { '#shard': `${shard}` },
    values: { ':dates': { L: dates.map(S) } },
    condition: 'attribute_exists(pk)',
  });
  if (!item) throw new Error(`auction ${auction} of ${product} was never opened`);
  return decodeAuction(product, item);
}

/** Notes which event cleared an auction, for readers; the log itself is what says so. */
export async function noteCleared(table: Table, product: string, auction: number, seq: number): Promise<void> {
  await table.update(auctionKey(product, auction), { expression: 'SET clearedBy = :seq', values: { ':seq': N(seq) } });
}

export async function readIntake(table: Table, product: string, shard: number, consistent = true): Promise<Intake> {
  const item = await table.get(intakeKey(product, shard), consistent);
  return item ? decodeIntake(item) : FIRST_INTAKE;
}

/** Lets a new key date into the shard's open auction, before the first submission under that date is written. */
export async function admitDate(table: Table, product: string, shard: number, intake: Intake, date: string): Promise<Intake> {
  const item = await table.update(intakeKey(product, shard), {
    expression: 'SET #open = :open, openedAt = if_not_exists(openedAt, :opened) ADD dates :date',
    names: { '#open': 'open' },
    values: { ':open': N(intake.open), ':opened': S(intake.openedAt), ':date': { SS: [date] } },
    condition: 'attribute_not_exists(pk) OR #open = :open',
  });
  if (!item) throw new Error(`the intake of ${product} shard ${shard} has moved on from auction ${intake.open}`);
  return decodeIntake(item);
}

/** How many auctions back a marker may come again and still find the dates its shard was closed with. */
const PASSED_KEPT = 64;
const PASSED = 'passed#';
const passedAttribute = (auction: number): string => `${PASSED}${auction}`;

/**
 * Moves the shard from `intake.open` to the next auction, keeping the dates it leaves: a marker that comes again, even from
 * a dead-letter queue after later auctions, must close its shard with the same book.
 */
export async function moveIntake(table: Table, product: string, shard: number, intake: Intake, cutAt: string): Promise<Intake> {
  const item = await table.update(intakeKey(product, shard), {
    expression: 'SET #open = :next, openedAt = :cutAt, #passed = :dates REMOVE dates, #old',
    names: { '#open': 'open', '#passed': passedAttribute(intake.open), '#old': passedAttribute(intake.open - PASSED_KEPT) },
    values: { ':open': N(intake.open), ':next': N(intake.open + 1), ':cutAt': S(cutAt), ':dates': { L: intake.dates.map(S) } },
    condition: 'attribute_not_exists(pk) OR #open = :open',
  });
  if (!item) throw new Error(`the intake of ${product} shard ${shard} has moved on from auction ${intake.open}`);
  return decodeIntake(item);
}

const decodeIntake = (item: Attributes): Intake => ({
  open: integer(item, 'open'),
  openedAt: text(item, 'openedAt'),
  dates: [...(item.dates?.SS ?? [])].sort(),
  passed: new Map(
    Object.entries(item)
      .filter(([name]) => name.startsWith(PASSED))
      .map(([name, value]) => [Number(name.slice(PASSED.length)), value.L!.map(({ S }) => S!)]),
  ),
});

const decodeAuction = (product: string, item: Attributes): Auction => ({
  product,
  auction: Number(item.sk?.S),
  slot: text(item, 'slot'),
  date: text(item, 'date') as BusinessDate,
  closing: item.closing?.BOOL === true,
  marked: item.marked?.BOOL === true,
  closed: new Map(Object.entries(item.closed?.M ?? {}).map(([shard, dates]) => [Number(shard), dates.L!.map(({ S }) => S!)])),
  clearedBy: item.clearedBy?.N === undefined ? undefined : Number(item.clearedBy.N),
});
