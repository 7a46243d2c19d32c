/** What becomes of a submission before it is sent: read onto its product's grid, then sent, known already, or refused. */
import { describe, expect, it, test } from 'vitest';
import { numberedKey } from '../../../lib/client/idempotency-key.ts';
import { KEY_AGE_MS_MAX, KEY_AHEAD_MS_MAX, keyDate, keyTime } from '../../../lib/domain/auction/idempotency-key.ts';
import {
  decideSubmission,
  type ListedProduct,
  mayBeKnown,
  readWrittenSubmission,
  SUBMISSION_REFUSALS,
  type Submitted,
} from '../../../lib/domain/auction/submission.ts';
import type { WrittenEntry, WrittenOutright, WrittenSpread } from '../../../lib/domain/auction/written-orders.ts';
import { CASH } from '../../../lib/domain/contract/months.ts';
import { sentence } from '../../../lib/domain/contract/violation.ts';
import { H100, month, PRODUCT } from '../../venue/h100.ts';
import { buy, cancel, replace, sell, spread } from '../../venue/orders.ts';
import { NOW } from '../../venue/requests.ts';

const [DEC, JAN, FAR] = [month('2025-12'), month('2026-01'), month('2027-01')];
const LISTED: ListedProduct = { product: PRODUCT, parameters: H100, listed: [DEC, JAN] };

const terms = { clientOrderId: 'o', price: '2.350', lots: 10, timeInForce: 'gtc' } as const;
const outright = (changes: Partial<WrittenOutright> = {}): WrittenEntry => ({
  ...terms,
  side: 'buy',
  contract: 'H100-SXM-2025-12',
  ...changes,
});
const calendar = (changes: Partial<WrittenSpread> = {}): WrittenEntry => ({
  ...terms,
  buy: 'H100-SXM-2026-01',
  sell: 'H100-SXM-2025-12',
  price: '-0.010',
  ...changes,
});

describe('an entry is read', () => {
  const order = { clientOrderId: 'o', lots: 10, timeInForce: 'gtc' };
  it.each<[what: string, entry: WrittenEntry, instruction: unknown]>([
    ['a buy', outright(), { kind: 'new', order: { ...order, buy: DEC, sell: CASH, limit: 2350 } }],
    [
      'a sell, whose limit is below zero',
      outright({ side: 'sell' }),
      { kind: 'new', order: { ...order, buy: CASH, sell: DEC, limit: -2350 } },
    ],
    ['a spread at any price', calendar(), { kind: 'new', order: { ...order, buy: JAN, sell: DEC, limit: -10 } }],
    ['a spread at no price', calendar({ price: '0' }), { kind: 'new', order: { ...order, buy: JAN, sell: DEC, limit: 0 } }],
    [
      'an order in place of another',
      outright({ replaces: 'p' }),
      { kind: 'replace', replaces: 'p', order: { ...order, buy: DEC, sell: CASH, limit: 2350 } },
    ],
    ['a cancel', { cancel: 'p' }, { kind: 'cancel', clientOrderId: 'p' }],
    ['a cancel of all', { cancelAll: true }, { kind: 'cancel-all' }],
    ['a month that is not listed', outright({ contract: 'H100-SXM-2027-01' }), expect.objectContaining({ kind: 'new' })],
  ])('%s', (_, entry, instruction) => {
    expect(readWrittenSubmission([entry], LISTED)).toEqual({ product: LISTED, instructions: [instruction] });
  });

  it.each<[what: string, entries: WrittenEntry[], says: string[]]>([
    ['an outright for nothing', [outright({ price: '0.000' })], ['orders.0.price must be more than zero']],
    [
      'a spread of a month with itself',
      [calendar({ sell: 'H100-SXM-2026-01' })],
      ['orders.0.sell must be another month than buy'],
    ],
    [
      'everything that is wrong, entry by entry',
      [
        outright({ contract: 'A100-2025-12', price: '2.3501' }),
        { cancel: 'p' },
        calendar({ buy: 'x', sell: 'y', price: '100000.001' }),
      ],
      [
        'orders.0.contract must be a contract of H100-SXM, such as H100-SXM-2025-12',
        'orders.0.price must be decimal text with at most 3 decimals, from -100000.000 to 100000.000',
        'orders.2.buy must be a contract of H100-SXM, such as H100-SXM-2025-12',
        'orders.2.sell must be a contract of H100-SXM, such as H100-SXM-2025-12',
        'orders.2.price must be decimal text with at most 3 decimals, from -100000.000 to 100000.000',
      ],
    ],
  ])('or refused with the field: %s', (_, entries, says) => {
    const read = readWrittenSubmission(entries, LISTED);
    expect('refusal' in read && [read.refusal, read.violations.map(sentence)]).toEqual(['invalid-order', says]);
  });

  it('only for a product that is listed', () => {
    expect(readWrittenSubmission([outright()], undefined)).toEqual({
      refusal: 'product-not-listed',
      violations: [{ path: ['product'], rule: 'must be a listed product' }],
    });
  });
});

