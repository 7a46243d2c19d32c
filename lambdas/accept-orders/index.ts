/**
 * Accept: takes submissions from `orders.fifo` into the sealed book. A group is one product's shard, so its messages are
 * worked one after another and in order: a submission goes into the auction that is open for the shard, and the marker moves
 * the shard on to the next auction, behind the last submission that was answered before it.
 */

import type { SQSRecord } from 'aws-lambda';
import type { BookOrder } from '../../lib/domain/auction/book.ts';
import { keyDate } from '../../lib/domain/auction/idempotency-key.ts';
import { openOrders } from '../../lib/domain/auction/open-orders.ts';
import { applySubmission, type Outcome } from '../../lib/domain/auction/orders.ts';
import type { ProductState, VenueState } from '../../lib/domain/clearing/venue.ts';
import { admitDate, closeShard, type Intake, moveIntake, readIntake } from '../../lib/store/auctions.ts';
import { loadVenue } from '../../lib/store/log.ts';
import type { MarkerMessage, SubmissionMessage } from '../../lib/store/messages.ts';
import { unpackInstructions } from '../../lib/store/packing.ts';
import { readCarried } from '../../lib/store/results.ts';
import { readSubmission, type Submission, submissionsSince, writeSubmission } from '../../lib/store/submissions.ts';
import type { Backends } from '../backends.ts';
import { consume } from '../queue/consume.ts';

/**
 * The longest a submission may take from the gateway's receive time to its queue, clock skew included. A message enqueued
 * later than that has been through a dead-letter queue, where SQS gives it a new enqueue time.
 */
const SUBMIT_MS_MAX = 40_000;

export const handler = consume('orders', (backends) => {
  const session = new Session(backends);
  return async (message, record) => {
    if (message.kind === 'marker') await closeIntake(session, message, record);
    else await accept(session, message, record);
  };
});

async function accept(session: Session, message: SubmissionMessage, record: SQSRecord): Promise<void> {
  const { table, logger } = session.backends;
  const { product, shard, account, key, digest } = message;
  const intake = await session.intake(product, shard);
  const instructions = unpackInstructions(Buffer.from(message.instructions, 'base64'));
  const state = (await session.state()).products[product];
  if (!state) throw new Error(`product ${product} is not listed`);

  const carried = (await carriedOrders(session.backends, product, shard, state)).get(account) ?? [];
  const since = await submissionsSince(table, message, intake, state.lastAuction);
  const repeated = since.at(-1)?.find((submission) => submission.key === key);
  if (repeated) return noteRepeat(session.backends, message, repeated);

  const { orders, exposed } = openOrders(carried, since);
  const outcomes: Outcome[] = isTooLate(message, record, intake)
    ? instructions.map(() => 'auction-closed')
    : applySubmission(orders, instructions, new Set(state.listed), exposed);
  if (!intake.dates.includes(keyDate(key)))
    session.keepIntake(product, shard, await admitDate(table, product, shard, intake, keyDate(key)));

  const { receivedAt } = message;
  const sequence = record.attributes.SequenceNumber ?? record.attributes.SentTimestamp;
  const submission: Submission = {
    product,
    shard,
    account,
    key,
    digest,
    auction: intake.open,
    sequence,
    receivedAt,
    instructions,
    outcomes,
  };
  if (await writeSubmission(table, submission)) return;
  const stored = await readSubmission(table, product, shard, account, key);
  if (!stored) throw new Error('a submission is refused as known and not there');
  noteRepeat(session.backends, message, stored);
  logger.debug('submission already accepted', { product, shard, auction: stored.auction });
}

/** The same key again: the first body stands, and the API refuses the id of the other when its status is asked for. */
function noteRepeat({ logger }: Backends, message: SubmissionMessage, stored: Submission): void {
  if (stored.digest !== message.digest)
    logger.warn('idempotency key reused with another body', { account: message.account, product: message.product });
}

/** A message that comes back from a dead-letter queue after its auction has closed must never be matched in a later one. */
function isTooLate(message: SubmissionMessage, record: SQSRecord, intake: Intake): boolean {
  const received = Date.parse(message.receivedAt);
  const redriven = Number(record.attributes.SentTimestamp) - received > SUBMIT_MS_MAX;
  return redriven && intake.openedAt !== '' && received <= Date.parse(intake.openedAt);
}

/** Works the marker: moves the shard to the next auction and adds it to the closing one's closed shards. The last shard notifies clear. */
async function closeIntake(session: Session, message: MarkerMessage, record: SQSRecord): Promise<void> {
  const { table, queues, shards } = session.backends;
  const { product, shard, auction } = message;
  const intake = await session.intake(product, shard);
  if (intake.open < auction) throw new Error(`the marker of auction ${auction} has come before that of ${intake.open}`);
  // The slot would be too early: a closing auction is cut after its roll, and a missed auction long after it was due.
  const cutAt = new Date(Number(record.attributes.SentTimestamp)).toISOString();
  const passed = intake.open === auction ? await moveIntake(table, product, shard, intake, cutAt) : intake;
  session.keepIntake(product, shard, passed);
  const dates = passed.passed.get(auction);
  if (!dates) throw new Error(`shard ${shard} of ${product} no longer knows what was in auction ${auction}`);
  const { closed } = await closeShard(table, product, auction, shard, dates);
  if (closed.size === shards) await queues.notify('clearings', { v: 1, product, auction });
}

/** What one invocation has read, and reads once. */
class Session {
  readonly backends: Backends;
  readonly #intakes = new Map<string, Intake>();
  #state: Promise<VenueState> | undefined;

  constructor(backends: Backends) {
    this.backends = backends;
  }

  async intake(product: string, shard: number): Promise<Intake> {
    const name = `${product}#${shard}`;
    const intake = this.#intakes.get(name) ?? (await readIntake(this.backends.table, product, shard));
    this.#intakes.set(name, intake);
    return intake;
  }

  keepIntake(product: string, shard: number, intake: Intake): void {
    this.#intakes.set(`${product}#${shard}`, intake);
  }

  state(): Promise<VenueState> {
    this.#state ??= loadVenue(this.backends.table);
    return this.#state;
  }
}

/** The orders a shard carries into its open auction, by account. They never change, so the process keeps them between invocations. */
const kept = new Map<string, { auction: number; orders: Map<string, BookOrder[]> }>();
async function carriedOrders(
  { table }: Backends,
  product: string,
  shard: number,
  state: ProductState,
): Promise<Map<string, BookOrder[]>> {
  const name = `${table.name}/${product}/${shard}`;
  const known = kept.get(name);
  if (known?.auction === state.lastAuction) return known.orders;
  const rows = await readCarried(table, product, shard, state.carried[shard]);
  const orders = Map.groupBy(rows, ({ account }) => account);
  kept.set(name, { auction: state.lastAuction, orders });
  return orders;
}
