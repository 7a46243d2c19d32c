import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { handler } from '../../lambdas/operator-api/index.ts';
import { cursorAt } from '../../lib/api/written.ts';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import { type Held, type HeldProposal, propose, SYSTEM } from '../../lib/domain/clearing/approval.ts';
import type { ContractMonth } from '../../lib/domain/contract/months.ts';
import { lots, ticks } from '../../lib/domain/contract/units.ts';
import { OPERATOR_ROUTES } from '../../lib/infra/routes.ts';
import { planDay, saveDay } from '../../lib/store/days.ts';
import { halt, resume } from '../../lib/store/halt.ts';
import { hold } from '../../lib/store/held.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { loadVenue, readEvent } from '../../lib/store/log.ts';
import { ENV, METRICS } from '../../lib/store/names.ts';
import { writeSubmission } from '../../lib/store/submissions.ts';
import { openApiVenue } from '../venue/api-venue.ts';
import { DAYS, REPORT } from '../venue/days.ts';
import { on, PARAMETERS, PRODUCT } from '../venue/h100.ts';
import { postAll } from '../venue/posting.ts';
import { type Answered, type Asked, ask, askByTwo, codeOf, LISTING, MONTHS, NOW, operator } from '../venue/requests.ts';

const SHARDS = 3;
const { engine, table } = await openApiVenue({ shards: SHARDS });

const call = (route: string, more: Asked = {}): Promise<Answered> => ask(handler, route, { claims: operator('olga'), ...more });
const result = (answer: Answered): [number, string] => [answer.status, codeOf(answer)];
const pathsOf = ({ body }: Answered): string[] => body.errors.map(({ path }: { path: string }) => path);
const seq = async (): Promise<number> => (await loadVenue(table)).seq;
const wakeUps = (): unknown[] => engine.messages('postings');

const putProduct = (body: unknown, product = PRODUCT): Promise<Answered> =>
  call('PUT /v1/operator/products/{product}', { path: { product }, body });
const putByTwo = (body: unknown): Promise<Answered> =>
  askByTwo(handler, 'PUT /v1/operator/products/{product}', { claims: operator('olga'), path: { product: PRODUCT }, body });
const openAll = (accounts: unknown, more: Asked = {}): Promise<Answered> =>
  call('POST /v1/operator/accounts', { body: { accounts }, ...more });
const open = (opening: unknown, more: Asked = {}): Promise<Answered> => openAll([opening], more);
const moveAll = (movements: unknown): Promise<Answered> => call('POST /v1/operator/cash-movements', { body: { movements } });
const move = (account: string, more: Record<string, unknown>): Promise<Answered> => moveAll([{ account, ...more }]);
const putIndex = (date: string, value: unknown, more: Asked = {}): Promise<Answered> =>
  call('PUT /v1/operator/index/{product}/{date}', { path: { product: PRODUCT, date }, body: { value }, ...more });
const approve = (held: string, revision: unknown, sub: string): Promise<Answered> =>
  call('POST /v1/operator/held/{held}/approve', { path: { held }, body: { revision }, claims: operator(sub) });
const amend = (held: string, body: unknown, sub: string): Promise<Answered> =>
  call('POST /v1/operator/held/{held}/amend', { path: { held }, body, claims: operator(sub) });
const heldNow = async (id: string) =>
  (await call('GET /v1/operator/held')).body.items.find(({ held }: { held: string }) => held === id);

const FIRST = { expectedVersion: 0, parameters: PARAMETERS, listing: LISTING };

