/**
 * Laws of the roll, over whole windows: whatever fills and whatever the account trades besides, a roll never exceeds its
 * schedule or its position, and never creates exposure.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Fill } from '../../lib/domain/auction/book.ts';
import { type AccountState, addFills, applyEvent, emptyAccount, positions } from '../../lib/domain/clearing/account.ts';
import { type AuctionCleared, NO_REFERENCES } from '../../lib/domain/clearing/events.ts';
import { decideRoll, type RollInstruction, type RollOrder } from '../../lib/domain/clearing/roll.ts';
import { type BusinessDate, parseDate } from '../../lib/domain/contract/calendar.ts';
import { CASH, type ContractMonth, contractMonth, monthAfter } from '../../lib/domain/contract/months.ts';
import { lots, ticks } from '../../lib/domain/contract/units.ts';
import { H100, PRODUCT } from '../venue/h100.ts';

const NEAR = contractMonth(2025, 12);
const NEXT = monthAfter(NEAR);
const DAYS = 5;
interface RollingDay {
  /** What the account trades of its own before the closing auction, in the near month. */
  readonly own: number;
  /** How many thousandths of the roll order fill. */
  readonly filled: number;
  readonly near: number;
  readonly next: number;
}
interface Rolled {
  readonly order: RollOrder | undefined;
  readonly before: AccountState;
  readonly after: AccountState;
}

const size = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 1_000_000 }));
const price = fc.integer({ min: 1, max: 9000 });
const quiet = fc.record({ own: fc.constant(0), filled: fc.constant(1000), near: price, next: price });
const busy = fc.record({
  own: fc.integer({ min: -40, max: 40 }),
  filled: fc.oneof(fc.constantFrom(0, 1000), fc.integer({ min: 0, max: 1000 })),
  near: price,
  next: price,
});
const week = (day: fc.Arbitrary<RollingDay>) => fc.array(day, { minLength: DAYS, maxLength: DAYS });
const instruction = fc.oneof(
  fc.constant<RollInstruction>({ at: 'market' }),
  fc.integer({ min: -500, max: 500 }).map((limit): RollInstruction => ({ at: 'limit', limit: ticks(limit) })),
);

/** Runs one account through a window: each day its own trade, then the roll order, filled in part, through the account fold. */
function roll(held: number, days: readonly RollingDay[], said: RollInstruction): Rolled[] {
  let state: AccountState = {
    ...emptyAccount('ann'),
    products: { [PRODUCT]: { lots: { [NEAR]: lots(held) }, roll: { near: NEAR, held: lots(held), rolled: lots(0) } } },
  };
  return days.map((day, at) => {
    const marks = { [NEAR]: ticks(day.near), [NEXT]: ticks(day.next) };
    const trade = (buy: ContractMonth, sell: ContractMonth, quantity: number, rolls: boolean): void => {
      if (quantity === 0) return;
      const fill: Fill = { account: 'ann', clientOrderId: 'x', buy, sell, lots: lots(quantity), sender: 'desk-7', rolls };
      state = applyEvent(state, state.applied + 1, auction(marks, at), addFills([], [fill]), () => 100n)!.state;
    };
    trade(day.own > 0 ? NEAR : CASH, day.own > 0 ? CASH : NEAR, Math.abs(day.own), false);
    const before = state;
    const holding = before.products[PRODUCT]!;
    const today = { near: NEAR, next: NEXT, day: at + 1, days: DAYS };
    const order = decideRoll(today, holding.roll, holding.lots[NEAR] ?? lots(0), said, marks, H100);
    if (order) trade(order.buy, order.sell, Math.floor((order.lots * day.filled) / 1000), true);
    return { order, before, after: state };
  });
}

function auction(marks: AuctionCleared['marks'], at: number): AuctionCleared {
  const month = (of: ContractMonth) => ({
    price: marks[of]!,
    traded: true,
    volume: lots(1),
    bid: null,
    offer: null,
    sealedBid: null,
    sealedOffer: null,
  });
  const months = { [NEAR]: month(NEAR), [NEXT]: month(NEXT) };
  const date = parseDate(`2025-11-1${at}`) as BusinessDate;
  const nothing = { slot: '', orders: 0, fills: NO_REFERENCES, carried: NO_REFERENCES, depth: '', surplus: '0' };
  return { kind: 'auction-cleared', product: PRODUCT, auction: 1, date, books: date, closing: true, marks, months, ...nothing };
}

const rolled = (state: AccountState): number => state.products[PRODUCT]!.roll!.rolled;
const inNear = (state: AccountState): number => state.products[PRODUCT]!.lots[NEAR] ?? 0;
const total = (state: AccountState): number =>
  positions(state.products[PRODUCT]!).reduce((sum, [, quantity]) => sum + quantity, 0);
