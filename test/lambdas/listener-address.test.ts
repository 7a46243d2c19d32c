/** What a listener without an account goes by. */
import { expect, it } from 'vitest';
import { addressOf } from '../../lambdas/listen/address.ts';

it.each([
  ['203.0.113.7', '@203-0-113-7'],
  ['::ffff:203.0.113.7', '@203-0-113-7'],
  ['2001:db8:0:1:a:b:c:d', '@2001-db8-0-1'],
  ['2001:0db8:0000:0001::9', '@2001-db8-0-1'],
  ['2001:DB8::1', '@2001-db8-0-0'],
  ['::1', '@0-0-0-0'],
])('%s listens as %s: of IPv6 as its network, whose holder has every address in it', (address, listener) => {
  expect(addressOf(address)).toBe(listener);
});
