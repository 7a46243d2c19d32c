import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { BookOrder } from '../../lib/domain/auction/book.ts';
import { type Instruction, type Order, type Outcome, REFUSALS, TIMES_IN_FORCE } from '../../lib/domain/auction/orders.ts';
import type { ContractMonth } from '../../lib/domain/contract/months.ts';
import { lots, MAX_LOTS, MAX_TICKS, ticks } from '../../lib/domain/contract/units.ts';
import { PackingError, Reader } from '../../lib/store/packed-bytes.ts';
import {
  packInstructions,
  packOrders,
  packOutcomes,
  readFill,
  unpackInstructions,
  unpackOrders,
  unpackOutcomes,
} from '../../lib/store/packing.ts';

const name = fc.string({ unit: 'grapheme', maxLength: 64 });
const node = fc.integer({ min: 0, max: 9999 * 12 + 11 }) as fc.Arbitrary<ContractMonth>;
const quantity = fc.integer({ min: 1, max: MAX_LOTS }).map(lots);
const order: fc.Arbitrary<Order> = fc.record({
  clientOrderId: name,
  buy: node,
  sell: node,
  limit: fc.integer({ min: -MAX_TICKS, max: MAX_TICKS }).map(ticks),
  lots: quantity,
  timeInForce: fc.constantFrom(...TIMES_IN_FORCE),
});
const instruction: fc.Arbitrary<Instruction> = fc.oneof(
  fc.record({ kind: fc.constant('new' as const), order }),
  fc.record({ kind: fc.constant('cancel' as const), clientOrderId: name }),
  fc.record({ kind: fc.constant('replace' as const), replaces: name, order }),
  fc.constant({ kind: 'cancel-all' as const }),
);
const outcome = fc.constantFrom<Outcome>('accepted', 'deferred', ...REFUSALS);
const bookOrder: fc.Arbitrary<BookOrder> = fc
  .tuple(
    order,
    name.filter((account) => account !== ''),
    name.filter((sender) => sender !== ''),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([own, account, sender, rolls, partlyFilled]) => ({ ...own, account, sender, rolls, partlyFilled }));
interface Packing {
  readonly of: string;
  readonly rows: fc.Arbitrary<unknown[]>;
  readonly pack: (rows: never) => Uint8Array;
  readonly unpack: (packed: Uint8Array) => unknown[];
}
const PACKINGS: Packing[] = [
  { of: 'instructions', rows: fc.array(instruction), pack: packInstructions, unpack: unpackInstructions },
  { of: 'outcomes', rows: fc.array(outcome), pack: packOutcomes, unpack: unpackOutcomes },
  { of: 'orders', rows: fc.array(bookOrder), pack: packOrders, unpack: unpackOrders },
];

describe.each(PACKINGS)('packed $of', ({ rows, pack, unpack }) => {
  it('read as they were written, also from the middle of a larger buffer', () => {
    fc.assert(
      fc.property(rows, (written) => {
        const packed = pack(written as never);
        expect(unpack(packed)).toEqual(written);
        const inside = Buffer.concat([Buffer.from([7, 7]), packed, Buffer.from([7])]);
        expect(unpack(inside.subarray(2, 2 + packed.length))).toEqual(written);
      }),
    );
  });

  it('are refused in every version but the first', () => {
    const [, ...rest] = pack([] as never);
    for (let version = 0; version < 128; version++) {
      if (version === 1) continue;
      expect(() => unpack(Uint8Array.from([version, ...rest]))).toThrow(PackingError);
    }
    expect(() => unpack(Uint8Array.from([0x81, 0x01, ...rest]))).toThrow(/version 129/);
    expect(() => unpack(new Uint8Array())).toThrow(PackingError);
  });

  it('are refused when cut anywhere or followed by anything', () => {
    fc.assert(
      fc.property(rows, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 }), (written, at, more) => {
        const packed = pack(written as never);
        expect(() => unpack(packed.slice(0, at % packed.length))).toThrow(PackingError);
        expect(() => unpack(Buffer.concat([packed, more]))).toThrow(PackingError);
      }),
    );
  });
});

