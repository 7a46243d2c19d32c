/**
 * Whether the small world would notice: the functions with a mistake that they once had, and some seed must fail. Each is
 * played on seeds in which the script does what shows it.
 */
import { expect, it } from 'vitest';
import type { Edit } from '../../../lib/faults/changed-sources.ts';
import { runSmallSeed, smallSeed } from '../../../lib/faults/small/run.ts';
import { SCALED, smallSources } from '../../../lib/faults/small/world.ts';

/** So many seeds in which a part is played; the first of them must have failed by then. */
const SEEDS = 20;

const scaled = (file: string, name: string): string =>
  SCALED.find(([of, before]) => of === file && before.includes(`${name} =`))![2];

/** What is wrong, the part of the script that shows it, the lines that make it so, and what a failure then says. */
const PLANTED: [what: string, part: string, edits: Edit[], says: RegExp][] = [
  [
    'the fills of an account are written into its journal',
    'is filled by a large order in single lots',
    [
      [
        'lib/store/journal.ts',
        'data: S(amountsToJson(entry))',
        "data: S(amountsToJson(entry)), trades: S('an order by its name and its terms, and what it was filled; '.repeat(entry.fills ?? 0))",
      ],
    ],
    /Item size has exceeded/,
  ],
  [
    'what is published of an auction is one item, however many limits',
    'many limits',
    [['lib/store/limits.ts', scaled('lib/store/limits.ts', 'CHUNK_BYTES'), 'export const CHUNK_BYTES = 64 * 1024;']],
    /Item size has exceeded|the log and the book differ/,
  ],
  [
    'accept reads all that an account has sent with every message',
    'many single orders',
    [
      [
        'lambdas/accept-orders/account-intakes.ts',
        'keep: () => worker.keep(name, { own, open, lastAuction, writer })',
        'keep: () => {}',
      ],
    ],
    /accept reads \d+ bytes for a message/,
  ],
  [
    'what is carried is published as what has lapsed is',
    'many carried orders',
    [['lib/domain/auction/book.ts', '    else lapsed[row] = left;', '    lapsed[row] = left;']],
    /tells fund of a carried order/,
  ],
  [
    'what takes the orders of a silent participant out is sent behind the cut',
    'falls silent with its switch set',
    [
      [
        'lambdas/close-auction/index.ts',
        'if (!(await runOutSwitches(backends, product, cutAsOf(slot, asking.at), asking))) return false;\n  await queues.sendMarkers(product, auction, slot, shards);',
        'await queues.sendMarkers(product, auction, slot, shards);\n  if (!(await runOutSwitches(backends, product, cutAsOf(slot, asking.at), asking))) return false;',
      ],
    ],
    /filled an order of a participant that was silent/,
  ],
  [
    'what the invocation before has posted of an event is forgotten',
    'deposits all the time',
    [['lambdas/post-events/post-event.ts', 'let totals = from?.totals ?? (', 'let totals = (']],
    /the venue is halted: out of balance|TOTALS/,
  ],
  [
    'a day run may begin when an auction is due',
    'changes parameters',
    [
      [
        'lib/domain/clearing/product-change.ts',
        'last === undefined || dayRunTime > last',
        'last === undefined || dayRunTime !== undefined',
      ],
    ],
    /auction of .* was never held|the day .* stands at/,
  ],
  [
    'the id of a submission is taken as it comes',
    'texts that are too long, and what is no request',
    [
      ['lambdas/participant-api/submission-id.ts', '^([A-Z0-9-]{1,32})', '^([A-Z0-9-]+)'],
      ['lambdas/participant-api/submission-id.ts', 'return isOurs ?', 'return isOurs || check ?'],
    ],
    /Aggregated size of all keys|answered 50|that was made up is known/,
  ],
  [
    'an order that is sent back undoes its cancel',
    'sends a submission back that was cancelled meanwhile',
    [
      [
        'lib/domain/auction/account-intake.ts',
        "return isNotAfter(receivedAt, this.#receivedAt) ? 'overtaken' : undefined;",
        'return undefined;',
      ],
    ],
    /which was cancelled before/,
  ],
  [
    'what is approved no longer rests on what its operators were shown',
    'approves what has changed since',
    [['lib/domain/clearing/approval.ts', 'if (held.basis === null) return undefined;', 'return undefined;']],
    /its index says/,
  ],
  [
    'an auction is held on a day before the first trading day',
    'asks for auctions on days that have none',
    [['lib/domain/clearing/intraday.ts', 'if (date <= closedOn) return', 'if (date < closedOn) return']],
    /whose books are closed|which is no trading day/,
  ],
  [
    'the morning waits for a settlement that is held',
    'one lot with itself at an absurd price in the closing auction',
    [['lib/domain/clearing/intraday.ts', 'books < date && state.lastDay?.date !== books &&', 'books < date &&']],
    /the intraday auction of .* was never held/,
  ],
  [
    'an auction that waited for the venue to resume waits on',
    'halts and resumes',
    [['lambdas/operator-api/venue.ts', "await queues.notify('sweeps', { v: 1, at: receivedAt(request) });", '']],
    /everything is quiet and the auction of/,
  ],
  [
    'a sweep wakes the oldest auction alone, and what has cleared wakes none',
    'halts and resumes',
    [
      ['lambdas/clear-auction/index.ts', 'else if (!marked && !closing &&', 'else if (!marked && closing &&'],
      [
        'lib/domain/clearing/sweep.ts',
        'const unclosed = pending.find(({ closed }) => !closed);',
        'const unclosed = oldest?.closed ? undefined : oldest;',
      ],
    ],
    /everything is quiet and the auction of/,
  ],
  [
    'a group that only holds the operators’ name passes for it',
    'passes for an operator',
    [['lambdas/http/caller.ts', 'claimed === group ||', 'String(claimed).includes(group) ||']],
    /rogue is let in by/,
  ],
  [
    'an operator approves what is their own',
    'proposes, approves and declines at once',
    [
      [
        'lib/domain/clearing/approval.ts',
        "if (isNamed) return refused('second-operator-needed');",
        'if (isNamed) return changed(held, { approvals: [...held.approvals, operator] });',
      ],
      ['lib/domain/clearing/approval.ts', 'new Set(approvals).size >= APPROVALS_NEEDED', 'approvals.length >= APPROVALS_NEEDED'],
    ],
    /op-\d has approved what op-\d proposed/,
  ],
];

it.each(PLANTED)('a seed shows that %s', async (_, part, edits, says) => {
  const sources = smallSources(edits);
  let failures: readonly string[] = [];
  for (let seed = 0, played = 0; played < SEEDS && !says.test(failures.join('\n')); seed++) {
    const { parts, disturbed } = smallSeed(seed);
    if (disturbed || !parts.includes(part)) continue;
    played++;
    ({ failures } = await runSmallSeed(seed, smallSources(), sources));
  }
  expect(failures.join('\n')).toMatch(says);
});
