import { describe, expect, it, test } from 'vitest';
import type { BookOrder, Fill } from '../../../lib/domain/auction/book.ts';
import type { Instruction, LiveOrders, Outcome, TakenOutBy } from '../../../lib/domain/auction/orders.ts';
import {
  carriedInto,
  type OrderEvent,
  openInto,
  type ToldResult,
  type ToldSubmission,
  tellAuction,
} from '../../../lib/domain/clearing/order-history.ts';
import { CASH } from '../../../lib/domain/contract/months.ts';
import { cents, lots } from '../../../lib/domain/contract/units.ts';
import { month } from '../../venue/h100.ts';
import { buy, cancel, cancelAll, order, replace } from '../../venue/orders.ts';

const DEC = month('2025-12');
const carried = (id: string, quantity: number, changes: Partial<BookOrder> = {}): BookOrder => ({
  ...order(id, DEC, 0, 2350, quantity, 'gtc'),
  account: 'ann',
  sender: 'desk-7',
  rolls: false,
  partlyFilled: false,
  ...changes,
});
const said = (sequence: number, instructions: Instruction[], outcomes?: Outcome[], why?: TakenOutBy): ToldSubmission => ({
  key: `key-${sequence}`,
  digest: '',
  sender: 'desk-7',
  receivedAt: '2025-10-20T13:00:00.000Z',
  sequence: `${sequence}`,
  instructions,
  outcomes: outcomes ?? instructions.map(() => 'accepted'),
  figures: [],
  why,
});
const filled = (clientOrderId: string, quantity: number, selfMatched = 0): Fill => ({
  account: 'ann',
  sender: 'desk-7',
  clientOrderId,
  buy: DEC,
  sell: CASH,
  lots: lots(quantity),
  rolls: false,
  ...(selfMatched ? { selfMatched: lots(selfMatched) } : {}),
});
const cleared = (changes: Partial<ToldResult> = {}): ToldResult => ({
  months: { [DEC]: {} },
  orders: 1,
  fills: [],
  carried: [],
  ...changes,
});
/** Each event as one line. */
const lines = (events: readonly OrderEvent[]): string[] =>
  events.map((event) => {
    const more = {
      accepted: () => ('replaces' in event ? ` for ${event.replaces}` : ''),
      refused: () => ` ${(event as { reason: string }).reason}`,
      replaced: () => ` by ${(event as { replacedBy: string }).replacedBy}`,
      'taken-out': () => ` ${(event as { why: string }).why}`,
      'not-entered': () => ` for ${(event as { replaces: string }).replaces}`,
      filled: () => ` ${(event as { fill: Fill }).fill.lots}`,
      'self-matched': () => ` ${(event as { lots: number }).lots}`,
      carried: () => ` ${(event as { lots: number }).lots}`,
      lapsed: () => ` ${(event as { lots: number }).lots} ${(event as { why: string }).why}`,
      cancelled: () => '',
      'too-late': () => '',
    }[event.what]();
    return `${event.clientOrderId} ${event.what}${more}`;
  });

describe('an order is told to have', () => {
  it.each<[string, BookOrder[], ToldSubmission[], ToldResult | undefined, string[]]>([
    [
      'come in, filled whole',
      [],
      [said(1, [buy('a', DEC, 2350, 10)])],
      cleared({ fills: [filled('a', 10)] }),
      ['a accepted', 'a filled 10'],
    ],
    ['lapsed unfilled', [], [said(1, [buy('a', DEC, 2350, 10)])], cleared(), ['a accepted', 'a lapsed 10 time-in-force']],
    [
      'filled in part, and carried',
      [carried('a', 10)],
      [],
      cleared({ fills: [filled('a', 4)], carried: [carried('a', 6)] }),
      ['a filled 4', 'a carried 6'],
    ],
    [
      'been taken out as self-matched, and lapsed',
      [],
      [said(1, [buy('a', DEC, 2350, 10)])],
      cleared({ fills: [filled('a', 4, 5)] }),
      ['a accepted', 'a self-matched 5', 'a filled 4', 'a lapsed 1 time-in-force'],
    ],
    ['ended with its month', [carried('a', 10)], [], cleared({ months: {} }), ['a lapsed 10 month-expired']],
    ['ended because its product was stopped', [carried('a', 10)], [], cleared({ orders: 0 }), ['a lapsed 10 product-stopped']],
    ['been cancelled', [carried('a', 10)], [said(1, [cancel('a')])], cleared(), ['a cancelled']],
    ['been cancelled with all', [carried('a', 10)], [said(1, [cancelAll])], cleared(), ['a cancelled']],
    [
      'been taken out',
      [carried('a', 10)],
      [said(1, [buy('b', DEC, 2350, 10)]), said(2, [cancelAll], undefined, 'dead-mans-switch')],
      cleared(),
      ['b accepted', 'a taken-out dead-mans-switch', 'b taken-out dead-mans-switch'],
    ],
    [
      'been replaced',
      [carried('a', 10)],
      [said(1, [replace('a', buy('b', DEC, 2360, 10))])],
      undefined,
      ['a replaced by b', 'b accepted for a'],
    ],
    [
      'been cancelled too late, when the auction before left nothing of it',
      [],
      [said(1, [cancel('a')], ['deferred'])],
      cleared(),
      ['a too-late'],
    ],
    [
      'not come in, when what it was to replace traded',
      [carried('a', 6, { partlyFilled: true })],
      [said(1, [replace('a', buy('b', DEC, 2360, 10))], ['deferred'])],
      cleared(),
      ['a cancelled', 'b not-entered for a'],
    ],
    ['rolled', [], [], cleared({ fills: [{ ...filled('roll/2025-10-20', 3), rolls: true }] }), ['roll/2025-10-20 filled 3']],
    [
      'in the order of arrival',
      [],
      [said(10, [cancel('a')]), said(9, [buy('a', DEC, 2350, 1)])],
      undefined,
      ['a accepted', 'a cancelled'],
    ],
  ])('%s', (_, before, submissions, result, expected) =>
    expect(lines(tellAuction(7, carriedInto(before), submissions, result))).toEqual(expected),
  );
});

test('a refusal is told with its own figures', () => {
  const figures = { reason: 'margin', before: cents(1n), would: cents(3n), cover: cents(2n) } as const;
  const submission = said(1, [cancel('z'), buy('a', DEC, 2350, 10)], ['unknown-order', 'margin']);
  expect(tellAuction(7, carriedInto([]), [{ ...submission, figures: [figures] }], undefined)).toMatchObject([
    { what: 'refused', clientOrderId: 'z', reason: 'unknown-order', auction: 7 },
    { what: 'refused', clientOrderId: 'a', reason: 'margin', figures },
  ]);
});

test('behind an auction that has not cleared, orders for one auction are not told again', () => {
  const live: LiveOrders = new Map(
    [order('a', DEC, 0, 1, 1), order('b', DEC, 0, 1, 1, 'gtc')].map((each) => [each.clientOrderId, each]),
  );
  expect(lines(tellAuction(8, openInto(live), [said(1, [cancelAll], ['deferred'])], undefined))).toEqual(['b cancelled']);
});
