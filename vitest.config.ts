import { defineConfig } from 'vitest/config';
import { TEST_TIMEOUT_MS } from './test/endless-loop/limit.ts';
import { LongestFirst } from './test/longest-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/shared-assemblies.ts', 'test/every-answer.ts'],
    setupFiles: ['test/endless-loop/setup.ts'],
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: TEST_TIMEOUT_MS,
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
});
