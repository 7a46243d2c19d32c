/** What accept knows of an account: it is the same whether it was read at once or caught up with. */
import { describe, expect, it } from 'vitest';
import { AccountIntake, type IntakeTerms, type ReceivedSubmission } from '../../../lib/domain/auction/account-intake.ts';
import type { Instruction, Outcome } from '../../../lib/domain/auction/orders.ts';
import { month } from '../../venue/h100.ts';
import { buy, cancel } from '../../venue/orders.ts';

const DEC = month('2025-12');
const TERMS: IntakeTerms = { listed: new Set([DEC]), liveOrdersMax: 10, submissionsMax: 10, openedAt: '' };
const at = (second: number): string => new Date(Date.parse('2025-10-20T14:00:00Z') + second * 1000).toISOString();
const add = (id: string): Instruction => buy(id, DEC, 2400, 1, 'gtc');
const stored = (sequence: number, said: Instruction, outcome: Outcome = 'accepted', second = sequence): ReceivedSubmission => ({
  key: `k${sequence}`,
  sequence: `${sequence}`,
  receivedAt: at(second),
  instructions: [said],
  outcomes: [outcome],
});
const arriving = (sequence: number, said: Instruction, late = 0) => ({
  instructions: [said],
  sequence: `${sequence}`,
  receivedAt: at(sequence - late),
  enqueuedAt: Date.parse(at(sequence)),
});

describe('an account intake', () => {
  it('begins with nothing', () => {
    const own = new AccountIntake([], [[]]);
    expect([own.sequence, own.receivedAt, own.size]).toEqual(['', '', 0]);
    expect(own.take(arriving(1, add('a')), TERMS)).toEqual(['accepted']);
    expect([own.sequence, own.receivedAt, own.size]).toEqual(['1', at(1), 1]);
  });

  it('catches up with what arrived after the last that it knows, in order of arrival, and with nothing else', () => {
    const own = new AccountIntake([], [[stored(9, add('a'))]]);
    own.catchUp([
      stored(11, cancel('b')),
      stored(8, add('earlier')),
      stored(10, add('b')),
      stored(9, add('a')),
      stored(12, add('c')),
    ]);
    expect([own.sequence, own.receivedAt, own.size]).toEqual(['12', at(12), 2]);
    expect(own.take(arriving(13, add('c')), TERMS)).toEqual(['duplicate-client-order-id']);
    expect(own.take(arriving(14, cancel('b')), TERMS)).toEqual(['unknown-order']);
  });

  it('knows of what was closed and not cleared that it came, and counts only what came into the open auction', () => {
    const own = new AccountIntake([], [[stored(1, add('a')), stored(2, add('b'))], [stored(3, add('c'))]]);
    expect([own.sequence, own.receivedAt]).toEqual(['3', at(3)]);
    const closed = new AccountIntake([], [[stored(1, add('a')), stored(2, add('b'))], []]);
    expect([closed.sequence, closed.receivedAt]).toEqual(['2', '']);
    // Two that are exposed, with their names.
    expect(closed.size).toBe(4);
    expect(closed.take(arriving(3, cancel('a')), { ...TERMS, submissionsMax: 1 })).toEqual(['deferred']);
    expect(closed.take(arriving(4, add('c')), { ...TERMS, submissionsMax: 1 })).toEqual(['too-many-submissions']);
  });

  it('beyond its limits, and late, is taken out all the same once its margin call is overdue, and that once', () => {
    const own = new AccountIntake([], [[stored(1, add('a')), stored(2, add('b'))]]);
    const terms = { ...TERMS, submissionsMax: 1 };
    const takeOut = (sequence: number, overdue: boolean) =>
      own.take(arriving(sequence, { kind: 'cancel-all' }, 50), { ...terms, openedAt: at(0), overdue });
    expect(takeOut(3, false)).toEqual(['auction-closed']);
    expect(takeOut(4, true)).toEqual(['accepted']);
    expect(takeOut(5, true)).toEqual(['auction-closed']);
    expect(own.take(arriving(6, add('c')), terms)).toEqual(['too-many-submissions']);
  });

  it.each<Outcome>(['auction-closed', 'overtaken'])('counts one that was refused as %s for nothing', (outcome) => {
    const late = stored(20, add('late'), outcome, 30);
    const read = new AccountIntake([], [[stored(1, add('a')), late]]);
    const caughtUp = new AccountIntake([], [[stored(1, add('a'))]]);
    caughtUp.catchUp([late]);
    for (const own of [read, caughtUp]) {
      expect([own.sequence, own.receivedAt, own.size]).toEqual(['1', at(1), 1]);
      expect(own.take(arriving(31, add('b')), { ...TERMS, submissionsMax: 2 })).toEqual(['accepted']);
    }
  });

  it('is not changed by what it refuses as late', () => {
    const own = new AccountIntake([], [[stored(100, add('a'))]]);
    expect(own.take(arriving(150, cancel('a'), 51), TERMS)).toEqual(['overtaken']);
    expect(own.take(arriving(150, cancel('a'), 51), { ...TERMS, openedAt: at(99) })).toEqual(['auction-closed']);
    expect([own.sequence, own.receivedAt, own.size]).toEqual(['100', at(100), 1]);
  });

  it('is bounded by instructions as well: ten for each order that may be live, and cancels up to twice that', () => {
    const terms = { ...TERMS, liveOrdersMax: 2, submissionsMax: 1000 };
    const own = new AccountIntake([], [[]]);
    let sequence = 0;
    const take = (said: Instruction, of = own): Outcome[] => of.take(arriving(++sequence, said), terms);
    for (let at = 0; at < 9; at++) expect([...take(add('a')), ...take(cancel('a'))]).toEqual(['accepted', 'accepted']);
    expect([...take(add('a')), ...take(add('b'))]).toEqual(['accepted', 'accepted']);
    expect(take(add('c'))).toEqual(['too-many-live-orders']);
    expect(take(cancel('b'))).toEqual(['accepted']);
    expect(take(add('c'))).toEqual(['too-many-submissions']);
    for (let at = 0; at < 18; at++) expect(take(cancel('none'))).toEqual(['unknown-order']);
    expect(take(cancel('a'))).toEqual(['too-many-submissions']);
    expect(own.size).toBe(1);
  });

  it('is the same when what was one too many is read with the rest', () => {
    const read = new AccountIntake([], [[stored(1, add('a')), stored(9, add('b'), 'too-many-submissions')]]);
    expect([read.sequence, read.size]).toEqual(['1', 1]);
    expect(read.take(arriving(10, add('b')), { ...TERMS, submissionsMax: 2 })).toEqual(['accepted']);
  });
});
