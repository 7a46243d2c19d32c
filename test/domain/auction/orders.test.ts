import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  applySubmission,
  type Instruction,
  type LiveOrders,
  type Order,
  type OrderTerms,
  type Outcome,
  REFUSALS,
  replaySubmission,
  type TimeInForce,
} from '../../../lib/domain/auction/orders.ts';
import { CASH } from '../../../lib/domain/contract/months.ts';
import { lots, ticks } from '../../../lib/domain/contract/units.ts';
import { month } from '../../venue/h100.ts';

const [DEC, JAN, FAR] = [month('2025-12'), month('2026-01'), month('2027-12')];
const LISTED = new Set<number>([DEC, JAN]);
const TERMS: OrderTerms = { listed: LISTED, liveOrdersMax: 1000, cancelsOnly: false };

const order = (clientOrderId: string, quantity = 10, changes: Partial<Order> = {}): Order => ({
  clientOrderId,
  buy: DEC,
  sell: CASH,
  limit: ticks(2350),
  lots: lots(quantity),
  timeInForce: 'gtc',
  ...changes,
});
const add = (id: string, quantity?: number, changes?: Partial<Order>): Instruction => ({
  kind: 'new',
  order: order(id, quantity, changes),
});
const cancel = (clientOrderId: string): Instruction => ({ kind: 'cancel', clientOrderId });
const replace = (replaces: string, id: string, quantity?: number, changes?: Partial<Order>): Instruction => ({
  kind: 'replace',
  replaces,
  order: order(id, quantity, changes),
});
const sizes = (live: LiveOrders): Record<string, number> =>
  Object.fromEntries([...live].map(([id, { lots: quantity }]) => [id, quantity]));

