/** What one operator may not do to the books alone: it is held, done once with a second name exactly as it was proposed, or not at all. */
import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { openBackends } from '../../lambdas/backends.ts';
import { handler } from '../../lambdas/operator-api/index.ts';
import { PROPOSED_MAX, propose as proposePrice, SYSTEM } from '../../lib/domain/clearing/approval.ts';
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import { cents } from '../../lib/domain/contract/units.ts';
import { hold, readAnyHeld } from '../../lib/store/held.ts';
import { readIndexValue } from '../../lib/store/index-values.ts';
import { loadVenue, readEvents } from '../../lib/store/log.ts';
import { opened } from '../venue/events.ts';
import { H100, newYork, newYorkMs, on, PARAMETERS } from '../venue/h100.ts';
import { type Answered, ask, codeOf, LISTING, operator, trader } from '../venue/requests.ts';
import { crashOnce, deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
const { table } = venue;
for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(openBackends().logger, level).mockImplementation(() => {});

const DAY = newYorkMs('2025-10-20', '10:00');
const NEXT_DAY = newYorkMs('2025-10-21', '10:00');
const HELD = '/v1/operator/held/{held}';

type Body = Record<string, unknown>;
const call = (route: string, sub: string, path: Record<string, string>, body?: Body, at = DAY): Promise<Answered> =>
  ask(handler, route, { claims: operator(sub), at, path, ...(body ? { body } : {}) });
const approve = (sub: string, held: string, revision: number) => call(`POST ${HELD}/approve`, sub, { held }, { revision });
const decline = (sub: string, held: string, revision: number, reason = 'not ours') =>
  call(`POST ${HELD}/decline`, sub, { held }, { revision, reason });
const move = (sub: string, movements: readonly Body[], at = DAY) =>
  call('POST /v1/operator/cash-movements', sub, {}, { movements: movements as never }, at);
const result = (answer: Answered): [number, string] => [answer.status, codeOf(answer)];
const shown = async (held: string) =>
  (await call('GET /v1/operator/held', 'olga', {})).body.items.find((each: { held: string }) => each.held === held);
const seqNow = async (): Promise<number> => (await loadVenue(table)).seq;
const eventsAfter = async (seq: number): Promise<ClearingEvent[]> =>
  (await readEvents(table, seq, 100)).map(({ event }) => event);

let product: string;
let account: string;
/** Operators of their own for every test, because what one moves alone adds up over a day. */
let [first, second]: [string, string] = ['', ''];
let tests = 0;
beforeEach(async () => {
  tests += 1;
  product = venue.nextProduct();
  account = `acme-${tests}`;
  [first, second] = [`olga-${tests}`, `omar-${tests}`];
  await venue.list(product);
  await venue.commit(opened(account));
  venue.engine.drain();
});

interface Kind {
  readonly name: string;
  /** Proposes it. */
  readonly propose: (sub: string) => Promise<Answered>;
  /** What a second operator is shown of it. */
  readonly shown: () => object;
  /** What the event says; none for what is published beside the log. */
  readonly event?: () => object;
}

const newParameters = { ...PARAMETERS, dailyLimit: '0.600' };
const KINDS: readonly Kind[] = [
  {
    name: 'cash above what one may move alone',
    propose: (sub) => move(sub, [{ account, reference: 'transfer-1', amount: '100000.01' }]),
    shown: () => ({ kind: 'cash', proposal: { movements: [{ account, reference: 'transfer-1', amount: '100000.01' }] } }),
    event: () => ({ kind: 'cash-moved', movements: [{ account, reference: 'transfer-1', cents: 10_000_001n }] }),
  },
  {
    name: 'a change of parameters',
    propose: (sub) =>
      call('PUT /v1/operator/products/{product}', sub, { product }, { expectedVersion: 1, parameters: newParameters }),
    shown: () => ({ kind: 'parameters', product, proposal: { expectedVersion: 1, parameters: newParameters } }),
    event: () => ({ kind: 'parameters-changed', product, version: 2, parameters: { dailyLimitTicks: 600 } }),
  },
  {
    name: 'the listing of a product',
    propose: (sub) =>
      call(
        'PUT /v1/operator/products/{product}',
        sub,
        { product: `N${product}` },
        { expectedVersion: 0, parameters: PARAMETERS, listing: LISTING },
      ),
    shown: () => ({ kind: 'parameters', product: `N${product}`, proposal: { parameters: PARAMETERS, listing: LISTING } }),
    event: () => ({ kind: 'parameters-changed', product: `N${product}`, version: 1 }),
  },
  {
    name: 'an account of an owner that is there',
    propose: (sub) => call('POST /v1/operator/accounts', sub, {}, { accounts: [{ account: `${account}.desk`, name: 'Desk' }] }),
    shown: () => ({ kind: 'accounts', proposal: { accounts: [{ account: `${account}.desk`, name: 'Desk' }] } }),
    event: () => ({ kind: 'accounts-opened', accounts: [{ account: `${account}.desk`, name: 'Desk' }] }),
  },
  {
    name: 'an index value',
    propose: (sub) => call('PUT /v1/operator/index/{product}/{date}', sub, { product, date: '2025-10-20' }, { value: '2.4' }),
    shown: () => ({ kind: 'index', product, date: '2025-10-20', reasons: [], proposal: { value: '2.400000' } }),
  },
];
const ACTS = KINDS.filter(({ event }) => event !== undefined);

describe.each(KINDS)('$name', ({ propose, shown: shows, event }) => {
  test('is held, and done once when a second operator agrees', async () => {
    const before = await seqNow();
    const proposed = await propose(first);
    const { held, revision } = proposed.body;
    expect(proposed).toMatchObject({ status: 202, body: { revision: 1, approve: `${HELD.replace('{held}', held)}/approve` } });
    expect((await propose(first)).body).toEqual(proposed.body);
    expect((await propose(second)).body).toEqual(proposed.body);
    expect(await shown(held)).toMatchObject({ ...shows(), proposedBy: first, approvals: [first], approved: false, ended: null });
    expect(await seqNow()).toBe(before);

    const agreed = await approve(second, held, revision);
    expect(agreed).toMatchObject({ status: 200, body: { held, approved: true } });
    if (event) {
      expect(agreed.body.seq).toBe(before + 1);
      const approval = { by: second, held };
      expect(await eventsAfter(before)).toMatchObject([{ ...event(), by: first, approval, at: new Date(DAY).toISOString() }]);
      expect((await shown(held)).ended).toEqual({ kind: 'committed', seq: before + 1 });
    } else expect(await readIndexValue(table, product, on('2025-10-20'))).toMatchObject({ by: [first, second] });

    expect((await approve(second, held, revision)).body.approved).toBe(true);
    expect((await approve(first, held, revision)).body.approved).toBe(true);
    expect((await propose(first)).status).toBe(200);
    expect(await seqNow()).toBe(event ? before + 1 : before);
  });

  test('is not approved by the one who proposed it, nor by a token of another group', async () => {
    const before = await seqNow();
    const { held, revision } = (await propose(first)).body;
    expect(result(await approve(first, held, revision))).toEqual([409, 'second-operator-needed']);
    for (const claims of [trader(account), { sub: second, 'cognito:groups': ['participants'] }])
      expect(result(await ask(handler, `POST ${HELD}/approve`, { claims, at: DAY, path: { held }, body: { revision } }))).toEqual(
        [403, 'not-an-operator'],
      );
    expect(await shown(held)).toMatchObject({ approvals: [first], approved: false, revision: 1 });
    expect(await seqNow()).toBe(before);
  });

  test('that is declined is not done, and may be proposed anew', async () => {
    const before = await seqNow();
    const { held } = (await propose(first)).body;
    expect(await decline(second, held, 1)).toMatchObject({
      status: 200,
      body: { held, revision: 2, ended: { kind: 'declined', by: second, reason: 'not ours' } },
    });
    expect((await decline(second, held, 1)).status).toBe(200);
    expect(result(await approve(second, held, 2))).toEqual([409, 'declined']);
    expect(result(await decline(first, held, 2))).toEqual([409, 'declined']);
    const anew = await propose(first);
    expect(anew).toMatchObject({ status: 202, body: { held, revision: 3 } });
    expect((await shown(held)).revised).toBe(`revision 1 was declined by ${second}: not ours`);
    expect(result(await approve(second, held, 1))).toEqual([409, 'version-conflict']);
    expect((await approve(second, held, 3)).status).toBe(200);
    expect(result(await decline(first, held, 4))).toEqual([409, 'already-approved']);
    expect(await seqNow()).toBe(event ? before + 1 : before);
  });
});

describe.each(ACTS)('$name whose worker crashed after the second name', ({ propose, event }) => {
  let held: string;
  let before: number;
  beforeEach(async () => {
    before = await seqNow();
    held = (await propose(first)).body.held;
    // The approval is written with its note; what it leads to comes next.
    crashOnce(table, 'createTogether', 'before', ([first]: { pk: string }[]) => first?.pk === 'LOG');
    expect((await approve(second, held, 1)).status).toBe(500);
    expect(await shown(held)).toMatchObject({ approvals: [first, second], approved: true, ended: null });
    expect(await seqNow()).toBe(before);
    venue.engine.drain();
  });

  test.each<[string, () => Promise<unknown>]>([
    ['the next sweep', () => deliver('sweeps', { v: 1, at: newYork('2025-10-20', '10:15') })],
    ['the next day run', () => deliver('day-runs', { v: 1, product })],
    ['the approval, sent again', () => approve(second, held, 1)],
    ['the proposal, sent again', () => propose(first)],
  ])('is done by %s', async (_, heal) => {
    await heal();
    await venue.work('sweeps', 'day-runs');
    expect(await eventsAfter(before)).toMatchObject([{ ...event!(), by: first, approval: { by: second, held } }]);
    await heal();
    await venue.work('sweeps', 'day-runs');
    expect(await seqNow()).toBe(before + 1);
  });
});

describe('what can’t be done any more when it is approved is refused, says why, and stays on record', () => {
  const by = { by: 'op', at: '' } as const;
  test.each<[string, string, Kind, () => ClearingEvent]>([
    [
      'another change of the parameters has taken the version',
      'version-conflict',
      KINDS[1]!,
      () => ({ kind: 'parameters-changed', product, version: 2, parameters: H100, ...by }),
    ],
    [
      'the account was opened meanwhile',
      'account-exists',
      KINDS[3]!,
      () => ({ kind: 'accounts-opened', accounts: [{ account: `${account}.desk`, name: 'Desk' }], ...by }),
    ],
    [
      'the reference was used meanwhile',
      'reference-reused',
      KINDS[0]!,
      () => ({ kind: 'cash-moved', movements: [{ account, reference: 'transfer-1', cents: cents(1n) }], ...by }),
    ],
  ])('%s: %s', async (_, code, { propose }, meanwhile) => {
    const { held } = (await propose(first)).body;
    const seq = await venue.commit(meanwhile());
    const refused = await approve(second, held, 1);
    expect(result(refused)).toEqual([409, code]);
    expect(await shown(held)).toMatchObject({
      approvals: [first, second],
      ended: { kind: 'refused', code, detail: refused.body.detail },
    });
    expect(result(await approve(second, held, 1))).toEqual([409, code]);
    await deliver('day-runs', { v: 1, product });
    expect(await seqNow()).toBe(seq);
  });
});

describe('cash that an operator moves alone', () => {
  const one = (reference: string, amount: string) => [{ account, reference, amount }];

  test('adds up over the day, in and out: what goes beyond the amount is held, and the next day begins anew', async () => {
    expect((await move(first, one('a', '60000.00'))).status).toBe(201);
    expect((await move(first, one('b', '-39999.99'))).status).toBe(201);
    expect((await move(first, one('c', '0.02'))).status).toBe(202);
    expect((await move(first, one('d', '0.01'))).status).toBe(201);
    expect((await move(second, one('e', '100000.00'))).status).toBe(201);
    expect((await move(first, one('f', '100000.00'), NEXT_DAY)).status).toBe(201);
  });

  test('is not more for being split over accounts: a list beyond the amount is held whole', async () => {
    const names = [account, `${account}-b`, `${account}-c`];
    await venue.commit(opened(...names.slice(1)));
    const before = await seqNow();
    const list = names.map((name) => ({ account: name, reference: 'split', amount: '33333.34' }));
    const { status, body } = await move(first, list);
    expect([status, await seqNow()]).toEqual([202, before]);
    await approve(second, body.held, 1);
    expect(await eventsAfter(before)).toMatchObject([
      { kind: 'cash-moved', movements: list.map(({ account }) => ({ account })) },
    ]);
  });

  test('is not more for being sent at once', async () => {
    const answers = await Promise.all(Array.from({ length: 16 }, (_, at) => move(first, one(`s-${at}`, '30000.00'))));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(3).fill(201), ...Array(13).fill(202)]);
  });

  test('of what has moved before, a list has only the rest held', async () => {
    expect((await move(first, one('g', '100000.00'))).status).toBe(201);
    await venue.commit(opened(`${account}-b`));
    const { status, body } = await move(first, [
      ...one('g', '100000.00'),
      { account: `${account}-b`, reference: 'g', amount: '1.00' },
    ]);
    expect(status).toBe(202);
    expect((await shown(body.held)).proposal.movements).toEqual([{ account: `${account}-b`, reference: 'g', amount: '1.00' }]);
  });
});

