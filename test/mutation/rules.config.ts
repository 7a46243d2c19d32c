/** The rules' own tests, for Stryker: each takes milliseconds, so that thousands of mutants can be run. */
import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['test/domain/**/*.test.ts'], pool: 'forks', maxWorkers: 1 } });
