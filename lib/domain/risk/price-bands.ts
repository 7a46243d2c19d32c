/**
 * Price bands: the prices of an auction stay near the marks, and who is cut back when they would not is decided by size.
 *
 * The rule. A month may clear from `mark - width` to `mark + width`. When its book clears nowhere in there, the month is *locked* at the edge:
 * limit bid at the top, limit offered at the bottom. The crowded side of a locked month, all orders that buy it (or sell it), its spreads
 * included, is cut by one common factor, the largest with which the auction clears within the bands; each order's last lot is drawn.
 * Several months are locked in turn until none is left. While a month stays locked its band widens, step by step, up to a stop.
 *
 * Why it is right. Prices at which a box confines the auction minimise the same convex function over the box; a price that leaves
 * the band by a tick, when it may, says that the month clears nowhere in it. The pressure on a month falls as its crowd is cut, to none
 * without one, so the largest factor is found by bisection, and beside it, lot by lot, the last size that still clears. There the
 * edge itself is a clearing price, and it is taken; a month that was cut first and is then relieved by the cut of another may
 * end inside its band. So the crowd shares what there is by size, no order trades beyond a band, every other
 * month keeps a true clearing price, and the fills of what is left keep every rule of the auction.
 *
 * Source: CME Rule 589, price limits that expand in steps; limit-locked markets share what trades by size in none of
 * the markets known to us that match by time, which a sealed auction does not.
 */
import {
  type AuctionBook,
  AuctionInvariantError,
  type AuctionResult,
  clearAt,
  leastWithin,
  pricesWithin,
} from '../auction/auction.ts';
import { Lottery } from '../auction/lottery.ts';
import type { PriceRange } from '../auction/prices.ts';
import type { BandSteps } from '../contract/risk-parameters.ts';
import { without } from './self-match.ts';

/** Where each month may clear, ticks, month k + 1 at place k. */
export interface PriceBands {
  readonly low: Int32Array;
  readonly high: Int32Array;
}

export interface LockedMonth {
  /** Place of the month in the book's reference. */
  readonly place: number;
  readonly side: 'bid' | 'offered';
  /** Lots of the crowded side before it was cut for this month, and after. */
  readonly crowd: number;
  readonly kept: number;
}

export interface BandedResult extends AuctionResult {
  /** Lots that each row took part with: its own, unless it was cut back. */
  readonly sizes: Int32Array;
  /** In the order in which they were locked. */
  readonly locked: readonly LockedMonth[];
}

/** How far from its mark a month may clear which was locked in so many auctions in a row. The last step is the stop. */
export const bandWidth = (steps: BandSteps, lockedInARow: number): number => steps[Math.min(lockedInARow, steps.length - 1)]!;

/**
 * Clears a book within bands, in which its reference prices must lie; else throws RangeError. Throws as `clearAuction` does, and
 * AuctionBookError when a book does not clear within bands although nothing is left of every crowd: a bug.
 */
export function clearWithin(book: AuctionBook, bands: PriceBands): BandedResult {
  const { months, reference } = book;
  for (let place = 0; place < months; place++)
    if (bands.low[place]! > reference[place]! || reference[place]! > bands.high[place]!)
      throw new RangeError(`the reference of month ${place} is outside its band`);
  const auction = new BandedAuction(book, bands);
  const locked: LockedMonth[] = [];
  for (let out = auction.leavesBand(); out.length > 0; out = auction.leavesBand()) locked.push(auction.lock(out));
  const { book: rest, rows } = auction.rest();
  const cleared = clearAt(rest, auction.finalPrices(locked));
  const filled = new Int32Array(book.lots.length);
  for (let at = 0; at < rows.length; at++) filled[rows[at]!] = cleared.filled[at]!;
  return { ...cleared, filled, sizes: auction.sizes, locked };
}

/** A month whose price leaves its band when it may, and to which side. */
interface Outside {
  readonly place: number;
  readonly side: LockedMonth['side'];
}

/** Factors are whole numbers of this many parts: fine enough, and exact for any size of an order. */
const PARTS = 2 ** 22;

class BandedAuction {
  readonly #book: AuctionBook;
  readonly #bands: PriceBands;
  /** A tick beyond the bands on both sides, by node: a price out there tells that the month clears nowhere within. */
  readonly #beyond: PriceRange;
  /** Marks, and of locked months the edge at which they are locked. */
  readonly #reference: Int32Array;
  sizes: Int32Array;

  constructor(book: AuctionBook, bands: PriceBands) {
    this.#book = book;
    this.#bands = bands;
    this.#beyond = { low: [0, ...bands.low].map((price) => price - 1), high: [0, ...bands.high].map((price) => price + 1) };
    this.#reference = book.reference.slice();
    this.sizes = book.lots.slice();
  }