test.each([
  ['a kind of instruction', () => unpackInstructions(Uint8Array.from([1, 1, 4]))],
  ['an outcome', () => unpackOutcomes(Uint8Array.from([1, 1, 2 + REFUSALS.length]))],
  ['a time in force', () => unpackInstructions(Uint8Array.from([1, 1, 0, 0, 0, 1, 0, 1, TIMES_IN_FORCE.length]))],
  ['flags of an order', () => unpackOrders(Uint8Array.from([1, 1, 1, 120, 1, 115, 4, 0, 0, 1, 0, 1, 0]))],
  ['a mark of a fill', () => readFill(new Reader(Uint8Array.from([1, 120, 1, 115, 0, 0, 0, 1, 2])))],
  ['a number beyond what is exact', () => unpackOutcomes(Uint8Array.from([1, 1, 255, 255, 255, 255, 255, 255, 255, 127]))],
  ['a count that no bytes follow', () => unpackOutcomes(Uint8Array.from([1, 255, 255, 255, 255, 15]))],
])('%s that is not known is refused', (_, unpack) => {
  expect(unpack).toThrow(PackingError);
});

test.each([-1, 0.5, Number.NaN, 2 ** 53])('a number that is not a whole one in range is not packed: %s', (lots) => {
  const wrong = { kind: 'new', order: { clientOrderId: 'a', buy: 1, sell: 0, limit: 1, lots, timeInForce: 'day' } };
  expect(() => packInstructions([wrong as unknown as Instruction])).toThrow(PackingError);
});

test('an order whose name has the length of a serial number takes 25 to 30 bytes', () => {
  const orders = Array.from({ length: 500 }, (_, at): Instruction => {
    const clientOrderId = `2025-10-20.${String(at).padStart(4, '0')}`;
    const own = { clientOrderId, buy: 24309 as ContractMonth, sell: 0 as ContractMonth, timeInForce: 'day' as const };
    return { kind: 'new', order: { ...own, limit: ticks(2350 + at), lots: lots(1 + at) } };
  });
  const each = packInstructions(orders).length / orders.length;
  expect(each).toBeGreaterThan(24);
  expect(each).toBeLessThan(30);
});

describe('what is stored stays readable: each code stands for what it always did', () => {
  it.each<[outcome: Outcome, code: number]>([
    ['accepted', 0],
    ['deferred', 1],
    ['auction-closed', 2],
    ['contract-not-listed', 3],
    ['unknown-order', 4],
    ['duplicate-client-order-id', 5],
    ['too-many-live-orders', 6],
    ['too-many-submissions', 7],
    ['overtaken', 8],
  ])('the outcome %s is %i', (outcome, code) => expect([...packOutcomes([outcome])]).toEqual([1, 1, code]));

  it('an order is its name, its months, its limit zigzagged, its lots and its time in force', () => {
    const terms = {
      clientOrderId: 'a',
      buy: 300,
      sell: 0,
      limit: ticks(-2),
      lots: lots(5),
      timeInForce: 'gtc',
    } as unknown as Order;
    const packed = [1, 97, 0b1010_1100, 2, 0, 3, 5, 2];
    expect([...packInstructions([{ kind: 'new', order: terms }])]).toEqual([1, 1, 0, ...packed]);
    expect([...packInstructions([{ kind: 'cancel', clientOrderId: 'a' }])]).toEqual([1, 1, 1, 1, 97]);
    expect([...packInstructions([{ kind: 'cancel-all' }])]).toEqual([1, 1, 3]);
    expect([...packInstructions([{ kind: 'replace', replaces: 'b', order: terms }])]).toEqual([1, 1, 2, 1, 98, ...packed]);
    expect([...packOrders([{ ...terms, account: 'x', sender: 's', rolls: false, partlyFilled: true }])]).toEqual([
      1,
      1,
      1,
      120,
      1,
      115,
      2,
      ...packed,
    ]);
    expect([...packOrders([{ ...terms, account: 'x', sender: 's', rolls: true, partlyFilled: false }])]).toEqual([
      1,
      1,
      1,
      120,
      1,
      115,
      1,
      ...packed,
    ]);
  });
});
