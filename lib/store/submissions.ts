/**
 * The sealed book. A submission is one immutable item under its own idempotency key: the same key always lands on the
 * same item, however often and however late it comes. Roll orders stand beside them in chunks that, once written, say
 * for good which accounts they cover.
 */
import { createHash } from 'node:crypto';
import type { BookOrder } from '../domain/auction/book.ts';
import type { Instruction, LiveOrders, Outcome } from '../domain/auction/orders.ts';
import { replaySubmission } from '../domain/auction/orders.ts';
import { bookPartition, rollChunkKey, rollChunkPrefix, rollPartition, submissionKey } from './keys.ts';
import { packInstructions, packOrders, packOutcomes, unpackInstructions, unpackOrders, unpackOutcomes } from './packing.ts';
import { type Attributes, B, bytes, type Item, integer, N, type Rows, S, type Table, text } from './table.ts';

/** How far the time of a new idempotency key may be behind and ahead of the gateway's clock, milliseconds. */
export const KEY_AGE_MS_MAX = 10 * 60_000;
export const KEY_AHEAD_MS_MAX = 60_000;

/** Book items expire long after the API answers for them; nothing is decided from their absence. */
const KEPT_DAYS = 400;

export interface Submission {
  readonly product: string;
  readonly shard: number;
  readonly account: string;
  readonly key: string;
  /** Of the instructions as parsed: another body under the same key has another digest. */
  readonly digest: string;
  readonly auction: number;
  /** Position in the group: an account's submissions take effect in this order. */
  readonly sequence: string;
  readonly receivedAt: string;
  readonly instructions: readonly Instruction[];
  readonly outcomes: readonly Outcome[];
}

/** The time in a UUIDv7, milliseconds since 1970 (RFC 9562, section 5.7). */
export const keyTime = (key: string): number => Number.parseInt(key.slice(0, 8) + key.slice(9, 13), 16);
export const keyDate = (key: string): string => new Date(keyTime(key)).toISOString().slice(0, 10);

/** The least key that carries a time. */
const firstKeyAt = (time: number): string => {
  const hex = Math.max(0, time).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
};

export async function readSubmission(
  table: Rows,
  product: string,
  shard: number,
  account: string,
  key: string,
  consistent = true,
): Promise<Submission | undefined> {
  const item = await table.get(submissionKey(product, shard, keyDate(key), account, key), consistent);
  return item && decodeSubmission(product, shard, item);
}

/** Writes a submission under its own key, with its seal. False when the key is taken, by the same submission or by another. */
export async function writeSubmission(table: Table, submission: Submission): Promise<boolean> {
  const { product, shard, account, key } = submission;
  const item: Item = {
    ...submissionKey(product, shard, keyDate(key), account, key),
    attributes: {
      auction: N(submission.auction),
      sequence: S(submission.sequence),
      digest: S(submission.digest),
      receivedAt: S(submission.receivedAt),
      instructions: B(packInstructions(submission.instructions)),
      outcomes: B(packOutcomes(submission.outcomes)),
      expiresAt: N(Math.floor(keyTime(key) / 1000) + KEPT_DAYS * 86_400),
    },
  };
  return table.create({ ...item, attributes: { ...item.attributes, seal: S(sealOf(item)) } });
}

/**
 * A hash of the item's key and all its other attributes, so that the audit can name a changed row and not only the auction
 * that no longer clears as it did. It proves nothing against a forger who knows this code; clearing the auction again does.
 */
export function sealOf({ pk, sk, attributes }: Item): string {
  const hash = createHash('sha256').update(`${pk}\n${sk}`);
  for (const [name, value] of Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)))
    if (name !== 'seal') hash.update(`\n${name}\n`).update(value.B ?? value.S ?? value.N ?? '');
  return hash.digest('hex').slice(0, 16);
}

