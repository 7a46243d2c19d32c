/**
 * What an account could come to need, whatever of its orders trades.
 *
 * The rule. Any of its orders may trade, whole, in part or not at all, in any auction to come; none trades beyond its limit. An order
 * that trades a lot at its limit pays `limit - (mark bought - mark sold)` when it is marked, and moves each line of the requirement (margin.ts) by what
 * the lot bought loses there less what the lot sold does. Both together are its loss per lot in the line. An order is accepted
 * while the worst case is within the account's cash, or if it does not raise the worst case: risk can always be taken off.
 *
 * Why it is exact. In one line, the loss of a set of trades is the sum of theirs, so the worst set is all orders whose loss is positive, whole. The
 * greatest over sets of the greatest over lines is the greatest over lines of the greatest over sets. So the worst case is the
 * greatest over lines of the positions' loss and the sum of `lots x max(0, loss)`: linear in the number of orders, where searching the
 * 2^n sets of them is what others do or approximate. Of alternatives, at most one trades (a replacement that waits for what a closed auction leaves
 * of the old order): then the worst set has in each line the one that loses most there. That an order trades at its limit, and not better, is the worst price that it allows; a
 * better one leaves the account with more cash.
 */
import type { ContractMonth } from '../contract/months.ts';
import { CASH } from '../contract/months.ts';
import { exact, type MarginLines, type Positions, placeOf } from './margin.ts';

/** An order as it counts: a lot of `buy` for one of `sell`, either of which may be cash. */
export interface OpenOrder {
  readonly buy: ContractMonth;
  readonly sell: ContractMonth;
  /** Ticks, the most that may be paid for bought less sold. */
  readonly limit: number;
  readonly lots: number;
}

/** An order that may trade, or alternatives: orders of which at most one trades. */
export type MayTrade = OpenOrder | readonly OpenOrder[];

/** The worst case of one account in one product, order by order. */
export class WorstCase {
  readonly #margin: MarginLines;
  readonly #marks: Readonly<Record<number, number>>;
  /** By line, ticks x lots: what positions and the orders that make it worse lose. */
  readonly #losses: Float64Array;

  /** `marks` are the prices at which positions stand, by month. Throws on a position in a month that is not listed. */
  constructor(
    margin: MarginLines,
    marks: Readonly<Record<number, number>>,
    positions: Positions,
    orders: Iterable<MayTrade> = [],
  ) {
    this.#margin = margin;
    this.#marks = marks;
    this.#losses = new Float64Array(margin.lines.length);
    for (const [month, lots] of positions) {
      const place = placeOf(margin.places, month);
      margin.lines.forEach((line, at) => {
        this.#losses[at] = exact(this.#losses[at]! + lots * line[place]!);
      });
    }
    for (const order of orders) this.add(order);
  }

  /** Ticks x lots that the account must have in cash, so that it could pay for whatever trades. */
  get ticks(): number {
    return Math.max(...this.#losses);
  }

  /** What `ticks` would be with more. What is beyond a safe integer is not exact. */
  with(order: MayTrade): number {
    return this.exchanged([], order);
  }

  /** The same with some in place of others. */
  exchanged(gone: MayTrade, come: MayTrade): number {
    const [without, within] = [this.#terms(gone), this.#terms(come)];
    let most = Number.NEGATIVE_INFINITY;
    for (const [at, line] of this.#margin.lines.entries())
      most = Math.max(most, this.#losses[at]! - lossOf(without, line) + lossOf(within, line));
    return most;
  }

  add(order: MayTrade): void {
    this.exchange([], order);
  }

  /** Takes back what `add` of the same has added. */
  remove(order: MayTrade): void {
    this.exchange(order, []);
  }

  exchange(gone: MayTrade, come: MayTrade): void {
    const [without, within] = [this.#terms(gone), this.#terms(come)];
    for (const [at, line] of this.#margin.lines.entries())
      this.#losses[at] = exact(this.#losses[at]! - lossOf(without, line) + lossOf(within, line));
  }

  /** An order of a month that is not listed trades nowhere. */
  #terms(orders: MayTrade): Terms[] {
    const { places } = this.#margin;
    return [orders].flat().flatMap(({ buy, sell, limit, lots }) => {
      const [bought, sold] = [places.get(buy), places.get(sell)];
      if ((bought === undefined && buy !== CASH) || (sold === undefined && sell !== CASH)) return [];
      return { bought, sold, lots, paid: limit - (this.#marks[buy] ?? 0) + (this.#marks[sell] ?? 0) };
    });
  }
}

/** An order by the places of its months, `undefined` for cash, and what a lot of it pays when it is marked. */
interface Terms {
  readonly bought: number | undefined;
  readonly sold: number | undefined;
  readonly lots: number;
  readonly paid: number;
}

/** What alternatives lose in a line at the worst. */
function lossOf(alternatives: readonly Terms[], line: Float64Array): number {
  let most = 0;
  for (const { bought, sold, lots, paid } of alternatives) {
    const moved = (bought === undefined ? 0 : line[bought]!) - (sold === undefined ? 0 : line[sold]!);
    most = Math.max(most, lots * (paid + moved));
  }
  return most;
}

/** How many of an order's lots may trade, so that the worst case is covered, or is none the greater: more lots never need less. */
export function coveredLots(worst: WorstCase, order: OpenOrder, isCovered: (ticks: number) => boolean): number {
  const before = worst.ticks;
  let [good, bad] = [0, order.lots + 1];
  while (bad - good > 1) {
    const lots = Math.floor((good + bad) / 2);
    const after = worst.with({ ...order, lots });
    if (after <= before || isCovered(after)) good = lots;
    else bad = lots;
  }
  return good;
}
