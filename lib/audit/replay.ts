/**
 * The log replayed from its first event: the venue, every account, and every row that posting should have left on the way
 * (journal, totals, statements). It shares the rules with the venue and nothing else: no cursor, snapshot or stored
 * account is read. Auctions are cleared again on the way, and prices settled again.
 */

import { type AccountState, addFills, emptyAccount, type Traded } from '../domain/clearing/account.ts';
import { isEnough } from '../domain/clearing/approval.ts';
import type { ShardTotals } from '../domain/clearing/control-totals.ts';
import type { ClearingEvent } from '../domain/clearing/events.ts';
import { accountsTouched, closeBooks, postEvent } from '../domain/clearing/posting.ts';
import { rollOpening } from '../domain/clearing/roll.ts';
import { decideFinalPrice, settlementCurve } from '../domain/clearing/settlement.ts';
import { type Called, EMPTY_VENUE, evolveVenue, LogOrderError, type VenueState } from '../domain/clearing/venue.ts';
import { type BusinessDate, nextBusinessDay } from '../domain/contract/calendar.ts';
import { firstDay } from '../domain/contract/months.ts';
import { centsPerTick } from '../domain/contract/product.ts';
import type { Micros } from '../domain/contract/units.ts';
import { totalsItem } from '../store/control-totals.ts';
import { readIndex } from '../store/index-values.ts';
import { journalItem } from '../store/journal.ts';
import { logKey, shardOf } from '../store/keys.ts';
import { LogDamagedError, readLog } from '../store/log.ts';
import { shardsTouched } from '../store/posted.ts';
import { fillChunks } from '../store/results.ts';
import { statementItem } from '../store/statements.ts';
import type { Item, Rows } from '../store/table.ts';
import { auctionFindings } from './auctions.ts';
import { calledFor, callFaults, closingOf, noteShort, type ShortAccounts, shortAt } from './calls.ts';
import { canonical } from './canonical.ts';
import type { Finding } from './finding.ts';

export interface Replay {
  venue: VenueState;
  readonly events: ClearingEvent[];
  /** The venue after each event, in order. */
  readonly venues: VenueState[];
  readonly accounts: Map<string, AccountState>;
  readonly short: ShortAccounts;
  /** What was to be called for, by the event that closed the books. */
  readonly called: Map<number, Called>;
  /** Rows that posting leaves. */
  readonly journal: Item[];
  readonly totals: Item[];
  readonly statements: Item[];
  readonly faults: {
    readonly log: Finding[];
    readonly auctions: Finding[];
    readonly prices: Finding[];
    readonly calls: Finding[];
  };
  /** Whether every event was replayed: without that, what posting should have left is not known. */
  complete: boolean;
}

/**
 * Replays a log. What is wrong stands in the answer's `faults`; when the rest can't be replayed, `complete` is false. `onPosted` is called
 * behind each event, with the replay as of it.
 */
export async function replay(
  rows: Rows,
  shards: number,
  onPosted: (seq: number, state: Replay) => Promise<void> = async () => {},
): Promise<Replay> {
  const state: Replay = {
    venue: EMPTY_VENUE,
    events: [],
    venues: [],
    accounts: new Map(),
    short: new Map(),
    called: new Map(),
    journal: [],
    totals: [],
    statements: [],
    faults: { log: [], auctions: [], prices: [], calls: [] },
    complete: false,
  };
  try {
    for await (const { seq, hash, event } of readLog(rows, EMPTY_VENUE)) {
      const before = state.venue;
      state.venue = evolveVenue(before, seq, hash, event);
      state.events.push(event);
      state.venues.push(state.venue);
      if (!(await checkEvent(rows, state, before, seq, event))) return state;
      await post(rows, state, seq, event, shards);
      await onPosted(seq, state);
    }
    state.complete = true;
  } catch (error) {
    const seq = error instanceof LogDamagedError ? error.seq : error instanceof LogOrderError ? state.events.length + 1 : 0;
    state.faults.log.push({ row: nameOf(seq || state.events.length), what: (error as Error).message });
  }
  return state;
}

/** Checks what an event decided. False when what it refers to is damaged, so that nothing can be replayed behind it. */
async function checkEvent(
  rows: Rows,
  { faults, accounts, short }: Replay,
  before: VenueState,
  seq: number,
  event: ClearingEvent,
): Promise<boolean> {
  if (event.kind === 'auction-cleared') {
    try {
      const found = await auctionFindings(rows, event, before.products[event.product]!);
      faults.auctions.push(...found);
      if (found.some(({ row }) => row.startsWith('RESULT#') || row.startsWith('CARRIED#'))) return false;
    } catch (error) {
      const what = `auction ${event.auction} of ${event.product} can't be cleared again: ${(error as Error).message}`;
      faults.auctions.push({ row: nameOf(seq), what });
      return false;
    }
  }
  if (event.kind === 'prices-settled' || event.kind === 'month-expired')
    faults.prices.push(...(await priceFindings(rows, before, seq, event)));
  faults.calls.push(...callFaults(event, before, accounts, short).map((what) => ({ row: nameOf(seq), what })));
  return true;
}

