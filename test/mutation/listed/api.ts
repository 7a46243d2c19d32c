/** Mutants of what participants and operators ask: who may, what they are shown, and what is answered to a repeat. */
import type { MutatedFile } from '../mutant.ts';

const PARTICIPANT = ['test/lambdas/participant-api.test.ts', 'test/lambdas/participant-reads.test.ts'];
const OPERATOR = ['test/lambdas/operator-api.test.ts'];

export const API: readonly MutatedFile[] = [
  {
    file: 'lambdas/http/caller.ts',
    tests: ['test/lambdas/http.test.ts', ...OPERATOR],
    mutants: [
      {
        name: 'any-account-name',
        wrong: 'A token names an account with a character that keys are made of, and reads another’s rows.',
        text: "typeof account === 'string' && ACCOUNT_ID.test(account)",
        becomes: "typeof account === 'string'",
      },
      {
        name: 'anyone-operates',
        wrong: 'Any participant moves cash.',
        text: 'return isOperator && subject !== undefined',
        becomes: 'return subject !== undefined',
      },
      {
        name: 'operator-without-name',
        wrong: 'A token without a subject approves without a name.',
        text: "typeof subject === 'string' && subject !== ''",
        becomes: "typeof subject === 'string'",
      },
    ],
  },
  {
    file: 'lambdas/http/routes.ts',
    tests: ['test/lambdas/http.test.ts'],
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
      {
        name: 'answers-cached',
        wrong: 'A proxy shows one account what it fetched for another.',
        text: "'cache-control': 'no-store'",
        becomes: "'cache-control': 'max-age=60'",
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
        text: 'rows.length > limit && last',
        becomes: 'rows.length >= limit && last',
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
        name: 'orders-of-others',
        wrong: 'An account sees the orders of every account of its shard.',
        text: 'order.account === account',
        becomes: 'order.account !== undefined',
      },
      {
        name: 'orders-not-after-the-cursor',
        wrong: 'A page of orders repeats the last order of the page before.',
        text: 'name > query.after',
        becomes: 'name >= query.after',
      },
      {
        name: 'sell-price-below-zero',
        wrong: 'An order to sell at 2.350 is shown at -2.350.',
        text: 'formatPrice(ticks(-limit), parameters)',
        becomes: 'formatPrice(limit, parameters)',
      },
    ],
  },
  {
    file: 'lambdas/participant-api/auctions.ts',
    tests: PARTICIPANT,
    mutants: [
      {
        name: 'auction-not-cleared-listed',
        wrong: 'A page of auctions is spent on one that has not cleared, and tells that it is there.',
        text: 'Math.min(query.before ?? Number.POSITIVE_INFINITY, state.lastAuction + 1)',
        becomes: 'query.before ?? Number.MAX_SAFE_INTEGER',
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
        wrong: 'A fill at the end of a page is shown again on the next.',
        text: 'index <= passed',
        becomes: 'index < passed',
      },
      {
        name: 'fills-of-an-event-lost',
        wrong: 'The rest of an auction’s fills is left out when a page ends among them.',
        text: 'from : from + 1;',
        becomes: 'from : from;',
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
        name: 'stale-key-taken',
        wrong: 'A key of long ago is taken for new, and its orders trade a second time.',
        text: 'if (age > KEY_AGE_MS_MAX)',
        becomes: 'if (age > KEY_AGE_MS_MAX * 100)',
      },
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
      {
        name: 'key-by-its-spelling',
        wrong: 'A client that repeats its key in capitals has its orders taken twice.',
        text: 'header.toLowerCase()',
        becomes: 'header',
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
        text: '`${account}#${product}#${key}#${digest}`',
        becomes: '`${product}#${key}#${digest}`',
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
        text: 'if (refusal) return refusal;',
        becomes: '',
      },
      {
        name: 'repeat-notifies-no-shard',
        wrong: 'A deposit whose worker crashed before it notified the shards is not posted when it is sent again.',
        text: 'await backends.queues.notifyPostings(seq, backends.shards, `again.${time}`);',
        becomes: '',
      },
      {
        name: 'commit-notifies-no-shard',
        wrong: 'A deposit is not posted until the next event.',
        text: 'await backends.queues.notifyPostings(next.seq, backends.shards);',
        becomes: '',
      },
    ],
  },
  {
    file: 'lambdas/operator-api/held.ts',
    tests: OPERATOR,
    mutants: [
      {
        name: 'approved-twice-by-one',
        wrong: 'One operator approves alone.',
        text: 'if (held.approvals.includes(operator))\n',
        becomes: 'if (held.approvals.length > 9)\n',
      },
      {
        name: 'approved-unseen',
        wrong: 'An operator approves what was amended since it was read.',
        text: 'if (held.revision !== body.revision) return revisionConflict(held);\n  const next = await changeHeld(backends.table, held, { proposal: held.proposal',
        becomes: 'const next = await changeHeld(backends.table, held, { proposal: held.proposal',
      },
      {
        name: 'amended-unseen',
        wrong: 'An operator amends what another has amended since it was read.',
        text: 'if (held.revision !== body.revision) return revisionConflict(held);\n  const next = await changeHeld(backends.table, held, { proposal, ',
        becomes: 'const next = await changeHeld(backends.table, held, { proposal, ',
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
        text: 'if (isApproved(held)) return new Problem',
        becomes: 'if (!held) return new Problem',
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
        text: 'if (date > localDate(',
        becomes: "if (date > '9' + localDate(",
      },
      {
        name: 'index-of-today-refused',
        wrong: 'Today’s value can’t be published before tomorrow.',
        text: 'if (date > localDate(',
        becomes: 'if (date >= localDate(',
      },
      {
        name: 'index-past-its-hold',
        wrong: 'A value that waits for a second operator is published by sending another.',
        text: 'if (held) return answerHeld(held, body.value);',
        becomes: '',
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
        text: 'if (!isOpen) return',
        becomes: 'if (!account) return',
      },
      {
        name: 'reference-over-accounts',
        wrong: 'A reference that one account has used can’t be used for another.',
        text: '`cash#${account}#${reference}`',
        becomes: '`cash#${reference}`',
      },
      {
        name: 'account-opened-under-another-name',
        wrong: 'A second opening under another name is answered as done.',
        text: 'event.name === body.name',
        becomes: 'event.account === body.account',
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
        text: 'isVenuesOwn(standing) && body.reason === undefined',
        becomes: 'isVenuesOwn(standing) && body.reason === null',
      },
      {
        name: 'resume-notifies-no-shard',
        wrong: 'After a halt the day run waits for the next sweep.',
        text: 'for (const { product } of productsOf(venue)) await notifyDayRun(product);',
        becomes: '',
      },
    ],
  },
];
