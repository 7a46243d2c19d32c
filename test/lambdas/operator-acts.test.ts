/** Who did what, as one list; and a role that is not enough. */
import { beforeAll, describe, expect, test } from 'vitest';
import { handler } from '../../lambdas/operator-api/index.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { type ApiVenue, openApiVenue } from '../venue/api-venue.ts';
import { PRODUCT } from '../venue/h100.ts';
import { type Asked, ask, codeOf, NOW, operator } from '../venue/requests.ts';

let venue: ApiVenue;
let clock = NOW;
beforeAll(async () => {
  venue = await openApiVenue({ shards: 2 });
});

/** A second later than the request before. */
const call = (sub: string, route: string, asked: Asked = {}) => {
  clock += 1000;
  return ask(handler, route, { at: clock, claims: operator(sub), ...asked });
};

interface Act {
  readonly at: string;
  readonly by: string;
  readonly act: string;
  readonly [field: string]: unknown;
}

async function acts(limit = '500'): Promise<Act[]> {
  const all: Act[] = [];
  for (let cursor: string | undefined, pages = 0; pages < 100; pages++) {
    const query = { limit, ...(cursor === undefined ? {} : { cursor }) };
    const { body } = await call('vera', 'GET /v1/operator/acts', { query });
    all.push(...body.items);
    cursor = body.next;
    if (cursor === undefined) return all;
  }
  throw new Error('the list has no end');
}

describe('what operators do is on record, newest first, with their subjects:', () => {
  test('a halt and its end', async () => {
    await call('olga', 'POST /v1/operator/venue/halt', { body: { reason: 'odd prices' } });
    await call('oscar', 'POST /v1/operator/venue/halt', { body: { reason: 'me too' } });
    await call('oscar', 'POST /v1/operator/venue/resume', { body: { reason: 'all well' } });
    await call('oscar', 'POST /v1/operator/venue/resume');
    // The second halt and the second resume changed nothing: they are no acts.
    expect((await acts()).slice(0, 2)).toMatchObject([
      { act: 'resumed', by: 'oscar', halt: 'odd prices', reason: 'all well' },
      { act: 'halted', by: 'olga', reason: 'odd prices' },
    ]);
    expect((await acts())[2]).toMatchObject({ act: 'accounts-opened' });
  });

  test('what takes two, as it was proposed, approved and done', async () => {
    const movements = [{ account: 'acme', reference: 'large', amount: '250000.00' }];
    const proposed = await call('olga', 'POST /v1/operator/cash-movements', { body: { movements } });
    const { held } = proposed.body;
    await call('oscar', 'POST /v1/operator/held/{held}/approve', { path: { held }, body: { revision: 1 } });
    const { seq } = await loadVenue(venue.table);
    expect((await acts()).slice(0, 3)).toMatchObject([
      { act: 'cash-moved', by: 'olga', second: 'oscar', held, seq, accounts: 1, paidIn: '250000.00', paidOut: '0.00' },
      { act: 'approved', by: 'oscar', held, revision: 2, agreed: true },
      { act: 'proposed', by: 'olga', held, revision: 1 },
    ]);
  });

  test('an index value, amended, and one that is declined', async () => {
    const path = { product: PRODUCT, date: '2025-10-16' };
    const { held } = (await call('olga', 'PUT /v1/operator/index/{product}/{date}', { path, body: { value: '2.4' } })).body;
    await call('oda', 'POST /v1/operator/held/{held}/amend', { path: { held }, body: { revision: 1, value: '2.41' } });
    await call('olga', 'POST /v1/operator/held/{held}/decline', { path: { held }, body: { revision: 2, reason: 'neither' } });
    expect((await acts()).slice(0, 3)).toMatchObject([
      { act: 'declined', by: 'olga', held, revision: 3, reason: 'neither' },
      { act: 'amended', by: 'oda', held, revision: 2 },
      { act: 'proposed', by: 'olga', held, revision: 1 },
    ]);
  });

  test('stops of an owner, of an account and of a product', async () => {
    const reason = 'orders out of bounds';
    await call('olga', 'POST /v1/operator/stops', { body: { scope: 'owner', owner: 'acme', reason } });
    await call('olga', 'POST /v1/operator/stops', { body: { scope: 'account', account: 'zeta', reason } });
    await call('oda', 'POST /v1/operator/stops/release', { body: { scope: 'owner', owner: 'acme', reason: 'put right' } });
    await call('oda', 'POST /v1/operator/stops', { body: { scope: 'product', product: PRODUCT, reason } });
    const [product, released, account, owner] = await acts();
    expect(product).toMatchObject({ act: 'trading-stopped', by: 'oda', product: PRODUCT, reason });
    expect(released).toMatchObject({ act: 'released', by: 'oda', owner: 'acme', reason: 'put right' });
    expect(account).toMatchObject({ act: 'stopped', by: 'olga', owner: 'zeta', account: 'zeta', reason });
    expect(owner).toMatchObject({ act: 'stopped', by: 'olga', owner: 'acme', reason });
    expect(owner).not.toHaveProperty('account');
  });

  test('and all of it page by page, each once, in order of time', async () => {
    const whole = await acts();
    for (const limit of ['1', '2', '3', '7']) expect(await acts(limit)).toEqual(whole);
    expect(whole.map(({ at }) => at)).toEqual(
      whole
        .map(({ at }) => at)
        .toSorted()
        .toReversed(),
    );
    // What began it: of the same instant, in whatever order.
    expect(whole.slice(-5)).toContainEqual(expect.objectContaining({ act: 'proposed', held: `parameters.${PRODUCT}.1` }));
  });
});