describe('products', () => {
  test('are shown as they were put', async () => {
    expect((await call('GET /v1/operator/products')).body).toEqual({
      items: [{ product: PRODUCT, version: 1, parameters: PARAMETERS }],
    });
  });

  test('put again as they are, change nothing and notify the shards again', async () => {
    const before = await seq();
    const { dayRunTime, ...rest } = PARAMETERS;
    expect(await putProduct({ ...FIRST, parameters: { dayRunTime, ...rest } })).toMatchObject({
      status: 200,
      body: { product: PRODUCT, version: 1 },
    });
    expect(await seq()).toBe(before);
    expect(wakeUps()).toHaveLength(SHARDS);
  });

  test('change by version, so that no operator changes what they have not read', async () => {
    const parameters = { ...PARAMETERS, dailyLimit: '0.600' };
    expect(await putByTwo({ expectedVersion: 1, parameters })).toMatchObject({ status: 200, body: { seq: await seq() } });
    expect(await putProduct({ expectedVersion: 1, parameters })).toMatchObject({
      status: 200,
      body: { product: PRODUCT, version: 2 },
    });
    expect(result(await putProduct({ expectedVersion: 1, parameters: PARAMETERS }))).toEqual([409, 'version-conflict']);
    expect(result(await putProduct({ expectedVersion: 5, parameters }))).toEqual([409, 'version-conflict']);
    expect((await call('GET /v1/operator/products')).body.items[0]).toMatchObject({
      version: 2,
      parameters: { dailyLimit: '0.600' },
    });
  });

  const marginOf = (places: number) => ({ ...PARAMETERS.margin, scenarios: [Array.from({ length: places }, () => '0')] });
  /** On a grid of cents. */
  const COARSE = { margin: { ...marginOf(12), delivery: '0' }, bands: ['1'] };
  const parameters = (more: Record<string, unknown>) => ({ expectedVersion: 2, parameters: { ...PARAMETERS, ...more } });
  const listing = (more: Record<string, unknown>, set: Record<string, unknown> = {}) => ({
    expectedVersion: 0,
    parameters: { ...PARAMETERS, ...set },
    listing: { ...LISTING, ...more },
  });
  const { [MONTHS[0]!]: _, ...elevenMonths } = LISTING.curve;
  test.each([
    ['another lot once listed', PRODUCT, parameters({ lotGpuHours: 2000 }), '$.parameters.lotGpuHours'],
    [
      'another tick once listed',
      PRODUCT,
      parameters({ priceDecimals: 2, dailyLimit: '0.50', rollBand: '0.05', ...COARSE }),
      '$.parameters.priceDecimals',
    ],
    ['more months once listed', PRODUCT, parameters({ listedMonths: 13, margin: marginOf(13) }), '$.parameters.listedMonths'],
    ['a second listing', PRODUCT, { ...parameters({}), listing: LISTING }, '$.listing'],
    ['an unknown parameter', PRODUCT, parameters({ fee: '1' }), '$.parameters.fee'],
    ['a missing parameter', PRODUCT, parameters({ rollBand: undefined }), '$.parameters.rollBand'],
    ['a limit off the tick', PRODUCT, parameters({ dailyLimit: '0.0005' }), '$.parameters.dailyLimit'],
    ['no daily limit', PRODUCT, parameters({ dailyLimit: '0' }), '$.parameters.dailyLimit'],
    ['a band below zero', PRODUCT, parameters({ rollBand: '-0.001' }), '$.parameters.rollBand'],
    ['an unknown calendar', PRODUCT, parameters({ calendar: 'MARS' }), '$.parameters.calendar'],
    ['an unknown time zone', PRODUCT, parameters({ timeZone: 'Mars/Base' }), '$.parameters.timeZone'],
    ['a time that is none', PRODUCT, parameters({ dayRunTime: '24:00' }), '$.parameters.dayRunTime'],
    ['a tick that is no whole cent', 'B200', listing({}, { lotGpuHours: 999, priceDecimals: 6 }), '$.parameters'],
    ['fewer months than a roll needs', 'B200', listing({}, { listedMonths: 3 }), '$.parameters.listedMonths'],
    ['more months than prices fit', 'B200', listing({}, { listedMonths: 21 }), '$.parameters.listedMonths'],
    ['no listing', 'B200', { expectedVersion: 0, parameters: PARAMETERS }, '$.listing'],
    ['a month missing', 'B200', listing({ curve: elevenMonths }), '$.listing.curve["2025-10"]'],
    ['a month too many', 'B200', listing({ curve: { ...LISTING.curve, '2026-10': '2.400' } }), '$.listing.curve["2026-10"]'],
    ['a month that is none', 'B200', listing({ curve: { ...LISTING.curve, october: '2.400' } }), '$.listing.curve.october'],
    ['a price off the tick', 'B200', listing({ curve: { ...LISTING.curve, '2025-11': '2.4001' } }), '$.listing.curve["2025-11"]'],
    ['a price of zero', 'B200', listing({ curve: { ...LISTING.curve, '2025-11': '0' } }), '$.listing.curve["2025-11"]'],
    ['a date that is none', 'B200', listing({ date: '2025-02-30' }), '$.listing.date'],
    ['a date without a calendar', 'B200', listing({ date: '2031-10-17' }), '$.listing.date'],
  ])('%s is refused and not committed', async (_name, product, body, path) => {
    const before = await seq();
    const answer = await putProduct(body, product);
    expect(result(answer)).toEqual([422, 'invalid-body']);
    expect(pathsOf(answer)).toContain(path);
    expect(await seq()).toBe(before);
  });

  describe('with intraday auctions at ten and at one', () => {
    beforeAll(() => vi.stubEnv(ENV.auctionTimes, JSON.stringify({ [PRODUCT]: ['10:00', '13:00'] })));
    afterAll(() => {
      vi.unstubAllEnvs();
    });

    test.each(['13:00', '10:00', '12:59', '00:00'])(
      'a day run at %s is refused: an auction would be due then or after it',
      async (dayRunTime) => {
        const before = await seq();
        const answer = await putProduct(parameters({ dayRunTime }));
        expect(result(answer)).toEqual([422, 'invalid-body']);
        expect(answer.body.errors).toEqual([
          { path: '$.parameters.dayRunTime', rule: 'must be later than the last intraday auction of the day, 13:00' },
        ]);
        expect(await seq()).toBe(before);
      },
    );

    test('a day run after them is made', async () => {
      expect((await putByTwo(parameters({ dayRunTime: '13:01' }))).status).toBe(200);
    });
  });

  test.each(['h100', 'H100.SXM', '-H100', 'H100-', 'H'.repeat(33), '', '__proto__'])('%j is no code for one', async (product) => {
    expect(result(await putProduct(FIRST, product))).toEqual([400, 'invalid-request']);
  });
});

