import { expect, test } from 'vitest';
import { KEY_AGE_MS_MAX, KEY_AHEAD_MS_MAX, keyDate, keyTime } from '../../../lib/domain/auction/idempotency-key.ts';

test('a new key may be ten minutes old and a minute ahead, as docs/api.md says', () => {
  expect([KEY_AGE_MS_MAX, KEY_AHEAD_MS_MAX]).toEqual([600_000, 60_000]);
});

test.each<[key: string, instant: string]>([
  ['0199ff00-0000-7000-8000-000000000001', '2025-10-20T00:23:34.144Z'],
  ['00000000-0000-7000-8000-000000000001', '1970-01-01T00:00:00.000Z'],
  ['00000000-0001-7fff-bfff-ffffffffffff', '1970-01-01T00:00:00.001Z'],
])('the key %s was made at %s', (key, instant) => {
  expect(new Date(keyTime(key)).toISOString()).toBe(instant);
  expect(keyDate(key)).toBe(instant.slice(0, 10));
});
