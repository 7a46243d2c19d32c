// The auction's two promises, greatest surplus and then greatest volume, as plain linear programs over single orders
// for the HiGHS solver, which shares nothing with the auction's own method.

import loader, { type Highs } from 'highs';
import type { AuctionBook } from '../../lib/domain/auction/auction.ts';

export type { Highs };

/** The package's types describe its CommonJS file, where the loader is one level further down than in the one imported. */
export const loadHighs = loader as unknown as typeof loader.default;

/** Greatest surplus over all balanced fills, in ticks x lots. */
export function greatestSurplus(highs: Highs, book: AuctionBook): bigint {
  const fills = balancedFills(highs, book, book.limit, (row) => [0, book.lots[row]!]);
  return fills.reduce((sum, fill, row) => sum + BigInt(fill) * BigInt(book.limit[row]!), 0n);
}

/** Greatest number of lots that balanced fills trade when orders better than the prices fill whole and worse ones don't. */
export function greatestVolume(highs: Highs, book: AuctionBook, prices: Int32Array): bigint {
  const price = [0, ...prices];
  const fills = balancedFills(highs, book, new Int32Array(book.limit.length).fill(1), (row) => {
    const better = book.limit[row]! - (price[book.buy[row]!]! - price[book.sell[row]!]!);
    return [better > 0 ? book.lots[row]! : 0, better >= 0 ? book.lots[row]! : 0];
  });
  return fills.reduce((sum, fill) => sum + BigInt(fill), 0n);
}

/** Integer fills within their bounds, every month in balance, of the greatest worth. A network's vertices are integral. */
function balancedFills(highs: Highs, book: AuctionBook, worth: Int32Array, bounds: (row: number) => [number, number]): number[] {
  const { months, buy, sell } = book;
  const rows = buy.length;
  if (rows === 0) return [];
  const starts: number[] = [];
  const indices: number[] = [];
  const values: number[] = [];
  for (let row = 0; row < rows; row++) {
    starts.push(indices.length);
    for (const [node, value] of [[buy[row]!, 1] as const, [sell[row]!, -1] as const]) {
      if (node === 0) continue;
      indices.push(node - 1);
      values.push(value);
    }
  }
  const limits = Array.from({ length: rows }, (_, row) => bounds(row));
  const model = highs.createModel({
    numCols: rows,
    numRows: months,
    sense: highs.constants.objectiveSense.maximize,
    colCost: Float64Array.from(worth),
    colLower: limits.map(([least]) => least),
    colUpper: limits.map(([, most]) => most),
    rowLower: new Float64Array(months),
    rowUpper: new Float64Array(months),
    matrix: {
      format: 'csc',
      numRows: months,
      numCols: rows,
      starts: Int32Array.from([...starts, indices.length]),
      indices: Int32Array.from(indices),
      values: Float64Array.from(values),
    },
  });
  try {
    model.options.set({ output_flag: false, solver: 'simplex' });
    model.run();
    const fills = Array.from(model.getSolution().colValue, Math.round);
    const net = new Array<number>(months + 1).fill(0);
    fills.forEach((fill, row) => {
      net[buy[row]!]! += fill;
      net[sell[row]!]! -= fill;
    });
    if (net.some((lots) => lots !== 0)) throw new Error('the solver did not return a vertex');
    return fills;
  } finally {
    model.dispose();
  }
}
