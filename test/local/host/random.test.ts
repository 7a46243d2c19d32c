/** Chance that can be repeated, and the keys made from it. */
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { random } from '../../../lib/local/host/random.ts';

const draws = (seed: number, name: string): number[] => {
  const chance = random(seed, name);
  return Array.from({ length: 50 }, () => chance.between(0, 1_000_000));
};

describe('chance', () => {
  test('is the same for the same seed and name', () => {
    expect(draws(7, 'hedger-1')).toEqual(draws(7, 'hedger-1'));
  });

  test.each([
    ['seed', draws(8, 'hedger-1')],
    ['name', draws(7, 'hedger-2')],
  ])('is another for another %s', (_, other) => {
    expect(other).not.toEqual(draws(7, 'hedger-1'));
  });

  test('reaches both ends of a range and nothing beyond', () => {
    const chance = random(1, 'ends');
    const seen = new Set(Array.from({ length: 500 }, () => chance.between(-2, 2)));
    expect([...seen].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
  });

  test('comes true about as often as it says', () => {
    const chance = random(1, 'often');
    const times = Array.from({ length: 10_000 }, () => chance.chance(30)).filter(Boolean).length;
    expect(times).toBeGreaterThan(2_800);
    expect(times).toBeLessThan(3_200);
  });
});

test('a key is a UUIDv7 that carries the time it was made at', () => {
  const nowMs = Date.parse('2025-10-20T13:35:00.123Z');
  const chance = random(1, 'keys');
  const keys = Array.from({ length: 200 }, () => chance.key(nowMs));
  for (const key of keys) {
    expect(z.uuidv7().safeParse(key).success).toBe(true);
    expect(Number.parseInt(key.replace('-', '').slice(0, 12), 16)).toBe(nowMs);
  }
  expect(new Set(keys).size).toBe(keys.length);
});
