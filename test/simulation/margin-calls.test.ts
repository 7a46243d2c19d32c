/** How the called answer: with what they have, and then with what they hold. */
import { expect, it } from 'vitest';
import type { BusinessDate } from '../../lib/domain/contract/calendar.ts';
import { type Lots, ticks } from '../../lib/domain/contract/units.ts';
import { cutBack, Reserves } from '../../lib/simulation/margin-calls.ts';
import type { Market } from '../../lib/simulation/market.ts';
import { DEC, NOV, OCT, PRODUCT } from '../venue/h100.ts';

const MARKET: Market = {
  product: PRODUCT,
  priceDecimals: 3,
  date: '2025-10-23' as BusinessDate,
  round: 1,
  closing: false,
  listed: [NOV, DEC],
  near: NOV,
  rolling: false,
  last: new Map([NOV, DEC].map((month) => [month, ticks(2000)])),
  worth: new Map([NOV, DEC].map((month) => [month, ticks(2200)])),
  offers: new Map(),
};

it('each pays all that it is called for, or all that it has left, and only who can not pay is cut back', () => {
  const reserves = new Reserves([
    { account: 'rich', reserve: 1_000 },
    { account: 'poor', reserve: 50 },
    { account: 'broke', reserve: 0 },
  ]);
  const called = ['rich', 'poor', 'broke'].map((account) => ({ account, cents: 60_00n }));
  expect(reserves.answer(called)).toEqual([
    { account: 'rich', cents: 60_00n },
    { account: 'poor', cents: 50_00n },
  ]);
  expect([...reserves.cutBack]).toEqual(['poor', 'broke']);
  expect(reserves.answer([{ account: 'poor', cents: 10_00n }])).toEqual([]);
  expect([...reserves.cutBack]).toEqual(['poor']);
  expect([...reserves.everCutBack]).toEqual(['poor', 'broke']);
  expect(reserves.paid).toEqual(
    new Map([
      ['rich', 60_00n],
      ['poor', 50_00n],
    ]),
  );
});

it('an account that is cut back takes its orders out and lets half of each position go, near the market', () => {
  const positions = new Map([
    [OCT, 4 as Lots],
    [NOV, 5 as Lots],
    [DEC, -2 as Lots],
  ]);
  expect(cutBack(MARKET, { orders: [], positions })).toEqual([
    { cancelAll: true },
    { clientOrderId: `10-23.1.cut.${NOV}`, side: 'sell', contract: `${PRODUCT}-2025-11`, price: '2.037', lots: 3 },
    { clientOrderId: `10-23.1.cut.${DEC}`, side: 'buy', contract: `${PRODUCT}-2025-12`, price: '2.163', lots: 1 },
  ]);
});