describe('accounts', () => {
  test('open once: the same again is done already, another name is a conflict', async () => {
    const body = { account: 'nova-1', name: 'Nova Compute' };
    const first = await open(body);
    expect(first).toMatchObject({ status: 201, body: { accounts: [{ ...body, seq: await seq(), repeated: false }] } });
    expect(wakeUps()).toEqual([{ v: 1, shard: shardOf('nova-1', SHARDS) }]);
    const again = await open(body, { claims: operator('oscar'), at: NOW + 1 });
    expect(again).toMatchObject({ status: 200, body: { accounts: [{ ...body, seq: await seq(), repeated: true }] } });
    expect(wakeUps()).toHaveLength(1 + SHARDS);
    expect(result(await open({ ...body, name: 'Nova' }))).toEqual([409, 'account-exists']);
  });

  test('open many at a time, by one event, and of those that are open already none again', async () => {
    const many = (from: number, count: number) =>
      Array.from({ length: count }, (_, at) => ({ account: `m${from + at}`, name: `M ${from + at}` }));
    const before = await seq();
    const first = await openAll(many(0, 98));
    expect([first.status, await seq()]).toEqual([201, before + 1]);
    expect(wakeUps()).toHaveLength(SHARDS);
    const overlapping = await openAll(many(90, 20));
    expect([overlapping.status, await seq()]).toEqual([201, before + 2]);
    expect(overlapping.body.accounts.map((each: Record<string, unknown>) => [each.account, each.seq, each.repeated])).toEqual(
      many(90, 20).map(({ account }, at) => (at < 8 ? [account, before + 1, true] : [account, before + 2, false])),
    );
    expect([(await openAll(many(80, 30))).status, await seq()]).toEqual([200, before + 2]);
  });

  test('of a list with one that is open under another name, none is opened, and the answer says which', async () => {
    await open({ account: 'taken', name: 'Taken' });
    const before = await seq();
    const answer = await openAll([
      { account: 'free-1', name: 'x' },
      { account: 'taken', name: 'Else' },
    ]);
    expect(result(answer)).toEqual([409, 'account-exists']);
    expect(pathsOf(answer)).toEqual(['$.accounts[1].name']);
    expect(await seq()).toBe(before);
  });

  test.each<[string, unknown, string]>([
    ['none', [], '$.accounts'],
    ['more than ninety-eight', Array.from({ length: 99 }, (_, at) => ({ account: `x${at}`, name: 'x' })), '$.accounts'],
    ['one twice', [0, 1, 0].map((at) => ({ account: `x${at}`, name: 'x' })), '$.accounts[2].account'],
    ['no list', { account: 'x', name: 'x' }, '$.accounts'],
  ])('a list of %s is refused', async (_, accounts, path) => {
    const answer = await openAll(accounts);
    expect(result(answer)).toEqual([422, 'invalid-body']);
    expect(pathsOf(answer)).toEqual([path]);
  });

  test('two operators at once open an account once', async () => {
    const before = await seq();
    const answers = await Promise.all(
      ['olga', 'oscar', 'oda'].map((sub) => open({ account: 'contested', name: 'C' }, { claims: operator(sub) })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
    expect(await seq()).toBe(before + 1);
  });

  test.each([
    [{ account: '@bank', name: 'x' }, '$.accounts[0].account'],
    [{ account: 'Acme', name: 'x' }, '$.accounts[0].account'],
    [{ account: 'a#b', name: 'x' }, '$.accounts[0].account'],
    [{ account: 'a'.repeat(64), name: 'x' }, '$.accounts[0].account'],
    [{ account: 'ok' }, '$.accounts[0].name'],
    [{ account: 'ok', name: '' }, '$.accounts[0].name'],
    [{ account: 'ok', name: '  ' }, '$.accounts[0].name'],
    [{ account: 'ok', name: 'a\nb' }, '$.accounts[0].name'],
    [{ account: 'ok', name: 'x', cash: '1' }, '$.accounts[0].cash'],
    [[], '$.accounts[0]'],
  ])('%j is refused', async (body, path) => {
    const answer = await open(body);
    expect(result(answer)).toEqual([422, 'invalid-body']);
    expect(pathsOf(answer)).toContain(path);
  });

  test('are listed shard by shard with the bank among them, a page at a time and each once', async () => {
    for (const account of ['a1', 'a2', 'a3', 'a4']) await open({ account, name: account });
    await move('a1', { reference: 'transfer-1', amount: '100.00' });
    const names = ['acme', 'zeta', 'nova-1', 'contested', 'a1', 'a2', 'a3', 'a4'];
    await postAll(table, names, SHARDS);
    const order = [...names, '@bank'].sort((a, b) => shardOf(a, SHARDS) - shardOf(b, SHARDS) || (a < b ? -1 : 1));
    for (const limit of ['1', '2', '4', '500']) {
      const listed: string[] = [];
      let after: string | undefined;
      do {
        const { items, next } = (
          await call('GET /v1/operator/accounts', { query: { limit, ...(after ? { cursor: after } : {}) } })
        ).body;
        listed.push(...items.map(({ account }: { account: string }) => account));
        after = next;
      } while (after);
      expect(listed).toEqual(order);
    }
    const show = async (account: string) => (await call('GET /v1/operator/accounts/{account}', { path: { account } })).body;
    expect(await show('a1')).toMatchObject({ account: 'a1', name: 'a1', cash: '100.00', positions: [] });
    expect(await show('@bank')).toMatchObject({ account: '@bank', cash: '-100.00' });
  });

  test('are shown from their opening on, posted or not, and not before', async () => {
    await open({ account: 'unposted', name: 'U' });
    expect((await call('GET /v1/operator/accounts/{account}', { path: { account: 'unposted' } })).body).toEqual({
      account: 'unposted',
      name: 'U',
      cash: '0.00',
      applied: 0,
      positions: [],
      requirement: '0.00',
      excess: '999999999999999.00',
      call: null,
    });
    for (const account of ['nobody', 'CURSOR', 'a#b', ''])
      expect(codeOf(await call('GET /v1/operator/accounts/{account}', { path: { account } }))).toBe('not-found');
  });
});

describe('cash movements', () => {
  test('move once per reference: the same again is done already, another amount is a conflict', async () => {
    const body = { reference: 'transfer-7', amount: '25000.00' };
    const first = await move('acme', body);
    const done = { account: 'acme', ...body, seq: await seq() };
    expect(first).toMatchObject({ status: 201, body: { movements: [{ ...done, repeated: false }] } });
    expect(await move('acme', { ...body, amount: '25000' })).toMatchObject({
      status: 200,
      body: { movements: [{ ...done, repeated: true }] },
    });
    expect(result(await move('acme', { ...body, amount: '25000.01' }))).toEqual([409, 'reference-reused']);
    expect((await move('zeta', body)).status).toBe(201);
    expect((await move('acme', { reference: 'transfer-8', amount: '-0.01' })).body.movements[0].amount).toBe('-0.01');
  });

  test('a repeat notifies the shards again, for the first may have crashed before it did', async () => {
    engine.fail('SendMessageBatch', 5);
    const body = { reference: 'transfer-9', amount: '1.00' };
    expect(result(await move('acme', body))).toEqual([503, 'try-again']);
    expect(wakeUps()).toEqual([]);
    expect((await move('acme', body)).status).toBe(200);
    expect(wakeUps()).toHaveLength(SHARDS);
  });

  test.each([
    [{ reference: 'r', amount: '0' }, '$.movements[0].amount'],
    [{ reference: 'r', amount: '0.00' }, '$.movements[0].amount'],
    [{ reference: 'r', amount: '-0.00' }, '$.movements[0].amount'],
    [{ reference: 'r', amount: '1.001' }, '$.movements[0].amount'],
    [{ reference: 'r', amount: 1 }, '$.movements[0].amount'],
    [{ reference: 'r', amount: '1e3' }, '$.movements[0].amount'],
    [{ reference: 'r', amount: '1,000.00' }, '$.movements[0].amount'],
    [{ reference: '', amount: '1' }, '$.movements[0].reference'],
    [{ reference: 'a#b', amount: '1' }, '$.movements[0].reference'],
    [{ amount: '1' }, '$.movements[0].reference'],
    [{ reference: 'r', amount: '1', cash: '1' }, '$.movements[0].cash'],
  ])('%j is refused', async (body, path) => {
    const before = await seq();
    const answer = await move('acme', body);
    expect(result(answer)).toEqual([422, 'invalid-body']);
    expect(pathsOf(answer)).toContain(path);
    expect(await seq()).toBe(before);
  });

  test('move many accounts by one event, and of what has moved already nothing again', async () => {
    const all = ['acme', 'zeta', 'nova-1'].map((account, at) => ({ account, reference: 'file-1', amount: `${at + 1}.00` }));
    const before = await seq();
    expect((await moveAll(all.slice(0, 1))).status).toBe(201);
    expect((await moveAll(all)).body.movements).toEqual(
      all.map((each, at) => ({ ...each, seq: before + (at === 0 ? 1 : 2), repeated: at === 0 })),
    );
    expect([(await moveAll(all)).status, await seq()]).toEqual([200, before + 2]);
    const event = await readEvent(table, before + 2);
    expect(event?.kind === 'cash-moved' && event.movements.map(({ account, cents }) => [account, cents])).toEqual([
      ['zeta', 200n],
      ['nova-1', 300n],
    ]);
  });

  test.each<[string, unknown[], string, string]>([
    [
      'one of another amount',
      [{ account: 'acme', reference: 'file-1', amount: '9.00' }],
      'reference-reused',
      '$.movements[1].amount',
    ],
    ['one of no account', [{ account: 'nobody', reference: 'r', amount: '1.00' }], 'unknown-account', '$.movements[1].account'],
    ['one account twice', [{ account: 'zeta', reference: 'r2', amount: '1.00' }], 'invalid-body', '$.movements[1].account'],
  ])('with %s move nothing', async (_, more, code, path) => {
    const before = await seq();
    const answer = await moveAll([{ account: 'zeta', reference: 'r1', amount: '1.00' }, ...more]);
    expect(codeOf(answer)).toBe(code);
    expect(pathsOf(answer)).toEqual([path]);
    expect(await seq()).toBe(before);
  });

  test.each([
    ['nobody', 'unknown-account'],
    ['@bank', 'invalid-body'],
    ['ACME', 'invalid-body'],
    ['', 'invalid-body'],
  ])('of %j there are none', async (account, code) => {
    expect(result(await move(account, { reference: 'r', amount: '1' }))).toEqual([422, code]);
  });
});

describe('index values', () => {
  const publish = (date: string, value: string): Promise<Answered> =>
    askByTwo(handler, 'PUT /v1/operator/index/{product}/{date}', {
      claims: operator('olga'),
      path: { product: PRODUCT, date },
      body: { value },
    });

  test('are published when two operators agree, once and for good', async () => {
    const before = await seq();
    const held = `index.${PRODUCT}.2025-10-01`;
    expect(await putIndex('2025-10-01', '2.4123')).toMatchObject({ status: 202, body: { held, revision: 1 } });
    expect(await heldNow(held)).toMatchObject({ reasons: [], approved: false });
    expect(engine.messages('day-runs')).toEqual([]);
    expect(await publish('2025-10-01', '2.4123')).toMatchObject({ status: 200, body: { held, approved: true } });
    expect(engine.messages('day-runs')).toEqual([{ v: 1, product: PRODUCT }]);
    expect((await putIndex('2025-10-01', '2.412300')).status).toBe(200);
    expect(result(await putIndex('2025-10-01', '2.4124'))).toEqual([409, 'index-published']);
    await publish('2025-10-02', '2.5');
    const list = (query: Record<string, string> = {}) =>
      call('GET /v1/operator/index/{product}', { path: { product: PRODUCT }, query });
    expect((await list()).body.items).toEqual([
      { date: '2025-10-02', value: '2.500000', by: ['olga', 'oscar'] },
      { date: '2025-10-01', value: '2.412300', by: ['olga', 'oscar'] },
    ]);
    expect((await list({ limit: '1' })).body).toMatchObject({ items: [{ date: '2025-10-02' }], next: cursorAt('2025-10-02') });
    expect((await list({ cursor: cursorAt('2025-10-02') })).body.items).toHaveLength(1);
    expect(await seq()).toBe(before);
  });

  test.each([
    ['zero', '2025-10-03', '0', 'index-not-positive'],
    ['negative', '2025-10-04', '-2.41', 'index-not-positive'],
    ['a hundred times too much', '2025-10-05', '241', 'index-moved-beyond-limit'],
    ['a hundredth', '2025-10-06', '0.0241', 'index-moved-beyond-limit'],
  ])('that are %s wait for a second operator', async (_, date, value, reason) => {
    const lines = vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
    const logged = vi.spyOn(console, 'log').mockImplementation(() => {});
    const first = await putIndex(date, value);
    const measured = [...lines.mock.calls, ...logged.mock.calls].flat().join('');
    lines.mockRestore();
    logged.mockRestore();
    const held = `index.${PRODUCT}.${date}`;
    expect(first).toMatchObject({ status: 202, body: { held } });
    expect(measured).toContain(`"${METRICS.held}":1`);
    expect((await putIndex(date, value)).status).toBe(202);
    expect(result(await putIndex(date, '2.45'))).toEqual([409, 'another-held']);
    expect(engine.messages('day-runs')).toEqual([]);
    expect(await heldNow(held)).toMatchObject({
      kind: 'index',
      date,
      reasons: [{ reason, detail: expect.any(String) }],
      proposedBy: 'olga',
      approvals: ['olga'],
      revision: 1,
      approved: false,
    });
  });

  test('that are held are published with both names once a second operator agrees', async () => {
    const held = `index.${PRODUCT}.2025-10-05`;
    expect(result(await approve(held, 1, 'olga'))).toEqual([409, 'second-operator-needed']);
    expect(result(await approve(held, 2, 'oscar'))).toEqual([409, 'version-conflict']);
    expect((await amend(held, { revision: 1, value: '2.41' }, 'oda')).body).toMatchObject({
      revision: 2,
      proposedBy: 'oda',
      approvals: ['oda'],
      proposal: { value: '2.410000' },
    });
    expect(result(await approve(held, 1, 'oscar'))).toEqual([409, 'version-conflict']);
    expect(result(await approve(held, 2, 'oda'))).toEqual([409, 'second-operator-needed']);
    expect(await approve(held, 2, 'oscar')).toMatchObject({ status: 200, body: { held, approved: true, revision: 3 } });
    expect(engine.messages('day-runs')).toHaveLength(1);
    const { items } = (await call('GET /v1/operator/index/{product}', { path: { product: PRODUCT } })).body;
    expect(items[0]).toEqual({ date: '2025-10-05', value: '2.410000', by: ['oda', 'oscar'] });
    expect((await approve(held, 2, 'oscar')).body.approved).toBe(true);
    expect(result(await approve(held, 2, 'third'))).toEqual([409, 'version-conflict']);
    expect(result(await amend(held, { revision: 3, value: '2.42' }, 'olga'))).toEqual([409, 'already-approved']);
  });

  test.each([
    ['2025-10-07', 2.41, 422, 'invalid-body'],
    ['2025-10-07', '2.4100001', 422, 'invalid-body'],
    ['2025-10-07', 'NaN', 422, 'invalid-body'],
    ['2025-10-07', undefined, 422, 'invalid-body'],
    ['2025-10-21', '2.41', 400, 'invalid-request'],
    ['2025-02-30', '2.41', 400, 'invalid-request'],
    ['today', '2.41', 400, 'invalid-request'],
  ])('of %s as %j are refused', async (date, value, status, code) => {
    expect(result(await putIndex(date, value))).toEqual([status, code]);
  });

  test('are of products that are there', async () => {
    expect(codeOf(await putIndex('2025-10-07', '2.41', { path: { product: 'A100', date: '2025-10-07' } }))).toBe('not-found');
    expect(codeOf(await call('GET /v1/operator/index/{product}', { path: { product: 'A100' } }))).toBe('not-found');
  });
});

describe('what the system holds', () => {
  const months = [2025 * 12 + 9, 2025 * 12 + 10];
  const holds = [{ reason: 'moved-beyond-daily-limit', detail: 'x' }] as const;
  const proposed = (proposal: HeldProposal): Held => propose(PRODUCT, on('2025-10-20'), proposal, holds, SYSTEM);
  beforeAll(async () => {
    const curve = Object.fromEntries(months.map((month) => [month, ticks(2900)]));
    await hold(table, { ...proposed({ kind: 'settlement', curve }), id: 'settlement.s1' });
    const final = proposed({ kind: 'final-price', month: months[0]!, price: ticks(2400) });
    await hold(table, { ...final, id: 'final-price.f1' });
  });

  test('is shown in decimals', async () => {
    expect(await heldNow('settlement.s1')).toEqual({
      held: 'settlement.s1',
      product: PRODUCT,
      date: '2025-10-20',
      kind: 'settlement',
      reasons: holds,
      proposal: { curve: { '2025-10': '2.900', '2025-11': '2.900' } },
      basis: null,
      revised: null,
      proposedBy: 'system',
      approvals: [],
      revision: 1,
      approved: false,
      ended: null,
    });
    expect((await heldNow('final-price.f1')).proposal).toEqual({ month: '2025-10', price: '2.400' });
    const first = (await call('GET /v1/operator/held', { query: { limit: '1' } })).body;
    expect(first).toMatchObject({ items: [{ held: 'final-price.f1' }], next: cursorAt('final-price.f1') });
  });

  test('needs two operators, each at the revision they read, and then notifies the day run', async () => {
    expect(await approve('settlement.s1', 1, 'olga')).toMatchObject({ status: 200, body: { approved: false, revision: 2 } });
    expect(engine.messages('day-runs')).toEqual([]);
    expect(result(await approve('settlement.s1', 2, 'olga'))).toEqual([409, 'second-operator-needed']);
    expect(result(await approve('settlement.s1', 1, 'oscar'))).toEqual([409, 'version-conflict']);
    const amended = { revision: 2, curve: { '2025-10': '2.880', '2025-11': '2.890' } };
    expect((await amend('settlement.s1', amended, 'oscar')).body).toMatchObject({
      revision: 3,
      proposal: { curve: amended.curve },
      approvals: ['oscar'],
    });
    expect((await amend('settlement.s1', amended, 'oscar')).body.revision).toBe(3);
    expect(await approve('settlement.s1', 3, 'olga')).toMatchObject({ status: 200, body: { approved: true, revision: 4 } });
    expect(engine.messages('day-runs')).toEqual([{ v: 1, product: PRODUCT }]);
    expect((await amend('final-price.f1', { revision: 1, price: '2.410' }, 'olga')).body.proposal).toEqual({
      month: '2025-10',
      price: '2.410',
    });
  });

  test.each([
    ['final-price.f1', { revision: 2, value: '2.4' }, '$.value'],
    ['final-price.f1', { revision: 2 }, '$.price'],
    ['final-price.f1', { revision: 2, price: '2.4001' }, '$.price'],
    ['final-price.f1', { revision: 2, price: 2.4 }, '$.price'],
    ['final-price.f1', { price: '2.4' }, '$.revision'],
    ['settlement.s1', { revision: 4, curve: { '2025-10': '2.880' } }, '$.curve["2025-11"]'],
    ['settlement.s1', { revision: 4, curve: { '2025-10': '2.880', '2025-11': 'x' } }, '$.curve["2025-11"]'],
    ['settlement.s1', { revision: 4, curve: { '2025-10': '2.880', '2025-11': '2.890', '2025-12': '2.9' } }, '$.curve["2025-12"]'],
    [`index.${PRODUCT}.2025-10-03`, { revision: 1, value: '2.41234567' }, '$.value'],
  ])('%s amended with %j is refused', async (held, body, path) => {
    const answer = await amend(held, body, 'oda');
    expect(result(answer)).toEqual([422, 'invalid-body']);
    expect(pathsOf(answer)).toContain(path);
  });

  test('has a revision, and an id', async () => {
    for (const revision of [0, '1', 1.5, undefined])
      expect(codeOf(await approve('final-price.f1', revision, 'oda'))).toBe('invalid-body');
    expect(codeOf(await approve('nothing', 1, 'oda'))).toBe('not-found');
    expect(codeOf(await amend('nothing', { revision: 1, value: '1' }, 'oda'))).toBe('not-found');
  });
});

describe('the venue', () => {
  const haltIt = (reason: unknown, sub = 'olga') =>
    call('POST /v1/operator/venue/halt', { body: { reason }, claims: operator(sub) });
  const resumeIt = (body?: unknown, more: Asked = {}) => call('POST /v1/operator/venue/resume', { body, ...more });
  const show = async () => (await call('GET /v1/operator/venue')).body;

  test('shows how far it has come', async () => {
    const { seq: at, hash } = await loadVenue(table);
    const products = [{ product: PRODUCT, lastAuction: 0, settledOn: '2025-10-17', closedOn: '2025-10-17' }];
    expect(await show()).toEqual({ seq: at, hash, halted: null, products });
  });

  test('halts with a reason, the first of which stands, and notifies everything when it is resumed', async () => {
    const halted = { reason: 'fire drill', by: 'olga', at: '2025-10-20T14:00:00.000Z' };
    expect((await haltIt('fire drill')).body).toEqual({ halted });
    expect((await haltIt('another', 'oscar')).body).toEqual({ halted });
    expect((await show()).halted).toEqual(halted);
    expect(await resumeIt()).toMatchObject({ status: 200, body: { halted: null } });
    expect((await show()).halted).toBeNull();
    const swept = (at: number) => ({ v: 1, at: new Date(at).toISOString() });
    expect(engine.messages('sweeps')).toEqual([swept(NOW)]);
    await resumeIt(undefined, { at: NOW + 1 });
    expect(engine.messages('sweeps')).toEqual([swept(NOW), swept(NOW + 1)]);
  });

  test('that has halted itself is resumed only with a reason', async () => {
    await halt(table, { reason: 'out of balance', by: 'post-events', at: 'event 9' });
    for (const body of [undefined, {}]) {
      const refused = await resumeIt(body);
      expect(result(refused)).toEqual([422, 'invalid-body']);
      expect(refused.body).toMatchObject({ detail: 'out of balance', errors: [{ path: '$.reason' }] });
    }
    expect((await show()).halted.by).toBe('post-events');
    expect(engine.messages('sweeps')).toEqual([]);
    expect((await resumeIt({ reason: 'event 9 explained and repaired' })).status).toBe(200);
    expect((await show()).halted).toBeNull();
  });

  test('is not resumed over a halt that the operator has not read', async () => {
    await haltIt('one');
    const standing = (await show()).halted;
    expect(await resume(table, { ...standing, reason: 'two' })).toBe(false);
    expect((await show()).halted).toEqual(standing);
    await resumeIt();
  });

  test.each([{}, { reason: '' }, { reason: '  ' }, { reason: 7 }, { reason: 'x'.repeat(501) }, { reason: 'x', by: 'oscar' }])(
    'is not halted with %j',
    async (body) => {
      expect(codeOf(await call('POST /v1/operator/venue/halt', { body }))).toBe('invalid-body');
      expect((await show()).halted).toBeNull();
    },
  );
});

describe('history', () => {
  test('the log is shown as it was written: its text, chained, gives its hashes', async () => {
    const items = [];
    let cursor: string | undefined;
    do {
      const { body } = await call('GET /v1/operator/log', { query: { limit: '4', ...(cursor ? { cursor } : {}) } });
      items.push(...body.items);
      cursor = body.next;
    } while (cursor !== undefined);
    expect(items.map((item) => item.seq)).toEqual(Array.from({ length: await seq() }, (_, at) => at + 1));
    let hash = '';
    for (const item of items) {
      hash = createHash('sha256').update(hash).update('\n').update(JSON.stringify(item.event)).digest('hex');
      expect(item.hash).toBe(hash);
    }
    expect((await show()).hash).toBe(hash);
    expect(codeOf(await call('GET /v1/operator/log', { query: { after: '-1' } }))).toBe('invalid-request');
  });
  const show = async () => (await call('GET /v1/operator/venue')).body;

  test('a day run is shown with its step, and its report once it is done', async () => {
    for (const date of ['2025-10-20', '2025-10-21']) await planDay(table, PRODUCT, on(date), `${date}T20:00:00Z`);
    await saveDay(table, DAYS.roll, DAYS.close);
    const days = (query: Record<string, string> = {}) =>
      call('GET /v1/operator/days/{product}', { path: { product: PRODUCT }, query });
    const day = { product: PRODUCT, date: '2025-10-20', step: 'close', auction: 3 };
    expect((await days()).body).toEqual({ items: [{ product: PRODUCT, date: '2025-10-21', step: 'roll' }, day] });
    expect((await days({ limit: '1' })).body.next).toBe(cursorAt('2025-10-21'));
    expect((await days({ cursor: cursorAt('2025-10-21') })).body).toEqual({ items: [day] });
    const one = (date: string, product = PRODUCT) => call('GET /v1/operator/days/{product}/{date}', { path: { product, date } });
    expect((await one('2025-10-20')).body).toEqual(day);
    await saveDay(table, DAYS.close, DAYS.done);
    expect((await one('2025-10-20')).body).toEqual({ ...day, step: 'done', report: REPORT });
    expect(result(await one('2025-10-22'))).toEqual([404, 'not-found']);
    expect(result(await one('x'))).toEqual([400, 'invalid-request']);
    expect(result(await one('2025-10-20', 'A100'))).toEqual([404, 'not-found']);
  });
});

/** The gateway hands over the parameters that a route names, and no others. */
const namedIn = (route: string, path: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(path).filter(([name]) => route.includes(`{${name}}`)));

describe('the sealed book', () => {
  test('no route of the operator shows an order that has not traded', async () => {
    const order = {
      clientOrderId: 'sealed-name',
      buy: 24311 as ContractMonth,
      sell: 0 as ContractMonth,
      limit: ticks(2345),
      lots: lots(1),
      timeInForce: 'gtc',
    } as const;
    const where = {
      product: PRODUCT,
      shard: shardOf('acme', SHARDS),
      account: 'acme',
      sender: 'desk-7',
      key: numberedKey(NOW),
      digest: '0'.repeat(16),
      auction: 1,
    };
    await writeSubmission(table, {
      ...where,
      sequence: '1',
      decidedOn: 1,
      figures: [],
      receivedAt: '2025-10-20T14:00:00Z',
      instructions: [{ kind: 'new', order }],
      outcomes: ['accepted'],
    });
    const path = { product: PRODUCT, account: 'acme', owner: 'acme', date: '2025-10-20', held: 'settlement.s1' };
    for (const route of OPERATOR_ROUTES.filter((key) => key.startsWith('GET '))) {
      const answer = await call(route, { path: namedIn(route, path) });
      expect([route, answer.status]).toEqual([route, 200]);
      expect(JSON.stringify(answer.body)).not.toContain('sealed-name');
    }
  });
});

test('whatever the body, a write is refused or done, and never fails', async () => {
  const routes = OPERATOR_ROUTES.filter((key) => !key.startsWith('GET '));
  const path = { product: PRODUCT, account: 'acme', owner: 'acme', date: '2025-10-19', held: 'final-price.f1' };
  const odd = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('1.00', '-1', 1, 2, '2.4', 'acme', LISTING, PARAMETERS));
  const field = fc.constantFrom(
    'expectedVersion',
    'parameters',
    'listing',
    'account',
    'name',
    'reference',
    'amount',
    'value',
    'reason',
    'revision',
    'curve',
    'price',
    'constructor',
  );
  const body = fc.oneof(
    fc.dictionary(field, odd, { maxKeys: 4 }).map((value) => JSON.stringify(value)),
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), body, async (route, text) => {
      const before = await seq();
      const { status } = await call(route, { path: namedIn(route, path), body: text });
      expect([200, 201, 202, 400, 409, 413, 422]).toContain(status);
      if (status >= 400) expect(await seq()).toBe(before);
    }),
    { numRuns: 300 },
  );
});
