/** What is new in what a listener hears. */
import { expect, it } from 'vitest';
import type { Told } from '../../lib/api/listening.ts';
import { heard, type News, NOTHING_KNOWN } from '../../lib/client/numbers.ts';

const product = 'H100-SXM';
const now = (seq: number, auction: number, date: string): Told => ({
  now: { account: { seq }, products: [{ product, auction, settled: date, closed: date }] },
});

/** The news of messages, one after the other. */
function newsOf(...told: Told[]): News[] {
  let known = NOTHING_KNOWN;
  return told.flatMap((each) => {
    const result = heard(known, each);
    known = result.known;
    return result.news;
  });
}

it('the first answer is all news, but for auctions that there were none of', () => {
  expect(newsOf(now(7, 0, '2025-10-17'))).toEqual([
    { settled: { product, date: '2025-10-17' } },
    { closed: { product, date: '2025-10-17' } },
    { account: { seq: 7 } },
  ]);
});

it('a number that comes again, or late, is no news', () => {
  const cleared = (auction: number): Told => ({ auction: { product, auction } });
  const account = (seq: number): Told => ({ account: { seq } });
  const first = newsOf(now(7, 3, '2025-10-17')).length;
  const told = newsOf(
    now(7, 3, '2025-10-17'),
    cleared(4),
    cleared(4),
    cleared(3),
    account(9),
    account(8),
    now(9, 4, '2025-10-17'),
  );
  expect(told.slice(first)).toEqual([cleared(4), account(9)]);
});

it('what was missed shows in the next answer, as the newest numbers', () => {
  const first = newsOf(now(7, 3, '2025-10-17')).length;
  expect(newsOf(now(7, 3, '2025-10-17'), now(12, 6, '2025-10-20')).slice(first)).toEqual([
    { auction: { product, auction: 6 } },
    { settled: { product, date: '2025-10-20' } },
    { closed: { product, date: '2025-10-20' } },
    { account: { seq: 12 } },
  ]);
});

it('products are apart from each other', () => {
  const other: Told = { auction: { product: 'B200', auction: 1 } };
  expect(newsOf(now(7, 3, '2025-10-17'), other)).toContainEqual(other);
});