const sided = fc.constantFrom(1, -1);

describe('when every order fills and the account does nothing else', () => {
  test('a position of any size rolls by fifths, rounded half-up, and is gone after the fifth', () => {
    fc.assert(
      fc.property(size, sided, week(quiet), instruction, (held, sign, days, said) => {
        const run = roll(sign * held, days, said);
        run.forEach(({ after }, at) => {
          expect(rolled(after)).toBe(lots(sign * Math.round((held * (at + 1)) / DAYS)));
        });
        expect(inNear(run.at(-1)!.after)).toBe(0);
        expect(run.at(-1)!.after.products[PRODUCT]!.lots[NEXT]).toBe(sign * held);
      }),
    );
  });

  test('no day’s order is more than a lot from a fifth', () => {
    fc.assert(
      fc.property(size, week(quiet), (held, days) => {
        for (const { order } of roll(held, days, { at: 'market' }))
          expect(Math.abs((order?.lots ?? 0) - held / DAYS)).toBeLessThan(1);
      }),
    );
  });
});

describe('whatever fills, and whatever the account trades besides', () => {
  const window = fc
    .tuple(size, sided, week(busy), instruction)
    .map(([held, sign, days, said]) => ({ held, sign, run: roll(sign * held, days, said) }));

  test('a roll leaves the account’s total lots as they were', () => {
    fc.assert(
      fc.property(window, ({ run }) => {
        for (const { before, after } of run) expect(total(after)).toBe(total(before));
      }),
    );
  });

  test('a roll takes no more than is held, and never turns a position round', () => {
    fc.assert(
      fc.property(window, ({ sign, run }) => {
        for (const { order, before, after } of run) {
          if (!order) continue;
          expect(order.lots).toBeGreaterThan(0);
          expect(order.lots).toBeLessThanOrEqual(sign * inNear(before));
          expect(sign * inNear(after)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  test('what has rolled never runs ahead of the schedule, and never goes back', () => {
    fc.assert(
      fc.property(window, ({ held, sign, run }) => {
        run.forEach(({ before, after }, at) => {
          expect(sign * rolled(after)).toBeLessThanOrEqual(Math.round((held * (at + 1)) / DAYS));
          expect(sign * rolled(after)).toBeGreaterThanOrEqual(sign * rolled(before));
        });
      }),
    );
  });

  test('a day’s order is all that is due and held: what did not fill is tried again', () => {
    fc.assert(
      fc.property(window, ({ held, sign, run }) => {
        run.forEach(({ order, before }, at) => {
          const due = Math.round((held * (at + 1)) / DAYS) - sign * rolled(before);
          expect(order?.lots ?? 0).toBe(Math.max(0, Math.min(due, sign * inNear(before))));
        });
      }),
    );
  });

  test('the roll’s cost is lots x (far - near) of the day, whatever else was traded', () => {
    fc.assert(
      fc.property(size, sided, week(busy), instruction, (held, sign, days, said) => {
        roll(sign * held, days, said).forEach(({ before, after }, at) => {
          const lotsRolled = rolled(after) - rolled(before);
          if (lotsRolled === 0) return;
          const cost = BigInt(lotsRolled) * BigInt(days[at]!.next - days[at]!.near) * 100n;
          expect(after.products[PRODUCT]!.day).toMatchObject({ rolledLots: lotsRolled, rollCost: cost });
        });
      }),
    );
  });
});

test('a short rolls as the long does in the mirror: the same lots, the months exchanged, the limit on far minus near', () => {
  fc.assert(
    fc.property(size, week(busy), fc.integer({ min: -500, max: 500 }), (held, days, limit) => {
      const said: RollInstruction = { at: 'limit', limit: ticks(limit) };
      const long = roll(held, days, said);
      const short = roll(
        -held,
        days.map((day) => ({ ...day, own: -day.own })),
        said,
      );
      long.forEach(({ order }, at) => {
        const mirrored = order && { buy: order.sell, sell: order.buy, limit: ticks(-order.limit), lots: order.lots };
        expect(short[at]!.order).toEqual(mirrored);
      });
    }),
  );
});

test('at market, a long bids the settled spread plus the band and a short offers it less the band', () => {
  fc.assert(
    fc.property(size, sided, week(quiet), (held, sign, days) => {
      roll(sign * held, days, { at: 'market' }).forEach(({ order }, at) => {
        const spread = days[at]!.next - days[at]!.near;
        if (order) expect(order.buy === NEXT ? order.limit : -order.limit).toBe(spread + sign * H100.rollBandTicks);
      });
    }),
  );
});
