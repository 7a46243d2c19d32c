/** What participants do, each in the same market. */
import { describe, expect, test } from 'vitest';
import { type ContractMonth, contractCode, listedMonths } from '../../lib/domain/contract/months.ts';
import { lots, parseDecimal, type Ticks, ticks } from '../../lib/domain/contract/units.ts';
import { random } from '../../lib/local/host/random.ts';
import { buyNear, buyNeeds, hasNeeds } from '../../lib/simulation/buyers.ts';
import { type Entry, type Market, type Own, type OwnOrder, worthOf } from '../../lib/simulation/market.ts';
import { type MarketMaker, quote } from '../../lib/simulation/market-makers.ts';
import { GROUPS, population } from '../../lib/simulation/population.ts';
import { type DataCentre, sellCapacity, sellNear } from '../../lib/simulation/sellers.ts';
import { month, on, PRODUCT } from '../venue/h100.ts';

const DATE = on('2025-10-20');
const DEC = month('2025-12');
const JAN = month('2026-01');
const LISTED = listedMonths('NYSE', DATE, 12);
const PRICES = new Map(LISTED.map((listed, index): [ContractMonth, Ticks] => [listed, ticks(2300 + 10 * index)]));
const MARKET: Market = {
  product: PRODUCT,
  priceDecimals: 3,
  date: DATE,
  round: 0,
  closing: false,
  listed: LISTED,
  near: DEC,
  rolling: false,
  last: PRICES,
  worth: PRICES,
  offers: new Map([['nebius', { provider: 'nebius', offers: 3, average: ticks(2120) }]]),
};
const ROLLING: Market = { ...MARKET, date: on('2025-11-10'), rolling: true };
const NOTHING: Own = { orders: [], positions: new Map() };
const holding = (of: ContractMonth, size: number): Own => ({ orders: [], positions: new Map([[of, lots(size)]]) });
const code = (of: ContractMonth): string => contractCode(PRODUCT, of);
const standing = (clientOrderId: string, of: ContractMonth): OwnOrder => ({
  clientOrderId,
  side: 'sell',
  contract: code(of),
  price: '2.300',
  lots: 5,
});
const OFFERS = new Map([
  [
    DATE,
    [
      { provider: 'dc_one', offers: 2, average: ticks(2000) },
      { provider: 'nebius', offers: 3, average: ticks(2120) },
    ],
  ],
]);

const named = (entries: readonly Entry[]) => entries.flatMap((entry) => ('cancel' in entry ? [] : [entry]));

describe('a data centre', () => {
  const centre: DataCentre = { provider: 'nebius', capacity: 40, lotsPerOffer: 4, margin: 0 };

  test('asks between its street price and the market, month by month, until its capacity is given out', () => {
    const asks = named(sellCapacity(centre, MARKET, NOTHING));
    expect(asks.map((ask) => [('contract' in ask && ask.contract) || '', ask.price, ask.lots])).toEqual([
      [code(month('2025-11')), '2.246', 12],
      [code(DEC), '2.253', 12],
      [code(JAN), '2.260', 12],
      [code(month('2026-02')), '2.266', 4],
    ]);
  });

  test('replaces an ask that still stands, and takes back one it would not make again', () => {
    const own: Own = { orders: [standing('old', DEC), standing('far', month('2026-08'))], positions: new Map() };
    const entries = sellCapacity(centre, MARKET, own);
    expect(entries).toContainEqual({ cancel: 'far' });
    expect(named(entries).filter((ask) => ask.replaces === 'old')).toMatchObject([{ contract: code(DEC) }]);
  });

  test('takes everything back when its provider offers nothing', () => {
    const own: Own = { orders: [standing('old', DEC)], positions: new Map() };
    expect(sellCapacity(centre, { ...MARKET, offers: new Map() }, own)).toEqual([{ cancel: 'old' }]);
  });

  test('asks for nothing once its capacity is sold', () => {
    expect(sellCapacity(centre, MARKET, holding(JAN, -40))).toEqual([]);
  });
});

describe('a hedger', () => {
  const hedger = {
    needs: new Map([
      [DEC, 20],
      [month('2025-09'), 8],
    ]),
    urgency: 100,
  };

  test('buys a quarter of a need at a time', () => {
    expect(buyNeeds(hedger, MARKET, NOTHING, random(1, 'h'))).toMatchObject([{ side: 'buy', contract: code(DEC), lots: 5 }]);
  });

  test('does not buy what it holds or has an order working for', () => {
    const own: Own = { orders: [{ ...standing('x', DEC), lots: 2 }], positions: new Map([[DEC, lots(17)]]) };
    expect(buyNeeds(hedger, MARKET, own, random(1, 'h'))).toMatchObject([{ lots: 1 }]);
  });

  test('is done when every month it needs is bought or gone', () => {
    expect(hasNeeds(hedger, MARKET, holding(DEC, 19))).toBe(true);
    expect(hasNeeds(hedger, MARKET, holding(DEC, 20))).toBe(false);
  });
});

