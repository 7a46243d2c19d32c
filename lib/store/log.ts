/**
 * The clearing log in the table: one item an event, numbered without gaps, each hash chained over the one before it.
 * `append` is the venue's only commit. It writes behind exactly the state that was decided on, so of two workers that
 * decided on the same past one commits and the other has to look again.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { CashMoved, ClearingEvent, MarginCalled } from '../domain/clearing/events.ts';
import { onceNames, versionOf } from '../domain/clearing/once.ts';
import { EMPTY_VENUE, evolveVenue, type ProductState, type VenueState } from '../domain/clearing/venue.ts';
import type { ProductParameters } from '../domain/contract/product.ts';
import { cents } from '../domain/contract/units.ts';
import { logKey, onceKey, onceNameIn, ordered, venueKey } from './keys.ts';
import { type Attributes, type ConditionalPut, type Item, integer, json, N, type Rows, S, type Table, text } from './table.ts';

export interface LogEntry {
  readonly seq: number;
  readonly event: ClearingEvent;
  readonly hash: string;
}

/** The log does not read as it was written: an event edited, missing or out of order. Nothing may follow it. */
export class LogDamagedError extends Error {
  override name = 'LogDamagedError';
  /** Number of the first event that is not right. */
  readonly seq: number;

  constructor(seq: number, what: string) {
    super(`event ${seq} ${what}`);
    this.seq = seq;
  }
}

/** What this process has folded so far, by table. Events never change, so none of them has to be read again. */
const folded = new WeakMap<Table, VenueState>();

/** Events between two snapshots: what a new process reads at most, besides the newest snapshot. */
const SNAPSHOT_EVERY = 16;

/**
 * The venue as of the newest event, which is read consistently. Throws LogDamagedError when the log breaks its chain, and
 * LogOrderError when an event can't follow from the state before it.
 */
export async function loadVenue(table: Table): Promise<VenueState> {
  let state = folded.get(table) ?? (await readSnapshot(table)) ?? EMPTY_VENUE;
  for await (const entry of readLog(table, state)) state = evolveVenue(state, entry.seq, entry.hash, entry.event);
  folded.set(table, state);
  return state;
}

/** Events after `from.seq`, checked against the hash chain as they are read. Throws LogDamagedError at the first that breaks it. */
export async function* readLog(table: Rows, from: Pick<VenueState, 'seq' | 'hash'>): AsyncGenerator<LogEntry> {
  let { seq, hash } = from;
  for await (const item of table.query('LOG', { after: ordered(seq) })) {
    const data = text(item, 'data');
    seq += 1;
    hash = chain(hash, data);
    if (item.sk?.S !== ordered(seq)) throw new LogDamagedError(seq, 'is missing from the log');
    if (text(item, 'hash') !== hash) throw new LogDamagedError(seq, 'is not the event that was written');
    yield { seq, event: decodeEvent(data), hash };
  }
}

/** Events after a number, to the newest or so many, for readers of history; not checked against the chain. */
export async function* eventsAfter(table: Table, after: number, limit?: number): AsyncGenerator<LogEntry> {
  const range = { after: ordered(after), ...(limit === undefined ? {} : { limit }) };
  for await (const item of table.query('LOG', range)) yield entryIn(item);
}

/** The same, as a list. */
export const readEvents = (table: Table, after: number, limit: number): Promise<LogEntry[]> =>
  Array.fromAsync(eventsAfter(table, after, limit));

/** Events from the newest back, or from one, at most so many; not checked against the chain. */
export async function* newestEvents(table: Table, from?: number, limit?: number): AsyncGenerator<LogEntry> {
  const range = { ...(from === undefined ? {} : { to: ordered(from) }), ...(limit === undefined ? {} : { limit }) };
  for await (const item of table.query('LOG', { newestFirst: true, ...range })) yield entryIn(item);
}

const entryIn = (item: Attributes): LogEntry => ({
  seq: Number(item.sk?.S),
  event: decodeEvent(text(item, 'data')),
  hash: text(item, 'hash'),
});

/** Events by number; a number without one is absent. */
export async function readEventsAt(table: Table, seqs: Iterable<number>): Promise<Map<number, ClearingEvent>> {
  const items = await table.getMany(Array.from(new Set(seqs), logKey));
  return new Map(items.map((item) => [Number(item.sk?.S), decodeEvent(text(item, 'data'))]));
}

/** One event by its number; `undefined` when the log has not come that far. */
export async function readEvent(table: Table, seq: number): Promise<ClearingEvent | undefined> {
  const item = await table.get(logKey(seq));
  return item && decodeEvent(text(item, 'data'));
}

/**
 * Commits `event` behind `venue`, and claims its done-once names for ever, together or not at all; `along` are rows that change with it
 * or not at all. Returns the new state, or `undefined` when another event has taken the place or one of the names, or a row
 * of those is not as it was: load the venue again and decide again.
 */
export async function append(
  table: Table,
  venue: VenueState,
  event: ClearingEvent,
  along: readonly ConditionalPut[] = [],
): Promise<VenueState | undefined> {
  const seq = venue.seq + 1;
  const data = encodeEvent(event);
  const hash = chain(venue.hash, data);
  // Folding first: an event that breaks the venue's own order must never be written.
  const next = evolveVenue(venue, seq, hash, event);
  await checkEnd(table, venue);
  const item = { ...logKey(seq), attributes: { data: S(data), hash: S(hash), v: N(1) } };
  const marks = onceNames(event).map((name) => ({ ...onceKey(name), attributes: { seq: N(seq) } }));
  const isOne = marks.length + along.length === 0;
  const written = isOne ? await table.create(item) : await table.createTogether([item, ...marks], along);
  if (!written && !(await isOurs(table, seq, hash))) return undefined;
  folded.set(table, next);
  if (seq % SNAPSHOT_EVERY === 0) await writeSnapshot(table, next);
  return next;
}

