/** Answers that take a state of their own: what another has done meanwhile, or has been waiting. */
import { beforeAll, describe, expect, test } from 'vitest';
import { openBackends } from '../../lambdas/backends.ts';
import { handler as operatorApi } from '../../lambdas/operator-api/index.ts';
import { handler as participantApi } from '../../lambdas/participant-api/index.ts';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import { PROPOSED_MAX } from '../../lib/domain/clearing/approval.ts';
import type { Micros } from '../../lib/domain/contract/units.ts';
import { publishIndex } from '../../lib/store/index-values.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { writeSubmission } from '../../lib/store/submissions.ts';
import { openApiVenue } from '../venue/api-venue.ts';
import { month, on, PARAMETERS, PRODUCT } from '../venue/h100.ts';
import { order } from '../venue/orders.ts';
import { type Answered, type Asked, ask, askByTwo, codeOf, NOW, operator, trader } from '../venue/requests.ts';

const SHARDS = 2;
const { table } = await openApiVenue({ shards: SHARDS });

const asOperator = (key: string, asked: Asked = {}, sub = 'olga'): Promise<Answered> =>
  ask(operatorApi, key, { claims: { ...operator(sub), 'cognito:groups': ['operators', 'approvers'] }, ...asked });
const result = (answer: Answered): [number, string] => [answer.status, codeOf(answer)];
const HELD = '/v1/operator/held/{held}';
const putIndex = (date: string, value: string, sub = 'olga') =>
  asOperator('PUT /v1/operator/index/{product}/{date}', { path: { product: PRODUCT, date }, body: { value } }, sub);

describe('a cancel by path', () => {
  const key = numberedKey(NOW, 7);
  beforeAll(() =>
    writeSubmission(table, {
      product: PRODUCT,
      shard: shardOf('acme', SHARDS),
      account: 'acme',
      sender: 'desk-7',
      key,
      digest: 'f'.repeat(16),
      auction: 1,
      sequence: '1',
      decidedOn: 1,
      figures: [],
      receivedAt: '2025-10-20T14:00:00Z',
      instructions: [{ kind: 'new', order: order('b1', month('2025-12'), 0, 2400, 1) }],
      outcomes: ['accepted'],
    }),
  );
  // Later than the two seconds in which a key is sent on without a look.
  const cancel = (route: string, given: string) =>
    ask(participantApi, route, {
      claims: trader('acme'),
      at: NOW + 5000,
      path: { clientOrderId: 'b1' },
      query: { product: PRODUCT },
      headers: { 'idempotency-key': given },
    });

  test.each(['DELETE /v1/orders/{clientOrderId}', 'DELETE /v1/orders'])(
    '%s is refused under the key of other orders',
    async (route) => {
      expect(result(await cancel(route, key))).toEqual([422, 'idempotency-key-reused']);
    },
  );

  test.each(['DELETE /v1/orders/{clientOrderId}', 'DELETE /v1/orders'])(
    '%s is refused under a key of long ago',
    async (route) => {
      expect(result(await cancel(route, numberedKey(NOW - 3_600_000)))).toEqual([422, 'idempotency-key-stale']);
    },
  );
});

describe('a product that is not there', () => {
  test('has no history, no day runs and no switch', async () => {
    const claims = trader('acme');
    const history = await ask(participantApi, 'GET /v1/order-history', { claims, query: { product: 'B200' } });
    expect(result(history)).toEqual([404, 'not-found']);
    const days = await asOperator('GET /v1/operator/days/{product}', { path: { product: 'B200' } });
    expect(result(days)).toEqual([404, 'not-found']);
    const body = { scope: 'product', product: 'B200', reason: 'a test' };
    for (const route of ['POST /v1/operator/stops', 'POST /v1/operator/stops/release'])
      expect(result(await asOperator(route, { body }))).toEqual([404, 'not-found']);
  });
});

test('trading of an account that is not open is neither stopped nor released', async () => {
  const body = { scope: 'account', account: 'not-open', reason: 'a test' };
  for (const route of ['POST /v1/operator/stops', 'POST /v1/operator/stops/release'])
    expect(result(await asOperator(route, { body }))).toEqual([422, 'unknown-account']);
});

