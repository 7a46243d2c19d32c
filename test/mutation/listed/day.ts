/** Mutants of the day: its state machine, the row that it moves through, and the workers that roll, close, settle and sweep. */
import type { MutatedFile } from '../mutant.ts';

export const DAY: readonly MutatedFile[] = [
  {
    file: 'lib/domain/clearing/day.ts',
    tests: ['test/domain/clearing/day.test.ts'],
    mutants: [
      {
        name: 'on-before-balances-are-checked',
        wrong: 'The day goes on before every shard has posted the step before, or though the books do not balance.',
        text: "posted ? { kind: 'move', moved } : { kind: 'post' };",
        becomes: "posted !== undefined ? { kind: 'move', moved } : { kind: 'post' };",
      },
      {
        name: 'rolled-before-posted',
        wrong: 'The roll is computed from positions that lack the last auction’s fills.',
        text: 'if (last > product.lastAuction || !posted)',
        becomes: 'if (last > product.lastAuction)',
      },
      {
        name: 'rolled-before-cleared',
        wrong: 'The roll is computed while an auction before it has not cleared.',
        text: 'if (last > product.lastAuction || !posted)',
        becomes: 'if (!posted)',
      },
      {
        name: 'days-out-of-order',
        wrong: 'A day starts before the books of the day before it are closed.',
        text: "if (openBooks(product) < date) return { kind: 'wait', for: 'earlier-day' };",
        becomes: '',
      },
      {
        name: 'settled-while-halted',
        wrong: 'The day goes on while the venue is halted.',
        text: "if (seen.halted) return { kind: 'wait', for: 'resume' };",
        becomes: '',
      },
      {
        name: 'held-and-settled',
        wrong: 'A curve that broke a bound settles once its reason has gone, though an operator has seen it and not agreed.',
        text: "if (!isApproved(held)) return { kind: 'wait', for: 'approval' };",
        becomes: "if (!isApproved(held) && holds.length > 0) return { kind: 'wait', for: 'approval' };",
      },
      {
        name: 'approved-and-settled-otherwise',
        wrong: 'The day settles at the auction’s prices instead of those that two operators agreed to.',
        text: "return { kind: 'commit', event: eventOf(held.proposal as Proposal, held.approvals) };",
        becomes: "return { kind: 'commit', event: eventOf(proposal, held.approvals) };",
      },
      {
        name: 'moved-by-another-event',
        wrong: 'A day is moved on by an auction of the next day that cleared meanwhile, and takes it for its own clearing.',
        text: "move({ kind: 'cleared', event: log.clearedBy })",
        becomes: "move({ kind: 'cleared', event: product.lastEvent })",
      },
      {
        name: 'stale-basis-approved',
        wrong: 'A final price is committed as it was approved, though an index value that it is the mean of has come since.',
        text: "if (next) return { kind: 'revise', held, next };",
        becomes: "if (next && !isApproved(held)) return { kind: 'revise', held, next };",
      },
      {
        name: 'old-product-believed',
        wrong: 'A worker that loaded the product before another moved the day takes the step a second time.',
        text: 'if (product.lastEvent < newestEventOf(day))',
        becomes: 'if (product.lastEvent < 0)',
      },
      {
        name: 'roll-opens-today',
        wrong: 'What is held when the roll window opens is noted a day late, and the first fifth never rolls.',
        text: 'rollOpening(parameters.calendar, nextBusinessDay(parameters.calendar, date))',
        becomes: 'rollOpening(parameters.calendar, date)',
      },
      {
        name: 'missed-days-left-out',
        wrong: 'A day that never ran is never settled.',
        text: 'businessDays(calendar, nextBusinessDay(calendar, closedOn), due)',
        becomes: 'businessDays(calendar, due, due)',
      },
    ],
  },
  {
    file: 'lib/domain/clearing/intraday.ts',
    tests: ['test/domain/clearing/intraday.test.ts'],
    mutants: [
      {
        name: 'auction-between-roll-and-close',
        wrong: 'An auction trades between the roll and the closing auction, and changes what is rolled.',
        text: "(dayBegun && 'the day run of its day has begun') ||",
        becomes: '',
      },
      {
        name: 'auction-on-a-holiday',
        wrong: 'An auction is held on a holiday.',
        text: "return isBusinessDay(calendar, date) ? undefined : 'it is no business day';",
        becomes: 'return undefined;',
      },
      {
        name: 'auction-of-an-open-day',
        wrong: 'An auction of a new day takes the orders of the closing auction before it, which is still to come.',
        text: 'books < date && state.lastDay?.date !== books &&',
        becomes: 'books > date &&',
      },
      {
        name: 'held-day-stops-trading',
        wrong: 'A settlement that is held stops every auction after it.',
        text: 'books < date && state.lastDay?.date !== books &&',
        becomes: 'books < date &&',
      },
      {
        name: 'auction-on-a-closed-day',
        wrong: 'An auction is held on a day whose books are closed, and what it pays is in no statement.',
        text: "if (date <= closedOn) return 'its day is closed, or before the first trading day';",
        becomes: '',
      },
      {
        name: 'slots-out-of-order',
        wrong: 'A schedule that fires late has its auction numbered after a later one.',
        text: 'latestSlot !== undefined && latestSlot > slot &&',
        becomes: 'latestSlot !== undefined && latestSlot < slot &&',
      },
    ],
  },
  {
    file: 'lib/domain/clearing/sweep.ts',
    tests: ['test/domain/clearing/sweep.test.ts'],
    mutants: [
      {
        name: 'day-begun-at-once',
        wrong: 'The sweep begins every day run itself, a moment before its schedule does.',
        text: 'DAY_RUN_GRACE_MS = 10 * 60_000',
        becomes: 'DAY_RUN_GRACE_MS = 0',
      },
      {
        name: 'day-never-begun',
        wrong: 'A day whose schedule failed is never begun.',
        text: 'if (!day && isOpen && at - since > DAY_RUN_GRACE_MS)',
        becomes: 'if (!day && isOpen && at < since)',
      },
      {
        name: 'cut-auction-cut-again',
        wrong: 'An auction that every shard has closed is never cleared if its wake-up was lost.',
        text: 'if (oldest?.closed)',
        becomes: 'if (!oldest?.closed && oldest)',
      },
      {
        name: 'day-not-moved-on',
        wrong: 'A day whose wake-up was lost stands still for good.',
        text: 'if (day || seen.toPublish || seen.hasShort)',
        becomes: 'if (seen.toPublish || seen.hasShort)',
      },
      {
        name: 'calls-not-looked-at',
        wrong: 'A call that was due while nothing else happened is overdue when something does.',
        text: 'if (day || seen.toPublish || seen.hasShort)',
        becomes: 'if (day || seen.toPublish)',
      },
    ],
  },
  {
    file: 'lib/store/days.ts',
    tests: ['test/store/days.test.ts', 'test/lambdas/settle-day.test.ts'],
    mutants: [
      {
        name: 'day-moved-twice',
        wrong: 'A worker that is late moves a day back to a step that has been taken.',
        text: "condition: '#step = :read',",
        becomes: "condition: ':read = :read',",
      },
      {
        name: 'planned-over-a-run',
        wrong: 'A schedule that fires twice begins a day again that is under way.',
        text: "await table.create(dayItem({ step: 'roll', product, date, slot }));",
        becomes: "await table.put(dayItem({ step: 'roll', product, date, slot }));",
      },
      {
        name: 'done-day-taken-up',
        wrong: 'A day that is done stands in the way of all that follow.',
        text: "if (day.step !== 'done') return day;",
        becomes: "if (day.step === day.step) return day as Exclude<Day, DayAt<'done'>>;",
      },
      {
        name: 'index-of-a-later-day',
        wrong: 'An index value from after the day counts as fresh, and the day is settled unseen.',
        text: 'newestIndex(table, name, date)',
        becomes: "newestIndex(table, name, '9999-12-31' as BusinessDate)",
      },
      {
        name: 'some-shards-are-all',
        wrong: 'The closing auction is cleared while a shard still takes orders into it.',
        text: 'closing !== undefined && isClosed(closing)',
        becomes: 'closing !== undefined',
      },
      {
        name: 'index-of-other-months',
        wrong: 'Index values of the month before count for the final settlement price.',
        text: 'readIndex(table, name, firstDay(monthOf(date)), date)',
        becomes: "readIndex(table, name, '0001-01-01' as BusinessDate, date)",
      },
      {
        name: 'day-list-repeats',
        wrong: 'A page of days begins with the last of the page before.',
        text: '{ to: addDays(before, -1) }',
        becomes: '{ to: before }',
      },
    ],
  },
  {
    file: 'lambdas/settle-day/index.ts',
    tests: ['test/lambdas/settle-day.test.ts', 'test/lambdas/held-prices.test.ts'],
    mutants: [
      {
        name: 'commit-and-shards-not-notified',
        wrong: 'Settlement prices are posted only by the next sweep.',
        text: 'await queues.notifyPostings(next.seq, shardsTouched(event, shards));',
        becomes: '',
      },
      {
        name: 'late-shards-not-notified',
        wrong: 'A shard whose wake-up was lost keeps the day waiting until the next sweep.',
        text: 'await queues.notifyPostings(venue.seq, (await readBehind(table, venue.seq, shards)).shards, `day.${day.step}`);',
        becomes: '',
      },
      {
        name: 'approved-value-not-published',
        wrong: 'An index value whose worker crashed between its approval and its publishing is never published.',
        text: 'await publishApproved(backends, product);',
        becomes: '',
      },
      {
        name: 'hold-unheard',
        wrong: 'No alarm says that a settlement waits for approval.',
        text: "measure(backends, METRICS.held, 1);\n      return 'wait';\n    }\n    case 'commit'",
        becomes: "return 'wait';\n    }\n    case 'commit'",
      },
      {
        name: 'report-of-all-products',
        wrong: 'The report adds up the volume of other products.',
        text: "if (!('product' in event) || event.product !== product || seq > closedBy) continue;",
        becomes: "if (!('product' in event) || seq > closedBy) continue;",
      },
      {
        name: 'roll-not-notified',
        wrong: 'A day whose roll crashed waits until the next sweep.',
        text: "await queues.notify('rolls', { v: 1, product, slot });",
        becomes: '',
      },
    ],
  },
  {
    file: 'lambdas/roll-positions/index.ts',
    tests: ['test/lambdas/roll-positions.test.ts'],
    mutants: [
      {
        name: 'accounts-over-a-chunk',
        wrong: 'Where more accounts roll than one chunk covers, the others do not roll.',
        text: 'last = next.length < CHUNK_ACCOUNTS',
        becomes: 'last = next.length <= CHUNK_ACCOUNTS',
      },
      {
        name: 'through-our-own-plan',
        wrong: 'A worker that goes on after another skips accounts, or gives them a second order.',
        text: 'through = stands.through;',
        becomes: 'through = next.at(-1)?.account ?? through;',
      },
      {
        name: 'roll-orders-of-one-shard',
        wrong: 'Only accounts of the first shard roll.',
        text: 'shard < shards; shard++)\n    if (!(await rollShard',
        becomes: 'shard < 1; shard++)\n    if (!(await rollShard',
      },
      {
        name: 'roll-orders-stay',
        wrong:
          'What does not fill of a roll order trades in the auctions of the next day, without the account having asked for it.',
        text: "timeInForce: 'auction',",
        becomes: "timeInForce: 'gtc',",
      },
      {
        name: 'roll-not-told-apart',
        wrong: 'What rolled is not counted toward the roll, and rolls again the next day.',
        text: 'rolls: true, partlyFilled: false }',
        becomes: 'rolls: false, partlyFilled: false }',
      },
      {
        name: 'rolls-what-it-can-not-pay-for',
        wrong: 'The venue rolls a position at a price that leaves its account short.',
        text: 'await covered.cut(due)',
        becomes: 'due',
      },
      {
        name: 'rolls-a-name-of-theirs',
        wrong: 'A participant’s order of the same name takes the place of the roll’s.',
        text: '`roll/${date}`',
        becomes: '`roll-${date}`',
      },
      {
        name: 'close-not-notified',
        wrong: 'After the roll the day waits until the next sweep.',
        text: "await saveDay(table, day, evolveDay(day, { kind: 'rolled', auction }));\n  await queues.notify('closings', { v: 1, product, date: day.date });",
        becomes: "await saveDay(table, day, evolveDay(day, { kind: 'rolled', auction }));",
      },
    ],
  },
  {
    file: 'lambdas/close-auction/index.ts',
    tests: ['test/lambdas/close-auction.test.ts'],
    mutants: [
      {
        name: 'closed-while-halted',
        wrong: 'Auctions go on closing while the venue is halted.',
        text: "if (halted && 'date' in message)",
        becomes: "if (!table && 'date' in message)",
      },
      {
        name: 'closed-before-its-roll',
        wrong: 'The closing auction is cut while its roll orders are still being written, and some are left out.',
        text: "|| day.step === 'roll')",
        becomes: "|| day.step === 'done')",
      },
      {
        name: 'auction-before-not-cut',
        wrong:
          'An auction whose worker crashed before it was cut is overtaken by the next, and its shards can’t close it any more.',
        text: "if (newest && !newest.marked && !(await cut(backends, newest, asked))) return 'later';",
        becomes: '',
      },
      {
        name: 'cut-while-halted',
        wrong: 'Auctions that are due while the venue is halted go on closing.',
        text: 'if (asked.halted && (await readHalt(table)))',
        becomes: 'if (!table)',
      },
      {
        name: 'marked-before-cut',
        wrong: 'A worker that crashes between the two leaves an auction that nothing cuts.',
        text: 'await queues.sendMarkers(product, auction, slot, shards);\n  await markAuction(table, product, auction);',
        becomes: 'await markAuction(table, product, auction);\n  await queues.sendMarkers(product, auction, slot, shards);',
      },
      {
        name: 'day-not-told-of-the-cut',
        wrong: 'A day whose closing auction has cleared already waits until the next sweep.',
        text: "if (day.step === 'close' || day.step === 'clear') await queues.notify('day-runs'",
        becomes: "if (day.step === 'done') await queues.notify('day-runs'",
      },
      {
        name: 'day-left-at-close',
        wrong: 'A day whose closing auction is cut is cut again and again.',
        text: "if (day.step === 'close') await saveDay(",
        becomes: "if (day.step === 'done') await saveDay(",
      },
    ],
  },
  {
    file: 'lambdas/sweep-venue/index.ts',
    tests: ['test/lambdas/sweep-again.test.ts', 'test/lambdas/sweep-venue.test.ts'],
    mutants: [
      {
        name: 'sweep-wake-up-dropped',
        wrong: 'The queue drops the wake-ups of a second sweep within five minutes.',
        text: '`sweep.${sweep}`',
        becomes: "'sweep'",
      },
      {
        name: 'approved-still-held',
        wrong: 'The alarm for what is held never ends.',
        text: 'held.filter(isWaiting).length, toPublish',
        becomes: 'held.length, toPublish',
      },
      {
        name: 'one-product-stops-the-sweep',
        wrong: 'A product that can’t be swept keeps all others from it.',
        text: 'failed.push(new Error(`${part} not swept`, { cause: error }));',
        becomes: 'throw error;',
      },
      {
        name: 'failed-sweep-alive',
        wrong: 'The alarm for a sweep that fails is never raised.',
        text: 'if (failed.length > 0) throw',
        becomes: 'if (failed.length > 99) throw',
      },
      {
        name: 'failed-product-not-late',
        wrong: 'A late product that can’t be swept ends its own alarm.',
        text: 'if (latest > 0 || failed.length === 0)',
        becomes: 'if (latest >= 0)',
      },
    ],
  },
];
