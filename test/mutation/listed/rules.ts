/** Mutants of the rules that a user would feel and that no test noticed once. Stryker makes most of the others. */
import type { MutatedFile } from '../mutant.ts';

export const RULES: readonly MutatedFile[] = [
  {
    file: 'lib/domain/auction/orders.ts',
    tests: ['test/store/packing.test.ts'],
    mutants: [
      {
        name: 'outcomes-in-another-order',
        wrong: 'Old submissions show other outcomes than they were answered with.',
        text: "['accepted', 'deferred', ...REFUSALS]",
        becomes: "[...REFUSALS, 'accepted', 'deferred']",
      },
    ],
  },
  {
    file: 'lib/domain/auction/account-rows.ts',
    tests: ['test/store/stored-book.test.ts'],
    mutants: [
      {
        name: 'cancels-not-folded',
        wrong: 'An order that its account has cancelled is matched.',
        text: 'if (kind !== NEW || outcome === DEFERRED) this.#isPlain = false;',
        becomes: 'if (kind === CANCEL + 1) this.#isPlain = false;',
      },
      {
        name: 'deferred-not-folded',
        wrong: 'A replacement enters although the order that it replaces has traded.',
        text: 'partlyFilled: this.#partlyFilled[row] === 1',
        becomes: 'partlyFilled: false',
      },
      {
        name: 'name-that-comes-twice',
        wrong: 'A book that holds two orders of one name is cleared as if they were two.',
        text: 'if (order === 0) this.#hasTwice = true;',
        becomes: '',
      },
      {
        name: 'roll-left-out-of-the-fold',
        wrong: 'An account that cancels an order does not roll.',
        text: 'for (let row = end; row < this.count; row++) this.open[live++] = row;',
        becomes: '',
      },
    ],
  },
  {
    file: 'lib/domain/auction/open-orders.ts',
    tests: [
      'test/domain/auction/open-orders.test.ts',
      'test/domain/auction/account-intake.test.ts',
      'test/domain/clearing/owner-intake.test.ts',
    ],
    mutants: [
      {
        name: 'exposed-orders-forgotten',
        wrong: 'An order is replaced that the auction being cleared fills, and its account trades more than it asked for.',
        text: 'instructions, terms, this.exposed, (instruction, outcome)',
        becomes: 'instructions, terms, new Set(), (instruction, outcome)',
      },
      {
        name: 'cancelled-too-late-is-free',
        wrong:
          'What stands in a closed auction counts no more once it is cancelled, and its account trades what it can’t pay for.',
        text: 'const left = stands ? gone : gone.filter',
        becomes: 'const left = gone.filter',
      },
      {
        name: 'for-one-auction-until-the-cut',
        wrong: 'An order for one auction counts no more when that is cut, though it has yet to trade.',
        text: 'this.#standing.push(this.#alternatives.get(name) ?? [order]);',
        becomes: '',
      },
      {
        name: 'replacement-beside-the-old',
        wrong: 'A replacement that waits and what it replaces count together, and an account is refused what it can pay for.',
        text: '[...left, instruction.order] : left',
        becomes: '[instruction.order] : left',
      },
      {
        name: 'arrival-dropped',
        wrong: 'A cancel whose key is older than its order’s is folded before it, and the cancelled order trades.',
        text: 'submissions.toSorted(byArrival)',
        becomes: 'submissions',
      },
      {
        name: 'arrival-by-key',
        wrong: 'An account that makes its keys ahead has its words take effect in another order than they were answered in.',
        text: 'return bySequence(a.sequence, b.sequence) || ',
        becomes: 'return ',
      },
      {
        name: 'sequence-as-text',
        wrong: 'When sequence numbers grow by a digit, a cancel comes before the order it cancels.',
        text: "[a.padStart(PLACE_DIGITS, '0'), b.padStart(PLACE_DIGITS, '0')]",
        becomes: '[a, b]',
      },
      {
        name: 'partly-filled-in-later-auctions',
        wrong: 'An order that traded in part keeps its replacement out of auctions that it has nothing to do with.',
        text: 'this.#partlyFilled.clear();',
        becomes: '',
      },
      {
        name: 'one-auction-orders-stay',
        wrong: 'The name of an order for one auction is taken after its auction is cut.',
        text: "if (order.timeInForce !== 'auction') continue;",
        becomes: "if (order.timeInForce !== 'day') continue;",
      },
      {
        name: 'exposed-of-the-first-cut',
        wrong: 'A cancel of an order that an auction is filling takes effect at once, and it trades all the same.',
        text: 'for (const name of this.orders.keys()) this.exposed.add(name);',
        becomes: '',
      },
    ],
  },
  {
    file: 'lib/domain/auction/idempotency-key.ts',
    tests: ['test/domain/auction/idempotency-key.test.ts'],
    mutants: [
      {
        name: 'keys-may-be-older',
        wrong: 'The gateway takes keys that are an hour old, which the table is not searched for any more.',
        text: 'KEY_AGE_MS_MAX = 10 * 60_000',
        becomes: 'KEY_AGE_MS_MAX = 60 * 60_000',
      },
      {
        name: 'keys-may-be-further-ahead',
        wrong: 'A participant keeps keys for an hour from now.',
        text: 'KEY_AHEAD_MS_MAX = 60_000',
        becomes: 'KEY_AHEAD_MS_MAX = 3_600_000',
      },
    ],
  },
  {
    file: 'lib/domain/auction/submission.ts',
    tests: ['test/domain/auction/submission.test.ts'],
    mutants: [
      {
        name: 'stale-at-the-bound',
        wrong: 'A key that is as old as it may be is refused.',
        text: 'if (age > KEY_AGE_MS_MAX)',
        becomes: 'if (age >= KEY_AGE_MS_MAX)',
      },
      {
        name: 'ahead-at-the-bound',
        wrong: 'A key that is as far ahead as it may be is refused.',
        text: 'if (age < -KEY_AHEAD_MS_MAX)',
        becomes: 'if (age <= -KEY_AHEAD_MS_MAX)',
      },
    ],
  },
  {
    file: 'lib/domain/auction/shares.ts',
    tests: ['test/domain/auction/shares.test.ts', 'test/domain/auction/auction.test.ts'],
    mutants: [
      {
        name: 'odd-lot-to-the-first',
        wrong: 'The odd lots at a price go to the same owners every time, by the order of their names.',
        text: 'let past = lottery.below(lots);',
        becomes: 'let past = 0;',
      },
      {
        name: 'odd-lots-to-neighbours',
        wrong: 'Which owners draw an odd lot together depends on their names.',
        text: 'lottery.shuffle(drawing);',
        becomes: '',
      },
      {
        name: 'odd-lot-to-the-first-order',
        wrong: 'Of an owner’s equal orders the first by name gets the odd lot.',
        text: 'lottery.below(alike--) >= left',
        becomes: 'alike-- < left',
      },
      {
        name: 'orders-draw-alone',
        wrong: 'An owner that splits its order draws more often.',
        text: 'place < rows.length && owner[rows[place]!] === own; place++) sum',
        becomes: 'place < rows.length && sum === 0; place++) sum',
      },
      {
        name: 'remainder-lost',
        wrong: 'A lot that trades at the price is given to no order.',
        text: 'shares[owner]!++;',
        becomes: '',
      },
      {
        name: 'smaller-remainder-first',
        wrong: 'The odd lot of an owner goes to the order whose share it is the least part of.',
        text: 'else if (parts[at]! > last)',
        becomes: 'else if (parts[at]! < last)',
      },
    ],
  },
  {
    file: 'lib/domain/auction/lottery.ts',
    tests: ['test/domain/auction/lottery.test.ts'],
    mutants: [
      {
        name: 'one-lottery-for-all-pairs',
        wrong: 'An owner that draws an odd lot in one month draws it in every month.',
        text: '(counter + pair) | 0',
        becomes: 'counter | 0',
      },
      {
        name: 'small-numbers-likelier',
        wrong: 'Some owners draw a little more often than others.',
        text: 'if (drawn - rest <= 2 ** 53 - bound) return rest;',
        becomes: 'if (drawn >= 0) return rest;',
      },
    ],
  },
  {
    file: 'lib/domain/clearing/venue.ts',
    tests: ['test/domain/clearing/venue.test.ts'],
    mutants: [
      {
        name: 'expired-from-any-mark',
        wrong: 'A month expires from another price than its positions stand at.',
        text: 'if (state.marks[event.month] !== event.mark)',
        becomes: 'if (state.marks[event.month] === undefined)',
      },
      {
        name: 'day-closed-twice',
        wrong: 'A day that is settled closes a second time, in an auction of its own.',
        text: 'closing && date <= state.settledOn',
        becomes: 'closing && date < state.settledOn',
      },
    ],
  },
  {
    file: 'lib/domain/contract/product.ts',
    tests: ['test/domain/clearing/venue.test.ts'],
    mutants: [
      {
        name: 'wrong-marks-accepted',
        wrong: 'A settlement that starts from wrong marks is folded: its cents sum to zero, and every account is wrong.',
        text: 'months.length === Object.keys(other).length && months.every(',
        becomes: 'months.length === Object.keys(other).length || months.every(',
      },
      {
        name: 'month-more-in-the-marks',
        wrong: 'An auction with a month that is not listed is folded.',
        text: 'months.length === Object.keys(other).length && months.every(',
        becomes: 'months.every(',
      },
    ],
  },
  {
    file: 'lib/domain/clearing/settlement.ts',
    tests: ['test/domain/clearing/settlement.test.ts'],
    mutants: [
      {
        name: 'one-tick-held',
        wrong: 'A settlement price of one tick waits for two operators.',
        text: 'if (to <= 0)',
        becomes: 'if (to <= 1)',
      },
      {
        name: 'one-tick-held-finally',
        wrong: 'A final settlement price of one tick waits for two operators.',
        text: 'if (value <= 0) holds.push',
        becomes: 'if (value <= 1) holds.push',
      },
      {
        name: 'index-without-its-first-day',
        wrong: 'The first day of the delivery month does not count for the final settlement price.',
        text: 'filter(([day]) => day >= firstDay(month) && day <= lastTradingDay(parameters.calendar, month))',
        becomes: 'filter(([day]) => day > firstDay(month) && day <= lastTradingDay(parameters.calendar, month))',
      },
      {
        name: 'index-without-its-last-day',
        wrong: 'The last trading day does not count for the final settlement price.',
        text: 'filter(([day]) => day >= firstDay(month) && day <= lastTradingDay(parameters.calendar, month))',
        becomes: 'filter(([day]) => day >= firstDay(month) && day < lastTradingDay(parameters.calendar, month))',
      },
      {
        name: 'index-after-the-last-day',
        wrong: 'Values after the last trading day count for the final settlement price.',
        text: 'day >= firstDay(month) && day <= lastTradingDay(parameters.calendar, month)',
        becomes: 'day >= firstDay(month)',
      },
      {
        name: 'index-stale-a-day-early',
        wrong: 'A settlement waits for two operators though its index is as fresh as it must be.',
        text: 'daysBetween(newestIndex, date) > parameters.indexAgeDaysMax',
        becomes: 'daysBetween(newestIndex, date) >= parameters.indexAgeDaysMax',
      },
    ],
  },
  {
    file: 'lib/domain/clearing/statement.ts',
    tests: ['test/domain/clearing/posting.test.ts', 'test/domain/clearing/statement.test.ts'],
    mutants: [
      {
        name: 'statement-of-another-date',
        wrong: 'A statement shows what another day moved.',
        text: 'newest?.date === date ? newest : undefined',
        becomes: 'newest',
      },
      {
        name: 'statement-of-nothing',
        wrong: 'An account that sold out long ago gets a statement every day.',
        text: 'if (!day && Object.keys(held).length === 0 &&',
        becomes: 'if (!day && Object.keys(held).length < 0 &&',
      },
      {
        name: 'no-statement-for-the-flat',
        wrong: 'An account that traded and holds nothing at the end of the day gets no statement of it.',
        text: 'if (!day && Object.keys(held).length === 0 &&',
        becomes: 'if (Object.keys(held).length === 0 &&',
      },
    ],
  },
  {
    file: 'lib/domain/clearing/posting.ts',
    tests: ['test/domain/clearing/posting.test.ts'],
    mutants: [
      {
        name: 'shorts-lower-what-is-left',
        wrong: 'The report shows fewer lots left to roll than there are, because shorts are taken off.',
        text: 'Math.max(0, products[product]?.lots[near] ?? 0)',
        becomes: '(products[product]?.lots[near] ?? 0)',
      },
      {
        name: 'left-without-instruction',
        wrong: 'Positions without a roll instruction count as left over by the roll.',
        text: '.filter(({ account }) => accounts.has(account))',
        becomes: '.filter(({ account }) => account !== undefined)',
      },
      {
        name: 'applied-twice',
        wrong: 'A repeat applies an event again to accounts that hold it.',
        text: 'state.applied >= seq ? undefined',
        becomes: 'state.applied > seq ? undefined',
      },
      {
        name: 'statement-of-a-later-state',
        wrong: 'A late repeat writes a statement with the cash of the next day.',
        text: 'if (state.applied > seq) continue;',
        becomes: 'if (state.applied < 0) continue;',
      },
      {
        name: 'bank-left-out',
        wrong: 'A deposit comes from nowhere, and the venue halts.',
        text: '.map(({ account }) => account), BANK]',
        becomes: '.map(({ account }) => account)]',
      },
    ],
  },
  {
    file: 'lib/domain/clearing/control-totals.ts',
    tests: ['test/domain/clearing/control-totals.test.ts'],
    mutants: [
      {
        name: 'posted-by-some-shards',
        wrong: 'The day goes on while a shard has not posted.',
        text: 'touched.every((shard) => totals.shards.has(shard)) && imbalance',
        becomes: 'touched.some((shard) => totals.shards.has(shard)) && imbalance',
      },
      {
        name: 'posted-out-of-balance',
        wrong: 'The day goes on though the books do not balance.',
        text: 'touched.every((shard) => totals.shards.has(shard)) && imbalance(totals) === undefined',
        becomes: 'touched.every((shard) => totals.shards.has(shard))',
      },
      {
        name: 'lots-left-not-checked',
        wrong: 'An account holds a lot that no account is short of, and the venue goes on.',
        text: "for (const name of ['moves', 'leaves'] as const)",
        becomes: "for (const name of ['moves'] as const)",
      },
      {
        name: 'a-cent-may-be-missing',
        wrong: 'A cent is lost, and the venue goes on.',
        text: 'if (sum !== 0n)',
        becomes: 'if (sum > 1n || sum < -1n)',
      },
    ],
  },
  {
    file: 'lib/domain/clearing/approval.ts',
    tests: ['test/domain/clearing/approval.test.ts'],
    mutants: [
      {
        name: 'approved-twice-by-one',
        wrong: 'One operator approves alone.',
        text: "if (isNamed) return refused('second-operator-needed');",
        becomes: '',
      },
      {
        name: 'one-name-counts-twice',
        wrong: 'One operator is enough, if it is named twice.',
        text: 'new Set(approvals).size >= APPROVALS_NEEDED',
        becomes: 'approvals.length >= APPROVALS_NEEDED',
      },
      {
        name: 'approved-after-decline',
        wrong: 'What one operator has declined is done when another approves it.',
        text: "if (held.ended?.kind === 'declined') return refused('declined');",
        becomes: '',
      },
      {
        name: 'approvals-outlive-amendment',
        wrong: 'Approvals of the old proposal count for the new one.',
        text: 'proposedBy: operator, approvals: [operator]',
        becomes: 'proposedBy: operator, approvals: [...held.approvals, operator]',
      },
      {
        name: 'amended-after-approval',
        wrong: 'What two operators have agreed to is changed by one.',
        text: "if (isApproved(held)) return refused('already-approved');\n  if (held.ended)",
        becomes: 'if (held.ended)',
      },
    ],
  },
  {
    file: 'lib/domain/clearing/operator-acts.ts',
    tests: ['test/domain/clearing/operator-acts.test.ts', 'test/lambdas/two-operators.test.ts'],
    mutants: [
      {
        name: 'withdrawals-not-counted',
        wrong: 'One operator moves any sum out of accounts, if as much goes in.',
        text: '(cents < 0n ? -cents : cents)',
        becomes: 'cents',
      },
      {
        name: 'alone-by-the-movement',
        wrong: 'One operator moves any sum alone, in small parts.',
        text: 'return before + sizeOf(act) > aloneCents;',
        becomes: 'return sizeOf(act) > aloneCents;',
      },
      {
        name: 'approved-counts-as-alone',
        wrong: 'What two operators have agreed to uses up what one may move alone.',
        text: 'if (event.approval) return moved;',
        becomes: '',
      },
      {
        name: 'a-late-event-begins-the-day-anew',
        wrong: 'One operator moves the amount again behind an event that comes late from the day before.',
        text: '(at.slice(0, 10) > day ? at.slice(0, 10) : day)',
        becomes: 'at.slice(0, 10)',
      },
    ],
  },
];
