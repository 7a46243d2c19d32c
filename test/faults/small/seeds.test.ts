/** A few seeds of what `npm run faults -- --world small` plays by the thousand. A failure names its seed. */
import { expect, it } from 'vitest';
import { AT_ODDS, CLUMSY, DEAD_LETTERS, PUBLISHING } from '../../../lib/faults/small/clumsy.ts';
import { HOSTILE } from '../../../lib/faults/small/hostile.ts';
import { runSmallSeed, smallSeed } from '../../../lib/faults/small/run.ts';

it.each(Array.from({ length: 4 }, (_, index) => index + 1))('no law of the market is broken in seed %i', async (seed) => {
  const { failures } = await runSmallSeed(seed);
  expect(failures, `npm run faults -- --world small --seed ${seed}`).toEqual([]);
});

it('a seed is played again to the last request', async () => {
  const [once, again, other] = [await runSmallSeed(5), await runSmallSeed(5), await runSmallSeed(7)];
  expect(again.trace).toEqual(once.trace);
  expect(other.trace.hash).not.toBe(once.trace.hash);
});

it('every kind of hostile and clumsy script comes up in the first hundred seeds', () => {
  const played = new Set(Array.from({ length: 100 }, (_, seed) => smallSeed(seed).parts).flat());
  expect(
    [...HOSTILE, ...CLUMSY, ...PUBLISHING, ...DEAD_LETTERS, ...AT_ODDS]
      .map(({ name }) => name)
      .filter((name) => !played.has(name)),
  ).toEqual([]);
});
