/** Books and results as rows, for tests that speak of some orders and not of columns. */
import {
  type BookOrder,
  type ClearedBook,
  carriedOf,
  type DepthLevel,
  type Fill,
  fillsOf,
  levelsOf,
} from '../../lib/domain/auction/book.ts';
import { type BookColumns, BookWriter, nameAt, ROLLS_BIT } from '../../lib/domain/auction/book-columns.ts';
import type { BookHash } from '../../lib/domain/auction/lottery.ts';
import { TIMES_IN_FORCE } from '../../lib/domain/auction/orders.ts';
import type { ContractMonth } from '../../lib/domain/contract/months.ts';
import type { ForwardCurve } from '../../lib/domain/contract/product.ts';
import { MAX_TICKS, ticks } from '../../lib/domain/contract/units.ts';
import { clearBook } from '../../lib/domain/risk/clear.ts';
import { Writer } from '../../lib/store/packed-bytes.ts';
import { packDepth, type ResultReferences, ShardWriter, type StandingChunks, writeResult } from '../../lib/store/results.ts';
import type { Item, Table } from '../../lib/store/table.ts';

/** Orders in any order as the columns of a book. */
export function columnsOf(orders: readonly BookOrder[]): BookColumns {
  const text = Buffer.from(orders.map(({ clientOrderId }) => clientOrderId).join(''));
  const senders = new Writer();
  const sender = Uint32Array.from(orders, (order) => {
    const at = text.length + senders.length;
    senders.text(order.sender);
    return at;
  });
  const names = Buffer.concat([text, senders.done()]);
  const lengths = orders.map(({ clientOrderId }) => Buffer.byteLength(clientOrderId));
  const nameLength = Uint32Array.from(lengths);
  const nameAt = new Uint32Array(orders.length);
  for (let at = 1; at < orders.length; at++) nameAt[at] = nameAt[at - 1]! + nameLength[at - 1]!;
  const rows = {
    bytes: names,
    nameAt,
    nameLength,
    buy: Int32Array.from(orders, ({ buy }) => buy),
    sell: Int32Array.from(orders, ({ sell }) => sell),
    limit: Int32Array.from(orders, ({ limit }) => limit),
    lots: Int32Array.from(orders, ({ lots }) => lots),
    terms: Uint8Array.from(orders, (order) => TIMES_IN_FORCE.indexOf(order.timeInForce) + (order.rolls ? ROLLS_BIT : 0)),
    source: Uint32Array.from(orders.keys()),
    sender,
  };
  const byAccount = Map.groupBy(orders.keys(), (row) => orders[row]!.account);
  const writer = new BookWriter(orders.length, byAccount.size, names.length);
  for (const account of [...byAccount.keys()].sort()) {
    const own = byAccount.get(account)!.sort((a, b) => (orders[a]!.clientOrderId < orders[b]!.clientOrderId ? -1 : 1));
    writer.account(account, rows, Uint32Array.from(own), own.length);
  }
  return writer.done();
}

export interface ClearedRows extends Omit<ClearedBook, 'filled' | 'carried' | 'selfMatched' | 'depth'> {
  readonly fills: readonly Fill[];
  readonly carried: readonly BookOrder[];
  readonly depth: readonly DepthLevel[];
}

/** Clears some orders, given and answered as rows. */
export function clearRows(
  orders: readonly BookOrder[],
  hash: BookHash,
  listed: readonly ContractMonth[],
  marks: ForwardCurve,
  closing: boolean,
  widths: Readonly<Record<number, number>> = Object.fromEntries(listed.map((month) => [month, MAX_TICKS])),
): ClearedRows {
  const book = { orders: columnsOf(orders), hash };
  const cleared = clearBook(book, { listed, marks, widths, closing });
  const { filled: _, carried: _c, selfMatched: _s, depth, ...rest } = cleared;
  return { ...rest, fills: [...fillsOf(book, cleared)], carried: [...carriedOf(book, cleared)], depth: levelsOf(depth) };
}

/** What an auction leaves behind, as rows by shard, whatever shards their accounts are of. */
export interface ResultRows {
  readonly shards: number;
  readonly fills: ReadonlyMap<number, readonly Fill[]>;
  readonly carried: ReadonlyMap<number, readonly BookOrder[]>;
  readonly depth: readonly DepthLevel[];
}

export function packRows(
  product: string,
  auction: number,
  { shards, fills, carried, depth }: ResultRows,
): { items: Item[]; references: ResultReferences } {
  const items: Item[] = [];
  const [fillsRoots, carriedRoots]: Record<number, string>[] = [{}, {}];
  const shardOf = (shard: number, rows: readonly BookOrder[], isPartlyFilled: (order: BookOrder) => boolean) => {
    const orders = columnsOf(rows);
    const partly = new Map(rows.map((row) => [`${row.account} ${row.clientOrderId}`, isPartlyFilled(row)]));
    const inOrder = [...orders.accounts.entries()].flatMap(([at, account]) =>
      Array.from({ length: orders.firstRow[at + 1]! - orders.firstRow[at]! }, () => account),
    );
    const names = Array.from({ length: orders.count }, (_, row) => nameAt(orders, row));
    const filled = Int32Array.from(names, (name, row) => (partly.get(`${inOrder[row]} ${name}`) ? orders.lots[row]! : 0));
    const selfMatched = new Int32Array(orders.count);
    const writer = new ShardWriter(product, auction, shard);
    for (const at of orders.accounts.keys()) writer.add(orders, at, { filled, carried: orders.lots, selfMatched });
    return writer.done();
  };
  for (const [shard, rows] of fills) {
    const orders = rows.map((fill): BookOrder => ({ ...fill, limit: ticks(0), timeInForce: 'auction', partlyFilled: false }));
    const { fills: run } = shardOf(shard, orders, () => true);
    items.push(...run.items);
    if (run.root !== undefined) fillsRoots![shard] = run.root;
  }
  for (const [shard, rows] of carried) {
    const { carried: run } = shardOf(shard, rows, ({ partlyFilled }) => partlyFilled);
    for (const item of run.items) items.push(item);
    if (run.root !== undefined) carriedRoots![shard] = run.root;
  }
  const levels = packDepth(product, auction, {
    buy: Int32Array.from(depth, ({ buy }) => buy),
    sell: Int32Array.from(depth, ({ sell }) => sell),
    limit: Int32Array.from(depth, ({ limit }) => limit),
    traded: Float64Array.from(depth, ({ traded }) => traded),
    lapsed: Float64Array.from(depth, ({ lapsed }) => lapsed),
  });
  for (const item of levels.items) items.push(item);
  const references = {
    fills: { shards, roots: fillsRoots! },
    carried: { shards, roots: carriedRoots! },
    depth: levels.root ?? null,
  };
  return { items, references };
}

/** Writes a result that is given as rows. */
export async function writeRows(
  table: Table,
  product: string,
  auction: number,
  rows: ResultRows,
  standing?: StandingChunks,
): Promise<ResultReferences> {
  const { items, references } = packRows(product, auction, rows);
  await writeResult(table, { items, references, fills: new Map() }, standing);
  return references;
}
