/**
 * Accept: takes submissions from `orders.fifo` into the sealed book. A group is one product's shard, so its messages are
 * worked one after another and in order: a submission goes into the auction that is open for the shard, and the marker moves
 * the shard on to the next auction, behind the last submission that was answered before it.
 */

import type { SQSRecord } from 'aws-lambda';
import { isOneTooMany } from '../../lib/domain/auction/account-intake.ts';
import { keyDate } from '../../lib/domain/auction/idempotency-key.ts';
import { bySequence } from '../../lib/domain/auction/open-orders.ts';
import { intakeTerms, type OwnerState, ownerStateOf } from '../../lib/domain/clearing/owner-intake.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { admitDate, closeShard, type Intake, isClosed, moveIntake, readAuction, readIntake } from '../../lib/store/auctions.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { loadVenue } from '../../lib/store/log.ts';
import type { MarkerMessage, Message, SubmissionMessage } from '../../lib/store/messages.ts';
import { METRICS } from '../../lib/store/names.ts';
import { unpackInstructions } from '../../lib/store/packing.ts';
import { readSubmission, type Submission, writeSubmission } from '../../lib/store/submissions.ts';
import { type Backends, measure } from '../backends.ts';
import { OwnerReader } from '../intake/owner-accounts.ts';
import { consume } from '../queue/consume.ts';
import { type OwnerInUse, useOwner, Worker } from './account-intakes.ts';

/** The handler of one worker. */
export const acceptOrders = (worker: Worker) =>
  consume('orders', (backends) => {
    const session = new Session(backends, worker);
    return async (message, record) => {
      refuseMisplaced(message, backends.shards);
      if (message.kind === 'marker') await closeIntake(session, message, record);
      else await accept(session, message, record);
    };
  });

export const handler = acceptOrders(new Worker());

/**
 * What was sent while the accounts were in another number of shards has come in a group that is no longer the account's. It may run beside
 * the account's own group, so nothing in it may be decided: it is left for the dead-letter queue.
 */
function refuseMisplaced(message: Message<'orders'>, shards: number): void {
  const { kind, shard } = message;
  const isHere = kind === 'submission' ? shardOf(message.account, shards) === shard : shard < shards;
  if (!isHere)
    throw new Error(`a ${kind} for shard ${shard} was sent while accounts were in another number of shards than ${shards}`);
}

async function accept(session: Session, message: SubmissionMessage, record: SQSRecord): Promise<void> {
  const { table } = session.backends;
  const { product, shard, account, key, digest, sender, receivedAt, why } = message;
  const { seq: decidedOn, owner } = await session.ownerOf(message);
  const { product: state } = owner;
  const { own, keep } = await session.useOwner(message, owner);
  if (message.stops) await session.changeStops(message);
  const sequence = record.attributes.SequenceNumber ?? record.attributes.SentTimestamp;
  const isNew = bySequence(sequence, own.intakeOf(account)!.sequence) > 0;
  const repeated = isNew ? undefined : await readSubmission(table, product, shard, account, key);
  if (repeated) {
    keep();
    return noteRepeat(session.backends, message, repeated);
  }

  const instructions = unpackInstructions(Buffer.from(message.instructions, 'base64'));
  const enqueuedAt = Number(record.attributes.SentTimestamp);
  const { open: auction, openedAt } = await session.intake(product, shard);
  if (message.stops && instructions.length === 0) return keep();
  const isStopped = await session.isStopped(message);
  const terms = intakeTerms(state, receivedAt, { open: auction, openedAt, stopped: isStopped });
  const arriving = { instructions, sequence, receivedAt, enqueuedAt, why };
  const { outcomes, figures, reported } = own.take(account, arriving, terms, owner);
  await session.admitDate(product, shard, keyDate(key));

  const submission: Submission = {
    product,
    shard,
    account,
    key,
    digest,
    sender,
    auction,
    sequence,
    receivedAt,
    decidedOn,
    ...(isStopped ? { stopped: true } : {}),
    why,
    figures,
    // Of what is one too many only the refusal is kept, once: a flood must not be what the account's next reader has to read.
    ...(isOneTooMany(outcomes) ? { instructions: [], outcomes: outcomes.slice(0, 1) } : { instructions, outcomes }),
  };
  if (await writeSubmission(table, submission)) {
    if (reported !== undefined) report(session.backends, message, reported);
    // One that comes out of its place is stored in it, and so must the next be decided: on what is read again.
    return isNew ? keep() : undefined;
  }
  const stored = await readSubmission(table, product, shard, account, key);
  if (!stored) throw new Error('a submission is refused as known and not there');
  noteRepeat(session.backends, message, stored);
}

/** Once, when it happens: it refuses nothing. */
function report(backends: Backends, { product, account }: SubmissionMessage, lots: number): void {
  backends.logger.warn('an owner may come to hold more than the level that is reported', { product, account, lots });
  measure(backends, METRICS.reported, 1);
}

