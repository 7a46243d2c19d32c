/**
 * Accept: `orders.fifo` to the sealed book. A group is one product's shard, so its messages are worked one after another
 * and in order: a submission goes into the auction whose gate is open, and the marker closes that gate behind the last
 * submission that was answered before it.
 */

import type { SQSRecord } from 'aws-lambda';
import type { BookOrder } from '../../lib/domain/book.ts';
import { applySubmission, type Outcome } from '../../lib/domain/orders.ts';
import type { ProductState, VenueState } from '../../lib/domain/venue.ts';
import { accountBook } from '../../lib/store/account-book.ts';
import { admitDate, closeShard, type Gate, passGate, readGate } from '../../lib/store/auctions.ts';
import { keyDate, readSubmission, type Submission, writeSubmission } from '../../lib/store/book.ts';
import { loadVenue } from '../../lib/store/log.ts';
import type { MarkerMessage, SubmissionMessage } from '../../lib/store/messages.ts';
import { ENV } from '../../lib/store/names.ts';
import { unpackInstructions } from '../../lib/store/packing.ts';
import { readCarried } from '../../lib/store/results.ts';
import { required } from '../../lib/store/table.ts';
import { consume, type Venue } from '../queue/consume.ts';

/**
 * The longest a submission may take from the gateway's receive time to its queue, clock skew included. A message enqueued
 * later than that has been through a dead-letter queue, where SQS gives it a new enqueue time.
 */
const SUBMIT_MS_MAX = 40_000;

export const handler = consume('orders', (venue) => {
  const session = new Session(venue);
  return async (message, record) => {
    if (message.kind === 'marker') await closeGate(session, message, record);
    else await accept(session, message, record);
  };
});

async function accept(session: Session, message: SubmissionMessage, record: SQSRecord): Promise<void> {
  const { table, logger } = session.venue;
  const { product, shard, account, key, digest } = message;
  const gate = await session.gate(product, shard);
  const instructions = unpackInstructions(Buffer.from(message.instructions, 'base64'));
  const state = (await session.state()).products[product];
  if (!state) throw new Error(`product ${product} is not listed`);

  const carried = (await carriedOrders(session.venue, product, shard, state)).get(account) ?? [];
  const book = await accountBook(table, message, gate, state.lastAuction, carried);
  const repeated = book.submissions.find((submission) => submission.key === key);
  if (repeated) return noteRepeat(session.venue, message, repeated);

  const outcomes: Outcome[] = isTooLate(message, record, gate)
    ? instructions.map(() => 'auction-closed')
    : applySubmission(book.orders, instructions, new Set(state.listed), book.exposed);
  if (!gate.dates.includes(keyDate(key)))
    session.keepGate(product, shard, await admitDate(table, product, shard, gate, keyDate(key)));

  const { receivedAt } = message;
  const sequence = record.attributes.SequenceNumber ?? record.attributes.SentTimestamp;
  const submission: Submission = {
    product,
    shard,
    account,
    key,
    digest,
    auction: gate.open,
    sequence,
    receivedAt,
    instructions,
    outcomes,
  };
  if (await writeSubmission(table, submission)) return;
  const stored = await readSubmission(table, product, shard, account, key);
  if (!stored) throw new Error('a submission is refused as known and not there');
  noteRepeat(session.venue, message, stored);
  logger.debug('submission already accepted', { product, shard, auction: stored.auction });
}

/** The same key again: the first body stands, and the other one is told so when its outcome is asked for. */
function noteRepeat({ logger }: Venue, message: SubmissionMessage, stored: Submission): void {
  if (stored.digest !== message.digest)
    logger.warn('idempotency key reused with another body', { account: message.account, product: message.product });
}

/** A message that comes back from a dead-letter queue after its auction has closed must never be matched in a later one. */
function isTooLate(message: SubmissionMessage, record: SQSRecord, gate: Gate): boolean {
  const received = Date.parse(message.receivedAt);
  const redriven = Number(record.attributes.SentTimestamp) - received > SUBMIT_MS_MAX;
  return redriven && gate.openedAt !== '' && received <= Date.parse(gate.openedAt);
}

/** The marker: the shard moves to the next auction and joins the closing one's closed shards; the last one rings clear. */
async function closeGate(session: Session, message: MarkerMessage, record: SQSRecord): Promise<void> {
  const { table, queues } = session.venue;
  const { product, shard, auction } = message;
  const gate = await session.gate(product, shard);
  if (gate.open < auction) throw new Error(`the marker of auction ${auction} has come before that of ${gate.open}`);
  // Not the slot: a closing auction is cut after its roll, and a missed one long after it was due.
  const cutAt = new Date(Number(record.attributes.SentTimestamp)).toISOString();
  const passed = gate.open === auction ? await passGate(table, product, shard, gate, cutAt) : gate;
  session.keepGate(product, shard, passed);
  const dates = passed.passed.get(auction);
  if (!dates) throw new Error(`shard ${shard} of ${product} no longer knows what was in auction ${auction}`);
  const { closed } = await closeShard(table, product, auction, shard, dates);
  if (closed.size === session.shards) await queues.ring('auctions', { v: 1, product, auction });
}

/** What one invocation has read. Carried orders never change once written, so they outlive it. */
class Session {
  readonly venue: Venue;
  readonly shards = Number(required(ENV.shards));
  readonly #gates = new Map<string, Gate>();
  #state: Promise<VenueState> | undefined;

  constructor(venue: Venue) {
    this.venue = venue;
  }

  async gate(product: string, shard: number): Promise<Gate> {
    const name = `${product}#${shard}`;
    const gate = this.#gates.get(name) ?? (await readGate(this.venue.table, product, shard));
    this.#gates.set(name, gate);
    return gate;
  }

  keepGate(product: string, shard: number, gate: Gate): void {
    this.#gates.set(`${product}#${shard}`, gate);
  }

  state(): Promise<VenueState> {
    this.#state ??= loadVenue(this.venue.table);
    return this.#state;
  }
}

/** The orders a shard carries into its open auction, by account: they never change, so they outlive an invocation. */
const kept = new Map<string, { auction: number; orders: Map<string, BookOrder[]> }>();
async function carriedOrders(
  { table }: Venue,
  product: string,
  shard: number,
  state: ProductState,
): Promise<Map<string, BookOrder[]>> {
  const name = `${table.name}/${product}/${shard}`;
  const known = kept.get(name);
  if (known?.auction === state.lastAuction) return known.orders;
  const rows = state.lastAuction > 0 ? await readCarried(table, product, state.lastAuction, shard, state.carried) : [];
  const orders = Map.groupBy(rows, ({ account }) => account);
  kept.set(name, { auction: state.lastAuction, orders });
  return orders;
}
