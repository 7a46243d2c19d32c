/** Functions bundled from this tree's sources with a few lines made otherwise: another version of the code, or a wrong one. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { bundleFunctions, PROJECT } from '../../lib/infra/bundle.ts';

export type Edit = readonly [file: string, before: string, after: string];

/** A next version that writes what this one does not know and may pass over: a hint in every message and event, an attribute in most items. */
export const ADDS: readonly Edit[] = [
  [
    'lib/store/queues.ts',
    'MessageBody: JSON.stringify(message),\n        MessageGroupId',
    'MessageBody: JSON.stringify({ ...message, hints: { by: "next" } }),\n        MessageGroupId',
  ],
  [
    'lib/store/queues.ts',
    'MessageBody: JSON.stringify(message) }),',
    'MessageBody: JSON.stringify({ ...message, hints: { by: "next" } }) }),',
  ],
  ['lib/store/queues.ts', 'auction, slot } satisfies', 'auction, slot, hints: { by: "next" } } satisfies'],
  ['lib/store/queues.ts', '{ v: 1, shard } satisfies', '{ v: 1, shard, hints: { by: "next" } } satisfies'],
  // Not in the rows of accounts, which the audit by N compares whole; in a submission under its seal, as its writer would.
  ['lib/store/submissions.ts', 'auction: N(submission.auction),', 'auction: N(submission.auction), by: S("next"),'],
  [
    'lib/store/table.ts',
    '...item.attributes });',
    '...item.attributes, ...(/^(JOURNAL|STATEMENT|SHARD|BOOK)/.test(item.pk) ? {} : { by: S("next") }) });',
  ],
  ['lib/store/log.ts', ': event);', ': { ...event, hints: { by: "next" } });'],
];

let made: string | undefined;
function folder(): string {
  if (made === undefined) {
    const own = mkdtempSync(join(tmpdir(), 'patched-'));
    process.once('exit', () => rmSync(own, { recursive: true, force: true }));
    made = own;
  }
  return made;
}

/** Gives the folder of the functions' sources; it goes when the process ends. Every text must stand exactly once in its file. */
export function sourcesWith(edits: readonly Edit[]): string {
  const tree = mkdtempSync(join(folder(), 'tree-'));
  for (const folder of ['lambdas', 'lib/store', 'lib/domain'])
    cpSync(join(PROJECT, folder), join(tree, folder), { recursive: true });
  symlinkSync(join(PROJECT, 'node_modules'), join(tree, 'node_modules'));
  for (const [file, before, after] of edits) {
    const source = readFileSync(join(tree, file), 'utf8');
    expect(source.split(before), `${file}: ${before}`).toHaveLength(2);
    writeFileSync(
      join(tree, file),
      source.replace(before, () => after),
    );
  }
  return join(tree, 'lambdas');
}

/** The same, bundled: gives the folder of the bundles. */
export function bundlesWith(edits: readonly Edit[]): string {
  const sources = sourcesWith(edits);
  return bundleFunctions({ sources, into: join(sources, '..', 'bundles') });
}