/**
 * The log must still end where this process remembers, and must not have reached further. If an event has been deleted, an
 * event behind it would leave a gap, and one in its place would be another past than the one that shards have posted.
 * An event that was deleted before this process read it and before a shard posted it can't be missed here; only a head
 * noted elsewhere shows that it is gone.
 */
async function checkEnd(table: Table, { seq, hash }: VenueState): Promise<void> {
  const last = seq > 0 ? await table.get(logKey(seq)) : undefined;
  if (seq > 0 && last?.hash?.S !== hash) throw new LogDamagedError(seq, 'is no longer the event that was written');
  const [posted] = await table.queryAll('TOTALS', { from: ordered(seq + 1), limit: 1 });
  // Another process may just have been quicker: then the event is there, and the write below is refused as usual.
  if (posted && !(await table.get(logKey(seq + 1))))
    throw new LogDamagedError(seq + 1, 'has been posted and is missing from the log');
}

/** The numbers of the events that have claimed these names; a name that none has claimed is absent. */
export async function claimedBy(table: Table, names: readonly string[]): Promise<Map<string, number>> {
  const items = await table.getMany([...new Set(names)].map(onceKey));
  return new Map(items.map((item) => [onceNameIn(text(item, 'pk')), integer(item, 'seq')]));
}

/** The parameters of a product as they were when event `seq` came; `newest` is the product's state behind it. */
export async function parametersAt(
  table: Table,
  { product, version, parameters }: Pick<ProductState, 'product' | 'version' | 'parameters'>,
  seq: number,
): Promise<ProductParameters> {
  for (let [at, then] = [version, parameters]; ; at--) {
    const name = versionOf(product, at);
    const by = (await claimedBy(table, [name])).get(name);
    const event = by === undefined ? undefined : await readEvent(table, by);
    if (event?.kind === 'parameters-changed') then = event.parameters;
    if (by === undefined || by < seq) return then;
  }
}

/** A commit whose answer was lost looks refused when the SDK repeats it: the event in that place is the one just written. */
async function isOurs(table: Table, seq: number, hash: string): Promise<boolean> {
  const item = await table.get(logKey(seq));
  return item !== undefined && text(item, 'hash') === hash;
}

/** The snapshot as it is stored: a head start, never a proof. */
export async function readSnapshot(table: Rows): Promise<VenueState | undefined> {
  const item = await table.get(venueKey);
  return item && decodeSnapshot(item);
}

const decodeSnapshot = (item: Attributes): VenueState => ({
  seq: integer(item, 'seq'),
  hash: text(item, 'hash'),
  products: JSON.parse(text(item, 'products')),
  movedAlone: JSON.parse(text(item, 'movedAlone')),
});

async function writeSnapshot(table: Table, state: VenueState): Promise<void> {
  await table.putIf(snapshotItem(state), 'attribute_not_exists(pk) OR seq < :seq', { ':seq': N(state.seq) });
}

/** The venue as an item. Written with every sixteenth event, and by `npm run rebuild`. */
export const snapshotItem = ({ seq, hash, products, movedAlone }: VenueState): Item => ({
  ...venueKey,
  attributes: { seq: N(seq), hash: S(hash), products: json(products), movedAlone: json(movedAlone), v: N(1) },
});

/** The hash of an event, in hex: SHA-256 over the hash before it, a line feed, and the event's text. */
export const chain = (previous: string, data: string): string =>
  createHash('sha256').update(previous).update('\n').update(data).digest('hex');

/** Cents are the only numbers of an event that may leave 53 bits: they travel as text. */
export const encodeEvent = (event: ClearingEvent): string => jsonOf(event);

export const jsonOf = (written: object): string =>
  JSON.stringify(written, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));

const header = z.looseObject({
  kind: z.enum([
    'accounts-opened',
    'cash-moved',
    'parameters-changed',
    'auction-cleared',
    'prices-settled',
    'month-expired',
    'day-closed',
    'trading-stopped',
    'trading-resumed',
    'margin-called',
    'calls-met',
    'calls-overdue',
  ]),
});

/** The inverse of `encodeEvent`. Throws on an event of a kind that this code does not know. */
export function decodeEvent(data: string): ClearingEvent {
  return withCents(header.parse(JSON.parse(data)) as unknown as ClearingEvent);
}

/** Events, or acts that would be events, with the cents that travel as text. */
export function withCents<Of extends Pick<ClearingEvent, 'kind'>>(read: Of): Of {
  const { movements, calls } = read as Partial<Pick<CashMoved, 'movements'> & Pick<MarginCalled, 'calls'>>;
  const counted = <Item extends { readonly cents: unknown }>(item: Item) => ({ ...item, cents: cents(BigInt(`${item.cents}`)) });
  if (read.kind === 'cash-moved') return { ...read, movements: movements!.map(counted) };
  return read.kind === 'margin-called' ? { ...read, calls: calls!.map(counted) } : read;
}
