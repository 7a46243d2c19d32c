import { expect, test } from 'vitest';
import { ownerOf } from '../../../lib/domain/contract/owner.ts';

test.each([
  ['fund', 'fund'],
  ['fund.two', 'fund'],
  ['fund.two.three', 'fund'],
  ['fund-two', 'fund-two'],
  ['fund.', 'fund'],
])('the account %s belongs to %s', (account, owner) => {
  expect(ownerOf(account)).toBe(owner);
});
