/** Before every test file: a test that never lets go of its thread ends the run, with its name, when its time is up. */
import { beforeEach, expect } from 'vitest';
import { TEST_TIMEOUT_MS } from './limit.ts';
import { watchForEndlessLoops } from './watch.ts';

const inWork = watchForEndlessLoops(TEST_TIMEOUT_MS);
beforeEach(() => {
  const { testPath, currentTestName } = expect.getState();
  inWork(`${testPath}: ${currentTestName}`);
});
