/** Mutants of auctions and results in the table, and of the workers that accept, close and clear. */
import type { MutatedFile } from '../mutant.ts';

export const AUCTIONS: readonly MutatedFile[] = [
  {
    file: 'lib/store/auctions.ts',
    tests: ['test/store/auctions.test.ts', 'test/lambdas/accept-orders.test.ts', 'test/lambdas/close-auction.test.ts'],
    mutants: [
      {
        name: 'date-reopens-intake',
        wrong: 'A late worker opens an auction again that has been cut, and orders go into it that are never matched.',
        text: "{ SS: [date] } },\n    condition: 'attribute_not_exists(pk) OR #open = :open'",
        becomes: "{ SS: [date] } },\n    condition: 'attribute_not_exists(pk) OR attribute_exists(pk)'",
      },
      {
        name: 'marker-reopens-intake',
        wrong: 'A late marker moves a shard back to an auction that has been cut.',
        text: "intake.dates.map(S) } },\n    condition: 'attribute_not_exists(pk) OR #open = :open'",
        becomes: "intake.dates.map(S) } },\n    condition: 'attribute_not_exists(pk) OR :open = :open'",
      },
      {
        name: 'dates-not-passed-on',
        wrong: 'An auction clears without the orders that were sent for it.',
        text: "':cutAt': S(cutAt), ':dates': { L: intake.dates.map(S) }",
        becomes: "':cutAt': S(cutAt), ':dates': { L: [] }",
      },
      {
        name: 'dates-kept',
        wrong: 'Every auction reads the books of all days before it.',
        text: 'REMOVE dates, writer, writers, #old',
        becomes: 'REMOVE writer, writers, #old',
      },
      {
        name: 'writers-two',
        wrong: 'Two workers keep what they have read of one account, and each decides without what the other wrote.',
        text: 'AND writer = :before',
        becomes: 'AND attribute_exists(writer)',
      },
      {
        name: 'one-passed-auction',
        wrong: 'A marker that comes back from the dead letters finds its shard’s book forgotten.',
        text: 'PASSED_KEPT = 64',
        becomes: 'PASSED_KEPT = 1',
      },
      {
        name: 'shard-closed-again',
        wrong: 'A marker that comes again closes its shard with another book than the one that is being cleared.',
        text: 'if_not_exists(closed.#shard, :dates)',
        becomes: ':dates',
      },
      {
        name: 'slot-without-number',
        wrong: 'A schedule that fires twice holds its auction twice.',
        text: '{ ...nameKey({ product, slot, date, closing }), attributes: { auction: N(auction) } }',
        becomes: '{ ...slotKey(product, `${slot}#${auction}`), attributes: { auction: N(auction) } }',
      },
      {
        name: 'page-repeats-its-last',
        wrong: 'A page of auctions begins with the one that the page before ended with.',
        text: 'auctionKey(product, before - 1).sk',
        becomes: 'auctionKey(product, before).sk',
      },
      {
        name: 'after-includes',
        wrong: 'The sweep takes the auction that cleared last for one that is late.',
        text: '{ after: sk, ...(limit',
        becomes: '{ from: sk, ...(limit',
      },
      {
        name: 'always-marked',
        wrong: 'An auction whose worker crashed before it cut all shards is overtaken by the next.',
        text: 'marked: item.marked?.BOOL === true',
        becomes: 'marked: item.marked !== undefined',
      },
    ],
  },
  {
    file: 'lib/store/run.ts',
    tests: ['test/store/run.test.ts', 'test/store/results.test.ts'],
    mutants: [
      {
        name: 'missing-fills-passed-over',
        wrong: 'Fills that are committed and missing are not posted, and nothing says so.',
        text: 'if (!item) throw new Error(`${what} are committed and not there: ${key.pk} ${key.sk}`);',
        becomes: 'if (!item) return new Uint8Array([1, 0]);',
      },
      {
        name: 'chunk-too-large',
        wrong: 'A busy auction can’t be cleared: its fills are more than an item may hold.',
        text: 'out.length + bytesMost > CHUNK_BYTES',
        becomes: 'out.length + bytesMost > CHUNK_BYTES * 20',
      },
      {
        name: 'chunks-cut-by-place',
        wrong: 'One new order makes every chunk behind it a new one, and an auction in which little changed writes all anew.',
        text: 'isEnd(hashOn(this.#prefixHash, bytes, from, to), length - this.#begun)',
        becomes: 'length > BYTES_TYPICAL',
      },
      {
        name: 'short-hash',
        wrong: 'Another result lands on the one that is committed.',
        text: '.slice(0, HASH_BYTES * 2)',
        becomes: '.slice(0, 2)',
      },
      {
        name: 'page-begins-with-the-last',
        wrong: 'A page begins with the last row of the page before.',
        text: '(after === undefined || key > after)',
        becomes: '(after === undefined || key >= after)',
      },
      {
        name: 'all-chunks-read-for-one',
        wrong: 'One account’s orders are read with those of all others.',
        text: 'return lastKey >= prefix && lastKey > after && !isPast;',
        becomes: 'return true;',
      },
      {
        name: 'order-of-rows-not-checked',
        wrong: 'Rows out of order are written, and a reader of some of them misses what it looks for.',
        text: 'if (!isAfter)',
        becomes: 'if (!isAfter && length < 0)',
      },
    ],
  },
  {
    file: 'lib/store/results.ts',
    tests: ['test/store/results.test.ts', 'test/lambdas/clear-auction.test.ts'],
    mutants: [
      {
        name: 'carried-to-the-wrong-shard',
        wrong: 'Orders and fills of all shards but the first are lost to their accounts.',
        text: 'byShard[shardOf(account, shards)]!',
        becomes: 'byShard[0]!',
      },
      {
        name: 'account-not-named-in-a-chunk',
        wrong: 'A chunk of fills that begins within an account does not say whose they are.',
        text: 'isFirst ? accountLength : 0',
        becomes: 'isFirst && before < 0 ? accountLength : 0',
      },
      {
        name: 'senders-taken-for-the-first',
        wrong: 'What two people of an account have sent stands under the name of the first of them.',
        text: 'if (isFirst || !isSameSender(senders, before, sender))',
        becomes: 'if (isFirst)',
      },
      {
        name: 'accounts-that-begin-alike',
        wrong: 'An account is shown the fills and orders of accounts whose names begin as its own.',
        text: '`${account} `',
        becomes: 'account',
      },
      {
        name: 'standing-chunks-written-again',
        wrong: 'Every auction writes all carried orders anew, changed or not.',
        text: 'items.filter((item) => !standing.has(item))',
        becomes: 'items',
      },
    ],
  },
  {
    file: 'lib/domain/auction/book.ts',
    tests: ['test/domain/auction/book.test.ts'],
    mutants: [
      {
        name: 'carried-published',
        wrong: 'What is carried on is published lot for lot, and an order is sealed in its first auction alone.',
        text: 'else lapsed[row] = left;',
        becomes: 'lapsed[row] = left;',
      },
      {
        name: 'untraded-price-published',
        wrong: 'The price of a month in which nothing traded tells the best order that is carried in it.',
        text: 'price: traded || locked ? ticks(result.prices[index]!) : marks[month]!,',
        becomes: 'price: ticks(result.prices[index]!),',
      },
      {
        name: 'carried-counted',
        wrong: 'The number of orders of an auction tells how many are carried.',
        text: 'if (filled > 0 || !isCarried) endedOrders += 1;',
        becomes: 'endedOrders += 1;',
      },
    ],
  },
  {
    file: 'lib/domain/risk/clear.ts',
    tests: ['test/domain/risk/clear.test.ts'],
    mutants: [
      {
        name: 'self-matches-left-in',
        wrong: 'An owner trades with itself.',
        text: 'const rest = taken ? restOf(columns, taken) : columns;',
        becomes: 'const rest = columns;',
      },
      {
        name: 'rows-of-the-rest-misplaced',
        wrong: 'Where an owner crosses itself, fills go to the orders of others.',
        text: 'rows: rows.map((row) => columns.rows[row]!)',
        becomes: 'rows',
      },
    ],
  },
  {
    file: 'lib/domain/risk/crowd.ts',
    tests: ['test/domain/risk/price-bands.test.ts'],
    mutants: [
      {
        name: 'spreads-not-in-the-crowd',
        wrong: 'Spreads press a locked month and are not cut, so that outrights are cut to nothing.',
        text: 'if (crowded[row] === place + 1) rows.push(row);',
        becomes: 'if (crowded[row] === place + 1 && (book.buy[row] === 0 || book.sell[row] === 0)) rows.push(row);',
      },
    ],
  },
  {
    file: 'lib/domain/risk/price-bands.ts',
    tests: ['test/domain/risk/price-bands.test.ts'],
    mutants: [
      {
        name: 'nothing-given-back',
        wrong: 'Crowds of months that another month has relieved stay cut for nothing.',
        text: 'if (!eased) return prices;',
        becomes: 'if (!eased || eased) return prices;',
      },
    ],
  },
  {
    file: 'lambdas/accept-orders/index.ts',
    tests: ['test/lambdas/accept-bounds.test.ts', 'test/lambdas/accept-orders.test.ts'],
    mutants: [
      {
        name: 'misplaced-accepted',
        wrong: 'A submission from before a move into other shards stands in a book that is not its account’s.',
        text: 'refuseMisplaced(message, backends.shards);',
        becomes: '',
      },
      {
        name: 'closed-again',
        wrong: 'A late marker closes a shard of an auction that had fewer shards, and it never proves again.',
        text: 'if (before && isClosed(before))',
        becomes: 'if (!before)',
      },
      {
        name: 'send-time-for-sequence',
        wrong: 'Of two submissions of one millisecond the later may count first, and a cancelled order trades.',
        text: 'record.attributes.SequenceNumber ?? record.attributes.SentTimestamp',
        becomes: 'record.attributes.SentTimestamp ?? record.attributes.SequenceNumber',
      },
      {
        name: 'cut-at-the-slot',
        wrong: 'What was received between the slot and the cut, and comes back late, trades an auction late.',
        text: 'new Date(Number(record.attributes.SentTimestamp)).toISOString()',
        becomes: 'message.slot',
      },
      {
        name: 'cut-not-seen-by-the-batch',
        wrong: 'A submission behind the marker goes into the auction that is cut, and is never matched.',
        text: 'await session.moveIntake(product, shard, cutAt)',
        becomes: 'await moveIntake(session.backends.table, product, shard, intake, cutAt)',
      },
      {
        name: 'cleared-without-all-shards',
        wrong: 'Clear is told before all shards are closed, and once they are it is not.',
        text: 'isClosed(closing)',
        becomes: 'closing.closed.size === 1',
      },
      {
        name: 'date-not-admitted',
        wrong: 'An auction clears without the first orders of a new day in UTC.',
        text: 'if (intake.dates.includes(date)) return;',
        becomes: 'if (intake.dates.length > 0) return;',
      },
      {
        name: 'kept-though-not-stored',
        wrong: 'After a key that came again with another body, orders that are in no book are taken for live.',
        text: "if (!stored) throw new Error('a submission is refused as known and not there');",
        becomes: "keep();\n  if (!stored) throw new Error('a submission is refused as known and not there');",
      },
    ],
  },
  {
    file: 'lambdas/accept-orders/account-intakes.ts',
    tests: ['test/lambdas/accept-workers.test.ts', 'test/lambdas/accept-flood.test.ts', 'test/lambdas/accept-bounds.test.ts'],
    mutants: [
      {
        name: 'writer-not-compared',
        wrong: 'A worker decides on what it kept, though another has written since.',
        text: 'kept && kept.writer !== writer',
        becomes: 'kept && false',
      },
      {
        name: 'keys-of-any-age',
        wrong: 'A worker looks for what another wrote by newer keys than that one wrote under.',
        text: ' && current.keysFrom <= time',
        becomes: '',
      },
      {
        name: 'keys-of-the-last-writer',
        wrong: 'Of what two others wrote in turn, a worker looks for the last one’s alone.',
        text: 'Math.min(...writers.slice(at + 1)',
        becomes: 'Math.max(...writers.slice(at + 1)',
      },
      {
        name: 'nothing-caught-up',
        wrong: 'A worker takes over and does not read what the other wrote.',
        text: 'known.catchUp((await submissionsSince(table, place, under, open - 1, since)).at(-1)!);',
        becomes: '',
      },
      {
        name: 'kept-over-a-cut',
        wrong: 'Orders for one auction alone live on in the next.',
        text: 'taken?.open === open && ',
        becomes: 'taken !== undefined && ',
      },
      {
        name: 'kept-over-a-clearing',
        wrong: 'What has traded can be cancelled, and its name is not free.',
        text: ' && taken.lastAuction === lastAuction',
        becomes: '',
      },
      {
        name: 'kept-while-in-use',
        wrong: 'What a submission that was never stored would have done stands.',
        text: 'if (kept) this.#drop(name, kept);',
        becomes: '',
      },
      {
        name: 'nothing-kept',
        wrong: 'Every submission costs as much as its account has sent before it.',
        text: 'keep: () => worker.keep(name, {',
        becomes: 'keep: () => void ({',
      },
      {
        name: 'met-under-any-writer',
        wrong: 'An account is taken for one that has sent nothing, though it sent it through another worker.',
        text: 'writers.length !== 1 || ',
        becomes: '',
      },
      {
        name: 'met-anew-with-older-keys',
        wrong: 'A key that is older makes the worker forget which accounts it has met, and one of them is taken for new.',
        text: 'if (!writer && intake.dates.length === 0) worker',
        becomes: 'worker',
      },
      {
        name: 'never-met',
        wrong: 'An account is read with its first order, though there can be nothing to read.',
        text: 'isNew ? { ...under, dates: [] } : under',
        becomes: 'under',
      },
      {
        name: 'met-once-and-again',
        wrong: 'What an account has sent is forgotten with what the worker keeps of it.',
        text: 'if (met.accounts.has(account)) return false;',
        becomes: '',
      },
    ],
  },
  {
    file: 'lambdas/intake/account-intake.ts',
    tests: ['test/lambdas/accept-workers.test.ts', 'test/lambdas/accept-flood.test.ts', 'test/lambdas/accept-bounds.test.ts'],
    mutants: [
      {
        name: 'carried-of-the-first-shard',
        wrong: 'An account can’t cancel its order that stays, because the orders of another shard were read for its own.',
        text: 'place.product, carried, place.account)',
        becomes: 'place.product, { ...carried, shards: 1 }, place.account)',
      },
    ],
  },
  {
    file: 'lambdas/intake/owner-accounts.ts',
    tests: ['test/lambdas/accept-margin.test.ts'],
    mutants: [
      {
        name: 'unposted-fills-forgotten',
        wrong: 'What has cleared and is not posted counts nowhere, and its account trades what it can’t pay for.',
        text: 'if (fills.length > 0) tradedBy.set(account, addFills([], fills));',
        becomes: '',
      },
      {
        name: 'cursor-taken-for-posted',
        wrong: 'An account that is read before its shard has posted is taken for one that has all events.',
        text: 'return Math.min(cursor, newest);',
        becomes: 'return newest;',
      },
      {
        name: 'accounts-kept-as-they-were',
        wrong: 'A worker decides on the account as it was when it first met it.',
        text: 'if (kept.asOf >= venue.seq) return kept;',
        becomes: 'if (kept) return { ...kept, asOf: venue.seq };',
      },
    ],
  },
  {
    file: 'lib/domain/clearing/owner-intake.ts',
    tests: ['test/domain/clearing/owner-intake.test.ts'],
    mutants: [
      {
        name: 'worst-case-of-the-event-before',
        wrong: 'Marks, positions and parameters of an earlier event decide.',
        text: 'if (!this.#exposure?.standsOn(owner))',
        becomes: 'if (!this.#exposure)',
      },
      {
        name: 'risk-not-taken-off',
        wrong: 'An account that is short can’t take risk off.',
        text: 'if (would > before && (',
        becomes: 'if ((',
      },
    ],
  },
  {
    file: 'lib/domain/auction/account-intake.ts',
    tests: [
      'test/domain/auction/account-intake.test.ts',
      'test/lambdas/accept-bounds.test.ts',
      'test/lambdas/accept-orders.test.ts',
    ],
    mutants: [
      {
        name: 'redriven-at-the-bound',
        wrong: 'A submission that took as long as it may is refused.',
        text: '<= SUBMIT_MS_MAX',
        becomes: '< SUBMIT_MS_MAX',
      },
      {
        name: 'late-at-the-instant',
        wrong: 'A submission received with the cut trades an auction late after it comes back from the dead letters.',
        text: 'Date.parse(instant) <= Date.parse(other)',
        becomes: 'Date.parse(instant) < Date.parse(other)',
      },
      {
        name: 'never-too-late',
        wrong: 'What comes back from the dead letters trades in an auction it was not sent for.',
        text: "if (isNotAfter(receivedAt, openedAt)) return 'auction-closed';",
        becomes: '',
      },
      {
        name: 'never-overtaken',
        wrong: 'An order that comes back from the dead letters becomes live after its cancel.',
        text: "isNotAfter(receivedAt, this.#receivedAt) ? 'overtaken' : undefined",
        becomes: 'undefined',
      },
      {
        name: 'submissions-of-every-auction',
        wrong: 'What an account sent into a closed auction counts against its limit in the next.',
        text: 'if (!isIntoOpen) return;',
        becomes: '',
      },
    ],
  },
  {
    file: 'lambdas/clear-auction/conservation.ts',
    tests: ['test/lambdas/clear-bounds.test.ts'],
    mutants: [
      {
        name: 'over-limit-not-checked',
        wrong: 'A mistake of the matching lets an account pay more than its limit.',
        text: '<= order.limit))',
        becomes: '<= order.limit + 1000))',
      },
      {
        name: 'overfill-not-checked',
        wrong: 'A mistake of the matching fills an order beyond its lots.',
        text: 'fill.lots + fill.selfMatched <= order.lots &&',
        becomes: '',
      },
      {
        name: 'taken-lots-not-counted',
        wrong: 'Lots are taken out of one owner’s orders because another owner’s cross them, and nothing stops it.',
        text: 'for (const [key, lots] of this.#open) throw',
        becomes: 'for (const [key, lots] of [] as [string, number][]) throw',
      },
      {
        name: 'order-of-any-account',
        wrong: 'A fill of one account is taken for right because another account has such an order.',
        text: 'if (!this.#isOwn) return false;',
        becomes: '',
      },
    ],
  },
  {
    file: 'lambdas/clear-auction/index.ts',
    tests: ['test/lambdas/clear-bounds.test.ts', 'test/lambdas/clear-auction.test.ts'],
    mutants: [
      {
        name: 'cleared-again-for-every-event',
        wrong: 'Each commit of an operator makes clearing clear the whole book again, and enough of them starve it.',
        text: 'if (!work || !isDeepStrictEqual(work.against, state))',
        becomes: 'if (!work || work)',
      },
      {
        name: 'cleared-for-another-past',
        wrong: 'An auction is committed as it cleared at parameters or marks that are not in force any more.',
        text: 'if (!work || !isDeepStrictEqual(work.against, state))',
        becomes: 'if (!work)',
      },
      {
        name: 'noted-with-another-product',
        wrong: 'An auction shows the prices of another product’s.',
        text: '&& event.product === product && event.auction',
        becomes: '&& event.auction',
      },
      {
        name: 'noted-with-another-auction',
        wrong: 'An auction shows the prices of the newest one.',
        text: '&& event.auction === auction)',
        becomes: ')',
      },
      {
        name: 'cleared-while-halted',
        wrong: 'Auctions go on clearing while the venue is halted.',
        text: 'if (await readHalt(table)) return',
        becomes: 'if (!table) return',
      },
      {
        name: 'cleared-with-an-open-shard',
        wrong: 'An auction clears while a shard still takes orders into it.',
        text: '!isClosed(auction)',
        becomes: 'auction.closed.size < 1',
      },
      {
        name: 'wake-up-taken-for-a-repeat',
        wrong: 'When an auction is cleared again because its shards were never told, the queue drops the wake-up.',
        text: '`again.${number}`',
        becomes: "'commit'",
      },
      {
        name: 'successor-not-told',
        wrong: 'An auction that waits for its predecessor waits until the next sweep.',
        text: 'if (isClosed(successor))',
        becomes: 'if (!isClosed(successor))',
      },
      {
        name: 'conservation-not-checked',
        wrong: 'A mistake of the matching is committed instead of stopping the auction.',
        text: 'checkConservation(packed.fills, stored, result.months);',
        becomes: '',
      },
    ],
  },
];
