/** Withdrawals: none takes an account under the requirement of its positions, whatever happens at the same time. */
import { beforeEach, expect, test } from 'vitest';
import { handler } from '../../lambdas/operator-api/index.ts';
import type { Micros } from '../../lib/domain/contract/units.ts';
import { formatCents } from '../../lib/domain/contract/units.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { publishIndex } from '../../lib/store/index-values.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { moved } from '../venue/events.ts';
import { DEC, newYork, on, RISKY } from '../venue/h100.ts';
import { buy, sell } from '../venue/orders.ts';
import { submission } from '../venue/records.ts';
import { type Answered, ask, codeOf, operator } from '../venue/requests.ts';
import { deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
const SHARDS = [0, 1];
const DAY = '2025-10-20';

let product: string;
let long: string;
let short: string;
beforeEach(async () => {
  product = venue.nextProduct();
  [long, short] = [`${product.toLowerCase()}-long`, `${product.toLowerCase()}-short`];
  await venue.list(product, { parameters: RISKY });
  await publishIndex(venue.table, product, on(DAY), 2_400_000n as Micros, ['op']);
  const accounts = [long, short].map((account) => ({ account, name: account, product }));
  await venue.commit({ kind: 'accounts-opened', accounts, by: 'op', at: '' });
  for (const account of [long, short]) await venue.commit(moved(account, 1000_00n));
  await post();
});

let references = 0;
const withdraw = (account: string, amount: bigint, reference = `w${++references}`): Promise<Answered> =>
  ask(handler, 'POST /v1/operator/cash-movements', {
    claims: operator('olga'),
    body: { movements: [{ account, reference, amount: formatCents(-amount as never) }] },
  });
const post = async (): Promise<void> => {
  for (const shard of SHARDS) expect(await deliver('postings', { v: 1, shard })).toEqual([]);
};
/** Three lots, of which each needs 300.00 USD, bought and sold in an auction that no shard has posted. */
async function trade(): Promise<void> {
  await deliver('orders', submission(product, long, newYork(DAY, '09:30'), [buy('b', DEC, 2400, 3)]));
  await deliver('orders', submission(product, short, newYork(DAY, '09:30'), [sell('s', DEC, 2400, 3)]));
  await deliver('closings', { v: 1, product, slot: newYork(DAY, '10:00') });
  await venue.work('orders', 'clearings');
  expect((await venue.stateOf(product)).lastAuction).toBe(1);
  expect((await readAccount(venue.table, long, SHARDS.length))!.products).toEqual({});
}

test('a withdrawal may take what positions do not require, and no cent more, though their auction is not posted', async () => {
  await trade();
  const over = await withdraw(long, 100_01n);
  expect([over.status, codeOf(over)]).toEqual([409, 'below-requirement']);
  expect(over.body.errors[0].rule).toContain(
    `takes ${long} below its requirement: its positions require 900.00 of a cover of 1000.00`,
  );
  expect((await withdraw(long, 100_00n)).status).toBe(201);
  expect((await withdraw(long, 1n)).status).toBe(409);
  await post();
  expect((await withdraw(long, 1n)).status).toBe(409);
  expect((await withdraw(short, 100_01n)).status).toBe(409);
});

test('of withdrawals at once those are done that fit together, and one sent again is done once', async () => {
  await trade();
  const answers = await Promise.all(Array.from({ length: 5 }, (_, at) => withdraw(long, 40_00n, `at-once-${at}`)));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 409, 409, 409]);
  const done = answers.findIndex(({ status }) => status === 201);
  expect((await withdraw(long, 40_00n, `at-once-${done}`)).status).toBe(200);
  await post();
  expect((await readAccount(venue.table, long, SHARDS.length))!.cash).toBe(920_00n);
});

test('cash on which open orders were accepted stays, until they are gone', async () => {
  const at = newYork(DAY, '09:30');
  await deliver('orders', submission(product, long, at, [buy('b', DEC, 2400, 2), sell('s', DEC, 2400, 1)]));
  const over = await withdraw(long, 400_01n);
  expect([over.status, codeOf(over)]).toEqual([409, 'below-requirement']);
  expect(over.body.errors[0].rule).toMatch(/below what its open orders may come to require$/);
  expect((await withdraw(long, 400_00n)).status).toBe(201);
  await deliver('orders', submission(product, long, at, [{ kind: 'cancel', clientOrderId: 'b' }]));
  expect((await withdraw(long, 300_01n)).status).toBe(409);
  expect((await withdraw(long, 300_00n)).status).toBe(201);
});

test('an auction that clears between the decision and its commit counts', async () => {
  const { createTogether } = venue.table;
  let overtaken = false;
  venue.table.createTogether = async (...given) => {
    if (!overtaken && given[0].some(({ pk }) => pk.startsWith('ONCE#cash#'))) {
      overtaken = true;
      await trade();
    }
    return createTogether.apply(venue.table, given);
  };
  try {
    const before = (await loadVenue(venue.table)).seq;
    expect(codeOf(await withdraw(long, 500_00n))).toBe('below-requirement');
    expect(overtaken).toBe(true);
    expect((await loadVenue(venue.table)).seq).toBe(before + 1);
  } finally {
    venue.table.createTogether = createTogether;
  }
});

test('cash may always come in, and an account without positions may be emptied', async () => {
  expect((await withdraw(long, 1000_01n)).status).toBe(409);
  expect((await withdraw(long, 1000_00n)).status).toBe(201);
  await venue.commit(moved(short, -1500_00n));
  expect((await withdraw(short, -100_00n)).status).toBe(201);
  expect((await withdraw(short, 1n)).status).toBe(409);
});

test('cash is paid out to the last cent where positions need none, and credit is not', async () => {
  const parameters = { ...RISKY, creditUsd: 5_000 };
  await venue.commit({ kind: 'parameters-changed', product, version: 2, parameters, by: 'op', at: '' });
  const over = await withdraw(long, 1000_01n);
  expect([over.status, codeOf(over), over.body.errors[0].rule]).toEqual([
    409,
    'below-requirement',
    expect.stringContaining(`takes ${long} below zero: it has 1000.00`),
  ]);
  expect((await withdraw(long, 1000_00n)).status).toBe(201);
});
