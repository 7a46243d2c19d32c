/** A few seeds of what `npm run faults` plays by the hundred. A failure names its seed. */
import { expect, it } from 'vitest';
import { runSeed } from '../../lib/local/faults/run.ts';

it.each([1, 2, 3])('the faults of seed %i change nothing', async (seed) => {
  const { failures, faults } = await runSeed(seed);
  expect(Object.keys(faults).length).toBeGreaterThan(4);
  expect(failures, `npm run faults -- --seed ${seed}`).toEqual([]);
});
