/**
 * Clears one committed auction again, from the book that is stored, and says where the log's result is another. The rules
 * and the reading of the book are the venue's own; nothing of the stored result is used but to compare it.
 */
import { clearBook } from '../domain/auction/book.ts';
import type { AuctionCleared, References } from '../domain/clearing/events.ts';
import { openBooks, type ProductState } from '../domain/clearing/venue.ts';
import { tradedOn } from '../domain/contract/months.ts';
import { readAuction } from '../store/auctions.ts';
import { readAuctionBook } from '../store/frozen-book.ts';
import { auctionKey, resultKey, shardOf } from '../store/keys.ts';
import { contentHash, packResult, readDepth, readFills } from '../store/results.ts';
import { bytes, type Rows } from '../store/table.ts';
import { canonical } from './canonical.ts';
import type { Finding } from './finding.ts';

/** What is wrong with an auction and what it left behind. `state` is its product's before it. */
export async function auctionFindings(
  rows: Rows,
  event: AuctionCleared,
  state: ProductState,
  shards: number,
): Promise<Finding[]> {
  const stored = await storedFindings(rows, event);
  if (stored.length) return stored;
  const { product, auction: number } = event;
  const row = nameOf(auctionKey(product, number));
  const auction = await readAuction(rows, product, number);
  if (!auction) return [{ row, what: 'is missing' }];
  const faults: Finding[] = [];
  const differs = (what: string, logged: unknown, cleared: unknown): void => {
    if (canonical(logged) !== canonical(cleared))
      faults.push({ row, what: `${what}: the log says ${canonical(logged)}, the book clears to ${canonical(cleared)}` });
  };
  const { slot, date, closing, closed } = auction;
  differs('slot, date and closing', [event.slot, event.date, event.closing], [slot, date, closing]);
  differs('books', event.books, openBooks(state));
  if (closed.size !== shards) faults.push({ row, what: `is closed in ${closed.size} of ${shards} shards` });
  const traded = tradedOn(state.parameters.calendar, state.listed, date);
  const result = clearBook(await readAuctionBook(rows, auction, state, shards), traded, state.marks, closing);
  const { references } = packResult(product, number, {
    fills: Map.groupBy(result.fills, ({ account }) => shardOf(account, shards)),
    carried: Map.groupBy(result.carried, ({ account }) => shardOf(account, shards)),
    depth: '',
  });
  differs('orders', event.orders, result.orders);
  for (const [month, cleared] of Object.entries(result.months)) differs(`month ${month}`, event.months[Number(month)], cleared);
  differs('months', Object.keys(event.months), Object.keys(result.months));
  differs('surplus', event.surplus, `${result.surplus}`);
  if (canonical(event.fills) !== canonical(references.fills)) {
    const logged: unknown[][] = [];
    for (let shard = 0; shard < shards; shard++) logged.push(await readFills(rows, product, number, shard, event.fills));
    const [was, is] = [new Set(logged.flat().map(canonical)), new Set(result.fills.map(canonical))];
    const first = [...was].find((fill) => !is.has(fill)) ?? [...is].find((fill) => !was.has(fill));
    faults.push({ row, what: `fills: the log and the book differ, first in ${first ?? 'their order'}` });
  }
  if (canonical(event.carried) !== canonical(references.carried))
    faults.push({ row, what: 'carried orders: the log points at others than the book leaves' });
  // By what it says: how a text is compressed may differ between versions of a library.
  if ((await readDepth(rows, product, number, event.depth)) !== JSON.stringify(result.depth))
    faults.push({ row, what: 'depth: the published one is not that of the book' });
  return faults;
}

/** Committed results that are gone, or are no longer the content they are named by. */
async function storedFindings(rows: Rows, { product, auction, fills, carried, depth }: AuctionCleared): Promise<Finding[]> {
  const faults: Finding[] = [];
  const kinds: [kind: 'fills' | 'carried' | 'depth', references: References][] = [
    ['fills', fills],
    ['carried', carried],
    ['depth', { 0: [depth] }],
  ];
  for (const [kind, references] of kinds)
    for (const [shard, hashes] of Object.entries(references))
      for (const hash of hashes) {
        const key = resultKey(product, auction, kind, Number(shard), hash);
        const item = await rows.get(key);
        if (!item) faults.push({ row: nameOf(key), what: 'is missing' });
        else if (contentHash(bytes(item, 'body')) !== hash)
          faults.push({ row: nameOf(key), what: 'is not the content it is named by' });
      }
  return faults;
}

const nameOf = ({ pk, sk }: { pk: string; sk: string }): string => `${pk} ${sk}`;