  /** The rows that are left with their sizes. */
  rest(sizes = this.sizes): ReturnType<typeof without> {
    const taken = this.#book.lots.map((lots, row) => lots - sizes[row]!);
    return without({ ...this.#book, reference: this.#reference }, taken);
  }

  prices(sizes = this.sizes): Float64Array {
    return leastWithin(this.rest(sizes).book, this.#beyond);
  }

  /** Within the bands, and at their edges in the months that are locked: of several prices that clear, the one that says so. */
  finalPrices(locked: readonly Outside[]): Float64Array {
    const { book } = this.rest();
    const [low, high] = [Float64Array.of(0, ...this.#bands.low), Float64Array.of(0, ...this.#bands.high)];
    let prices = pricesWithin(book, { low, high });
    // The last first: what was cut for one before it may have been relieved by it, and then clears inside its band.
    for (const each of locked.toReversed()) {
      const [before, edge] = [{ low: low.slice(), high: high.slice() }, this.#edge(each)];
      low[each.place + 1] = high[each.place + 1] = edge;
      const pinned = pricesWithin(book, { low, high });
      if (pinned) prices = pinned;
      else {
        low.set(before.low);
        high.set(before.high);
      }
    }
    if (!prices) throw new AuctionInvariantError('a book whose months all keep within their bands does not clear there');
    return prices;
  }

  /** The months that leave their bands. */
  leavesBand(sizes = this.sizes): Outside[] {
    const prices = this.prices(sizes);
    return [...this.#book.reference.keys()].flatMap((place) => {
      const side = this.#outside(prices, place);
      return side ? [{ place, side }] : [];
    });
  }

  #outside(prices: Float64Array, place: number): LockedMonth['side'] | undefined {
    const price = prices[place + 1]!;
    if (price > this.#bands.high[place]!) return 'bid';
    return price < this.#bands.low[place]! ? 'offered' : undefined;
  }

  /**
   * Locks one month: that whose cut leaves the fewest others outside, so that one which only follows another comes back by itself; of
   * these, that whose crowd loses the fewest lots.
   */
  lock(out: readonly Outside[]): LockedMonth {
    const cuts = out.map((each) => this.#cut(each));
    const best = cuts.reduce((least, each) => ((each.outside - least.outside || lost(each) - lost(least)) < 0 ? each : least));
    const { place, side, crowd, kept, sizes } = best;
    this.sizes = sizes;
    this.#reference[place] = this.#edge(best);
    return { place, side, crowd, kept };
  }

  #edge({ place, side }: Outside): number {
    return (side === 'bid' ? this.#bands.high : this.#bands.low)[place]!;
  }

  /** Cuts the crowd of a month to the most with which it does not leave its band on that side. */
  #cut({ place, side }: Outside): LockedMonth & { readonly sizes: Int32Array; readonly outside: number } {
    const { buy, sell, hash } = this.#book;
    const crowded = side === 'bid' ? buy : sell;
    const rows = [...crowded.keys()].filter((row) => crowded[row] === place + 1 && this.sizes[row]! > 0);
    const lotsOf = (sizes: Int32Array): number => rows.reduce((sum, row) => sum + sizes[row]!, 0);
    const lottery = new Lottery(hash, DRAWS + (side === 'bid' ? 2 * place : 2 * place + 1));
    const cut = new Cut(this.sizes, rows, lottery);
    const holds = (sizes: Int32Array): boolean => this.#outside(this.prices(sizes), place) !== side;
    const parts = greatest(PARTS, (count) => holds(cut.to(count)));
    const sizes = cut.to(
      parts,
      greatest(cut.lotsAbove(parts), (count) => holds(cut.to(parts, count))),
    );
    return { place, side, crowd: lotsOf(this.sizes), kept: lotsOf(sizes), sizes, outside: this.leavesBand(sizes).length };
  }
}

const lost = ({ crowd, kept }: LockedMonth): number => crowd - kept;

/** The numbers of the draws for cuts: those of the pairs of nodes come before them. */
const DRAWS = 2 ** 16;

/** The greatest whole number below `from` for which something holds that holds for 0, and for all below one for which it does. */
function greatest(from: number, holds: (count: number) => boolean): number {
  let [good, bad] = [0, from];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (holds(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** Rows cut by a common factor: each to its share rounded up or down, by a number drawn for it, so that none ever grows as the factor falls. */
class Cut {
  readonly #sizes: Int32Array;
  readonly #rows: number[];
  readonly #drawn: Float64Array;

  constructor(sizes: Int32Array, rows: readonly number[], lottery: Lottery) {
    this.#sizes = sizes;
    this.#drawn = Float64Array.from(rows, () => lottery.below(PARTS));
    const places = rows.map((_, at) => at);
    lottery.shuffle(places);
    this.#rows = places.map((at) => rows[at]!);
    this.#drawn = Float64Array.from(places, (at) => this.#drawn[at]!);
  }

  /** Sizes at so many parts of the whole, and so many lots more of those that the next part would give, row after row as drawn. */
  to(parts: number, lotsMore = 0): Int32Array {
    const sizes = this.#sizes.slice();
    let more = lotsMore;
    for (let at = 0; at < this.#rows.length; at++) {
      const row = this.#rows[at]!;
      const size = this.#share(at, parts);
      const step = more > 0 ? Math.min(more, this.#share(at, parts + 1) - size) : 0;
      sizes[row] = size + step;
      more -= step;
    }
    return sizes;
  }

  /** Lots between so many parts and one part more. */
  lotsAbove(parts: number): number {
    return this.#rows.reduce((sum, _, at) => sum + this.#share(at, parts + 1) - this.#share(at, parts), 0);
  }

  #share(at: number, parts: number): number {
    return Math.floor((this.#sizes[this.#rows[at]!]! * Math.min(parts, PARTS) + this.#drawn[at]!) / PARTS);
  }
}