describe('what another has done meanwhile', () => {
  test('a venue that was halted again is not resumed by one who has read the reason before', async () => {
    await asOperator('POST /v1/operator/venue/halt', { body: { reason: 'first' } });
    const { table: own } = openBackends();
    const read = own.get.bind(own);
    let halted = false;
    own.get = async (...given) => {
      const item = await read(...given);
      if (!halted && item?.halted !== undefined) {
        halted = true;
        own.get = read;
        await asOperator('POST /v1/operator/venue/resume', {}, 'omar');
        await asOperator('POST /v1/operator/venue/halt', { body: { reason: 'second' } }, 'omar');
      }
      return item;
    };
    expect(result(await asOperator('POST /v1/operator/venue/resume'))).toEqual([409, 'version-conflict']);
    expect(halted).toBe(true);
    expect((await asOperator('POST /v1/operator/venue/resume')).status).toBe(200);
  });

  test('an index value that another way has published is not approved over it', async () => {
    const { held, revision } = (await putIndex('2025-10-06', '2.41')).body;
    await publishIndex(table, PRODUCT, on('2025-10-06'), 2_420_000n as Micros, ['omar', 'oda']);
    const late = await asOperator(`POST ${HELD}/approve`, { path: { held }, body: { revision } }, 'oscar');
    expect(result(late)).toEqual([409, 'index-published']);
  });

  test('what was declined is not amended, and what has changed is not declined', async () => {
    const { held } = (await putIndex('2025-10-07', '2.41')).body;
    const decline = (revision: number) =>
      asOperator(`POST ${HELD}/decline`, { path: { held }, body: { revision, reason: 'not ours' } }, 'oscar');
    expect(result(await decline(9))).toEqual([409, 'version-conflict']);
    expect((await decline(1)).status).toBe(200);
    const amended = await asOperator(`POST ${HELD}/amend`, { path: { held }, body: { revision: 2, value: '2.42' } });
    expect(result(amended)).toEqual([409, 'declined']);
  });

  test('what a second operator approves is refused when the account can no longer pay it out', async () => {
    const pay = (reference: string, amount: string) => ({
      body: { movements: [{ account: 'acme', reference, amount }] },
    });
    const route = 'POST /v1/operator/cash-movements';
    expect((await askByTwo(operatorApi, route, { claims: operator('olga'), ...pay('in', '300000.00') })).status).toBe(200);
    const { held, revision } = (await asOperator(route, pay('out', '-200000.00'))).body;
    expect((await askByTwo(operatorApi, route, { claims: operator('omar'), ...pay('out-too', '-200000.00') })).status).toBe(200);
    const late = await asOperator(`POST ${HELD}/approve`, { path: { held }, body: { revision } }, 'oscar');
    expect(result(late)).toEqual([409, 'below-requirement']);
  });
});

describe('what waits', () => {
  test('an operator who has proposed as much as may wait proposes no more', async () => {
    const sub = 'busy';
    for (let day = 1; day <= PROPOSED_MAX; day++) {
      const date = new Date(Date.UTC(2025, 6, day)).toISOString().slice(0, 10);
      expect((await putIndex(date, '2.4', sub)).status).toBe(202);
    }
    const parameters = { ...PARAMETERS, dailyLimit: '0.700' };
    const more = [
      await putIndex('2025-10-08', '2.4', sub),
      await asOperator('POST /v1/operator/accounts', { body: { accounts: [{ account: 'acme.more', name: 'More' }] } }, sub),
      await asOperator(
        'POST /v1/operator/cash-movements',
        { body: { movements: [{ account: 'acme', reference: 'more', amount: '900000.00' }] } },
        sub,
      ),
      await asOperator(
        'PUT /v1/operator/products/{product}',
        { path: { product: PRODUCT }, body: { expectedVersion: 1, parameters } },
        sub,
      ),
    ];
    for (const answer of more) expect(result(answer)).toEqual([409, 'too-many-held']);
  });
});