describe('participants that hold the near month', () => {
  test('an investor buys it in slices up to its target', () => {
    expect(buyNear({ target: 60 }, MARKET, NOTHING, random(1, 'i'))).toMatchObject([
      { side: 'buy', contract: code(DEC), lots: 10 },
    ]);
    expect(buyNear({ target: 60 }, MARKET, holding(DEC, 55), random(1, 'i'))).toMatchObject([{ lots: 5 }]);
  });

  test('an investor that has rolled counts what it holds in the next month', () => {
    expect(buyNear({ target: 60 }, MARKET, holding(JAN, 60), random(1, 'i'))).toBeUndefined();
  });

  test('a short hedger sells it down to its target', () => {
    expect(sellNear({ target: 60 }, MARKET, holding(DEC, -55), random(1, 's'))).toMatchObject([{ side: 'sell', lots: 5 }]);
    expect(sellNear({ target: 60 }, MARKET, holding(DEC, -60), random(1, 's'))).toBeUndefined();
  });

  test.each(['investors', 'short hedgers'])('%s stay away while it rolls', (group) => {
    const members = population(1, 300, OFFERS, LISTED).filter((participant) => participant.group === group);
    expect(members.some(({ comesTo }) => comesTo(MARKET))).toBe(true);
    expect(members.some(({ comesTo }) => comesTo(ROLLING))).toBe(false);
  });
});

describe('a market maker', () => {
  const maker: MarketMaker = { bias: 0, edge: 5, spreadEdge: 2, size: 10, spreadSize: 20 };
  const pricesOf = (entries: readonly Entry[], side: 'buy' | 'sell', of: ContractMonth): bigint[] =>
    named(entries).flatMap((entry) =>
      'side' in entry && entry.side === side && entry.contract === code(of) ? [parseDecimal(entry.price, 3)!] : [],
    );

  test('bids below its estimate and offers above it, in every month it quotes', () => {
    const entries = quote(maker, MARKET, NOTHING);
    for (const of of LISTED.slice(0, 6)) {
      const estimate = BigInt(PRICES.get(of)!);
      expect(pricesOf(entries, 'buy', of).every((bid) => bid < estimate)).toBe(true);
      expect(pricesOf(entries, 'sell', of).every((ask) => ask > estimate)).toBe(true);
    }
  });

  test('quotes the spread from the near month to the next both ways, three times as large while it rolls', () => {
    const spread = (market: Market) =>
      named(quote(maker, market, NOTHING)).flatMap((entry) =>
        'buy' in entry && [entry.buy, entry.sell].sort().join() === [code(DEC), code(JAN)].sort().join()
          ? [[entry.buy === code(JAN) ? 'up' : 'down', entry.price, entry.lots]]
          : [],
      );
    expect(spread(MARKET)).toEqual([
      ['up', '0.008', 20],
      ['down', '-0.012', 20],
      ['up', '0.004', 40],
      ['down', '-0.016', 40],
    ]);
    expect(spread(ROLLING).map(([, , size]) => size)).toEqual([60, 60, 120, 120]);
  });

  test('leans against what it holds', () => {
    const [flat] = pricesOf(quote(maker, MARKET, NOTHING), 'sell', DEC);
    const [long] = pricesOf(quote(maker, MARKET, holding(DEC, 400)), 'sell', DEC);
    expect(flat! - long!).toBe(10n);
  });

  test('replaces what stands of a quote, enters what does not, and cancels the rest', () => {
    const before = named(quote(maker, MARKET, NOTHING)).map((entry): OwnOrder => ({ ...entry }));
    const kept = before.filter((_, index) => index % 2 === 0);
    const stale: OwnOrder = { clientOrderId: '10-20.0.bid.1.0', price: '2.000', lots: 1 };
    const entries = quote(maker, { ...MARKET, round: 1 }, { orders: [...kept, stale], positions: new Map() });
    expect(named(entries).flatMap(({ replaces }) => replaces ?? [])).toEqual(kept.map(({ clientOrderId }) => clientOrderId));
    expect(named(entries)).toHaveLength(before.length);
    expect(entries.filter((entry) => 'cancel' in entry)).toEqual([{ cancel: stale.clientOrderId }]);
  });
});

describe('the population', () => {
  test('has every group and as many participants as asked for', () => {
    for (const count of [5, 12, 300, 777]) {
      const participants = population(1, count, OFFERS, LISTED);
      expect(participants).toHaveLength(count);
      expect(new Set(participants.map(({ group }) => group))).toEqual(new Set(GROUPS));
    }
  });

  test('has accounts of valid and different names', () => {
    const accounts = population(1, 500, OFFERS, LISTED).map(({ account }) => account);
    expect(new Set(accounts).size).toBe(500);
    expect(accounts.filter((account) => !/^[a-z0-9][a-z0-9-]{0,62}$/.test(account))).toEqual([]);
  });

  test('says the same for the same seed, and something else for another', () => {
    const said = (seed: number) =>
      population(seed, 60, OFFERS, LISTED).flatMap(({ comesTo, decide }) => (comesTo(MARKET) ? decide(MARKET, NOTHING) : []));
    expect(said(1)).toEqual(said(1));
    expect(said(1)).not.toEqual(said(2));
  });
});

describe('what a month is worth', () => {
  const spot = new Map([
    [on('2025-11-01'), 2_000_000n],
    [on('2025-11-02'), 2_400_000n],
  ]) as unknown as Parameters<typeof worthOf>[0];

  test('follows the spot by a quarter of the gap a day, and rises with the months', () => {
    const worth = worthOf(spot, on('2025-11-02'), [DEC, JAN], { priceDecimals: 3 });
    expect([...worth.values()]).toEqual([2110, 2119]);
  });

  test('is in its own month the mean of what was published and what may come', () => {
    const nov = month('2025-11');
    expect(worthOf(spot, on('2025-11-02'), [nov], { priceDecimals: 3 }).get(nov)).toBe(
      Math.round((2000 + 2400 + 28 * 2100) / 30),
    );
  });

  test('does not know tomorrow', () => {
    expect(worthOf(spot, on('2025-11-01'), [DEC], { priceDecimals: 3 }).get(DEC)).toBe(2010);
  });
});