/** A price that no operator approved is the one the rules give; an approved one has the operators it needs. */
async function priceFindings(
  rows: Rows,
  before: VenueState,
  seq: number,
  event: Extract<ClearingEvent, { kind: 'prices-settled' | 'month-expired' }>,
): Promise<Finding[]> {
  const { parameters, toSettle, marks } = before.products[event.product]!;
  const row = nameOf(seq);
  const approved = event.approvedBy.length > 0;
  const faults: Finding[] = [];
  if (approved && !isEnough(event.approvedBy))
    faults.push({ row, what: `is approved by ${new Set(event.approvedBy).size} operator` });
  const differs = (what: string, logged: unknown, due: unknown): void => {
    if (canonical(logged) !== canonical(due))
      faults.push({ row, what: `${what} is ${canonical(logged)} in the log and ${canonical(due)} by the rules` });
  };
  if (event.kind === 'prices-settled') {
    if (!approved) differs('the curve', event.settled, settlementCurve(event.previous, toSettle!.months));
    const opens = rollOpening(parameters.calendar, nextBusinessDay(parameters.calendar, event.date)) ?? null;
    differs('the month whose roll opens', event.rollOpens, opens);
  } else {
    // A value that is published later is in the index, and not in the price: the price is proved from what the event names.
    const published = await readIndex(rows, event.product, firstDay(event.month), event.date);
    const used = Object.entries(event.index).map(([date, value]) => [date as BusinessDate, BigInt(value) as Micros] as const);
    for (const [date, value] of used)
      if (published.get(date) !== value) differs(`the index value of ${date}`, value, published.get(date) ?? null);
    const { value } = decideFinalPrice(event.product, parameters, event.month, new Map(used), marks[event.month]!);
    if (!approved) differs('the final settlement price', event.finalPrice, value);
  }
  return faults;
}

/** Posts an event to the accounts of every shard that it touches, and notes the rows that this leaves. */
async function post(rows: Rows, state: Replay, seq: number, event: ClearingEvent, shards: number): Promise<void> {
  const { accounts, venue } = state;
  const tradedBy = await tradedIn(rows, event);
  const tick = (product: string): bigint => centsPerTick(venue.products[product]!.parameters);
  const touched = accountsTouched(event, tradedBy);
  const names = touched === 'all' ? [...accounts.keys()] : touched;
  const byShard = Map.groupBy(names, (account) => shardOf(account, shards));
  const totals = shardsTouched(event, shards).map((shard): [number, ShardTotals] => {
    const states = (byShard.get(shard) ?? []).map((account) => accounts.get(account) ?? emptyAccount(account));
    if (event.kind === 'day-closed') {
      // Lots left to roll are not known here: they depend on instructions, which may have changed since.
      const closed = closeBooks(seq, event, states, { ...closingOf(venue, event.product, states), rolling: undefined });
      state.statements.push(...closed.statements.map(statementItem));
      noteShort(state.short, event.product, seq, closed.short);
      return [shard, closed.totals];
    }
    const posted = postEvent(seq, event, states, tradedBy, new Map(), tick);
    for (const { state: next, entry } of posted.applied) {
      accounts.set(next.account, next);
      state.journal.push(journalItem(entry));
    }
    return [shard, posted.totals];
  });
  if (event.kind === 'day-closed') state.called.set(seq, calledFor(shortAt(state.short, event.product, seq)));
  state.totals.push(totalsItem(seq, new Map(totals), shards));
}

async function tradedIn(rows: Rows, event: ClearingEvent): Promise<Map<string, readonly Traded[]>> {
  const tradedBy = new Map<string, readonly Traded[]>();
  if (event.kind !== 'auction-cleared') return tradedBy;
  for (let shard = 0; shard < event.fills.shards; shard++)
    for await (const chunk of fillChunks(rows, event, shard))
      for (const [account, own] of Map.groupBy(chunk, (fill) => fill.account))
        tradedBy.set(account, addFills(tradedBy.get(account) ?? [], own));
  return tradedBy;
}

const nameOf = (seq: number): string => `${logKey(seq).pk} ${logKey(seq).sk}`;
