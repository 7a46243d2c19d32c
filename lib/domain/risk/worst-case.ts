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
 * 2^n sets of them is what others do or approximate. That an order trades at its limit, and not better, is the worst price that it allows; a
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
    orders: Iterable<OpenOrder> = [],
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

  /** What `ticks` would be with one more order. */
  with(order: OpenOrder): number {
    let most = Number.NEGATIVE_INFINITY;
    this.#eachLine(order, (at, loss) => {
      most = Math.max(most, exact(this.#losses[at]! + loss));
    });
    return most;
  }

  add(order: OpenOrder): void {
    this.#eachLine(order, (at, loss) => {
      this.#losses[at] = exact(this.#losses[at]! + loss);
    });
  }

  /** Takes back what `add` of the same order has added. */
  remove(order: OpenOrder): void {
    this.#eachLine(order, (at, loss) => {
      this.#losses[at] = exact(this.#losses[at]! - loss);
    });
  }

  #eachLine({ buy, sell, limit, lots }: OpenOrder, each: (line: number, loss: number) => void): void {
    const { places, lines } = this.#margin;
    const [bought, sold] = [buy, sell].map((month) => (month === CASH ? undefined : placeOf(places, month)));
    const paid = limit - (this.#marks[buy] ?? 0) + (this.#marks[sell] ?? 0);
    for (let at = 0; at < lines.length; at++) {
      const line = lines[at]!;
      const moved = (bought === undefined ? 0 : line[bought]!) - (sold === undefined ? 0 : line[sold]!);
      each(at, exact(lots * Math.max(0, paid + moved)));
    }
  }
}

/** Whether an order may be taken: the worst case with it is covered by the account's cash, or is none the greater for it. */
export const mayTake = (worst: WorstCase, order: OpenOrder, cashTicks: bigint): boolean => {
  const after = worst.with(order);
  return BigInt(after) <= cashTicks || after <= worst.ticks;
};
