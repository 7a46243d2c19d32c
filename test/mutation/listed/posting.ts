/** Mutants of posting, and of what is kept of accounts: states, journals, statements, totals, roll instructions. */
import type { MutatedFile } from '../mutant.ts';

export const POSTING: readonly MutatedFile[] = [
  {
    file: 'lib/domain/clearing/entry-cost.ts',
    tests: ['test/domain/clearing/entry-cost.test.ts', 'test/properties/account.test.ts'],
    mutants: [
      {
        name: 'crossing-keeps-cost',
        wrong: 'A position that has turned from long to short keeps what the longs cost.',
        text: 'if (Math.sign(held) !== Math.sign(left)) return gain(left, price, centsPerTick);',
        becomes: '',
      },
      {
        name: 'cost-leaves-at-the-price',
        wrong: 'Lots that are sold take their price with them and not what they cost.',
        text: 'divideHalfEven(cost * magnitude(quantity), magnitude(held))',
        becomes: 'gain(quantity, price, -centsPerTick)',
      },
    ],
  },
  {
    file: 'lib/domain/clearing/statement-detail.ts',
    tests: ['test/properties/account.test.ts'],
    mutants: [
      {
        name: 'settlement-of-closing-lots',
        wrong: 'A settlement pays what is held at the end of the day, not what was held then.',
        text: 'for (const [month, held] of this.#held())',
        becomes: 'for (const [month, held] of Object.entries(this.#closing).map(([m, q]) => [Number(m), q] as const))',
      },
    ],
  },
  {
    file: 'lambdas/post-events/post-event.ts',
    tests: [
      'test/lambdas/post-slices.test.ts',
      'test/lambdas/post-events.test.ts',
      'test/lambdas/post-goes-on.test.ts',
      'test/lambdas/large-results.test.ts',
    ],
    mutants: [
      {
        name: 'other-shards-posted',
        wrong: 'An auction from before a move is posted to the accounts of the wrong shards.',
        text: 'if (fills.shards !== shard.shards)',
        becomes: 'if (fills.shards === 0)',
      },
      {
        name: 'last-traders-dropped',
        wrong: 'Accounts beyond the last full slice get no fills, and the venue halts.',
        text: 'if (tradedBy.size) yield await slice();',
        becomes: '',
      },
      {
        name: 'traders-kept',
        wrong: 'The 251st account that trades in an auction is posted with the first 250 again, and the venue halts.',
        text: 'yield await slice();\n        tradedBy = new Map();',
        becomes: 'yield await slice();',
      },
      {
        name: 'fills-of-the-last-chunk-alone',
        wrong: 'An account whose fills lie in two chunks gets those of the second alone, and the venue halts.',
        text: 'addFills(tradedBy.get(account) ?? [], own)',
        becomes: 'addFills([], own)',
      },
      {
        name: 'last-slice-dropped',
        wrong: 'Accounts beyond the last full slice are not marked to market, and the venue halts.',
        text: 'if (slice.length) yield slice;',
        becomes: '',
      },
      {
        name: 'slice-kept',
        wrong: 'The accounts of a full slice are posted again with the next.',
        text: 'slice = [];\n    }',
        becomes: '}',
      },
      {
        name: 'accounts-of-other-shards',
        wrong: 'Both shards post the bank’s side of a deposit, and the venue halts.',
        text: 'shardOf(account, shard.shards) === shard.shard &&',
        becomes: 'shardOf(account, shard.shards) >= 0 &&',
      },
      {
        name: 'entries-not-counted-again',
        wrong: 'A run that was interrupted comes to other totals when it is repeated, and the venue halts.',
        text: '(await readEntries(table, seq, past)).map(',
        becomes: '(await readEntries(table, seq, [])).map(',
      },
      {
        name: 'states-before-journal',
        wrong: 'A worker that crashes between the two leaves an account without a journal entry for good.',
        text: 'applied.map(({ entry }) => entry),\n  );',
        becomes: '[],\n  );',
      },
      {
        name: 'part-of-an-event-forgotten',
        wrong: 'What an interrupted run has moved is missing in the totals, and the venue halts.',
        text: 'let totals = from?.totals ?? (',
        becomes: 'let totals = (',
      },
      {
        name: 'part-of-an-event-twice',
        wrong: 'The part that is posted is counted again behind its own totals.',
        text: "from?.through ?? '')) {",
        becomes: "'')) {",
      },
    ],
  },
  {
    file: 'lambdas/post-events/close-books.ts',
    tests: ['test/lambdas/post-events.test.ts', 'test/lambdas/margin-calls.test.ts'],
    mutants: [
      {
        name: 'roll-left-outside-its-window',
        wrong: 'The report counts what is left to roll of the wrong month.',
        text: 'new Set(instructed.map(({ account }) => account))',
        becomes: 'new Set<string>()',
      },
      {
        name: 'owner-cut-by-a-slice',
        wrong: 'An owner whose accounts lie in two slices counts for less, and its accounts need less.',
        text: 'cut.has(owner) && !before.has(owner)',
        becomes: 'cut.has(owner) && before.has(owner)',
      },
      {
        name: 'requirement-of-later-parameters',
        wrong: 'Parameters that change while books close make statements that no audit can repeat.',
        text: 'parameters: await parametersAt(table, newest, seq)',
        becomes: 'parameters: newest.parameters',
      },
    ],
  },
  {
    file: 'lambdas/settle-day/open-calls.ts',
    tests: ['test/lambdas/margin-calls.test.ts'],
    mutants: [
      {
        name: 'calls-met-twice',
        wrong: 'Accounts are looked at as they were before what has moved them, and a call is met by cash that is gone.',
        text: 'if (!found) return undefined;',
        becomes: 'if (!found) return 0;',
      },
      {
        name: 'open-call-forgotten',
        wrong: 'A call whose account was not short again is never looked at any more.',
        text: 'row.seq < own.closedBy && done.has(row.account)',
        becomes: 'row.seq < own.closedBy',
      },
      {
        name: 'called-accounts-piling-up',
        wrong: 'Every account that was ever short is looked at for ever.',
        text: 'row.seq < own.closedBy && done.has(row.account)',
        becomes: 'row.seq < 0',
      },
    ],
  },
  {
    file: 'lambdas/post-events/index.ts',
    tests: ['test/lambdas/post-halt.test.ts', 'test/lambdas/post-events.test.ts', 'test/lambdas/post-goes-on.test.ts'],
    mutants: [
      {
        name: 'posted-while-halted',
        wrong: 'Postings go on while the venue is halted.',
        text: 'if (await readHalt(table)) return',
        becomes: 'if (!table) return',
      },
      {
        name: 'cursor-not-moved',
        wrong: 'Every wake-up posts the whole log again.',
        text: 'await shard.advance(cursor);',
        becomes: '',
      },
      {
        name: 'imbalance-passed-over',
        wrong: 'A posting that does not sum to zero stops nothing.',
        text: 'if (off) {',
        becomes: 'if (off && seq < 0) {',
      },
      {
        name: 'first-shard-tells-the-day',
        wrong: 'The day run is told to go on before all shards have posted.',
        text: 'if (recorded.shards.size === touched.length && !(await completePosting(backends, entry, recorded))) return posted;',
        becomes: 'if (!(await completePosting(backends, entry, recorded))) return posted;',
      },
      {
        name: 'halted-shard-goes-on',
        wrong: 'The shard that found the imbalance posts what comes after it.',
        text: '!(await completePosting(backends, entry, recorded))) return posted;',
        becomes: '!(await completePosting(backends, entry, recorded))) continue;',
      },
      {
        name: 'day-not-told',
        wrong: 'A day run waits for the next sweep after each of its steps.',
        text: "case 'day-closed':\n      return [event.product];",
        becomes: "case 'day-closed':\n      return [];",
      },
      {
        name: 'gap-in-the-log-posted',
        wrong: 'A missing event is passed over, and the accounts are wrong from then on.',
        text: 'if (entry.seq !== posted + 1) throw',
        becomes: 'if (entry.seq < posted + 1) throw',
      },
      {
        name: 'not-told-to-go-on',
        wrong: 'What an invocation had no time for waits for the next sweep.',
        text: 'await queues.notifyPosting(shard, where);',
        becomes: '',
      },
      {
        name: 'time-not-looked-at',
        wrong: 'An event that moves more accounts than an invocation has time for becomes a dead letter.',
        text: 'if (timeLeft() >= SLICE_MS_MAX) return true;',
        becomes: 'if (timeLeft() >= 0) return true;',
      },
    ],
  },
  {
    file: 'lib/store/accounts.ts',
    tests: ['test/store/accounts.test.ts', 'test/lambdas/post-events.test.ts'],
    mutants: [
      {
        name: 'older-state-written-over',
        wrong: 'A late worker writes the cash of yesterday over that of today.',
        text: "'attribute_not_exists(pk) OR applied < :applied'",
        becomes: "'attribute_not_exists(pk) OR applied <> :applied'",
      },
      {
        name: 'same-event-written-over',
        wrong: 'Of two workers at once the second writes its state over the first’s.',
        text: "'attribute_not_exists(pk) OR applied < :applied'",
        becomes: "'attribute_not_exists(pk) OR applied <= :applied'",
      },
      {
        name: 'listed-twice',
        wrong: 'A page of accounts begins with the last of the page before.',
        text: '.filter(({ account }) => account !== after)',
        becomes: '.filter(({ account }) => account !== undefined)',
      },
    ],
  },
  {
    file: 'lib/store/amounts.ts',
    tests: ['test/store/accounts.test.ts'],
    mutants: [
      {
        name: 'amount-as-number',
        wrong: 'A large account loses its last cents.',
        text: 'return cents(BigInt(value));',
        becomes: 'return cents(BigInt(Number(value)));',
      },
      {
        name: 'any-amount',
        wrong: 'A damaged amount is read as some other.',
        text: "if (typeof value !== 'string' || !/^-?\\d+$/.test(value))",
        becomes: "if (typeof value !== 'string')",
      },
    ],
  },
  {
    file: 'lib/store/cursors.ts',
    tests: ['test/store/accounts.test.ts'],
    mutants: [
      {
        name: 'cursor-goes-back',
        wrong: 'A late worker moves a shard back, and it posts everything again.',
        text: "'attribute_not_exists(pk) OR seq < :seq'",
        becomes: "'attribute_not_exists(pk) OR seq <> :seq'",
      },
    ],
  },
  {
    file: 'lib/store/control-totals.ts',
    tests: ['test/store/accounts.test.ts', 'test/lambdas/post-events.test.ts'],
    mutants: [
      {
        name: 'late-totals-count',
        wrong: 'A late repeat records what accounts hold by then, and the venue halts or, worse, does not.',
        text: 'if_not_exists(#shard, :totals)',
        becomes: ':totals',
      },
    ],
  },
  {
    file: 'lib/store/posted.ts',
    tests: ['test/store/posted.test.ts', 'test/lambdas/post-events.test.ts', 'test/lambdas/sweep-venue.test.ts'],
    mutants: [
      {
        name: 'posted-without-totals',
        wrong: 'The day goes on before an event is posted.',
        text: 'if (lastEvent === 0) return true;',
        becomes: 'if (lastEvent >= 0) return true;',
      },
      {
        name: 'posted-past-a-shard-behind',
        wrong: 'Prices settle while a shard has not posted an auction that cleared before the last.',
        text: 'if (behind.some((shard) => !recorded.shards.has(shard))) return false;',
        becomes: '',
      },
      {
        name: 'event-that-touches-nothing',
        wrong: 'An auction without fills is posted nowhere, and the day run waits for it until the next sweep.',
        text: '[shardOf(BANK, shards)]',
        becomes: '[]',
      },
      {
        name: 'slowest-shard-overlooked',
        wrong: 'A shard that is behind is not notified as long as another is not.',
        text: 'for await (const entry of eventsAfter(table, Math.min(...cursors)))',
        becomes: 'for await (const entry of eventsAfter(table, Math.max(...cursors)))',
      },
      {
        name: 'idle-shard-late',
        wrong: 'The alarm goes off for a shard that nothing touches.',
        text: '.some((shard) => cursors[shard]! < entry.seq)',
        becomes: '.some(() => true)',
      },
      {
        name: 'idle-shard-as-old',
        wrong: 'A participant waits for an account to reach an event that never touches it.',
        text: 'return next ? next.seq - 1 : (entries.at(-1)?.seq ?? cursor);',
        becomes: 'return next ? next.seq - 1 : cursor;',
      },
    ],
  },
  {
    file: 'lib/store/journal.ts',
    tests: ['test/store/accounts.test.ts', 'test/lambdas/participant-reads.test.ts'],
    mutants: [
      {
        name: 'journal-repeats',
        wrong: 'A page of the journal begins with the last entry of the page before.',
        text: 'ordered(range.before - 1)',
        becomes: 'ordered(range.before)',
      },
      {
        name: 'oldest-first',
        wrong: 'An account is shown its oldest entries instead of its newest.',
        text: 'newestFirst: true',
        becomes: 'newestFirst: false',
      },
    ],
  },
  {
    file: 'lib/store/statements.ts',
    tests: ['test/store/accounts.test.ts', 'test/lambdas/participant-reads.test.ts'],
    mutants: [
      {
        name: 'statement-repeats',
        wrong: 'A page of statements begins with the last of the page before.',
        text: "text(item, 'sk') !== before",
        becomes: "text(item, 'sk') !== ''",
      },
      {
        name: 'statement-short',
        wrong: 'Every page of statements but the first is one short, and says that nothing follows.',
        text: '{ to: before, limit: limit + 1 }',
        becomes: '{ to: before, limit }',
      },
    ],
  },
  {
    file: 'lib/store/held.ts',
    tests: ['test/store/held.test.ts', 'test/lambdas/operator-api.test.ts'],
    mutants: [
      {
        name: 'approval-overwritten',
        wrong: 'Of two approvals at once one is lost, or approves what the other has just amended.',
        text: "condition: 'revision = :seen',\n  values: { ':seen': N(seen.revision) },",
        becomes: "condition: 'revision >= :seen',\n  values: { ':seen': N(0) },",
      },
      {
        name: 'hold-overwritten',
        wrong: 'A value that waits for approval is taken over by another one sent at the same time.',
        text: 'return table.create(itemOf(held));',
        becomes: 'await table.put(itemOf(held));\n  return true;',
      },
    ],
  },
  {
    file: 'lib/store/index-values.ts',
    tests: ['test/store/index-values.test.ts', 'test/lambdas/operator-api.test.ts'],
    mutants: [
      {
        name: 'index-overwritten',
        wrong: 'Of two values published at once the second overwrites the first.',
        text: 'return table.create({ ...indexKey(product, date), attributes: { micros: S(`${value}`), by: json(by) } });',
        becomes:
          'await table.put({ ...indexKey(product, date), attributes: { micros: S(`${value}`), by: json(by) } });\n  return true;',
      },
      {
        name: 'index-after-the-day',
        wrong: 'A value of the day after counts as fresh, and the day is settled unseen.',
        text: '{ to: until, newestFirst: true, limit: 1 }',
        becomes: '{ newestFirst: true, limit: 1 }',
      },
      {
        name: 'oldest-index',
        wrong: 'The oldest value of all is taken for the newest, and every settlement is held.',
        text: '{ to: until, newestFirst: true, limit: 1 }',
        becomes: '{ to: until, limit: 1 }',
      },
      {
        name: 'index-list-repeats',
        wrong: 'A page of index values begins with the last of the page before.',
        text: '{ to: addDays(before, -1) }',
        becomes: '{ to: before }',
      },
      {
        name: 'index-from-excluded',
        wrong: 'Values outside the delivery month are read for its final settlement price.',
        text: '`INDEX#${product}`, { from, to }',
        becomes: '`INDEX#${product}`, { to }',
      },
    ],
  },
];
