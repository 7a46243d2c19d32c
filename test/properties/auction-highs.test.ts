import { beforeAll, describe, expect, it } from 'vitest';
import { clearAuction } from '../../lib/domain/auction/auction.ts';
import { mulberry32, randomBook, type Shape } from '../domain/auction/books.ts';
import { greatestSurplus, greatestVolume, type Highs, loadHighs } from './auction-lp.ts';

let highs: Highs;
beforeAll(async () => {
  highs = await loadHighs();
});

const usual: Shape = {
  orders: 120,
  months: 12,
  spreads: 0.3,
  width: 200,
  tick: 1,
  lots_max: 50,
  first: 2000,
  step: 40,
  buys: 0.5,
};

const shapes: [string, Partial<Shape>][] = [
  ['a usual book', {}],
  ['one month', { months: 1 }],
  ['two months, mostly spreads', { months: 2, spreads: 0.8 }],
  ['outrights only', { spreads: 0 }],
  ['spreads only', { spreads: 1 }],
  ['months that few orders reach', { orders: 14, spreads: 0.5 }],
  ['every limit at the curve', { width: 0 }],
  ['heavy ties', { width: 6, months: 4, lots_max: 9 }],
  ['a coarse grid of limits', { width: 300, tick: 50 }],
  ['negative prices', { first: -500, step: 90, months: 8 }],
  ['limits far apart', { width: 900_000, lots_max: 1000 }],
  ['mostly buyers', { buys: 0.9 }],
  ['mostly sellers', { buys: 0.1, spreads: 0.6 }],
  ['single lots', { lots_max: 1, months: 6, width: 20 }],
  ['a falling curve', { step: -130, months: 9, spreads: 0.5 }],
  ['a larger book', { orders: 500 }],
];

const BOOKS_PER_SHAPE = 40;

describe('an independent solver agrees with the auction', () => {
  it.each(shapes)('on the greatest surplus and the greatest volume of %s', (_, differences) => {
    const shape = { ...usual, ...differences };
    const random = mulberry32(shapes.findIndex(([, other]) => other === differences));
    for (let book = 0; book < BOOKS_PER_SHAPE; book++) {
      const seed = Math.floor(random() * 2 ** 32);
      const orders = Math.ceil(shape.orders * (0.2 + 0.8 * random()));
      const drawn = randomBook({ ...shape, orders }, seed);
      const { prices, filled, surplus } = clearAuction(drawn);
      expect(surplus, `surplus of seed ${seed}`).toBe(greatestSurplus(highs, drawn));
      const volume = filled.reduce((sum, lots) => sum + lots, 0);
      expect(BigInt(volume), `volume of seed ${seed}`).toBe(greatestVolume(highs, drawn, prices));
    }
  });
});