test('what was refused is not among it', async () => {
  const before = await acts();
  const viewer = { sub: 'vera', 'cognito:groups': ['viewers'] };
  const refused = await call('vera', 'POST /v1/operator/venue/halt', { claims: viewer, body: { reason: 'x' } });
  expect([refused.status, codeOf(refused)]).toEqual([403, 'role-needed']);
  const unread = await call('vera', 'POST /v1/operator/venue/halt', { claims: viewer, body: 'no JSON' });
  expect(codeOf(unread)).toBe('role-needed');
  expect(codeOf(await call('olga', 'POST /v1/operator/venue/halt', { body: {} }))).toBe('invalid-body');
  expect(await acts()).toEqual(before);
});

test.each([
  ['viewers', 'GET /v1/operator/acts', 200],
  ['operators', 'GET /v1/operator/acts', 200],
  ['approvers', 'GET /v1/operator/acts', 200],
  ['traders', 'GET /v1/operator/acts', 403],
])('one of the %s asks %s and is answered %d', async (group, route, status) => {
  expect((await ask(handler, route, { claims: { sub: 'someone', 'cognito:groups': [group] } })).status).toBe(status);
});

test('an approver who is no operator approves what an operator proposed, and can propose nothing', async () => {
  const path = { product: PRODUCT, date: '2025-10-15' };
  const putting = { path, body: { value: '2.4' } };
  const [only, approver] = ['operators', 'approvers'].map((group) => ({ sub: `one-of-${group}`, 'cognito:groups': [group] }));
  const route = 'PUT /v1/operator/index/{product}/{date}';
  expect(codeOf(await call('', route, { ...putting, claims: approver! }))).toBe('role-needed');
  const { held } = (await call('', route, { ...putting, claims: only! })).body;
  const approving = { path: { held }, body: { revision: 1 } };
  expect(codeOf(await call('', 'POST /v1/operator/held/{held}/approve', { ...approving, claims: only! }))).toBe('role-needed');
  const approved = await call('', 'POST /v1/operator/held/{held}/approve', { ...approving, claims: approver! });
  expect(approved).toMatchObject({ status: 200, body: { approved: true } });
});

test('one person of both roles is still one: what it proposed, another approves', async () => {
  const { held } = (
    await call('omar', 'PUT /v1/operator/index/{product}/{date}', {
      path: { product: PRODUCT, date: '2025-10-14' },
      body: { value: '2.4' },
    })
  ).body;
  const own = await call('omar', 'POST /v1/operator/held/{held}/approve', { path: { held }, body: { revision: 1 } });
  expect([own.status, codeOf(own)]).toEqual([409, 'second-operator-needed']);
});
