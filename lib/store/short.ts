/**
 * The accounts of a product that were short of margin when books closed: a row each, written while the books close. From these the calls
 * are made, and among these are all open ones, so that whatever looks at calls looks at nothing else. A row says when to look, not what
 * is so: that stands with the account. It goes once its day is over and the account has no call.
 */
import type { Call } from '../domain/clearing/calls.ts';
import type { ProductState } from '../domain/clearing/venue.ts';
import { amount } from './amounts.ts';
import { shortKey, shortPartition } from './keys.ts';
import { type Attributes, type Item, integer, N, S, type Table, text } from './table.ts';

export interface Short extends Call {
  /** Number of the event that closed the books in which the account was short. */
  readonly seq: number;
}

/** Notes what accounts lack. A row of books that closed later stands. */
export async function writeShort(table: Table, product: string, short: readonly Short[]): Promise<void> {
  await Promise.all(
    short.map((each) => table.putIf(shortItem(product, each), 'attribute_not_exists(pk) OR seq < :seq', { ':seq': N(each.seq) })),
  );
}

export const shortItem = (product: string, { account, seq, cents }: Short): Item => ({
  ...shortKey(product, account),
  attributes: { seq: N(seq), cents: S(`${cents}`) },
});

/** At most so many in order of id, those behind an account. */
export async function readShort(table: Table, product: string, limit: number, after = ''): Promise<Short[]> {
  const range = { limit, ...(after === '' ? {} : { after }) };
  return (await table.queryAll(shortPartition(product), range)).map(decodeShort);
}

/** The next accounts to be called for the books that closed last: behind those that have been, at most so many. */
export async function nextCalls(table: Table, { product, closedBy, called }: ProductState, limit: number): Promise<Call[]> {
  const next: Call[] = [];
  for await (const item of table.query(shortPartition(product), called ? { after: called.through } : {})) {
    const { account, seq, cents } = decodeShort(item);
    if (seq === closedBy) next.push({ account, cents });
    if (next.length === limit) break;
  }
  return next;
}

/** The products in which any of these accounts has a row. */
export async function shortIn(table: Table, products: readonly string[], accounts: readonly string[]): Promise<Set<string>> {
  const keys = products.flatMap((product) => accounts.map((account) => shortKey(product, account)));
  const found = await table.getMany(keys);
  return new Set(found.map((item) => text(item, 'pk').slice(shortPartition('').length)));
}

/** Takes a row away that is as it was read. */
export async function removeShort(table: Table, product: string, { account, seq }: Short): Promise<void> {
  await table.deleteIf(shortKey(product, account), 'seq = :seq', { ':seq': N(seq) });
}

const decodeShort = (item: Attributes): Short => ({
  account: text(item, 'sk'),
  seq: integer(item, 'seq'),
  cents: amount(text(item, 'cents')),
});
