/** What each order gets of the lots that trade at its price: worked examples, with the draws as the lottery makes them. */
import { describe, expect, it } from 'vitest';
import { Lottery } from '../../../lib/domain/auction/lottery.ts';
import { shareOut } from '../../../lib/domain/auction/shares.ts';
import { hashOf } from './books.ts';

const MOST = 2 ** 31 - 1;

/** Lots by place, of orders given as owner and size, of which `filled` lots trade. `rows`: the order in which they are given. */
function shares(orders: readonly (readonly [owner: number, size: number])[], filled: number, number = 1, rows?: number[]) {
  const lots = Int32Array.from(orders, ([, size]) => size);
  const given = Int32Array.from(orders, () => -1);
  const margin = { lots: lots.reduce((sum, size) => sum + size, 0), filled, rows: rows ?? [...orders.keys()] };
  shareOut(margin, { owner: Uint32Array.from(orders, ([owner]) => owner), lots }, given, new Lottery(hashOf(number), 3));
  return [...given];
}

/** Drawn lots are as another program, written from the text of the rule alone, draws them from the same numbers. */
type Example = [what: string, orders: [owner: number, size: number][], filled: number, number: number, given: number[]];

describe('owners', () => {
  it.each<Example>([
    [
      'with equal lots get equal lots',
      [
        [0, 4],
        [1, 4],
        [2, 4],
      ],
      6,
      1,
      [2, 2, 2],
    ],
    [
      'get lots in proportion to what they have',
      [
        [0, 10],
        [1, 20],
        [2, 30],
      ],
      30,
      1,
      [5, 10, 15],
    ],
    [
      'count what all of their orders have together',
      [
        [0, 5],
        [1, 20],
        [0, 5],
        [2, 10],
        [0, 10],
      ],
      25,
      1,
      [2, 10, 3, 5, 5],
    ],
    [
      'get nothing of nothing',
      [
        [0, 3],
        [1, 4],
      ],
      0,
      1,
      [0, 0],
    ],
    [
      'draw for a lot that is left over',
      [
        [0, 1],
        [1, 1],
        [2, 1],
        [3, 1],
      ],
      1,
      1,
      [0, 0, 1, 0],
    ],
    [
      'draw otherwise from other numbers',
      [
        [0, 1],
        [1, 1],
        [2, 1],
        [3, 1],
      ],
      1,
      2,
      [0, 0, 0, 1],
    ],
    [
      'draw for several lots',
      [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 4],
        [4, 5],
      ],
      4,
      3,
      [0, 1, 0, 1, 2],
    ],
    [
      'draw against larger shares, and may win',
      [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 4],
        [4, 5],
      ],
      4,
      4,
      [1, 0, 1, 1, 1],
    ],
    [
      'with whole shares get these, and the others draw',
      [
        [0, 2],
        [1, 4],
        [2, 1],
        [3, 1],
      ],
      4,
      1,
      [1, 2, 1, 0],
    ],
    [
      'with the largest orders draw for single lots too',
      [
        [0, MOST],
        [1, MOST - 1],
        [1, MOST - 5],
        [2, MOST - 2],
        [0, MOST],
      ],
      2 * MOST - 7,
      1,
      [858_993_458, 858_993_458, 858_993_456, 858_993_457, 858_993_458],
    ],
  ])('%s', (_, orders, filled, number, given) => {
    expect(shares(orders, filled, number)).toEqual(given);
  });

  it('share alike whatever the order of their rows', () => {
    const orders: [number, number][] = [
      [2, 3],
      [0, 1],
      [1, 4],
      [0, 6],
      [2, 2],
      [1, 1],
    ];
    for (let number = 0; number < 50; number++)
      expect(shares(orders, 7, number, [5, 3, 0, 1, 4, 2])).toEqual(shares(orders, 7, number));
  });

  it('share alike however one of them cuts its lots', () => {
    for (let number = 0; number < 50; number++) {
      const [whole, other] = shares(
        [
          [0, 6],
          [1, 5],
        ],
        5,
        number,
      );
      const [one, two, three, same] = shares(
        [
          [0, 1],
          [0, 2],
          [0, 3],
          [1, 5],
        ],
        5,
        number,
      );
      expect([one! + two! + three!, same]).toEqual([whole, other]);
    }
  });
});

describe('orders of one owner', () => {
  it.each<Example>([
    [
      'get the whole lots of their shares, and the largest remainders one more',
      [
        [0, 7],
        [0, 5],
        [0, 3],
        [1, 15],
      ],
      20,
      1,
      [5, 3, 2, 10],
    ],
    [
      'draw where remainders are equal',
      [
        [0, 1],
        [0, 3],
        [0, 1],
        [0, 3],
        [1, 8],
      ],
      8,
      1,
      [0, 2, 0, 2, 4],
    ],
    [
      'draw otherwise from other numbers',
      [
        [0, 1],
        [0, 3],
        [0, 1],
        [0, 3],
        [1, 8],
      ],
      8,
      3,
      [1, 2, 0, 1, 4],
    ],
    [
      'draw only below larger remainders',
      [
        [0, 3],
        [0, 1],
        [0, 1],
        [0, 1],
        [1, 2],
      ],
      4,
      1,
      [1, 1, 0, 1, 1],
    ],
    [
      'draw against a larger order with the same remainder',
      [
        [0, 3],
        [0, 1],
        [0, 1],
        [0, 1],
        [1, 2],
      ],
      4,
      3,
      [2, 1, 0, 0, 1],
    ],
    [
      'draw one by one',
      [
        [0, 1],
        [0, 1],
        [0, 1],
        [0, 1],
        [0, 1],
        [0, 1],
        [1, 6],
      ],
      6,
      4,
      [1, 0, 0, 0, 1, 1, 3],
    ],
    [
      'fill whole when all that the owner has trades',
      [
        [0, 1],
        [0, 4],
      ],
      5,
      1,
      [1, 4],
    ],
  ])('%s', (_, orders, filled, number, given) => {
    expect(shares(orders, filled, number)).toEqual(given);
  });
});
