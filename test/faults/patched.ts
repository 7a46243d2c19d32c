/** Functions bundled from this tree's sources with a few lines made otherwise: another version of the code, or a wrong one. */
import { join } from 'node:path';
import { type Edit, sourcesWith } from '../../lib/faults/changed-sources.ts';
import { bundleFunctions } from '../../lib/infra/bundle.ts';

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
  [
    'lib/store/log.ts',
    'const data = encodeEvent(event);',
    'const data = encodeEvent({ ...event, hints: { by: "next" } } as typeof event);',
  ],
];

/** This tree with these edits, bundled: gives the folder of the bundles. */
export function bundlesWith(edits: readonly Edit[]): string {
  const sources = sourcesWith(edits);
  return bundleFunctions({ sources, into: join(sources, '..', 'bundles') });
}
