/** A few seeds of what `npm run faults` plays by the thousand. A failure names its seed. */
import { expect, it } from 'vitest';
import { runSeed } from '../../lib/faults/run.ts';

it.each(Array.from({ length: 4 }, (_, index) => index + 1))('the faults of seed %i change nothing', async (seed) => {
  const { failures, faults } = await runSeed(seed);
  expect(Object.keys(faults).length).toBeGreaterThan(6);
  expect(failures, `npm run faults -- --seed ${seed}`).toEqual([]);
});

it('a seed is played again to the last request', async () => {
  const [once, again, other] = [await runSeed(5), await runSeed(5), await runSeed(7)];
  expect(again.trace).toEqual(once.trace);
  expect(again.injected).toEqual(once.injected);
  expect(other.trace.hash).not.toBe(once.trace.hash);
});
