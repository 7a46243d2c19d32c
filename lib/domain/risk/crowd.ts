/**
 * The crowd of a month that is locked at the edge of its band: all orders that buy it, or sell it, its spreads included. It is cut by one
 * common factor, so it shares by size what there is. Why and when, price-bands.ts says.
 */
import type { OpenBook } from '../auction/auction.ts';
import type { Locked } from '../auction/book.ts';
import { type DemandRows, type LimitDemand, limitDemands } from '../auction/demand.ts';
import { Lottery } from '../auction/lottery.ts';

/** A month whose price leaves its band when it may, and to which side. */
export interface Outside {
  readonly place: number;
  readonly side: Locked['side'];
}

/** So many parts of what the rows of a crowd have, and so many lots more of those that the next part would give, row after row as drawn. */
export interface Share {
  readonly parts: number;
  readonly more: number;
}

/** Factors are whole numbers of this many parts: fine enough, and exact for any size of an order. */
export const PARTS = 2 ** 22;

/** What the crowd of a locked month does with it. */
export const SIDES = { bid: 'buy', offered: 'sell' } as const;

/** The numbers of the draws for cuts: those of the pairs of nodes come before them. */
const DRAWS = 2 ** 16;

export const sum = (sizes: Int32Array): number => sizes.reduce((total, size) => total + size, 0);

/**
 * The rows on one side of a month, in a drawn order, to be cut by a common factor: each to its share rounded up or down, by a number drawn
 * for it, so that none ever grows as the factor falls.
 */
export class Crowd {
  readonly #rows: Uint32Array;
  readonly #drawn: Uint32Array;
  readonly #columns: DemandRows;

  constructor(book: OpenBook['book'], { place, side }: Outside) {
    const crowded = book[SIDES[side]];
    const rows: number[] = [];
    for (let row = 0; row < crowded.length; row++) if (crowded[row] === place + 1) rows.push(row);
    const lottery = new Lottery(book.hash, DRAWS + 2 * place + Number(side === 'offered'));
    lottery.shuffle(rows);
    this.#rows = Uint32Array.from(rows);
    this.#drawn = this.#rows.map(() => lottery.below(PARTS));
    this.#columns = {
      nodes: book.nodes,
      pair: Uint16Array.from(this.#rows, (row) => book.pair[row]!),
      limit: Int32Array.from(this.#rows, (row) => book.limit[row]!),
      lots: Int32Array.from(this.#rows, (row) => book.lots[row]!),
    };
  }

  /** The crowd's own of the sizes of a whole book, in drawn order. */
  of(sizes: Int32Array): Int32Array {
    return Int32Array.from(this.#rows, (row) => sizes[row]!);
  }

  /** Makes the sizes of a whole book no larger than the crowd's shares. */
  cut(sizes: Int32Array, share: Share): void {
    const shares = this.#shares(share);
    for (let at = 0; at < shares.length; at++) {
      const row = this.#rows[at]!;
      if (shares[at]! < sizes[row]!) sizes[row] = shares[at]!;
    }
  }

  /** What the crowd demands at its shares, no row being larger than `most`. */
  demands(most: Int32Array, share: Share): LimitDemand[] {
    const sizes = this.#shares(share);
    for (let at = 0; at < sizes.length; at++) if (most[at]! < sizes[at]!) sizes[at] = most[at]!;
    return limitDemands({ ...this.#columns, lots: sizes });
  }

  /** Lots between so many parts and one part more. */
  lotsAbove(parts: number): number {
    return sum(this.#shares({ parts: parts + 1, more: 0 })) - sum(this.#shares({ parts, more: 0 }));
  }

  #shares({ parts, more }: Share): Int32Array {
    const shares = new Int32Array(this.#rows.length);
    let left = more;
    for (let at = 0; at < shares.length; at++) {
      const share = this.#share(at, parts);
      const step = left > 0 ? Math.min(left, this.#share(at, parts + 1) - share) : 0;
      shares[at] = share + step;
      left -= step;
    }
    return shares;
  }

  #share(at: number, parts: number): number {
    return Math.floor((this.#columns.lots[at]! * Math.min(parts, PARTS) + this.#drawn[at]!) / PARTS);
  }
}
