/** Mutants of the sealed book: submissions, what is read of them, and the orders that stay. */
import type { MutatedFile } from '../mutant.ts';

export const SUBMISSIONS: readonly MutatedFile[] = [
  {
    file: 'lib/store/submissions.ts',
    tests: ['test/store/sealed-book.test.ts', 'test/store/submissions.test.ts', 'test/lambdas/accept-orders.test.ts'],
    mutants: [
      {
        name: 'range-without-separator',
        wrong: 'The account ann sees, and has judged against it, what ann2 has sent.',
        text: '`${account}#~`',
        becomes: '`${account}~`',
      },
      {
        name: 'own-auction-filter',
        wrong: 'Orders of an auction that has cleared come back to life in the next.',
        text: "if (integer(item, 'auction') === auction && !isBare(item))",
        becomes: 'if (!isBare(item))',
      },
      {
        name: 'frozen-auction-filter',
        wrong: 'What was sent for one auction trades in two.',
        text: "for (const item of page) if (integer(item, 'auction') === auction)",
        becomes: 'for (const item of page) if (auction > 0)',
      },
      {
        name: 'key-age-margin',
        wrong: 'A submission whose key is some minutes old is written and never read again.',
        text: '- KEY_AGE_MS_MAX - KEY_AHEAD_MS_MAX',
        becomes: '- KEY_AHEAD_MS_MAX',
      },
      {
        name: 'clock-error-margin',
        wrong: 'A submission whose key is as old as may be is not read again after a cut.',
        text: '- KEY_AGE_MS_MAX - KEY_AHEAD_MS_MAX',
        becomes: '- KEY_AGE_MS_MAX',
      },
      {
        name: 'book-kept-four-days',
        wrong: 'After four days a key that comes again is taken for new, and its orders trade a second time.',
        text: 'KEPT_DAYS = 400',
        becomes: 'KEPT_DAYS = 4',
      },
      {
        name: 'expiry-in-milliseconds',
        wrong: 'Book items never leave the table.',
        text: 'Math.floor(keyTime(key) / 1000)',
        becomes: 'Math.floor(keyTime(key))',
      },
      {
        name: 'seal-without-key',
        wrong: 'A row that was moved to another account still proves itself.',
        text: "createHash('sha256').update(`${pk}\\n${sk}`)",
        becomes: "createHash('sha256')",
      },
      {
        name: 'seal-without-orders',
        wrong: 'Orders that were changed in the table still prove themselves.',
        text: "update(value.B ?? value.S ?? value.N ?? '')",
        becomes: "update(value.S ?? value.N ?? '')",
      },
      {
        name: 'submission-overwritten',
        wrong: 'A repeat, or another body under the same key, takes the place of what was accepted.',
        text: 'table.create({ ...item, attributes: { ...item.attributes, seal: S(sealOf(item)) } })',
        becomes:
          "table.putIf({ ...item, attributes: { ...item.attributes, seal: S(sealOf(item)) } }, 'attribute_exists(pk) OR attribute_not_exists(pk)')",
      },
    ],
  },
  {
    file: 'lib/store/roll-orders.ts',
    tests: ['test/store/roll-orders.test.ts', 'test/lambdas/roll-positions.test.ts'],
    mutants: [
      {
        name: 'roll-chunk-not-the-first',
        wrong: 'Of two workers at once the second goes on from its own plan, and accounts roll twice or not at all.',
        text: 'if (await table.create(item)) return plan;',
        becomes: 'await table.create(item);\n  if (item) return plan;',
      },
      {
        name: 'roll-orders-of-every-auction',
        wrong: 'The roll orders of yesterday trade again today.',
        text: '{ prefix: rollChunkPrefix(auction) }',
        becomes: '{}',
      },
      {
        name: 'every-chunk-the-last',
        wrong: 'Where more accounts roll than one chunk covers, a repeat leaves the others out.',
        text: 'item.last?.BOOL === true',
        becomes: 'item.last !== undefined',
      },
    ],
  },
  {
    file: 'lib/store/frozen-book.ts',
    tests: ['test/lambdas/clear-auction.test.ts', 'test/lambdas/accept-orders.test.ts', 'test/store/frozen-book.test.ts'],
    mutants: [
      {
        name: 'hash-without-keys',
        wrong: 'A participant that knows the orders of a book foresees its odd lots, for nothing secret is in the lottery.',
        text: 'keys.stretch(bytes, at, end);',
        becomes: '',
      },
      {
        name: 'nothing-carried',
        wrong: 'No order outlives its first auction.',
        text: 'carried, shard, standing)',
        becomes: '{ ...carried, roots: {} }, shard, standing)',
      },
      {
        name: 'roll-left-out',
        wrong: 'Roll orders are written and never trade.',
        text: 'await packedRollOrders(table, product, shard, auction)',
        becomes: '[]',
      },
      {
        name: 'first-shard-alone',
        wrong: 'The orders of all shards but the first are left out of the auction.',
        text: 'shard < shards; shard++',
        becomes: 'shard < 1; shard++',
      },
      {
        name: 'book-of-the-auction-before',
        wrong: 'An auction clears the orders that were sent for the one before it.',
        text: 'sentInto(table, product, shard, auction, ',
        becomes: 'sentInto(table, product, shard, auction - 1, ',
      },
    ],
  },
  {
    file: 'lib/store/stored-book.ts',
    tests: ['test/store/stored-book.test.ts', 'test/store/frozen-book.test.ts', 'test/lambdas/clear-bounds.test.ts'],
    mutants: [
      {
        name: 'hashed-by-arrival',
        wrong: 'The last lots depend on when submissions arrived, and on the shards that accounts are spread over.',
        text: 'own?.[place - from] ?? parts[place]!',
        becomes: 'parts[place]!',
      },
      {
        name: 'accounts-by-shard',
        wrong: 'A book clears to other fills when its accounts are spread over other shards.',
        text: 'begins.length > 1; begins',
        becomes: 'begins.length > 1e9; begins',
      },
      {
        name: 'place-of-another-account',
        wrong: 'The second look takes the order of one account for that of another.',
        text: 'part.account = this.#field(low - 1, ACCOUNT);',
        becomes: 'part.account = this.#field(0, ACCOUNT);',
      },
    ],
  },
  {
    file: 'lib/store/packed-bytes.ts',
    tests: ['test/store/packing.test.ts'],
    mutants: [
      {
        name: 'cash-sign',
        wrong: 'A limit below zero comes back a tick off.',
        text: '-value * 2 - 1',
        becomes: '-value * 2 + 1',
      },
      {
        name: 'room-of-one-byte',
        wrong: 'In a large submission a number loses its last bytes, and every order after it is another.',
        text: 'this.#room(8);',
        becomes: 'this.#room(1);',
      },
    ],
  },
  {
    file: 'lib/store/packing.ts',
    tests: ['test/store/packing.test.ts'],
    mutants: [
      {
        name: 'unknown-version-read',
        wrong: 'Orders packed by newer code are read as other orders.',
        text: 'if (version !== VERSION)',
        becomes: 'if (version < VERSION)',
      },
      {
        name: 'bytes-left-over',
        wrong: 'A damaged item is read as if it were whole.',
        text: 'from.end();\n  return values;',
        becomes: 'return values;',
      },
      {
        name: 'partly-filled-not-packed',
        wrong: 'An order that traded in part is replaced as if it had not, and its account ends with more than it asked for.',
        text: '+ (partlyFilled ? 2 : 0)',
        becomes: '',
      },
    ],
  },
  {
    file: 'lib/operations/recovery/into-shards.ts',
    tests: ['test/operations/recovery/reshard.test.ts'],
    mutants: [
      {
        name: 'place-in-another-group',
        wrong: 'After a move a cancel counts before the order it cancels, which trades.',
        text: 'movedPlace(at + 1)',
        becomes: 'row.sequence!.S!',
      },
      {
        name: 'open-book-left-behind',
        wrong: 'What was sent into the open auction before a move is never matched.',
        text: '{ open, openedAt, dates: datesOf(dates, product, shard, open) }',
        becomes: '{ open, openedAt, dates: [] }',
      },
      {
        name: 'changed-submission-sealed-anew',
        wrong: 'A submission that was changed is sealed as if it had been written so.',
        text: 'if (fault) throw',
        becomes: 'if (!fault) throw',
      },
      {
        name: 'moved-while-an-auction-is-due',
        wrong: 'An auction that shards have closed in part is closed in no number of them, and the market stands.',
        text: 'if (auction > (venue',
        becomes: 'if (auction < (venue',
      },
    ],
  },
  {
    file: 'lib/domain/auction/stops.ts',
    tests: ['test/domain/auction/stops.test.ts', 'test/lambdas/stops.test.ts'],
    mutants: [
      {
        name: 'owner-not-stopped',
        wrong: 'A stop of an owner stops none of its accounts.',
        text: ' || isOn(stops, WHOLE_OWNER));',
        becomes: ');',
      },
      {
        name: 'either-side-releases',
        wrong: "A participant ends the operator's stop by one of its own.",
        text: 'const switches = { ...stops.switches, [of]: { ...stops.switches[of], [side]: next } };',
        becomes: 'const switches = { ...stops.switches, [of]: { [side]: next } };',
      },
    ],
  },
  {
    file: 'lambdas/accept-orders/known-stops.ts',
    tests: ['test/lambdas/stops.test.ts'],
    mutants: [
      {
        name: 'stops-read-once',
        wrong: 'A worker that knew a shard before an account was stopped goes on taking its orders.',
        text: 'if (known?.changes !== intake.stops) {',
        becomes: 'if (!known) {',
      },
      {
        name: 'released-and-still-known',
        wrong: 'The worker that worked a release goes on refusing.',
        text: 'else owners.delete(stops.owner);',
        becomes: '',
      },
    ],
  },
  {
    file: 'lambdas/http/stops.ts',
    tests: ['test/lambdas/stops.test.ts'],
    mutants: [
      {
        name: 'release-takes-orders-out',
        wrong: 'A release takes out what was sent since the stop was released before.',
        text: 'await tellReleased(request.backends, of)',
        becomes: "await takeOut(request.backends, { ...of, why: 'kill-switch' })",
      },
      {
        name: 'switch-told-once',
        wrong: 'A stop whose message was lost leaves the orders in the book, however often it is asked for.',
        text: 'if (next === undefined) return before;',
        becomes: "if (next === undefined) throw new Error('it stands');",
      },
    ],
  },
  {
    file: 'lib/domain/auction/dead-mans-switch.ts',
    tests: ['test/domain/auction/dead-mans-switch.test.ts'],
    mutants: [
      {
        name: 'runs-out-behind-the-instant',
        wrong: 'Orders of an account whose switch runs out at the very instant of the auction trade in it.',
        text: 'own.expiry <= by',
        becomes: 'own.expiry < by',
      },
      {
        name: 'older-setting-counts',
        wrong: 'A request that was overtaken on its way switches off what was set after it.',
        text: 'if (receivedAt < own.setAt) return own;',
        becomes: '',
      },
      {
        name: 'late-auction-cut-as-if-on-time',
        wrong: 'An auction that is held an hour late trades orders of participants that have been silent for as long.',
        text: '> ON_TIME_MS ?',
        becomes: '> ON_TIME_MS * 1e6 ?',
      },
    ],
  },
  {
    file: 'lambdas/dead-mans-switch.ts',
    tests: ['test/lambdas/dead-mans-switch.test.ts'],
    mutants: [
      {
        name: 'noted-and-not-taken-out',
        wrong: 'A worker that crashed behind its note leaves the orders in the book for good.',
        text: "const running = own.state === 'running-out' ? own :",
        becomes: "if (own.state === 'running-out') return ranOut(own);\n  const running =",
      },
    ],
  },
  {
    file: 'lambdas/close-auction/run-out-switches.ts',
    tests: ['test/lambdas/dead-mans-switch.test.ts'],
    mutants: [
      {
        name: 'sent-for-a-message-of-old',
        wrong: 'What is sent for a message that comes again is taken for late, and takes nothing out.',
        text: 'if (!isFresh || (count',
        becomes: 'if ((count',
      },
      {
        name: 'page-taken-for-the-row',
        wrong: 'A switch that was set anew in time, behind the page that close had read, runs out all the same.',
        text: 'return runsOut(own, by) ? runOut(backends, place, own, at) : own;',
        becomes: "return own.state === 'off' ? own : runOut(backends, place, own, at);",
      },
    ],
  },
  {
    file: 'lambdas/participant-api/cancel-all-after.ts',
    tests: ['test/lambdas/dead-mans-switch.test.ts'],
    mutants: [
      {
        name: 'late-setting-undoes',
        wrong: 'A participant that comes back late keeps the orders that were to be taken out.',
        text: 'runsOut(read, at) ? await runOut(request.backends, place, read, request.time) : read;',
        becomes: 'read;',
      },
    ],
  },
  {
    file: 'lib/domain/clearing/order-history.ts',
    tests: ['test/domain/clearing/order-history.test.ts'],
    mutants: [
      {
        name: 'self-matched-lapses',
        wrong: 'Lots that were taken out as self-matched are told to have lapsed as well.',
        text: 'fill.lots + selfMatched);',
        becomes: 'fill.lots);',
      },
      {
        name: 'stop-told-as-time-in-force',
        wrong: 'A participant is told that its order had run its time, when trading was stopped.',
        text: "orders === 0 ? 'product-stopped' :",
        becomes: 'orders < 0 ?  "product-stopped" :',
      },
      {
        name: 'late-cancel-told-as-done',
        wrong: 'A cancel that came too late for an order that had traded is told as done.',
        text: "isThere ? 'cancelled' : 'too-late', clientOrderId: target!, by }];",
        becomes: "'cancelled', clientOrderId: target!, by }];",
      },
    ],
  },
  {
    file: 'lib/domain/clearing/preview.ts',
    tests: ['test/lambdas/preview.test.ts'],
    mutants: [
      {
        name: 'preview-before-as-after',
        wrong: 'A preview says that an order raises no requirement.',
        text: 'after: worst(), cover',
        becomes: 'after: before!, cover',
      },
      {
        name: 'preview-fills-what-was-cancelled',
        wrong: 'Positions of a preview hold an order that a later entry of it takes out.',
        text: "const outcome = outcomes[at] === 'deferred' ? 'accepted' : outcomes[at]!;",
        becomes:
          "if (!('order' in instruction)) return;\n    const outcome = outcomes[at] === 'deferred' ? 'accepted' : outcomes[at]!;",
      },
    ],
  },
];