describe('an instruction is refused alone, and the rest of its submission stands', () => {
  test.each<[rule: string, submission: Instruction[], outcomes: Outcome[], live: Record<string, number>]>([
    ['a new order lives', [add('a', 10)], ['accepted'], { old: 5, a: 10 }],
    [
      'a name that is still live is refused',
      [add('old', 10), add('a', 1)],
      ['duplicate-client-order-id', 'accepted'],
      { old: 5, a: 1 },
    ],
    [
      'a name twice in one submission is refused the second time',
      [add('a', 1), add('a', 2)],
      ['accepted', 'duplicate-client-order-id'],
      { old: 5, a: 1 },
    ],
    ['a cancelled order is gone', [cancel('old')], ['accepted'], {}],
    [
      'all orders are gone at once, and what follows lives',
      [add('a'), { kind: 'cancel-all' }, add('a', 3)],
      ['accepted', 'accepted', 'accepted'],
      { a: 3 },
    ],
    ['where no order is live, none is cancelled', [cancel('old'), { kind: 'cancel-all' }], ['accepted', 'accepted'], {}],
    ['an order is cancelled once', [cancel('old'), cancel('old')], ['accepted', 'unknown-order'], {}],
    ['what is not live is not cancelled', [cancel('a')], ['unknown-order'], { old: 5 }],
    ['a cancelled name is free again', [cancel('old'), add('old', 7)], ['accepted', 'accepted'], { old: 7 }],
    [
      'an order may be cancelled by the submission that brings it',
      [add('a', 1), cancel('a')],
      ['accepted', 'accepted'],
      { old: 5 },
    ],
    ['replacing under the same name changes the order', [replace('old', 'old', 8)], ['accepted'], { old: 8 }],
    ['replacing under another name moves it', [replace('old', 'a', 8)], ['accepted'], { a: 8 }],
    [
      'replacing under another live name is refused, and both stay',
      [add('a', 1), replace('old', 'a', 8)],
      ['accepted', 'duplicate-client-order-id'],
      { old: 5, a: 1 },
    ],
    ['what is not live is not replaced', [replace('a', 'b', 8)], ['unknown-order'], { old: 5 }],
    [
      'what is replaced is not replaced again',
      [replace('old', 'a', 8), replace('old', 'b', 9)],
      ['accepted', 'unknown-order'],
      { a: 8 },
    ],
    ['a replaced name is free again', [replace('old', 'a', 8), add('old', 1)], ['accepted', 'accepted'], { a: 8, old: 1 }],
    ['replace, then cancel the new name', [replace('old', 'a', 8), cancel('a')], ['accepted', 'accepted'], {}],
    ['replace, then cancel the old name', [replace('old', 'a', 8), cancel('old')], ['accepted', 'unknown-order'], { a: 8 }],
    ['replace under the same name, then cancel it', [replace('old', 'old', 8), cancel('old')], ['accepted', 'accepted'], {}],
    [
      'a chain of replacements ends at the last',
      [replace('old', 'a', 8), replace('a', 'old', 9)],
      ['accepted', 'accepted'],
      { old: 9 },
    ],
    ['a month that is not listed is refused', [add('a', 1, { buy: FAR })], ['contract-not-listed'], { old: 5 }],
    [
      'a spread needs both its months',
      [add('a', 1, { buy: JAN, sell: FAR }), add('b', 1, { buy: FAR, sell: JAN })],
      ['contract-not-listed', 'contract-not-listed'],
      { old: 5 },
    ],
    [
      'a spread of listed months lives',
      [add('a', 1, { buy: JAN, sell: DEC, limit: ticks(-15) })],
      ['accepted'],
      { old: 5, a: 1 },
    ],
    ['a sale lives', [add('a', 1, { buy: CASH, sell: DEC, limit: ticks(-2350) })], ['accepted'], { old: 5, a: 1 }],
    [
      'a replacement in a month that is not listed leaves the old order',
      [replace('old', 'old', 8, { buy: FAR })],
      ['contract-not-listed'],
      { old: 5 },
    ],
    [
      'names of a prototype are names like any',
      [add('__proto__', 1), cancel('constructor'), cancel('__proto__')],
      ['accepted', 'unknown-order', 'accepted'],
      { old: 5 },
    ],
    ['nothing is said, nothing happens', [], [], { old: 5 }],
  ])('%s', (_, submission, outcomes, expected) => {
    const live: LiveOrders = new Map([['old', order('old', 5)]]);
    expect(applySubmission(live, submission, TERMS)).toEqual(outcomes);
    expect(sizes(live)).toEqual(expected);
  });

  test('codes are stored by their places: none is moved or taken away', () => {
    expect(REFUSALS).toEqual([
      'auction-closed',
      'contract-not-listed',
      'unknown-order',
      'duplicate-client-order-id',
      'too-many-live-orders',
      'too-many-submissions',
      'overtaken',
      'stopped',
      'other-product',
      'order-too-large',
      'position-limit',
      'margin',
    ]);
  });

  test.each<[rule: string, terms: Partial<OrderTerms>, submission: Instruction[], outcomes: Outcome[]]>([
    [
      'up to as many orders as may be live',
      { liveOrdersMax: 3 },
      [add('a'), add('b'), add('c')],
      ['accepted', 'accepted', 'too-many-live-orders'],
    ],
    [
      'one in the place of one that is cancelled',
      { liveOrdersMax: 1 },
      [add('a'), cancel('old'), add('a')],
      ['too-many-live-orders', 'accepted', 'accepted'],
    ],
    ['one that replaces another', { liveOrdersMax: 1 }, [replace('old', 'a'), replace('a', 'a')], ['accepted', 'accepted']],
    [
      'one that replaces another, also when more are live than may be',
      { liveOrdersMax: 0 },
      [replace('old', 'a'), add('b')],
      ['accepted', 'too-many-live-orders'],
    ],
    [
      'a cancel alone when all submissions are used up',
      { cancelsOnly: true },
      [add('a'), replace('old', 'a'), cancel('old'), cancel('old')],
      ['too-many-submissions', 'too-many-submissions', 'accepted', 'unknown-order'],
    ],
    [
      'nothing more than one reason, the first that holds',
      { liveOrdersMax: 1, cancelsOnly: true },
      [add('old'), add('a'), replace('none', 'a')],
      ['duplicate-client-order-id', 'too-many-live-orders', 'unknown-order'],
    ],
  ])('take %s', (_, terms, submission, outcomes) => {
    const live: LiveOrders = new Map([['old', order('old', 5)]]);
    expect(applySubmission(live, submission, { ...TERMS, ...terms })).toEqual(outcomes);
  });

  test('of several reasons, the first of the list is given', () => {
    const live: LiveOrders = new Map([['old', order('old', 5)]]);
    expect(
      applySubmission(
        live,
        [replace('none', 'old', 1, { buy: FAR }), replace('none', 'old', 1), add('old', 1, { sell: FAR })],
        TERMS,
      ),
    ).toEqual(['contract-not-listed', 'unknown-order', 'contract-not-listed']);
  });

  test('an order that is live in a delisted month can still be cancelled', () => {
    const live: LiveOrders = new Map([['old', order('old', 5)]]);
    expect(applySubmission(live, [cancel('old')], { ...TERMS, listed: new Set() })).toEqual(['accepted']);
  });
});

