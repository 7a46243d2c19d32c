/**
 * Auctions in the table: the number that a slot, or a day's closing, was given, the shards that have closed, and the intake of each shard that says
 * which auction is open for it. The intake also keeps the dates of the submission keys it let in, so that a frozen book
 * is read from exactly the partitions it is in.
 */
import type { BusinessDate } from '../domain/contract/calendar.ts';
import { auctionKey, closingKey, intakeKey, type Key, slotKey } from './keys.ts';
import { type Attributes, type Item, integer, N, type Rows, S, type Table, text } from './table.ts';

export interface Auction {
  readonly product: string;
  readonly auction: number;
  readonly slot: string;
  readonly date: BusinessDate;
  readonly closing: boolean;
  /** How many shards its book lies in; all of them close before it clears. */
  readonly shards: number;
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
  /** Dates of the submission keys in the open auction so far, which name the partitions of its book. */
  readonly dates: readonly string[];
  /** The dates of the newest auctions that the shard has left, by number of the auction. */
  readonly passed: ReadonlyMap<number, readonly string[]>;
  /** The newest workers that wrote what is in the open auction, one after the other. The last one does now. */
  readonly writers: readonly Writer[];
  /** How often an account of the shard that trades the product was stopped or released, as its group has it. */
  readonly stops: number;
}

/** A worker, for as long as it alone writes what a shard takes in. */
export interface Writer {
  /** Never used before and never again. */
  readonly name: string;
  /** The least time in the key of a submission that it may write, milliseconds since 1970. */
  readonly keysFrom: number;
}

/** Whether every shard has closed it, so that its book is whole. */
export const isClosed = ({ closed, shards }: Pick<Auction, 'closed' | 'shards'>): boolean => closed.size === shards;

const FIRST_INTAKE: Intake = { open: 1, openedAt: '', dates: [], passed: new Map(), writers: [], stops: 0 };

/** The number of the intraday auction of a slot; `undefined` when it has none yet. */
export const findIntraday = (table: Table, product: string, slot: string): Promise<number | undefined> =>
  numberAt(table, slotKey(product, slot));

/** The number of a day's closing auction, at whatever instant it is due; `undefined` when it has none yet. */
export const findClosing = (table: Table, product: string, date: BusinessDate): Promise<number | undefined> =>
  numberAt(table, closingKey(product, date));

async function numberAt(table: Table, key: Key): Promise<number | undefined> {
  const item = await table.get(key);
  return item && integer(item, 'auction');
}

/** The latest slot that an intraday auction of a product has a number for. */
export async function latestSlot(table: Table, product: string): Promise<string | undefined> {
  const [item] = await table.queryAll(slotKey(product, '').pk, { newestFirst: true, limit: 1 });
  return item && text(item, 'sk');
}

/** An auction by its number; `undefined` when no slot has been given the number. */
export async function readAuction(table: Rows, product: string, auction: number): Promise<Auction | undefined> {
  const item = await table.get(auctionKey(product, auction));
  return item && decodeAuction(product, item);
}

/** At most `limit` auctions, the newest first; with `before`, only those of a smaller number. */
export async function newestAuctions(table: Table, product: string, limit: number, before?: number): Promise<Auction[]> {
  const range = before === undefined ? {} : { to: auctionKey(product, before - 1).sk };
  const items = await table.queryAll(auctionKey(product, 0).pk, { newestFirst: true, limit, ...range });
  return items.map((item) => decodeAuction(product, item));
}

/** Auctions after a number, the oldest first, all or so many. */
export async function auctionsAfter(table: Table, product: string, auction: number, limit?: number): Promise<Auction[]> {
  const { pk, sk } = auctionKey(product, auction);
  return (await table.queryAll(pk, { after: sk, ...(limit === undefined ? {} : { limit }) })).map((item) =>
    decodeAuction(product, item),
  );
}

/** Gives a slot, or a day's closing, a number, once. False when either is taken: the caller reads both again. */
export async function openAuction(
  table: Table,
  {
    product,
    auction,
    slot,
    date,
    closing,
    shards,
  }: Pick<Auction, 'product' | 'auction' | 'slot' | 'date' | 'closing' | 'shards'>,
): Promise<boolean> {
  return table.createTogether([
    {
      ...auctionKey(product, auction),
      attributes: {
        slot: S(slot),
        date: S(date),
        closing: { BOOL: closing },
        shards: N(shards),
        marked: { BOOL: false },
        closed: { M: {} },
        v: N(1),
      },
    },
    { ...nameKey({ product, slot, date, closing }), attributes: { auction: N(auction) } },
  ]);
}

/** By what an auction is found: an intraday one by its slot, a closing one by its day, though both may be due at one instant. */
export const nameKey = ({ product, slot, date, closing }: Pick<Auction, 'product' | 'slot' | 'date' | 'closing'>): Key =>
  closing ? closingKey(product, date) : slotKey(product, slot);

/** Notes that the markers of an auction have been sent to every shard. */
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

/** Notes which event cleared an auction, so that readers need not search the log, which alone decides it. */
export async function noteCleared(table: Table, product: string, auction: number, seq: number): Promise<void> {
  await table.update(auctionKey(product, auction), { expression: 'SET clearedBy = :seq', values: { ':seq': N(seq) } });
}

/** The intake of a shard; that of the first auction when the shard has not taken a submission or marker yet. */
export async function readIntake(table: Rows, product: string, shard: number, consistent = true): Promise<Intake> {
  const item = await table.get(intakeKey(product, shard), consistent);
  return item ? decodeIntake(item) : FIRST_INTAKE;
}

