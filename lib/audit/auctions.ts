/**
 * Clears one committed auction again, from the book that is stored, and says where the log's result is another. The rules
 * and the reading of the book are the venue's own; nothing of the stored result is used but to compare it.
 */
import { fillsOf, levelsOf } from '../domain/auction/book.ts';
import type { AuctionCleared } from '../domain/clearing/events.ts';
import { auctionTerms, openBooks, type ProductState } from '../domain/clearing/venue.ts';
import { clearBook } from '../domain/risk/clear.ts';
import { isClosed, readAuction } from '../store/auctions.ts';
import { readAuctionBook } from '../store/frozen-book.ts';
import { auctionKey } from '../store/keys.ts';
import { packResult, readDepth, readFills, resultFaults } from '../store/results.ts';
import type { Rows } from '../store/table.ts';
import { canonical } from './canonical.ts';
import type { Finding } from './finding.ts';

/** What is wrong with an auction and what it left behind. `state` is its product's before it. */
export async function auctionFindings(rows: Rows, event: AuctionCleared, state: ProductState): Promise<Finding[]> {
  const damaged = await resultFaults(rows, event);
  if (damaged.length) return damaged.map(({ key, what }) => ({ row: nameOf(key), what }));
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
  if (!isClosed(auction)) faults.push({ row, what: `is closed in ${closed.size} of ${auction.shards} shards` });
  const book = await readAuctionBook(rows, auction, state);
  const result = clearBook(book, auctionTerms(state, date, closing));
  // As the event says, and not as the venue is now: it may have moved into other shards since.
  const { references } = packResult(product, number, { orders: book.orders, cleared: result }, event.fills.shards);
  differs('orders', event.orders, result.orders);
  for (const [month, cleared] of Object.entries(result.months)) differs(`month ${month}`, event.months[Number(month)], cleared);
  differs('months', Object.keys(event.months), Object.keys(result.months));
  differs('surplus', event.surplus, `${result.surplus}`);
  if (canonical(event.fills) !== canonical(references.fills)) {
    const logged = await readFills(rows, event);
    const [was, is] = [new Set(logged.map(canonical)), new Set(fillsOf(book, result).map(canonical))];
    const first = [...was].find((fill) => !is.has(fill)) ?? [...is].find((fill) => !was.has(fill));
    faults.push({ row, what: `fills: the log and the book differ, first in ${first ?? 'their order'}` });
  }
  if (canonical(event.carried) !== canonical(references.carried))
    faults.push({ row, what: 'carried orders: the log points at others than the book leaves' });
  if (event.depth !== references.depth) {
    const is = new Set(levelsOf(result.depth).map(canonical));
    const first = (await readDepth(rows, product, number, event.depth)).map(canonical).find((level) => !is.has(level));
    faults.push({ row, what: `depth: the published one is not that of the book, first in ${first ?? 'what it lacks'}` });
  }
  return faults;
}

const nameOf = ({ pk, sk }: { pk: string; sk: string }): string => `${pk} ${sk}`;