describe('accept and clear use the same fold', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd');
  const anyOrder = fc
    .record({
      clientOrderId: id,
      buy: fc.constantFrom(CASH, DEC, JAN, FAR),
      sell: fc.constantFrom(CASH, DEC, JAN, FAR),
      limit: fc.integer({ min: -3000, max: 3000 }),
      quantity: fc.integer({ min: 1, max: 100 }),
      timeInForce: fc.constantFrom<TimeInForce>('auction', 'day', 'gtc'),
    })
    .map(({ quantity, limit, ...rest }): Order => ({ ...rest, limit: ticks(limit), lots: lots(quantity) }));
  const instruction = fc.oneof(
    anyOrder.map((o): Instruction => ({ kind: 'new', order: o })),
    id.map((clientOrderId): Instruction => ({ kind: 'cancel', clientOrderId })),
    fc.tuple(id, anyOrder).map(([replaces, o]): Instruction => ({ kind: 'replace', replaces, order: o })),
    fc.constant<Instruction>({ kind: 'cancel-all' }),
  );
  const submissions = fc.array(fc.array(instruction, { maxLength: 12 }), { maxLength: 6 });

  test('replaying what was accepted gives the orders that were answered, in the same order', () => {
    fc.assert(
      fc.property(submissions, (all) => {
        const [answered, replayed]: [LiveOrders, LiveOrders] = [new Map(), new Map()];
        for (const submission of all) {
          const outcomes = applySubmission(answered, submission, TERMS);
          expect(outcomes).toHaveLength(submission.length);
          replaySubmission(replayed, submission, outcomes);
          expect([...replayed]).toEqual([...answered]);
        }
      }),
    );
  });

  test('how a list of instructions is cut into submissions makes no difference', () => {
    fc.assert(
      fc.property(submissions, (all) => {
        const [cut, whole]: [LiveOrders, LiveOrders] = [new Map(), new Map()];
        const outcomes = all.flatMap((submission) => applySubmission(cut, submission, TERMS));
        expect(applySubmission(whole, all.flat(), TERMS)).toEqual(outcomes);
        expect([...whole]).toEqual([...cut]);
      }),
    );
  });

  test('a live order stands under its own name, in listed months, and was accepted as it stands', () => {
    fc.assert(
      fc.property(submissions, (all) => {
        const live: LiveOrders = new Map();
        const outcomes = all.flatMap((submission) => applySubmission(live, submission, TERMS));
        const accepted = all.flat().filter((_, at) => outcomes[at] === 'accepted');
        for (const [name, standing] of live) {
          expect(standing.clientOrderId).toBe(name);
          expect([standing.buy, standing.sell].every((node) => node === CASH || LISTED.has(node))).toBe(true);
          expect(accepted.some((said) => 'order' in said && said.order === standing)).toBe(true);
        }
        const since = accepted.slice(accepted.findLastIndex(({ kind }) => kind === 'cancel-all') + 1);
        const [born, ended] = [since.filter(({ kind }) => kind === 'new'), since.filter(({ kind }) => kind === 'cancel')];
        expect(live.size).toBe(born.length - ended.length);
      }),
    );
  });

  test('a refused instruction changes nothing', () => {
    fc.assert(
      fc.property(submissions, instruction, (all, last) => {
        const live: LiveOrders = new Map();
        for (const submission of all) applySubmission(live, submission, TERMS);
        const before = [...live];
        const [outcome] = applySubmission(live, [last], TERMS);
        if (outcome !== 'accepted') expect([...live]).toEqual(before);
      }),
    );
  });
});

