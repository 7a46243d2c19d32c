// How long the joint auction takes: against a plain sort of the same limits, taken in turns in the same run, and
// against the HiGHS solver at sizes it can follow, which must also find the same surplus.
//
//   npx node bench/auction.ts [--json]

import { type AuctionBook, clearAuction } from '../lib/domain/auction/auction.ts';
import { mulberry32 } from '../test/domain/auction/books.ts';
import { greatestSurplus, loadHighs } from '../test/properties/auction-lp.ts';

export interface AuctionBenchRow {
  readonly orders: number;
  readonly months: number;
  /** Share of the orders that are calendar spreads. */
  readonly spreads: number;
  readonly clear_ms: number;
  /** `Float64Array.sort` of the same limits. */
  readonly sort_ms: number;
  /** clear_ms / sort_ms. */
  readonly ratio: number;
  /** One solve of the same book by HiGHS; null where it was not asked. */
  readonly highs_ms: number | null;
  readonly surplus_equal: boolean | null;
}

const WARM_UPS = 4;
const ROUNDS = 11;
const ORDERS_AN_OWNER = 20;

export async function benchAuction(): Promise<AuctionBenchRow[]> {
  const books = [
    { orders: 1_000_000, months: 12, spreads: 0.3, solve: false },
    { orders: 100_000, months: 12, spreads: 0.3, solve: true },
    { orders: 10_000, months: 12, spreads: 0.3, solve: true },
  ];
  const highs = await loadHighs();
  return books.map(({ orders, months, spreads, solve }) => {
    const book = marketBook(orders, months, spreads, 2025);
    const { clear_ms, sort_ms } = medians(book);
    const times = { orders, months, spreads, clear_ms, sort_ms, ratio: clear_ms / sort_ms };
    if (!solve) return { ...times, highs_ms: null, surplus_equal: null };
    const start = performance.now();
    const surplus = greatestSurplus(highs, book);
    const highs_ms = performance.now() - start;
    return { ...times, highs_ms, surplus_equal: surplus === clearAuction(book).surplus };
  });
}

/** A day's book: limits a few hundred ticks around a rising curve of 2000 to 3000 ticks, 1 to 50 lots an order. */
function marketBook(orders: number, months: number, spreads: number, seed: number): AuctionBook {
  const random = mulberry32(seed);
  const around = (ticks: number) => Math.round((random() + random() + random() - 1.5) * ticks);
  const reference = Int32Array.from({ length: months }, (_, month) => 2000 + Math.round((1000 * month) / months));
  const fair = reference.map((price) => price + around(40));
  const book = {
    months,
    reference,
    buy: new Uint8Array(orders),
    sell: new Uint8Array(orders),
    limit: new Int32Array(orders),
    lots: Int32Array.from({ length: orders }, () => 1 + Math.floor(random() * 50)),
    owner: Uint32Array.from({ length: orders }, (_, row) => Math.floor(row / ORDERS_AN_OWNER)),
    hash: [1, 2, 3, 4] as const,
  };
  for (let row = 0; row < orders; row++) {
    const month = Math.floor(random() * months);
    if (random() < spreads) {
      const other = (month + 1 + Math.floor(random() * (months - 1))) % months;
      book.buy[row] = month + 1;
      book.sell[row] = other + 1;
      book.limit[row] = fair[month]! - fair[other]! + around(150) - 10;
    } else if (random() < 0.5) {
      book.buy[row] = month + 1;
      book.limit[row] = fair[month]! + around(300) - 20;
    } else {
      book.sell[row] = month + 1;
      book.limit[row] = -(fair[month]! + around(300) + 20);
    }
  }
  return book;
}

function medians(book: AuctionBook): { clear_ms: number; sort_ms: number } {
  const limits = Float64Array.from(book.limit);
  const clears: number[] = [];
  const sorts: number[] = [];
  for (let round = -WARM_UPS; round < ROUNDS; round++) {
    const unsorted = limits.slice();
    const start = performance.now();
    unsorted.sort();
    const sorted = performance.now();
    clearAuction(book);
    const cleared = performance.now();
    if (round < 0) continue;
    sorts.push(sorted - start);
    clears.push(cleared - sorted);
  }
  return { clear_ms: median(clears), sort_ms: median(sorts) };
}

const median = (times: number[]): number => times.sort((a, b) => a - b)[times.length >> 1]!;

if (import.meta.main) {
  const rows = await benchAuction();
  if (process.argv.includes('--json')) console.log(JSON.stringify(rows, null, 2));
  else {
    const rounded = (value: number | null, digits: number) => (value === null ? '' : Number(value.toFixed(digits)));
    console.table(
      rows.map((row) => ({
        ...row,
        clear_ms: rounded(row.clear_ms, 1),
        sort_ms: rounded(row.sort_ms, 1),
        ratio: rounded(row.ratio, 2),
        highs_ms: rounded(row.highs_ms, 0),
        surplus_equal: row.surplus_equal ?? '',
      })),
    );
  }
}