/** An account's submissions into one auction, in order of arrival. `since` bounds the reading: no key can be older. */
export async function submissionsOf(
  table: Table,
  product: string,
  shard: number,
  account: string,
  auction: number,
  dates: readonly string[],
  since: string,
): Promise<Submission[]> {
  const from = since ? firstKeyAt(Date.parse(since) - KEY_AGE_MS_MAX - KEY_AHEAD_MS_MAX) : '';
  const found: Submission[] = [];
  for (const date of dates) {
    const range = { from: `${account}#${from}`, to: `${account}#~` };
    for await (const item of table.query(bookPartition(product, shard, date), range))
      if (integer(item, 'auction') === auction) found.push(decodeSubmission(product, shard, item));
  }
  return found.sort(byArrival);
}

/** Every submission of one shard into one auction, accounts together, each in order of arrival. */
export async function frozenBook(
  table: Rows,
  product: string,
  shard: number,
  auction: number,
  dates: readonly string[],
): Promise<Submission[]> {
  const found: Submission[] = [];
  for (const date of dates)
    for await (const item of table.query(bookPartition(product, shard, date)))
      if (integer(item, 'auction') === auction) found.push(decodeSubmission(product, shard, item));
  return found.sort((a, b) => (a.account < b.account ? -1 : a.account > b.account ? 1 : byArrival(a, b)));
}

/** An account's live orders in an auction, from what the auction before it carried and what the account has submitted since. */
export function liveOrders(carried: readonly BookOrder[], submissions: readonly Submission[]): LiveOrders {
  const live: LiveOrders = new Map(carried.map((order) => [order.clientOrderId, order]));
  const partlyFilled = new Set(carried.filter((order) => order.partlyFilled).map(({ clientOrderId }) => clientOrderId));
  for (const { instructions, outcomes } of submissions) replaySubmission(live, instructions, outcomes, partlyFilled);
  return live;
}

/** Writes the next chunk of a shard's roll orders, or returns the one that already stands there. */
export async function claimRollChunk(
  table: Table,
  product: string,
  shard: number,
  auction: number,
  chunk: number,
  plan: RollChunk,
): Promise<RollChunk> {
  const key = rollChunkKey(product, shard, auction, chunk);
  const item: Item = {
    ...key,
    attributes: { orders: B(packOrders(plan.orders)), through: S(plan.through), last: { BOOL: plan.last } },
  };
  if (await table.create(item)) return plan;
  return decodeRollChunk((await table.get(key))!);
}

/** Roll orders of the accounts up to and including `through`; the `last` chunk covers all that follow. */
export interface RollChunk {
  readonly orders: readonly BookOrder[];
  readonly through: string;
  readonly last: boolean;
}

export async function rollOrders(table: Rows, product: string, shard: number, auction: number): Promise<BookOrder[]> {
  const items = await table.queryAll(rollPartition(product, shard), { prefix: rollChunkPrefix(auction) });
  return items.flatMap((item) => decodeRollChunk(item).orders);
}

const decodeRollChunk = (item: Attributes): RollChunk => ({
  orders: unpackOrders(bytes(item, 'orders')),
  through: text(item, 'through'),
  last: item.last?.BOOL === true,
});

function decodeSubmission(product: string, shard: number, item: Attributes): Submission {
  const [account, key] = text(item, 'sk').split('#') as [string, string];
  return {
    product,
    shard,
    account,
    key,
    digest: text(item, 'digest'),
    auction: integer(item, 'auction'),
    sequence: text(item, 'sequence'),
    receivedAt: text(item, 'receivedAt'),
    instructions: unpackInstructions(bytes(item, 'instructions')),
    outcomes: unpackOutcomes(bytes(item, 'outcomes')),
  };
}

/** SQS numbers the messages of a group in ever longer decimal text. */
const byArrival = (a: Submission, b: Submission): number => {
  const [first, second] = [a.sequence.padStart(40, '0'), b.sequence.padStart(40, '0')];
  return first < second ? -1 : first > second ? 1 : a.key < b.key ? -1 : 1;
};