describe('what is said about an order in a closed auction that has not cleared takes effect on what that auction leaves', () => {
  type Fate = 'untouched' | 'traded in part' | 'traded whole';
  const rows: [rule: string, submissions: Instruction[][], fate: Fate, outcomes: Outcome[], live: Record<string, number>][] = [
    ['a cancel takes the whole order', [[cancel('old')]], 'untouched', ['deferred'], {}],
    ['a cancel takes the rest', [[cancel('old')]], 'traded in part', ['deferred'], {}],
    ['a cancel may find nothing left', [[cancel('old')]], 'traded whole', ['deferred'], {}],
    ['a replacement enters for an order that did not trade', [[replace('old', 'a', 8)]], 'untouched', ['deferred'], { a: 8 }],
    [
      'a replacement of a part is not entered, and the rest is gone',
      [[replace('old', 'a', 8)]],
      'traded in part',
      ['deferred'],
      {},
    ],
    ['a replacement of a filled order is not entered', [[replace('old', 'a', 8)]], 'traded whole', ['deferred'], {}],
    ['nor one under the same name', [[replace('old', 'old', 8)]], 'traded in part', ['deferred'], {}],
    [
      'a replacement of a replacement enters with it',
      [[replace('old', 'a', 8), replace('a', 'b', 9)]],
      'untouched',
      ['deferred', 'deferred'],
      { b: 9 },
    ],
    ['and not without it', [[replace('old', 'a', 8), replace('a', 'b', 9)]], 'traded in part', ['deferred', 'deferred'], {}],
    [
      'nor when it is said later',
      [[replace('old', 'a', 8)], [replace('a', 'b', 9)]],
      'traded whole',
      ['deferred', 'deferred'],
      {},
    ],
    [
      'nor under one name throughout',
      [[replace('old', 'old', 8)], [replace('old', 'old', 9)]],
      'traded in part',
      ['deferred', 'deferred'],
      {},
    ],
    ['a replacement may be cancelled', [[replace('old', 'a', 8), cancel('a')]], 'untouched', ['deferred', 'deferred'], {}],
    [
      'a new order under the freed name is an order of its own',
      [[cancel('old'), add('old', 7)]],
      'traded in part',
      ['deferred', 'accepted'],
      { old: 7 },
    ],
    [
      'and is replaced as one',
      [[cancel('old'), add('old', 7), replace('old', 'a', 6)]],
      'traded whole',
      ['deferred', 'accepted', 'accepted'],
      { a: 6 },
    ],
    ['a name that may still be live is taken', [[add('old', 7)]], 'traded whole', ['duplicate-client-order-id'], {}],
    [
      'other orders are as free as ever',
      [[add('a', 7), replace('a', 'b', 6)]],
      'traded in part',
      ['accepted', 'accepted'],
      { old: 2, b: 6 },
    ],
  ];
  test.each(rows)('%s', (_, submissions, fate, outcomes, expected) => {
    const [live, exposed]: [LiveOrders, Set<string>] = [new Map([['old', order('old', 5)]]), new Set(['old'])];
    const said = submissions.map((submission) => applySubmission(live, submission, TERMS, exposed));
    expect(said.flat()).toEqual(outcomes);
    const left: LiveOrders = new Map(fate === 'traded whole' ? [] : [['old', order('old', fate === 'untouched' ? 5 : 2)]]);
    const traded = new Set(fate === 'traded in part' ? ['old'] : []);
    submissions.forEach((submission, at) => {
      replaySubmission(left, submission, said[at]!, traded);
    });
    expect(sizes(left)).toEqual(expected);
  });
});
