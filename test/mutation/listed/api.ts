/** Mutants of what participants and operators ask: what they may do, what they are shown, and what is answered to a repeat. */
import type { MutatedFile } from '../mutant.ts';

const PARTICIPANT = [
  'test/lambdas/submission-answers.test.ts',
  'test/lambdas/participant-api.test.ts',
  'test/lambdas/participant-reads.test.ts',
];
const OPERATOR = ['test/lambdas/operator-races.test.ts', 'test/lambdas/operator-api.test.ts'];

export const API: readonly MutatedFile[] = [
  {
    file: 'lambdas/http/caller.ts',
    tests: ['test/lambdas/http.test.ts', ...OPERATOR],
    mutants: [
      {
        name: 'any-account-name',
        wrong: 'A token names an account with a character that keys are made of, and reads another’s rows.',
        text: "typeof account === 'string' && isAccountId(account)",
        becomes: "typeof account === 'string'",
      },
      {
        name: 'anyone-operates',
        wrong: 'Any participant moves cash.',
        text: "rolesIn(claims).size > 0 && typeof subject === 'string' &&",
        becomes: "typeof subject === 'string' &&",
      },
      {
        name: 'operator-without-name',
        wrong: 'A token without a subject approves without a name.',
        text: '{1,255}$/',
        becomes: '{0,255}$/',
      },
      {
        name: 'text-read-as-a-list',
        wrong: 'A token whose one group is “cooling operators” is an operator’s.',
        text: 'claimed === group ||',
        becomes: 'String(claimed).includes(group) ||',
      },
      {
        name: 'access-token-taken',
        wrong: 'An access token, which other services are given as well, opens the API.',
        text: "return use === 'id' ||",
        becomes: 'return use !== undefined ||',
      },
      {
        name: 'unverified-token-read',
        wrong: 'Of two tokens in a request the gateway verifies one and the function reads the other.',
        text: "claim(claims, 'sub') !== verifiedSubject(event)",
        becomes: "claim(claims, 'sub') === event",
      },
    ],
  },
  {
    file: 'lambdas/http/rate.ts',
    tests: ['test/lambdas/rate.test.ts'],
    mutants: [
      {
        name: 'one-request-more',
        wrong: 'A caller may send one request more than is published.',
        text: 'return this.limit - own - others;',
        becomes: 'return this.limit - own - others + 1;',
      },
      {
        name: 'light-caller-writes',
        wrong: 'Every caller pays for a write with every twentieth request.',
        text: 'count.own <= this.limit / 10 || due < this.limit / 60',
        becomes: 'due < this.limit / 60',
      },
      {
        name: 'others-not-counted',
        wrong: 'A caller may send the limit to each process.',
        text: 'count.others = Math.max(count.others, total - count.shared);',
        becomes: '',
      },
    ],
  },
  {
    file: 'lambdas/http/representation.ts',
    tests: ['test/lambdas/http.test.ts'],
    mutants: [
      {
        name: 'answers-cached',
        wrong: 'A proxy shows one account what it fetched for another.',
        text: "event.requestContext.authorizer ? 'private' : 'public'",
        becomes: "'public'",
      },
    ],
  },
  {
    file: 'lambdas/http/routes.ts',
    tests: ['test/lambdas/http.test.ts', 'test/lambdas/submission-answers.test.ts'],
    mutants: [
      {
        name: 'our-mistake-as-theirs',
        wrong: 'A client repeats for ever what a mistake of the venue refuses.',
        text: "'$metadata' in error",
        becomes: "!('$metadata' in error)",
      },
      {
        name: 'refusals-not-logged',
        wrong: 'Nothing shows that a caller tried what it may not.',
        text: 'answer.status === 403',
        becomes: 'answer.status === 404',
      },
    ],
  },
  {
    file: 'lambdas/http/request.ts',
    tests: ['test/lambdas/http.test.ts'],
    mutants: [
      {
        name: 'any-query-taken',
        wrong: 'A route that has no query passes over whatever stands in one.',
        text: 'z.strictObject({})',
        becomes: 'z.object({})',
      },
    ],
  },
  {
    file: 'lambdas/http/paging.ts',
    tests: ['test/lambdas/http.test.ts', 'test/lambdas/participant-reads.test.ts'],
    mutants: [
      {
        name: 'empty-last-page',
        wrong: 'A list that fills its page exactly promises another.',
        text: 'rows.length > limit ?',
        becomes: 'rows.length >= limit ?',
      },
      {
        name: 'page-too-long',
        wrong: 'A page holds one item more than its limit, and the next begins with it.',
        text: 'rows.slice(0, limit)',
        becomes: 'rows.slice(0, limit + 1)',
      },
    ],
  },
  {
    file: 'lambdas/participant-api/orders.ts',
    tests: PARTICIPANT,
    mutants: [
      {
        name: 'orders-not-after-the-cursor',
        wrong: 'A page of orders repeats the last order of the page before.',
        text: 'name > query.cursor',
        becomes: 'name >= query.cursor',
      },
    ],
  },
  {
    file: 'lambdas/participant-api/order-terms.ts',
    tests: PARTICIPANT,
    mutants: [
      {
        name: 'sell-price-below-zero',
        wrong: 'An order to sell at 2.350 is shown at -2.350.',
        text: 'formatPrice(ticks(-price), parameters)',
        becomes: 'formatPrice(price, parameters)',
      },
    ],
  },
  {
    file: 'lambdas/operator-api/history.ts',
    tests: ['test/lambdas/operator-log.test.ts'],
    mutants: [
      {
        name: 'sealed-in-the-log',
        wrong: 'Operators read the best order that is carried in each month.',
        text: '(SEALED.has(name) ? undefined : value)',
        becomes: 'value',
      },
    ],
  },
  {
    file: 'lambdas/market-api/public.ts',
    tests: ['test/lambdas/market-api.test.ts', 'test/lambdas/rate.test.ts'],
    mutants: [
      {
        name: 'every-address-of-a-network',
        wrong: 'Whatever address of its own network a caller takes is another caller.',
        text: 'isIPv6(sourceIp) ? networkOf(sourceIp) : sourceIp',
        becomes: 'sourceIp',
      },
    ],
  },
  {
    file: 'lambdas/market-api/days.ts',
    tests: ['test/lambdas/market-api.test.ts'],
    mutants: [
      {
        name: 'newest-days-kept-for-ever',
        wrong: 'A cache keeps the newest page of closed days, to which tomorrow adds one.',
        text: 'cursor !== undefined && cursor <= state.closedOn && done.length === items.length',
        becomes: 'done.length === items.length',
      },
      {
        name: 'stopped-product-trades-on',
        wrong: 'The next auction of a product that is stopped looks as if it would match orders.',
        text: 'isTradingStopped(state, auction)',
        becomes: 'state.stop === null',
      },
    ],
  },
  {
    file: 'lambdas/http/statements.ts',
    tests: ['test/lambdas/statements.test.ts'],
    mutants: [
      {
        name: 'statement-of-any-text',
        wrong: 'A product of three thousand letters is looked for under a key that no table takes.',
        text: 'if (state instanceof Problem) return state;',
        becomes: '',
      },
    ],
  },
  {
    file: 'lambdas/market-api/auctions.ts',
    tests: PARTICIPANT,
    mutants: [
      {
        name: 'auction-not-cleared-listed',
        wrong: 'A page of auctions is spent on one that has not cleared, and tells that it is there.',
        text: 'Math.min(cursor ?? Number.POSITIVE_INFINITY, state.lastAuction + 1)',
        becomes: 'cursor ?? Number.MAX_SAFE_INTEGER',
      },
      {
        name: 'surplus-in-ticks',
        wrong: 'An auction’s surplus is shown a hundred times too small.',
        text: '(BigInt(event.surplus) * centsPerTick(state.parameters)) as Cents',
        becomes: 'BigInt(event.surplus) as Cents',
      },
    ],
  },
  {
    file: 'lambdas/participant-api/fills.ts',
    tests: PARTICIPANT,
    mutants: [
      {
        name: 'fill-shown-twice',
        wrong: 'The next page begins with the auction’s first fill again.',
        text: 'seq === from?.seq ? from.after : undefined',
        becomes: 'undefined',
      },
      {
        name: 'fills-of-an-event-lost',
        wrong: 'The rest of an auction’s fills is left out when a page ends among them.',
        text: 'from.seq : from.seq + 1)',
        becomes: 'from.seq : from.seq)',
      },
      {
        name: 'spread-price-turned',
        wrong: 'A spread’s fill is shown at the price of the opposite one.',
        text: 'minusTicks(price(buy), price(sell))',
        becomes: 'minusTicks(price(sell), price(buy))',
      },
    ],
  },
  {
    file: 'lambdas/participant-api/idempotency-key.ts',
    tests: PARTICIPANT,
    mutants: [
      {
        name: 'key-by-its-spelling',
        wrong: 'A client that repeats its key in capitals has its orders taken twice.',
        text: 'header.toLowerCase()',
        becomes: 'header',
      },
    ],
  },
  {
    file: 'lambdas/participant-api/submissions.ts',
    tests: PARTICIPANT,
    mutants: [
      {
        name: 'no-second-look-at-stale-keys',
        wrong: 'A repeat is refused as too old though what it repeats has just been written.',
        text: "  'key-too-old',\n  'key-too-far-ahead',\n  'contract-not-listed',\n]);",
        becomes: "  'key-too-far-ahead',\n  'contract-not-listed',\n]);",
      },
      {
        name: 'no-second-look-at-contracts',
        wrong: 'Orders of a month that was listed a moment ago are refused.',
        text: "  'key-too-far-ahead',\n  'contract-not-listed',\n]);",
        becomes: "  'key-too-far-ahead',\n]);",
      },
      {
        name: 'second-look-as-quick',
        wrong: 'The second look is taken at a copy of the table that may be as late as the first.',
        text: 'await newestVenue(request), true)',
        becomes: 'await newestVenue(request), false)',
      },
      {
        name: 'repeat-sent-on',
        wrong: 'Every repeat of a submission is another message for accept.',
        text: 'return isRepeat ? answerTaken(request, ids, named) : send',
        becomes: 'return !packed ? answerTaken(request, ids, named) : send',
      },
      {
        name: 'queue-trouble-as-taken',
        wrong: 'A submission that never reached the queue is answered as taken.',
        text: "return new Problem('try-again', 'the submission may",
        becomes: "if (!error) return new Problem('try-again', 'the submission may",
      },
      {
        name: 'another-body-shown',
        wrong: 'The status of the orders that were refused under a used key is that of the others.',
        text: "return stored.digest === named.digest ? ok(submissionJson(id, stored)) : problemOf(request, 'key-reused');",
        becomes: 'return ok(submissionJson(id, stored));',
      },
      {
        name: 'queued-for-ever',
        wrong: 'A submission that was lost on its way is shown as queued for ever.',
        text: '< QUEUED_MS_MAX)',
        becomes: '< QUEUED_MS_MAX * 1e9)',
      },
    ],
  },
  {
    file: 'lambdas/participant-api/decided-entries.ts',
    tests: PARTICIPANT,
    mutants: [
      {
        name: 'deferred-as-refused',
        wrong: 'A cancel that takes effect once the auction has cleared is shown as refused.',
        text: "outcome === 'accepted' || outcome === 'deferred' ?",
        becomes: "outcome === 'accepted' ?",
      },
    ],
  },
  {
    file: 'lambdas/participant-api/submission-id.ts',
    tests: PARTICIPANT,
    mutants: [
      {
        name: 'id-of-another-account',
        wrong: 'Another account’s submission is shown as queued instead of not found.',
        text: "named.join('#')",
        becomes: "named.slice(1).join('#')",
      },
      {
        name: 'id-made-up',
        wrong: 'An id that was made up is shown as queued.',
        text: 'return isOurs ?',
        becomes: 'return check ?',
      },
    ],
  },
  {
    file: 'lib/store/id-key.ts',
    tests: PARTICIPANT,
    mutants: [
      {
        name: 'key-of-each-process',
        wrong: 'An id is found by the process that gave it, and by no other.',
        text: 'if_not_exists(idKey, :made)',
        becomes: ':made',
      },
    ],
  },
  {
    file: 'lambdas/operator-api/commit.ts',
    tests: OPERATOR,
    mutants: [
      {
        name: 'repeat-not-compared',
        wrong: 'Another amount under a used reference is answered as booked.',
        text: 'if (refusal) return refusal;\n    await onRepeat',
        becomes: 'await onRepeat',
      },
      {
        name: 'alone-what-takes-two',
        wrong: 'One operator moves any sum, and changes parameters.',
        text: 'if (isForTwo(request, wanted)) return wanted.act;',
        becomes: '',
      },
      {
        name: 'repeat-notifies-no-shard',
        wrong: 'A deposit whose worker crashed before it notified the shards is not posted when it is sent again.',
        text: 'await queues.notifyPostings(seq, (await readBehind(table, seq, shards)).shards, `again.${time}`);',
        becomes: '',
      },
      {
        name: 'done-before-is-done-again',
        wrong: 'A list of which a part is done already is refused for ever: its names are taken.',
        text: '(name) => !repeated.has(name)',
        becomes: '() => true',
      },
      {
        name: 'commit-notifies-no-shard',
        wrong: 'A deposit is not posted until the next event.',
        text: 'await queues.notifyPostings(next.seq, shardsTouched(event, shards));',
        becomes: '',
      },
    ],
  },
  {
    file: 'lambdas/operator-api/held.ts',
    tests: ['test/lambdas/held-list.test.ts', ...OPERATOR],
    mutants: [
      {
        name: 'end-of-a-page-as-the-end',
        wrong: 'What waits behind a thousand that are approved is never found.',
        text: 'rows.length === most && last !== undefined',
        becomes: 'false',
      },
      {
        name: 'changed-over-a-change',
        wrong: 'Of an approval and an amendment at once both are answered as done, and one of them is lost.',
        text: 'if (!(await changeHeld(request.backends.table, held, decision.held, note))) return undefined;',
        becomes: 'await changeHeld(request.backends.table, held, decision.held, note);',
      },
      {
        name: 'half-approved-takes-effect',
        wrong: 'An index value is published by the first approval.',
        text: '(isApproved(held) ? takeEffect(request, held)',
        becomes: '(held ? takeEffect(request, held)',
      },
      {
        name: 'approved-and-left',
        wrong: 'A repeat of an approval whose worker crashed before it took effect does nothing.',
        text: "if (decision.kind === 'repeated') return held;",
        becomes: "if (decision.kind === 'repeated') return new Problem('already-approved', '');",
      },
    ],
  },
  {
    file: 'lambdas/operator-api/propose.ts',
    tests: ['test/lambdas/two-operators.test.ts', ...OPERATOR],
    mutants: [
      {
        name: 'index-past-its-hold',
        wrong: 'A proposal that waits for a second operator is taken for another one.',
        text: 'if (isDeepStrictEqual(before.proposal, fresh.proposal)) return',
        becomes: 'if (before) return',
      },
      {
        name: 'proposals-without-end',
        wrong: 'One operator buries what waits under proposals of their own.',
        text: 'return open.length >= PROPOSED_MAX',
        becomes: 'return open.length < 0',
      },
    ],
  },
  {
    file: 'lambdas/operator-acts/approved.ts',
    tests: ['test/lambdas/two-operators.test.ts'],
    mutants: [
      {
        name: 'done-apart-from-its-end',
        wrong: 'What is declined at the moment of its commit is done all the same.',
        text: 'await append(table, venue, event, [heldChange(held, done)]);',
        becomes: 'await append(table, venue, event);',
      },
      {
        name: 'declined-and-done',
        wrong: 'What one operator has declined is done by the next day run.',
        text: 'if (held.ended || !isApproved(held)) return held;',
        becomes: 'if (held.ended) return held;',
      },
    ],
  },
  {
    file: 'lambdas/operator-api/index-values.ts',
    tests: OPERATOR,
    mutants: [
      {
        name: 'index-of-tomorrow',
        wrong: 'A value for a day that has not come is published.',
        text: 'date > localDate(',
        becomes: "date > '9' + localDate(",
      },
      {
        name: 'index-of-today-refused',
        wrong: 'Today’s value can’t be published before tomorrow.',
        text: 'date > localDate(',
        becomes: 'date >= localDate(',
      },
      {
        name: 'judged-by-the-future',
        wrong: 'A missing value of a past day is judged by the values after it.',
        text: 'addDays(date, -1)',
        becomes: 'addDays(date, 100)',
      },
    ],
  },
  {
    file: 'lambdas/operator-api/accounts.ts',
    tests: OPERATOR,
    mutants: [
      {
        name: 'cash-to-no-account',
        wrong: 'A deposit to an account that was never opened is booked.',
        text: 'if (refusal) return refusal;',
        becomes: '',
      },
      {
        name: 'account-opened-under-another-name',
        wrong: 'A second opening under another name is answered as done.',
        text: 'open[field] !== opening[field]',
        becomes: 'open.account !== opening.account',
      },
    ],
  },
  {
    file: 'lib/api/operator-accounts.ts',
    tests: ['test/lambdas/operator-lists.test.ts', ...OPERATOR],
    mutants: [
      {
        name: 'same-account-twice',
        wrong: 'Two movements of an account in one request: only one of them is in its cash.',
        text: 'if (before.has(its)) context',
        becomes: "if (before.has('')) context",
      },
    ],
  },
  {
    file: 'lambdas/operator-api/operator.ts',
    tests: ['test/scenarios/roles.test.ts', 'test/lambdas/operator-acts.test.ts'],
    mutants: [
      {
        name: 'any-role-will-do',
        wrong: 'Who may only look halts the venue.',
        text: 'if (wanted.some((role) => roles.has(role))) return undefined;',
        becomes: 'if (roles.size > 0) return undefined;',
      },
    ],
  },
  {
    file: 'lambdas/operator-api/acts.ts',
    tests: ['test/lambdas/operator-acts.test.ts'],
    mutants: [
      {
        name: 'act-shown-twice',
        wrong: 'A page begins with the act that the page before ended with.',
        text: '${noted[page.noted]?.name ?? ',
        becomes: '${noted[page.noted - 1]?.name ?? ',
      },
    ],
  },
  {
    file: 'lib/store/noted-acts.ts',
    tests: ['test/store/noted-acts.test.ts', 'test/lambdas/operator-acts.test.ts'],
    mutants: [
      {
        name: 'act-noted-apart',
        wrong: 'What was refused stands in the list of what operators did.',
        text: '? table.createTogether([notedItem(act)], [put])',
        becomes: '? table.create(notedItem(act)).then(() => table.putIf(put.item, put.condition, put.values, put.names))',
      },
    ],
  },
  {
    file: 'lambdas/operator-api/venue.ts',
    tests: OPERATOR,
    mutants: [
      {
        name: 'resumed-without-reason',
        wrong: 'A venue that halted itself goes on without a word why it may.',
        text: 'isVenuesOwn(standing) && reason === undefined',
        becomes: 'isVenuesOwn(standing) && reason === null',
      },
      {
        name: 'resume-wakes-nothing',
        wrong: 'After a halt everything waits for the next sweep on the schedule.',
        text: "await queues.notify('sweeps', { v: 1, at: receivedAt(request) });",
        becomes: '',
      },
    ],
  },
];
