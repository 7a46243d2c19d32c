/**
 * The sealed book. A submission is one immutable item under its own idempotency key: the same key always lands on the
 * same item, however often and however late it comes.
 */
import { createHash } from 'node:crypto';
import type { ReceivedSubmission } from '../domain/auction/account-intake.ts';
import { KEY_AGE_MS_MAX, KEY_AHEAD_MS_MAX, keyDate, keyTime } from '../domain/auction/idempotency-key.ts';
import type { TakenOutBy } from '../domain/auction/orders.ts';
import type { Figures } from '../domain/clearing/owner-intake.ts';
import type { Intake } from './auctions.ts';
import { bookPartition, submissionKey } from './keys.ts';
import { packFigures, packInstructions, packOutcomes, unpackFigures, unpackInstructions, unpackOutcomes } from './packing.ts';
import type { SentBytes } from './stored-book.ts';
import { type Attributes, B, bytes, type Item, integer, N, type Rows, S, type Table, text } from './table.ts';

/** Of packed instructions: the same orders, however their JSON is written, have the same digest. */
export const digestOf = (packed: Uint8Array): string => createHash('sha256').update(packed).digest('hex').slice(0, 16);

/** Book items expire long after the API answers for them; nothing is decided from their absence. */
const KEPT_DAYS = 400;

export interface Submission extends ReceivedSubmission {
  readonly product: string;
  readonly shard: number;
  readonly account: string;
  /** The operator id of the person or system that sent it: the subject of the token that it came with. */
  readonly sender: string;
  /** Of the instructions as parsed: another body under the same key has another digest. */
  readonly digest: string;
  readonly auction: number;
  /** A kill switch of the account was on where it stood in the queue. */
  readonly stopped?: true;
  /** It is a cancel of all that took the account's orders out for this reason. */
  readonly why?: TakenOutBy | undefined;
  /** Number of the event as of which it was decided. */
  readonly decidedOn: number;
  /** Of those outcomes that have some, in their order. */
  readonly figures: readonly Figures[];
}

/** An account's place in the book. */
export type AccountPlace = Pick<Submission, 'product' | 'shard' | 'account'>;

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
      sender: S(submission.sender),
      digest: S(submission.digest),
      receivedAt: S(submission.receivedAt),
      instructions: B(packInstructions(submission.instructions)),
      outcomes: B(packOutcomes(submission.outcomes)),
      decidedOn: N(submission.decidedOn),
      ...(submission.stopped ? { stopped: N(1) } : {}),
      ...(submission.why ? { why: S(submission.why) } : {}),
      ...(submission.figures.length > 0 ? { figures: B(packFigures(submission.figures)) } : {}),
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

/** The least time that the key of a submission can have which was received after an instant, ISO, and was not redriven. */
export const oldestKeyTime = (receivedAfter: string): number =>
  receivedAfter === '' ? 0 : Date.parse(receivedAfter) - KEY_AGE_MS_MAX - KEY_AHEAD_MS_MAX;

/**
 * An account's submissions since auction `lastAuction` cleared, by auction and in no order within one; of those into the open
 * auction, which is the last one, those whose keys are not older than `keysFrom`.
 */
export async function submissionsSince(
  table: Table,
  place: AccountPlace,
  intake: Intake,
  lastAuction: number,
  keysFrom = oldestKeyTime(intake.openedAt),
): Promise<Submission[][]> {
  const auctions: Submission[][] = [];
  for (let auction = lastAuction + 1; auction <= intake.open; auction++) {
    const isOpen = auction === intake.open;
    const dates = isOpen ? intake.dates : (intake.passed.get(auction) ?? []);
    const first = isOpen ? keysFrom : 0;
    auctions.push(await submissionsOf(table, place, auction, dates, first));
  }
  return auctions;
}

/**
 * An account's submissions into one auction, under these dates of its shard and in no order; those whose keys are not older than `keysFrom`,
 * milliseconds since 1970.
 */
export async function submissionsOf(
  table: Rows,
  { product, shard, account }: AccountPlace,
  auction: number,
  dates: readonly string[],
  keysFrom = 0,
): Promise<Submission[]> {
  const found: Submission[] = [];
  for (const date of dates.filter((each) => each >= dateOf(keysFrom))) {
    const range = { from: `${account}#${firstKeyAt(keysFrom)}`, to: `${account}#~` };
    for await (const item of table.query(bookPartition(product, shard, date), range))
      if (integer(item, 'auction') === auction && !isBare(item)) found.push(decodeSubmission(product, shard, item));
  }
  return found;
}

const NO_INSTRUCTIONS = packInstructions([]).length;
/** Whether nothing is kept of a submission but that it was one too many; it counts for nothing. */
const isBare = (item: Attributes): boolean => bytes(item, 'instructions').length === NO_INSTRUCTIONS;