test('an owner’s first account is opened alone, with its further accounts or without', async () => {
  const openings = [account, `${account}.desk`].map((name) => ({ account: `new-${name}`, name }));
  expect((await call('POST /v1/operator/accounts', first, {}, { accounts: openings })).status).toBe(201);
});

test('an operator has so many proposals waiting and no more, until some are approved or declined', async () => {
  const propose = (at: number) => move(first, [{ account, reference: `many-${at}`, amount: '100000.01' }]);
  const held: string[] = [];
  for (let at = 0; at < PROPOSED_MAX; at++) held.push((await propose(at)).body.held);
  expect(result(await propose(PROPOSED_MAX))).toEqual([409, 'too-many-held']);
  expect((await propose(0)).status).toBe(202);
  expect((await move(second, [{ account, reference: 'other', amount: '100000.01' }])).status).toBe(202);
  await decline(first, held[0]!, 1);
  expect((await propose(PROPOSED_MAX)).status).toBe(202);
  expect(result(await propose(PROPOSED_MAX + 1))).toEqual([409, 'too-many-held']);
  await approve(second, held[1]!, 1);
  expect((await propose(PROPOSED_MAX + 1)).status).toBe(202);
});

test('other parameters for a version that is proposed are refused while it waits', async () => {
  await KINDS[1]!.propose(first);
  const put = (parameters: unknown) =>
    call('PUT /v1/operator/products/{product}', second, { product }, { expectedVersion: 1, parameters: parameters as never });
  expect(result(await put({ ...PARAMETERS, dailyLimit: '0.700' }))).toEqual([409, 'another-held']);
  await decline(second, `parameters.${product}.2`, 1);
  expect((await put({ ...PARAMETERS, dailyLimit: '0.700' })).status).toBe(202);
});

