/** Mutants of the table itself, its keys, the clearing log, the halt switch, messages and queues. */
import type { MutatedFile } from '../mutant.ts';

export const LOG: readonly MutatedFile[] = [
  {
    file: 'lib/store/log.ts',
    tests: ['test/store/log.test.ts', 'test/lambdas/operator-api.test.ts'],
    mutants: [
      {
        name: 'end-of-log-not-checked',
        wrong: 'Behind an event that was deleted or edited the venue goes on, on books that no longer follow from its log.',
        text: 'await checkEnd(table, venue);',
        becomes: '',
      },
      {
        name: 'posted-event-replaced',
        wrong: 'In the place of a deleted event another is written, though the accounts have posted the first.',
        text: 'if (posted && !(await table.get(logKey(seq + 1))))',
        becomes: 'if (posted && seq < 0)',
      },
      {
        name: 'another-event-taken-for-ours',
        wrong: 'Of two workers at once both believe that they committed, and one event is lost.',
        text: "return item !== undefined && text(item, 'hash') === hash;",
        becomes: 'return item !== undefined;',
      },
      {
        name: 'hash-not-chained',
        wrong: 'The log can be cut and put together anew, and every event still proves itself.',
        text: ".update(previous).update('\\n')",
        becomes: ".update('\\n')",
      },
      {
        name: 'gap-passed-over',
        wrong: 'An event that is missing is told as one that was edited, and the wrong one is looked for.',
        text: 'if (item.sk?.S !== ordered(seq)) throw',
        becomes: 'if (item.sk?.S === undefined) throw',
      },
      {
        name: 'edited-event-read',
        wrong: 'An event that was edited in the table is folded as if it were the one written.',
        text: "if (text(item, 'hash') !== hash) throw",
        becomes: "if (text(item, 'hash') === '') throw",
      },
      {
        name: 'page-of-events-repeats',
        wrong: 'A shard posts the event that its cursor stands at again, and none after it.',
        text: 'const range = { after: ordered(after), ...',
        becomes: 'const range = { from: ordered(after), ...',
      },
      {
        name: 'snapshot-goes-back',
        wrong: 'A slow process writes an old snapshot over a newer one, and every start reads more of the log.',
        text: "snapshotItem(state), 'attribute_not_exists(pk) OR seq < :seq'",
        becomes: "snapshotItem(state), 'attribute_not_exists(pk) OR seq <> :seq'",
      },
      {
        name: 'cents-as-number',
        wrong: 'A large deposit loses its last cents.',
        text: 'cents(BigInt(`${item.cents}`))',
        becomes: 'cents(BigInt(Number(item.cents)))',
      },
      {
        name: 'name-not-claimed',
        wrong: 'A deposit that is sent twice is booked twice.',
        text: 'await table.createTogether([item, ...marks], along)',
        becomes: 'await table.createTogether([item], along)',
      },
    ],
  },
  {
    file: 'lib/store/halt.ts',
    tests: ['test/store/halt.test.ts', 'test/lambdas/operator-api.test.ts'],
    mutants: [
      {
        name: 'second-halt-covers-first',
        wrong: 'An operator’s halt hides that the books do not balance.',
        text: "'attribute_not_exists(pk) OR halted = :no'",
        becomes: "'attribute_not_exists(pk) OR halted <> :no OR halted = :no'",
      },
      {
        name: 'resumed-unread',
        wrong: 'An operator releases a halt that came after the one that was read.',
        text: "'#data = :seen',",
        becomes: "'#data = :seen OR attribute_exists(pk)',",
      },
    ],
  },
  {
    file: 'lib/store/keys.ts',
    tests: ['test/store/keys.test.ts', 'test/store/accounts.test.ts', 'test/store/roll-instructions.test.ts'],
    mutants: [
      {
        name: 'numbers-as-text',
        wrong: 'The hundredth event is read before the second.',
        text: "padStart(12, '0')",
        becomes: "padStart(1, '0')",
      },
      {
        name: 'negative-shard',
        wrong: 'Half of the accounts are in a shard that no worker works.',
        text: '(hash >>> 0) % shards',
        becomes: 'hash % shards',
      },
      {
        name: 'statements-by-product',
        wrong: 'An account’s newest statements are not the first it is shown.',
        text: 'sk: `${date}#${product}`',
        becomes: 'sk: `${product}#${date}`',
      },
      {
        name: 'chunks-as-text',
        wrong: 'The tenth chunk of roll orders is read before the second.',
        text: "String(chunk).padStart(4, '0')",
        becomes: 'chunk',
      },
      {
        name: 'instructions-of-another-product',
        wrong: 'Positions in H100 roll by the instructions for H100-SXM.',
        text: '`ROLL#${product}#`;\nexport const rollInstructionKey',
        becomes: '`ROLL#${product}`;\nexport const rollInstructionKey',
      },
      {
        name: 'shards-without-hash',
        wrong: 'Every account of a venue that runs is looked for in another shard.',
        text: '0x811c9dc5',
        becomes: '0x811c9dc4',
      },
    ],
  },
  {
    file: 'lib/store/messages.ts',
    tests: ['test/store/messages.test.ts', 'test/lambdas/queue.test.ts'],
    mutants: [
      {
        name: 'two-spellings-of-an-instant',
        wrong: 'A schedule that leaves out the milliseconds has its auction held a second time.',
        text: '.transform((text) => new Date(text).toISOString())',
        becomes: '',
      },
      {
        name: 'hints-refused',
        wrong: 'While a release is on its way, the old code gives up the messages of the new.',
        text: 'z.looseObject({}).optional()',
        becomes: 'z.undefined()',
      },
      {
        name: 'order-in-the-log',
        wrong: 'A message that does not parse writes a part of a sealed order into the log.',
        text: '`${code} at $',
        becomes: '`${code} ${JSON.stringify(issues)} at $',
      },
      {
        name: 'fields-of-newer-code',
        wrong: 'A field that says what must be understood is passed over by code that does not understand it.',
        text: 'z.strictObject({ v: version, product, slot: instant, hints }),\n  z.strictObject({ v: version, product, date',
        becomes: 'z.object({ v: version, product, slot: instant, hints }),\n  z.strictObject({ v: version, product, date',
      },
      {
        name: 'any-key',
        wrong: 'A key that carries no time is written under a date that nothing is ever read from.',
        text: 'key: z.uuidv7()',
        becomes: 'key: z.string()',
      },
      {
        name: 'other-versions',
        wrong: 'A message in a form of the future is worked as if it were one of today.',
        text: 'z.literal(1);',
        becomes: 'z.int();',
      },
    ],
  },
  {
    file: 'lib/store/queues.ts',
    tests: ['test/store/queues.test.ts'],
    mutants: [
      {
        name: 'posting-wake-up-dropped',
        wrong: 'Shards that were told once about an event are not told again, and stay behind until the next.',
        text: '`post.${seq}.${shard}.${why}`',
        becomes: '`post.${seq}.${shard}`',
      },
      {
        name: 'one-shard-told',
        wrong: 'All shards but one stay behind until the next sweep.',
        text: '`post.${seq}.${shard}.${why}`',
        becomes: '`post.${seq}.${why}`',
      },
      {
        name: 'second-marker-dropped',
        wrong: 'Of two auctions within five minutes the second is never cut.',
        text: '`marker.${product}.${auction}.${shard}`',
        becomes: '`marker.${product}.${shard}`',
      },
      {
        name: 'one-shard-cut',
        wrong: 'All shards but one keep taking orders into an auction that is due.',
        text: '`marker.${product}.${auction}.${shard}`',
        becomes: '`marker.${product}.${auction}`',
      },
      {
        name: 'same-key-of-two-accounts',
        wrong: 'A submission is lost when another account sent one under the same key.',
        text: '`${message.account}.${message.key}.${message.digest}`',
        becomes: '`${message.key}.${message.digest}`',
      },
      {
        name: 'other-body-dropped',
        wrong: 'Other orders under a used key are answered as taken, and vanish.',
        text: '`${message.account}.${message.key}.${message.digest}`',
        becomes: '`${message.account}.${message.key}`',
      },
      {
        name: 'failed-entries-passed-over',
        wrong: 'A shard’s marker that the queue did not take is never sent again.',
        text: 'if (Failed?.length) throw',
        becomes: 'if (Failed && Failed.length > 10) throw',
      },
      {
        name: 'eleven-at-once',
        wrong: 'A venue with more than ten shards can’t close an auction.',
        text: 'BATCH_MAX = 10',
        becomes: 'BATCH_MAX = 11',
      },
      {
        name: 'one-group-a-product',
        wrong: 'An account that floods its shard delays all others.',
        text: '`${product}#${shard}`',
        becomes: '`${product}`',
      },
    ],
  },
  {
    file: 'lib/store/table.ts',
    tests: ['test/store/table-pages.test.ts', 'test/store/table-ranges.test.ts', 'test/store/table.test.ts'],
    mutants: [
      {
        name: 'unwritten-items-forgotten',
        wrong: 'What the table did not write of a batch is lost: fills, statements, journal entries.',
        text: 'pending = answer.UnprocessedItems?.[this.name] as typeof pending;',
        becomes: 'pending = undefined;',
      },
      {
        name: 'unread-keys-forgotten',
        wrong: 'Accounts that the table did not read in a batch are taken for new and lose their cash.',
        text: 'pending = answer.UnprocessedKeys?.[this.name]?.Keys as Attributes[] | undefined;',
        becomes: 'pending = undefined;',
      },
      {
        name: 'first-page-of-a-query',
        wrong: 'A book beyond a megabyte is cleared without its rest.',
        text: 'start = page.LastEvaluatedKey;\n    } while (start && left > 0);',
        becomes: 'start = undefined;\n    } while (start && left > 0);',
      },
      {
        name: 'first-page-of-a-scan',
        wrong: 'The audit proves the first megabyte of the table.',
        text: 'yield* page.Items ?? [];\n      start = page.LastEvaluatedKey;',
        becomes: 'yield* page.Items ?? [];\n      start = undefined;',
      },
      {
        name: 'limit-a-page',
        wrong: 'A list gives more than was asked for.',
        text: 'Number.isFinite(left) ? left : undefined',
        becomes: 'Number.isFinite(left) ? left + 1 : undefined',
      },
      {
        name: 'eventual-get',
        wrong: 'What decides is read as it was a moment ago.',
        text: 'async get(key: Key, consistent = true)',
        becomes: 'async get(key: Key, consistent = false)',
      },
      {
        name: 'eventual-query',
        wrong: 'A book is cleared without what was written into it a moment ago.',
        text: 'ConsistentRead: range.consistent ?? true',
        becomes: 'ConsistentRead: range.consistent ?? false',
      },
      {
        name: 'eventual-batch',
        wrong: 'Accounts are posted as they stood a moment ago.',
        text: '{ Keys: pending, ConsistentRead: true }',
        becomes: '{ Keys: pending, ConsistentRead: false }',
      },
      {
        name: 'after-includes-its-own',
        wrong: 'The last event of a page is worked again.',
        text: "' AND sk > :after'",
        becomes: "' AND sk >= :after'",
      },
      {
        name: 'up-to-excludes-its-own',
        wrong: 'The index value of the day itself is not found.',
        text: "' AND sk <= :to'",
        becomes: "' AND sk < :to'",
      },
      {
        name: 'busy-is-taken',
        wrong: 'A write that met another’s transaction is dropped as if its key were taken.',
        text: "cancellation(error).includes('ConditionalCheckFailed')) return false;",
        becomes: 'cancellation(error).length > 0) return false;',
      },
      {
        name: 'newer-item-misread',
        wrong: 'An item that newer code wrote in another form is misread.',
        text: '!(Number(version) <= ITEM_VERSION)',
        becomes: '!(Number(version) <= ITEM_VERSION + 1)',
      },
    ],
  },
  {
    file: 'lambdas/queue/consume.ts',
    tests: ['test/lambdas/queue.test.ts', 'test/lambdas/post-halt.test.ts'],
    mutants: [
      {
        name: 'mates-given-up',
        wrong: 'Submissions behind one that can’t be worked end in the dead letters with it.',
        text: 'if (!fifo || !isLastReceive(record)) throw error;',
        becomes: 'if (fifo || !isLastReceive(record)) throw error;',
      },
      {
        name: 'last-receive-one-late',
        wrong: 'A message is given up together with the ones behind it.',
        text: '>= Number(required(ENV.receivesMax))',
        becomes: '> Number(required(ENV.receivesMax))',
      },
      {
        name: 'given-up-is-done',
        wrong: 'A message that can’t be worked is deleted instead of put with the dead letters.',
        text: 'givenUp.push({ itemIdentifier: messageId });',
        becomes: '',
      },
      {
        name: 'group-goes-on',
        wrong: 'What comes behind a failed message of its group is worked before it.',
        text: 'skipGroupOnError: true',
        becomes: 'skipGroupOnError: false',
      },
    ],
  },
  {
    file: 'lambdas/backends.ts',
    tests: ['test/lambdas/post-halt.test.ts', 'test/lambdas/queue.test.ts'],
    mutants: [
      {
        name: 'metrics-kept',
        wrong: 'No alarm ever hears of what a function measured.',
        text: 'if (metrics.hasStoredMetrics())',
        becomes: 'if (!metrics.hasStoredMetrics())',
      },
    ],
  },
  {
    file: 'lambdas/until-committed.ts',
    tests: ['test/lambdas/queue.test.ts', 'test/lambdas/operator-races.test.ts'],
    mutants: [
      {
        name: 'one-attempt',
        wrong: 'A commit that another overtook fails instead of being decided again.',
        text: 'attempts < ATTEMPTS_MAX; attempts++',
        becomes: 'attempts < 1; attempts++',
      },
      {
        name: 'attempts-in-step',
        wrong: 'Of sixty operators at once some are told to try again, because the same ones meet at every attempt.',
        text: 'Math.random() * msMax',
        becomes: '0 * msMax',
      },
    ],
  },
];
