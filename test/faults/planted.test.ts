/**
 * Whether the simulator would notice: functions are bundled from sources with one line made wrong, and some seed must fail.
 * Each is a mistake that a change could make.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bundleFunctions, PROJECT } from '../../lib/infra/bundle.ts';
import { runSeed } from '../../lib/local/faults/run.ts';

type Edit = [file: string, right: string, wrong: string];
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
  const tree = mkdtempSync(join(tmpdir(), 'planted-'));
  try {
    for (const folder of ['lambdas', 'lib/store', 'lib/domain'])
      cpSync(join(PROJECT, folder), join(tree, folder), { recursive: true });
    symlinkSync(join(PROJECT, 'node_modules'), join(tree, 'node_modules'));
    for (const [file, right, wrong] of edits) {
      const source = readFileSync(join(tree, file), 'utf8');
      expect(source.split(right)).toHaveLength(2);
      writeFileSync(
        join(tree, file),
        source.replace(right, () => wrong),
      );
    }
    const bundles = bundleFunctions({ sources: join(tree, 'lambdas'), into: join(tree, 'bundles') });
    const failed: number[] = [];
    for (const seed of seeds) {
      if ((await runSeed(seed, bundles)).failures.length > 0) failed.push(seed);
      if (failed.length > 0) break;
    }
    expect(failed).not.toEqual([]);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
});