/**
 * Lets a new key date into the shard's open auction, before the first submission under that date is written. Throws when
 * the shard has moved on to another auction.
 */
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

/** In the first auction of a product, before anything came. */
const HERE = '(attribute_not_exists(pk) OR #open = :open)';

/** How many writers back a worker finds what was written since it was the writer. */
const WRITERS_KEPT = 8;

/**
 * Makes a worker the writer of a shard, until another becomes it or the auction is cut; under the name of the writer that there
 * is, lets that one write older keys as well. Throws when another has become the writer since the intake was read, or it has
 * moved on.
 */
export async function becomeWriter(
  table: Table,
  product: string,
  shard: number,
  intake: Intake,
  writer: Writer,
): Promise<Intake> {
  const before = intake.writers.at(-1);
  const others = intake.writers.filter(({ name }) => name !== writer.name);
  const writers = [...others, writer].slice(-WRITERS_KEPT);
  const item = await table.update(intakeKey(product, shard), {
    expression: 'SET #open = :open, openedAt = if_not_exists(openedAt, :opened), writer = :writer, writers = :writers',
    names: { '#open': 'open' },
    values: {
      ':open': N(intake.open),
      ':opened': S(intake.openedAt),
      ':writer': S(writer.name),
      ':writers': { L: writers.map(({ name, keysFrom }) => ({ M: { name: S(name), keysFrom: N(keysFrom) } })) },
      ...(before ? { ':before': S(before.name) } : {}),
    },
    condition: before ? '#open = :open AND writer = :before' : `${HERE} AND attribute_not_exists(writer)`,
  });
  const entered = item ? decodeIntake(item) : await readIntake(table, product, shard);
  // The answer to an update that took effect may have been lost, and the SDK repeats the request.
  if (entered.writers.at(-1)?.name !== writer.name)
    throw new Error(`the intake of ${product} shard ${shard} has another writer or moved on`);
  return entered;
}

/**
 * Notes that an account of the shard was stopped or released, so that every worker which comes to the shard reads that. Noted twice, it is
 * read twice. Throws when the shard has moved on to another auction.
 */
export async function noteStops(table: Table, product: string, shard: number, intake: Intake): Promise<Intake> {
  const item = await table.update(intakeKey(product, shard), {
    expression: 'SET #open = :open, openedAt = if_not_exists(openedAt, :opened) ADD stops :one',
    names: { '#open': 'open' },
    values: { ':open': N(intake.open), ':opened': S(intake.openedAt), ':one': N(1) },
    condition: HERE,
  });
  if (!item) throw new Error(`the intake of ${product} shard ${shard} has moved on from auction ${intake.open}`);
  return decodeIntake(item);
}

/** How many auctions back a marker may come again and still find the dates its shard was closed with. */
const PASSED_KEPT = 64;
const PASSED = 'passed#';
const passedAttribute = (auction: number): string => `${PASSED}${auction}`;

/**
 * Moves the shard from `intake.open` to the next auction, which has no writer yet, keeping the dates it leaves: a marker that
 * comes again, even from a dead-letter queue after later auctions, must close its shard with the same book. `cutAt` is when
 * the marker was sent, ISO. The same marker moves it once, and finds it moved when it comes again. Throws when another has moved it.
 */
export async function moveIntake(table: Table, product: string, shard: number, intake: Intake, cutAt: string): Promise<Intake> {
  const item = await table.update(intakeKey(product, shard), {
    expression: 'SET #open = :next, openedAt = :cutAt, #passed = :dates REMOVE dates, writer, writers, #old',
    names: { '#open': 'open', '#passed': passedAttribute(intake.open), '#old': passedAttribute(intake.open - PASSED_KEPT) },
    values: { ':open': N(intake.open), ':next': N(intake.open + 1), ':cutAt': S(cutAt), ':dates': { L: intake.dates.map(S) } },
    condition: 'attribute_not_exists(pk) OR #open = :open',
  });
  const moved = item ? decodeIntake(item) : await readIntake(table, product, shard);
  // The answer to an update that took effect may have been lost, and the SDK repeats the request.
  if (moved.open !== intake.open + 1 || moved.openedAt !== cutAt)
    throw new Error(`the intake of ${product} shard ${shard} has moved on from auction ${intake.open}`);
  return moved;
}

/** An intake that nothing has come into yet since it was made, but for what lies under these dates. */
export const intakeItem = (
  product: string,
  shard: number,
  { open, openedAt, dates }: Omit<Intake, 'passed' | 'writers' | 'stops'>,
): Item => ({
  ...intakeKey(product, shard),
  attributes: { open: N(open), openedAt: S(openedAt), ...(dates.length ? { dates: { SS: [...dates] } } : {}) },
});

const decodeIntake = (item: Attributes): Intake => ({
  open: integer(item, 'open'),
  openedAt: text(item, 'openedAt'),
  dates: [...(item.dates?.SS ?? [])].sort(),
  writers: (item.writers?.L ?? []).map(({ M }) => ({ name: M!.name!.S!, keysFrom: Number(M!.keysFrom!.N) })),
  stops: item.stops?.N === undefined ? 0 : integer(item, 'stops'),
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
  shards: integer(item, 'shards'),
  marked: item.marked?.BOOL === true,
  closed: new Map(Object.entries(item.closed?.M ?? {}).map(([shard, dates]) => [Number(shard), dates.L!.map(({ S }) => S!)])),
  clearedBy: item.clearedBy?.N === undefined ? undefined : Number(item.clearedBy.N),
});