const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** The least key that carries a time. */
const firstKeyAt = (time: number): string => {
  const hex = Math.max(0, time).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
};

const DAY_MS = 86_400_000;
/** Days whose books are read at the same time at most: twice as many each time, until there is enough. */
const DAYS_TOGETHER_MAX = 32;

/**
 * At most `limit` of an account's submissions, newest key first; with `before`, a key, only those before it. `times` are the oldest and the newest that
 * a key may have, milliseconds since 1970; the book is read no further back than it is kept.
 */
export async function newestSubmissions(
  table: Rows,
  { product, shard, account }: AccountPlace,
  { oldest, newest }: { readonly oldest: number; readonly newest: number },
  limit: number,
  before?: string,
): Promise<Submission[]> {
  const range = {
    from: `${account}#`,
    to: `${account}#${before ?? firstKeyAt(newest + 1)}`,
    newestFirst: true,
    limit: limit + 1,
  };
  const ofDay = async (day: number): Promise<Submission[]> => {
    const items = await table.queryAll(bookPartition(product, shard, dateOf(day)), range);
    return items.map((item) => decodeSubmission(product, shard, item)).filter(({ key }) => key !== before);
  };
  const found: Submission[] = [];
  const first = Math.max(Math.floor(oldest / DAY_MS) * DAY_MS, newest - KEPT_DAYS * DAY_MS);
  let day = before === undefined ? newest : keyTime(before);
  for (let together = 1; day >= first && found.length < limit; together = Math.min(2 * together, DAYS_TOGETHER_MAX)) {
    const days = Array.from({ length: together }, (_, at) => day - at * DAY_MS).filter((each) => each >= first);
    for (const some of await Promise.all(days.map(ofDay))) found.push(...some);
    day -= together * DAY_MS;
  }
  return found.slice(0, limit);
}

/** Every submission of one shard into one auction. */
export async function submissionsInto(
  table: Rows,
  product: string,
  shard: number,
  auction: number,
  dates: readonly string[],
): Promise<Submission[]> {
  const found: Submission[] = [];
  await itemsInto(table, product, shard, auction, dates, (item) => found.push(decodeSubmission(product, shard, item)));
  return found;
}

/** The same as they are stored, one at a time: `take` is called for each and need keep nothing of it. */
export const sentInto = (
  table: Rows,
  product: string,
  shard: number,
  auction: number,
  dates: readonly string[],
  take: (sent: SentBytes) => void,
): Promise<void> =>
  itemsInto(table, product, shard, auction, dates, (item) => {
    take({
      name: text(item, 'sk'),
      sequence: text(item, 'sequence'),
      sender: text(item, 'sender'),
      instructions: bytes(item, 'instructions'),
      outcomes: bytes(item, 'outcomes'),
    });
  });

async function itemsInto(
  table: Rows,
  product: string,
  shard: number,
  auction: number,
  dates: readonly string[],
  take: (item: Attributes) => void,
): Promise<void> {
  for (const date of dates)
    for await (const page of table.pages(bookPartition(product, shard, date)))
      for (const item of page) if (integer(item, 'auction') === auction) take(item);
}

/** The account and the key of a submission. */
function placeOf(item: Attributes): [account: string, key: string] {
  const sk = text(item, 'sk');
  const end = sk.indexOf('#');
  return [sk.slice(0, end), sk.slice(end + 1)];
}

/** A submission as its row holds it. Throws TypeError when it is not one. */
export function submissionIn(item: Attributes): Submission {
  const [, product = '', shard] = text(item, 'pk').split('#');
  return decodeSubmission(product, Number(shard), item);
}

/** Orders are unpacked when they are asked for: of a hundred thousand at once, only those in hand are in memory as objects. */
function decodeSubmission(product: string, shard: number, item: Attributes): Submission {
  const [instructions, outcomes] = [bytes(item, 'instructions'), bytes(item, 'outcomes')];
  const [account, key] = placeOf(item);
  return {
    product,
    shard,
    account,
    key,
    digest: text(item, 'digest'),
    auction: integer(item, 'auction'),
    sequence: text(item, 'sequence'),
    sender: text(item, 'sender'),
    ...(item.stopped ? { stopped: true } : {}),
    ...(item.why ? { why: text(item, 'why') as TakenOutBy } : {}),
    receivedAt: text(item, 'receivedAt'),
    decidedOn: integer(item, 'decidedOn'),
    get figures() {
      return item.figures ? unpackFigures(bytes(item, 'figures')) : [];
    },
    get instructions() {
      return unpackInstructions(instructions);
    },
    get outcomes() {
      return unpackOutcomes(outcomes);
    },
  };
}
