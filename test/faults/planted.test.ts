/**
 * Whether the simulator would notice: functions are bundled from sources with one line made wrong, and some seed must fail.
 * Each is a mistake that a change could make.
 */
import { expect, it } from 'vitest';
import { runSeed } from '../../lib/local/faults/run.ts';
import { bundlesWith, type Edit } from './patched.ts';

/** What is wrong, and the text before and after; then the seeds of which one must fail. */
const PLANTED: [what: string, edits: Edit[], seeds: number[]][] = [
  [
    'a submission that comes again is accepted again',
    [
      ['lambdas/accept-orders/index.ts', 'if (repeated) return', 'if (repeated && message.v !== 1) return'],
      ['lib/store/book.ts', '  return table.create({\n    ...submissionKey', '  return table.overwrite({\n    ...submissionKey'],
      [
        'lib/store/table.ts',
        '  async create(item',
        '  async overwrite(item: Item): Promise<boolean> {\n    await this.put(item);\n    return true;\n  }\n  async create(item',
      ],
    ],
    [1, 2, 3, 4, 5, 6],
  ],
  [
    'a marker that comes again passes the next gate',
    [['lambdas/accept-orders/index.ts', 'gate.open === auction ? await', 'gate.open >= auction ? await']],
    [1, 2, 3, 4, 5, 6],
  ],
];

it.each(PLANTED)('a seed shows that %s', async (_, edits, seeds) => {
  const bundles = bundlesWith(edits);
  const failed: number[] = [];
  for (const seed of seeds) {
    if ((await runSeed(seed, bundles)).failures.length > 0) failed.push(seed);
    if (failed.length > 0) break;
  }
  expect(failed).not.toEqual([]);
});
