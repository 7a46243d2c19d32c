/** Owners of several accounts: where these lie, how many there may be, and that their ids pass every edge. */
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { handler as operatorApi } from '../../lambdas/operator-api/index.ts';
import { handler as participantApi } from '../../lambdas/participant-api/index.ts';
import { auditRows } from '../../lib/audit/audit.ts';
import { VenueRows } from '../../lib/audit/rows.ts';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import { ACCOUNTS_OF_OWNER_MAX } from '../../lib/domain/contract/owner.ts';
import { accountKey } from '../../lib/store/keys.ts';
import { writeRollInstruction } from '../../lib/store/roll-instructions.ts';
import { CAT, SHARDS } from '../venue/accounts.ts';
import { opened } from '../venue/events.ts';
import { newYork, newYorkMs } from '../venue/h100.ts';
import { type Answered, ask, codeOf, operator, trader } from '../venue/requests.ts';
import { openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(venue.logger, level).mockImplementation(() => {});

const PRODUCT = 'H100-SXM';
const CONTRACT = 'H100-SXM-2025-11';
const NAMES = ['own', 'own.desk', 'own-2', 'own-2.desk', 'own.a', CAT];
const at = newYorkMs('2025-10-20', '09:30');
const operate = (route: string, body: unknown, path = {}, who = 'olga'): Promise<Answered> =>
  ask(operatorApi, route, { claims: operator(who), at, body, path });
const get = (account: string, route: string, query = {}): Promise<Answered> =>
  ask(participantApi, `GET /v1/${route}`, { claims: trader(account), at: newYorkMs('2025-10-20', '12:00'), query });

const OPEN = 'POST /v1/operator/accounts';
const bodyOf = (...accounts: string[]) => ({ accounts: accounts.map((account) => ({ account, name: account })) });
const open = (...accounts: string[]): Promise<Answered> => operate(OPEN, bodyOf(...accounts));
/** A second operator agrees. */
const approve = (held: string): Promise<Answered> =>
  operate('POST /v1/operator/held/{held}/approve', { revision: 1 }, { held }, 'oscar');
const instruct = (account: string): Promise<void> =>
  writeRollInstruction(venue.table, PRODUCT, account, SHARDS, { at: 'market' });

test('all accounts of an owner lie in one shard, whatever they are called and however many shards there are', () => {
  const part = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/);
  fc.assert(
    fc.property(part, part, part, fc.integer({ min: 1, max: 64 }), (owner, one, other, shards) => {
      const places = [owner, `${owner}.${one}`, `${owner}.${other}`].map((account) => accountKey(account, shards).pk);
      expect(new Set(places).size).toBe(1);
    }),
  );
});

test('accounts with a dot in their ids trade, are posted, shown and listed page by page, each once and each its own', async () => {
  await venue.list(PRODUCT);
  for (const account of NAMES) {
    await venue.commit(opened(account));
    await instruct(account);
  }
  await venue.queues.notifyPostings(1_000, [0, 1]);
  await venue.work();
  let keys = 0;
  const send = (account: string, side: string, lots: number): Promise<Answered> =>
    ask(participantApi, 'POST /v1/submissions', {
      claims: { ...trader(account), sub: `person-of-${account}` },
      at,
      headers: { 'idempotency-key': numberedKey(at, ++keys) },
      body: {
        product: PRODUCT,
        orders: ['a', 'b'].map((name) => ({
          clientOrderId: name,
          side,
          contract: CONTRACT,
          price: '2.400',
          lots,
          timeInForce: 'gtc',
        })),
      },
    });
  const own = NAMES.filter((name) => name !== CAT);
  for (const account of own) {
    const { submission } = (await send(account, 'buy', 2)).body;
    await venue.work('orders');
    const status = await ask(participantApi, 'GET /v1/submissions/{submission}', {
      claims: trader(account),
      at,
      path: { submission },
    });
    expect(status.body).toMatchObject({ state: 'decided', sender: `person-of-${account}` });
  }
  // Half of what is bid for: every bid is filled in part and carried.
  await send(CAT, 'sell', own.length);
  await venue.work('orders');
  await venue.holdAuction(PRODUCT, newYork('2025-10-20', '10:00'));
  await send('own.desk', 'sell', 1);
  await venue.work();
  for (const account of own) {
    const pages = [await get(account, 'fills', { limit: '1' })];
    pages.push(await get(account, 'fills', { limit: '1', cursor: pages[0]!.body.next }));
    const fills = pages.flatMap(({ body }) => body.items);
    expect(fills.map(({ clientOrderId, sender }) => [clientOrderId, sender])).toEqual(
      ['a', 'b'].map((name) => [name, `person-of-${account}`]),
    );
    const orders = (await get(account, 'orders')).body.items;
    expect(orders.map((each: { sender: string }) => each.sender)).toEqual(orders.map(() => `person-of-${account}`));
    expect((await get(account, 'positions')).body.positions).toEqual([expect.objectContaining({ contract: CONTRACT, lots: 2 })]);
    expect((await get(account, 'journal', { limit: '1' })).body.items[0]).toMatchObject({ kind: 'auction-cleared' });
  }
  const listed: string[] = [];
  for (let after: string | undefined, page = 0; page < 20; page++) {
    const { body } = await ask(operatorApi, 'GET /v1/operator/accounts', {
      claims: operator('olga'),
      at,
      query: { limit: '1', ...(after === undefined ? {} : { cursor: after }) },
    });
    listed.push(...body.items.map(({ account }: { account: string }) => account));
    after = body.next;
    if (after === undefined) break;
  }
  expect(listed.toSorted()).toEqual(NAMES.toSorted());
  const shown = await ask(operatorApi, 'GET /v1/operator/owners/{owner}', {
    claims: operator('olga'),
    at,
    path: { owner: 'own' },
  });
  expect(shown.body).toMatchObject({
    owner: 'own',
    name: 'own',
    accounts: [{ account: 'own' }, { account: 'own.a' }, { account: 'own.desk' }],
  });
  for (const owner of ['own.desk', 'none', 'OWN'])
    expect(
      (await ask(operatorApi, 'GET /v1/operator/owners/{owner}', { claims: operator('olga'), at, path: { owner } })).status,
    ).toBe(404);
  const audit = await auditRows(await VenueRows.from(venue.table.scan()), SHARDS);
  // The product of this file is listed by one operator.
  expect(audit.differences.filter((each) => !each.endsWith(' by op alone'))).toEqual([]);
});

test('an owner has sixteen accounts at most, however they are asked for and whenever a second operator agrees', async () => {
  const many = Array.from({ length: ACCOUNTS_OF_OWNER_MAX }, (_, each) => `big.a${each}`);
  const tooMany = await open('big', ...many);
  expect(codeOf(tooMany)).toBe('invalid-body');
  expect(tooMany.body.errors).toEqual([
    { path: `$.accounts[${many.length}].account`, rule: 'big may have 16 accounts, and would have 17' },
  ]);
  expect((await open('big', ...many.slice(0, 14))).status).toBe(201);
  await venue.work();
  // Both fit when they are proposed.
  const [first, second] = [await operate(OPEN, bodyOf('big.x')), await operate(OPEN, bodyOf('big.y'))];
  expect([first.status, second.status]).toEqual([202, 202]);
  const agreed = await approve(first.body.held);
  expect(agreed.status).toBe(200);
  await venue.work();
  expect(codeOf(await approve(second.body.held))).toBe('invalid-body');
  expect(codeOf(await operate(OPEN, bodyOf('big.z')))).toBe('invalid-body');
});
