/** What one operator may not do alone, and how what they have moved alone adds up over a day. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CashMoved, LISTED_MAX } from '../../../lib/domain/clearing/events.ts';
import {
  approvedEvent,
  countMoved,
  type MovedAlone,
  NOTHING_MOVED,
  needsSecond,
  type OperatorAct,
  proposeAct,
} from '../../../lib/domain/clearing/operator-acts.ts';
import { cents } from '../../../lib/domain/contract/units.ts';
import { H100, PRODUCT } from '../../venue/h100.ts';

const AT = '2025-10-20T14:00:00.000Z';
const cash = (...amounts: number[]): OperatorAct & { kind: 'cash-moved' } => ({
  kind: 'cash-moved',
  movements: amounts.map((amount, at) => ({ account: `a${at}`, reference: 'r', cents: cents(BigInt(amount)) })),
});
const moved = (act: OperatorAct & { kind: 'cash-moved' }, by: string, at = AT): CashMoved => ({ ...act, by, at });
const opening = (...accounts: string[]): OperatorAct => ({
  kind: 'accounts-opened',
  accounts: accounts.map((account) => ({ account, name: account })),
});

test.each<[string, OperatorAct, boolean]>([
  ['the account of a new owner', opening('acme'), false],
  ['a new owner with further accounts', opening('acme', 'acme.desk', 'nova'), false],
  ['an account of an owner that is there', opening('acme.desk'), true],
  ['a list with one of an owner that is there', opening('nova', 'acme.desk'), true],
  ['parameters', { kind: 'parameters-changed', product: PRODUCT, version: 2, parameters: H100 }, true],
  ['cash up to the amount', cash(60, -40), false],
  ['cash beyond the amount', cash(60, -41), true],
  ['one movement beyond the amount', cash(-101), true],
])('%s: whether it takes two', (_, act, needs) => {
  expect(needsSecond(act, 'olga', AT, NOTHING_MOVED, 100n)).toBe(needs);
});

describe('what one has moved alone', () => {
  test('counts for the operator and the day, and what two agreed to does not count', () => {
    const first = countMoved(NOTHING_MOVED, moved(cash(60, -30), 'olga'));
    expect(first).toEqual({ day: '2025-10-20', cents: { olga: '90' } });
    expect(countMoved(first, { ...moved(cash(1_000), 'olga'), approval: { by: 'omar', held: 'cash.x' } })).toBe(first);
    expect(needsSecond(cash(11), 'olga', AT, first, 100n)).toBe(true);
    expect(needsSecond(cash(11), 'omar', AT, first, 100n)).toBe(false);
    expect(needsSecond(cash(100), 'olga', '2025-10-21T00:00:00.000Z', first, 100n)).toBe(false);
    expect(countMoved(first, moved(cash(5), 'omar', '2025-10-21T00:00:00.000Z'))).toEqual({
      day: '2025-10-21',
      cents: { omar: '5' },
    });
  });

  test('of the day before counts in the day that has begun, when it comes late', () => {
    const begun = countMoved(NOTHING_MOVED, moved(cash(90), 'olga', '2025-10-21T00:00:00.001Z'));
    const late = '2025-10-20T23:59:59.999Z';
    expect(needsSecond(cash(11), 'olga', late, begun, 100n)).toBe(true);
    expect(countMoved(begun, moved(cash(10), 'olga', late))).toEqual({ day: '2025-10-21', cents: { olga: '100' } });
  });

  test('is never beyond the amount, however it is split', () => {
    const days = ['2025-10-20T10:00:00Z', '2025-10-21T10:00:00Z', '2025-10-22T10:00:00Z'];
    const amounts = fc.array(fc.integer({ min: -120, max: 120 }), { minLength: 1, maxLength: 4 });
    const request = fc.record({ by: fc.constantFrom('olga', 'omar'), amounts, day: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 30 }), (requests) => {
        const sums = new Map<string, number>();
        let state: MovedAlone = NOTHING_MOVED;
        for (const { by, amounts, day } of requests.toSorted((a, b) => a.day - b.day)) {
          const act = cash(...amounts);
          if (needsSecond(act, by, days[day]!, state, 100n)) continue;
          state = countMoved(state, moved(act, by, days[day]));
          const own = `${by} ${day}`;
          sums.set(own, (sums.get(own) ?? 0) + amounts.reduce((sum, each) => sum + Math.abs(each), 0));
        }
        for (const sum of sums.values()) expect(sum).toBeLessThanOrEqual(100);
      }),
    );
  });
});

test('an approved act becomes its event with both names, of the instant of its approval', () => {
  const act = cash(...Array.from({ length: LISTED_MAX }, () => 1));
  const held = { ...proposeAct('cash.x', act, 'olga', 'then'), approvals: ['olga', 'omar'], at: AT };
  expect(approvedEvent(held)).toEqual({ ...act, by: 'olga', at: AT, approval: { by: 'omar', held: 'cash.x' } });
});