describe('a submission', () => {
  const submitted = (changes: Partial<Submitted> = {}): Submitted => ({
    key: numberedKey(NOW),
    digest: 'a',
    instructions: [buy('b', DEC, 2350, 1)],
    receivedAt: NOW,
    ...changes,
  });
  const decide = (changes: Partial<Submitted> = {}, known?: { digest: string }) => {
    const decision = decideSubmission(submitted(changes), LISTED, known);
    return typeof decision === 'string' ? decision : decision.refusal;
  };

  it.each<[what: string, age: number, decision: string]>([
    ['as old as a key may be', KEY_AGE_MS_MAX, 'send'],
    ['a millisecond older', KEY_AGE_MS_MAX + 1, 'key-too-old'],
    ['as far ahead as a clock may be', -KEY_AHEAD_MS_MAX, 'send'],
    ['a millisecond further ahead', -KEY_AHEAD_MS_MAX - 1, 'key-too-far-ahead'],
  ])('with a key that is %s', (_, age, decision) => {
    expect(decide({ key: numberedKey(NOW - age) })).toBe(decision);
  });

  it.each([
    ['whose key was made two seconds ago', 2_000, true],
    ['whose key was made a little later', 1_999, false],
    ['whose key is of a clock that is ahead', -KEY_AHEAD_MS_MAX, false],
  ])('%s may be known: %s', (_, age, known) => {
    expect(mayBeKnown(submitted({ key: numberedKey(NOW - age) }))).toBe(known);
  });

  it('that is known is answered as it was, however old it is and whatever has expired since', () => {
    const late = { receivedAt: NOW + 365 * 86_400_000, instructions: [buy('b', FAR, 2350, 1)] };
    expect(decide(late, { digest: 'a' })).toBe('repeat');
    expect(decide(late, { digest: 'b' })).toBe('key-reused');
    expect(decide(late)).toBe('key-too-old');
  });

  it('is refused for its key without naming any field', () => {
    expect(decideSubmission(submitted({ digest: 'a' }), LISTED, { digest: 'b' })).toEqual({
      refusal: 'key-reused',
      violations: [],
    });
  });

  it('names every contract that is not listed by its field; a cancel names none', () => {
    const instructions = [
      cancel('a'),
      buy('b', FAR, 2350, 1),
      sell('c', FAR, 2350, 1),
      spread('d', FAR, DEC, 5, 1),
      replace('e', spread('f', FAR - 24, FAR, 5, 1)),
      spread('g', JAN, DEC, 5, 1),
    ];
    const decision = decideSubmission(submitted({ instructions }), LISTED, undefined);
    expect(typeof decision === 'object' && decision.violations.map(sentence)).toEqual([
      'orders.1.contract must be a listed contract',
      'orders.2.contract must be a listed contract',
      'orders.3.buy must be a listed contract',
      'orders.4.buy must be a listed contract',
      'orders.4.sell must be a listed contract',
    ]);
    expect(decide({ instructions })).toBe('contract-not-listed');
  });
});

test('of several reasons the first of the list is given', () => {
  const unlisted = [buy('b', FAR, 2350, 1)];
  const [old, ahead] = [numberedKey(NOW - KEY_AGE_MS_MAX - 1), numberedKey(NOW + KEY_AHEAD_MS_MAX + 1)];
  const decided = (key: string, digest?: string) =>
    decideSubmission({ key, digest: 'a', instructions: unlisted, receivedAt: NOW }, LISTED, digest ? { digest } : undefined);
  const given = [
    readWrittenSubmission([outright({ price: 'x' })], undefined),
    readWrittenSubmission([outright({ price: 'x' })], LISTED),
    decided(old, 'b'),
    decided(old),
    decided(ahead),
    decided(numberedKey(NOW)),
  ];
  expect(given.map((each) => typeof each === 'object' && 'refusal' in each && each.refusal)).toEqual([...SUBMISSION_REFUSALS]);
});

test('a key carries its time and its date', () => {
  const key = '0199ffff-ffff-7abc-8def-0123456789ab';
  expect(keyTime(key)).toBe(0x0199_ffff_ffff);
  expect(keyDate(key)).toBe('2025-10-20');
  expect(keyDate(numberedKey(Date.parse('2025-10-20T00:00:00Z') - 1))).toBe('2025-10-19');
});
