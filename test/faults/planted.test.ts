/**
 * Whether the simulator would notice: the functions with one thing made wrong, and some seed must fail. Each is a mistake
 * that a change could make.
 */
import { expect, it } from 'vitest';
import { type Edit, sourcesWith } from '../../lib/faults/changed-sources.ts';
import { runSeed } from '../../lib/faults/run.ts';

/** The first of them must have failed by then. */
const SEEDS = 16;

/** What is wrong, the lines that make it so, and what a failure then says. */
const PLANTED: [what: string, edits: Edit[], says: RegExp][] = [
  [
    'a submission that comes again is accepted again',
    [
      ['lambdas/accept-orders/index.ts', 'if (repeated) {', 'if (repeated && message.v !== 1) {'],
      ['lib/store/submissions.ts', 'return table.create({ ...item', 'return table.overwrite({ ...item'],
      [
        'lib/store/table.ts',
        '  async create(item',
        '  async overwrite(item: Item): Promise<boolean> {\n    await this.put(item);\n    return true;\n  }\n  async create(item',
      ],
    ],
    /orders: /,
  ],
  [
    'a marker that comes again passes the next intake',
    [['lambdas/accept-orders/index.ts', 'intake.open === auction ? await', 'intake.open >= auction ? await']],
    /has auction \d: .* when nothing goes wrong/,
  ],
  [
    'what a batch left undone is forgotten',
    [['lib/store/table.ts', 'pending = answer.UnprocessedItems?.[this.name] as typeof pending;', 'pending = undefined;']],
    /is missing|did not end/,
  ],
  [
    'a cursor moves before the accounts are written',
    [
      [
        'lambdas/post-events/index.ts',
        'const totals = await postToShard(',
        'await moveCursor(table, shard.shard, entry.seq);\n    const totals = await postToShard(',
      ],
    ],
    /TOTALS|JOURNAL/,
  ],
  [
    'an event is applied to an account that has it',
    [['lib/domain/clearing/posting.ts', 'state.applied >= seq ?', 'state.applied > seq ?']],
    /has posted/,
  ],
  [
    'messages of a group are worked at once',
    [
      ['lambdas/queue/consume.ts', 'new SqsFifoPartialProcessorAsync()', 'new BatchProcessor(EventType.SQS)'],
      ['lambdas/queue/consume.ts', '{ context, skipGroupOnError: true }', '{ context }'],
    ],
    /orders: /,
  ],
  [
    'a slot is given to the worker that comes last',
    [
      ['lib/store/auctions.ts', 'return table.createTogether([', 'return (await table.createTogether(['],
      [
        'lib/store/auctions.ts',
        '    { ...nameKey({ product, slot, date, closing }), attributes: { auction: N(auction) } },\n  ]);',
        '  ])) && (await table.put({ ...nameKey({ product, slot, date, closing }), attributes: { auction: N(auction) } }), true);',
      ],
    ],
    /SLOT|CLOSING|fills: |did not end/,
  ],
  [
    'what decides is read as it was a moment ago',
    [['lib/store/table.ts', 'async get(key: Key, consistent = true)', 'async get(key: Key, consistent = false)']],
    /did not end|orders: |fills: |reports /,
  ],
  [
    'an order is late by the clock of the machine that reads it',
    [
      ['lambdas/accept-orders/index.ts', 'enqueuedAt = Number(record.attributes.SentTimestamp)', 'enqueuedAt = Date.now()'],
      [
        'lib/domain/auction/account-intake.ts',
        'if (enqueuedAt - Date.parse(receivedAt) <= SUBMIT_MS_MAX) return undefined;\n    if (isNotAfter',
        'if (enqueuedAt - Date.parse(receivedAt) > SUBMIT_MS_MAX || isNotAfter',
      ],
    ],
    /auction-closed/,
  ],
  [
    'a repeated clearing sends no wake-up, and neither the sweep nor the day run sends it either',
    [
      [
        'lib/domain/clearing/day.ts',
        "posted ? { kind: 'move', moved } : { kind: 'post' }",
        "posted ? { kind: 'move', moved } : { kind: 'wait', for: 'shards' }",
      ],
      ['lambdas/clear-auction/index.ts', 'await queues.notifyPostings(', 'if (!cleared.repeated) await queues.notifyPostings('],
      ['lambdas/sweep-venue/index.ts', 'behind.shards, `sweep', '[], `sweep'],
    ],
    /has posted/,
  ],
  [
    'an order is printed',
    [
      [
        'lambdas/accept-orders/index.ts',
        'if (await writeSubmission(table, submission)) {',
        "session.backends.logger.info('accepted', { instructions });\n  if (await writeSubmission(table, submission)) {",
      ],
    ],
    /prints an order of/,
  ],
  [
    'what is carried on is published',
    [['lib/domain/auction/book.ts', 'else lapsed[row] = left;', 'lapsed[row] = left;']],
    /depth tells \w+ of a carried order/,
  ],
  [
    'the log is shown with what is sealed in it',
    [['lambdas/operator-api/history.ts', '(SEALED.has(name) ? undefined : value)', 'value']],
    /log tells \S+ of a carried order/,
  ],
  [
    'a chunk of carried orders is taken for written',
    [
      [
        'lib/store/results.ts',
        'items.filter((item) => !standing.has(item))',
        "items.filter(({ pk }) => !pk.startsWith('CARRIED#') || pk.endsWith('#0'))",
      ],
    ],
    /did not end|CARRIED/,
  ],
];

it.each(PLANTED)('a seed shows that %s', async (_, edits, says) => {
  const sources = sourcesWith(edits);
  let failures: readonly string[] = [];
  for (let seed = 1; seed <= SEEDS && failures.length === 0; seed++) ({ failures } = await runSeed(seed, sources));
  expect(failures.join('\n')).toMatch(says);
});
