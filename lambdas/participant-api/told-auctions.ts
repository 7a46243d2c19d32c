/**
 * What happened to an account's orders, auction by auction from the newest back: read from what stands with each auction, and told by
 * `lib/domain/clearing/order-history.ts`. What one auction takes to read is bounded by what one account may send into it.
 */
import type { AuctionCleared } from '../../lib/domain/clearing/events.ts';
import { NO_REFERENCES } from '../../lib/domain/clearing/events.ts';
import { carriedInto, type OrderEvent, openInto, tellAuction } from '../../lib/domain/clearing/order-history.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { type Auction, newestAuctions, readIntake } from '../../lib/store/auctions.ts';
import { newestEvents, readEventsAt } from '../../lib/store/log.ts';
import { ReadChunks } from '../../lib/store/read-chunks.ts';
import { readCarriedOf, readFillsOf } from '../../lib/store/results.ts';
import type { Chunks } from '../../lib/store/run.ts';
import { submissionsOf, submissionsSince } from '../../lib/store/submissions.ts';
import type { Table } from '../../lib/store/table.ts';
import type { ParticipantRequest } from './participant.ts';

/** Auctions that are read at the same time. */
const AUCTIONS_TOGETHER = 20;
const CHUNK_BYTES_MAX = 8 * 1024 * 1024;

export interface ToldAuction {
  readonly auction: number;
  /** In order. */
  readonly events: readonly OrderEvent[];
  /** Once it has cleared, and the number of the event. */
  readonly cleared?: { readonly seq: number; readonly event: AuctionCleared };
}

/** The auctions of a product from the one that is open back to the first; from `newest` on if that is given. */
export async function* toldAuctions(
  request: ParticipantRequest,
  state: ProductState,
  newest?: number,
): AsyncGenerator<ToldAuction> {
  const { table } = request.backends;
  const open = await tellUncleared(request, state);
  yield* open.filter(({ auction }) => newest === undefined || auction <= newest).reverse();
  const chunks = new ReadChunks(CHUNK_BYTES_MAX).of(table);
  for (let last = Math.min(newest ?? state.lastAuction, state.lastAuction); last >= 1; last -= AUCTIONS_TOGETHER) {
    const rows = await newestAuctions(table, state.product, AUCTIONS_TOGETHER + 1, last + 1);
    const events = await clearedEvents(table, rows);
    const some = rows
      .slice(0, AUCTIONS_TOGETHER)
      .map((row, at) => tellCleared(request, chunks, row, events, rows[at + 1]?.auction));
    yield* await Promise.all(some);
  }
}

/** Those that have not cleared, in order: each is told on what the one before it may leave. */
async function tellUncleared({ caller, backends: { table } }: ParticipantRequest, state: ProductState): Promise<ToldAuction[]> {
  const { product, carried, lastAuction } = state;
  const place = { product, shard: caller.shard, account: caller.account };
  const intake = await readIntake(table, product, caller.shard);
  const sent = await submissionsSince(table, place, intake, lastAuction);
  let opening = carriedInto(await readCarriedOf(table, product, carried, caller.account));
  return sent.map((submissions, at) => {
    const auction = lastAuction + 1 + at;
    const events = tellAuction(auction, opening, submissions, undefined);
    opening = openInto(opening.live);
    return { auction, events };
  });
}

type Cleared = ReadonlyMap<number, { readonly seq: number; readonly event: AuctionCleared }>;

async function tellCleared(
  { caller, backends: { table } }: ParticipantRequest,
  chunks: Chunks,
  { product, auction, closed }: Auction,
  events: Cleared,
  before: number | undefined,
): Promise<ToldAuction> {
  const { account, shard } = caller;
  const cleared = events.get(auction)!;
  const { event } = cleared;
  const [carried, submissions, fills, left] = await Promise.all([
    readCarriedOf(chunks, product, before === undefined ? NO_REFERENCES : events.get(before)!.event.carried, account),
    submissionsOf(table, { product, shard, account }, auction, closed.get(shard) ?? []),
    readFillsOf(chunks, event, account),
    readCarriedOf(chunks, product, event.carried, account),
  ]);
  const result = { months: event.months, orders: event.orders, fills, carried: left };
  return { auction, events: tellAuction(auction, carriedInto(carried), submissions, result), cleared };
}

/** By auction, the events that cleared some. That of one whose worker crashed before it was noted is looked for in the log. */
async function clearedEvents(table: Table, auctions: readonly Auction[]): Promise<Cleared> {
  const noted = auctions.flatMap(({ clearedBy }) => (clearedBy === undefined ? [] : [clearedBy]));
  const found = new Map<number, { seq: number; event: AuctionCleared }>();
  for (const [seq, event] of await readEventsAt(table, noted))
    if (event.kind === 'auction-cleared') found.set(event.auction, { seq, event });
  const missing = new Set(auctions.filter(({ clearedBy }) => clearedBy === undefined).map(({ auction }) => auction));
  if (missing.size === 0) return found;
  const product = auctions[0]!.product;
  for await (const { seq, event } of newestEvents(table)) {
    if (event.kind !== 'auction-cleared' || event.product !== product || !missing.delete(event.auction)) continue;
    found.set(event.auction, { seq, event });
    if (missing.size === 0) break;
  }
  return found;
}