test('what the log would hold is declined and proposed anew, not amended; what a day waits for is amended, not declined', async () => {
  const { held } = (await KINDS[0]!.propose(first)).body;
  expect(result(await call(`POST ${HELD}/amend`, second, { held }, { revision: 1, value: '1' }))).toEqual([409, 'not-amendable']);
  const curve = (await venue.stateOf(product)).marks;
  const price = proposePrice(product, on('2025-10-20'), { kind: 'settlement', curve }, [], SYSTEM);
  await hold(table, price);
  expect(result(await decline(second, price.id, 1))).toEqual([409, 'not-declinable']);
  expect(codeOf(await decline(second, held, 0))).toBe('invalid-body');
  expect(codeOf(await decline(second, held, 1, ' '))).toBe('invalid-body');
  expect(codeOf(await decline(second, 'nothing', 1))).toBe('not-found');
});

/** Steps of any operators in any order, some at once, and workers that crash before or after a write. */
test('whatever is proposed, approved, declined and crashes in whatever order, there is one event of what two agreed to, or none', async () => {
  const operators = ['ada', 'ben', 'cyd'] as const;
  const sub = fc.constantFrom(...operators);
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ does: fc.constant('propose' as const), sub }) },
    { weight: 4, arbitrary: fc.record({ does: fc.constant('approve' as const), sub, behind: fc.constantFrom(0, 0, 0, 1) }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('decline' as const), sub }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('run' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        does: fc.constant('crash' as const),
        method: fc.constantFrom('createTogether' as const, 'putIf' as const),
        when: fc.constantFrom('before' as const, 'after' as const),
      }),
    },
  );
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 8 }), async (rounds) => {
      const reference = `model-${++runs}`;
      const before = await seqNow();
      const propose = (by: string) => move(by, [{ account, reference, amount: '200000.00' }]);
      const id = (await propose('ada')).body.held as string;
      const revisionNow = async () => (await readAnyHeld(table, id))!.revision;
      for (const round of rounds)
        await Promise.all(
          round.map(async (one) => {
            if (one.does === 'propose') await propose(one.sub);
            else if (one.does === 'approve') await approve(one.sub, id, (await revisionNow()) - one.behind);
            else if (one.does === 'decline') await decline(one.sub, id, await revisionNow());
            else if (one.does === 'run') await deliver('day-runs', { v: 1, product });
            else crashOnce(table, one.method, one.when);
          }),
        );
      for (const method of ['createTogether', 'putIf'] as const) delete (table as Partial<typeof table>)[method];
      await deliver('sweeps', { v: 1, at: newYork('2025-10-20', '10:15') });
      await venue.work('sweeps', 'day-runs');

      const held = (await readAnyHeld(table, id))!;
      const events = (await eventsAfter(before)) as { by: string; approval: { by: string; held: string } }[];
      expect(events.length).toBe(held.ended?.kind === 'committed' ? 1 : 0);
      for (const event of events) {
        expect(event.approval.held).toBe(id);
        expect(event.approval.by).not.toBe(event.by);
      }
      // Nothing that two agree to is left undone, and nothing that is declined is done.
      if (held.ended === null) expect(new Set(held.approvals).size).toBe(1);
      await Promise.all(operators.map(async (by) => decline(by, id, await revisionNow())));
    }),
    { numRuns: 25 },
  );
}, 120_000);