/** The same key again: the first body stands, and the API refuses the id of the other when its status is asked for. */
function noteRepeat({ logger }: Backends, message: SubmissionMessage, stored: Submission): void {
  const { account, product, shard } = message;
  logger.debug('submission already accepted', { product, shard, auction: stored.auction });
  if (stored.digest !== message.digest) logger.warn('idempotency key reused with another body', { account, product });
}

/** Works the marker: moves the shard to the next auction and adds it to the closing one's closed shards. The last shard notifies clear. */
async function closeIntake(session: Session, message: MarkerMessage, record: SQSRecord): Promise<void> {
  const { table, queues } = session.backends;
  const { product, shard, auction } = message;
  const intake = await session.intake(product, shard);
  if (intake.open > auction) {
    // It comes again. An auction that all have closed stays as it is: it may have been closed in another number of shards.
    const before = await readAuction(table, product, auction);
    if (before && isClosed(before)) return queues.notify('clearings', { v: 1, product, auction });
  }
  if (intake.open < auction) throw new Error(`the marker of auction ${auction} has come before that of ${intake.open}`);
  // The slot would be too early: a closing auction is cut after its roll, and a missed auction long after it was due.
  const cutAt = new Date(Number(record.attributes.SentTimestamp)).toISOString();
  const passed = intake.open === auction ? await session.moveIntake(product, shard, cutAt) : intake;
  const dates = passed.passed.get(auction);
  if (!dates) throw new Error(`shard ${shard} of ${product} no longer knows what was in auction ${auction}`);
  const closing = await closeShard(table, product, auction, shard, dates);
  if (isClosed(closing)) await queues.notify('clearings', { v: 1, product, auction });
}

/** How often an account may turn out to be posted further than the log was read: between the two, posting would have to overtake it each time. */
const NEWER_MAX = 5;

/** What one invocation has read, and reads once. */
class Session {
  readonly backends: Backends;
  readonly #worker: Worker;
  readonly #intakes = new Map<string, Intake>();
  readonly #accounts: OwnerReader;
  #venue: Promise<VenueState> | undefined;

  constructor(backends: Backends, worker: Worker) {
    this.backends = backends;
    this.#worker = worker;
    this.#accounts = new OwnerReader(worker.accounts, backends.table, backends.shards);
  }

  /** The accounts of the message's owner as of the newest event, or as of one that this invocation has read before. */
  async ownerOf({ product, shard, account }: SubmissionMessage): Promise<{ seq: number; owner: OwnerState }> {
    for (let tries = 0; ; tries++) {
      this.#venue ??= loadVenue(this.backends.table);
      const venue = await this.#venue;
      const state = venue.products[product];
      if (!state) throw new Error(`product ${product} is not listed`);
      const states = await this.#accounts.accountsOf(account, shard, venue);
      if (states) return { seq: venue.seq, owner: ownerStateOf(venue, state, states, account) };
      if (tries === NEWER_MAX) throw new Error(`account ${account} is posted further than the log was read`);
      this.#venue = undefined;
    }
  }

  async intake(product: string, shard: number): Promise<Intake> {
    const known = this.#intakes.get(nameOf(product, shard));
    return known ?? this.#keep(product, shard, () => readIntake(this.backends.table, product, shard));
  }

  /** The intakes of the message's owner. Throws when another worker is at the shard. */
  async useOwner(message: SubmissionMessage, owner: OwnerState): Promise<OwnerInUse> {
    const { product, shard } = message;
    const intake = await this.intake(product, shard);
    let used: OwnerInUse | undefined;
    await this.#keep(product, shard, async () => {
      used = await useOwner(this.#worker, this.backends.table, message, intake, owner);
      return used.intake;
    });
    return used!;
  }

  /** Whether the message's account is stopped, at its place in the queue. */
  async isStopped(message: SubmissionMessage): Promise<boolean> {
    const intake = await this.intake(message.product, message.shard);
    return this.#worker.stops.areOn(this.backends.table, message, intake);
  }

  async changeStops(message: SubmissionMessage): Promise<void> {
    const { table, shards } = this.backends;
    const { product, shard } = message;
    const intake = await this.intake(product, shard);
    await this.#keep(product, shard, () => this.#worker.stops.change(table, message, intake, shards));
  }

  async admitDate(product: string, shard: number, date: string): Promise<void> {
    const intake = await this.intake(product, shard);
    if (intake.dates.includes(date)) return;
    await this.#keep(product, shard, () => admitDate(this.backends.table, product, shard, intake, date));
  }

  async moveIntake(product: string, shard: number, cutAt: string): Promise<Intake> {
    const intake = await this.intake(product, shard);
    return this.#keep(product, shard, () => moveIntake(this.backends.table, product, shard, intake, cutAt));
  }

  /** Keeps what an intake has become; one that may have changed or not is read again. */
  async #keep(product: string, shard: number, change: () => Promise<Intake>): Promise<Intake> {
    const name = nameOf(product, shard);
    this.#intakes.delete(name);
    const intake = await change();
    this.#intakes.set(name, intake);
    return intake;
  }
}

const nameOf = (product: string, shard: number): string => `${product}#${shard}`;
