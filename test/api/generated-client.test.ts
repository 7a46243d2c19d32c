/** A client that others' generator makes of the OpenAPI document trades: what it sends is taken, and what it gets is what it was told. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateApi } from 'swagger-typescript-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import { type LocalVenue, openLocalVenue } from '../venue/local-venue.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MADE = join(ROOT, '.build', 'generated-client');

/** As much of what is generated as the test calls. */
interface Answered {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: its types are made in this test
  readonly data: any;
}
type Call = (...given: readonly unknown[]) => Promise<Answered>;
interface Generated {
  readonly v1: Readonly<Record<'submitOrders' | 'showSubmission' | 'listFills' | 'showPositions' | 'listContracts', Call>>;
}

let venue: LocalVenue;
let Api: new (options: object) => Generated;

beforeAll(async () => {
  const { files } = await generateApi({ input: join(ROOT, 'lib/api/openapi.json'), output: false, silent: true });
  mkdirSync(MADE, { recursive: true });
  writeFileSync(join(MADE, 'client.ts'), files[0]!.fileContent);
  ({ Api } = await import(join(MADE, 'client.ts')));
  venue = await openLocalVenue({ listed: '2025-10-17' });
}, 60_000);
afterAll(() => venue?.[Symbol.asyncDispose]());

async function clientOf(account: 'hedger' | 'seller'): Promise<Generated> {
  const token = await venue.cloud.mint({ sub: account, attributes: { account } });
  // Security is left to the caller's own headers, as with every generated client.
  return new Api({ baseUrl: venue.cloud.url, baseApiParams: { headers: { authorization: `Bearer ${token}` } } });
}

test('two participants trade by it, and each reads its own side', async () => {
  await venue.list();
  const [buyer, seller] = [await clientOf('hedger'), await clientOf('seller')];
  const { data: contracts } = await buyer.v1.listContracts({ product: 'H100-SXM' });
  const { contract, settlementPrice: price } = contracts.items[1];

  const submit = async (client: Generated, side: string): Promise<string> => {
    const order = { clientOrderId: 'first', side, contract, price, lots: 3 };
    const headers = { 'idempotency-key': numberedKey(venue.cloud.clock.now()) };
    const answer = await client.v1.submitOrders({ product: 'H100-SXM', orders: [order] }, { headers });
    expect(answer.status).toBe(202);
    return answer.data.submission;
  };
  const [submission] = [await submit(buyer, 'buy'), await submit(seller, 'sell')];
  await venue.cloud.quiet();
  const { data: decided } = await buyer.v1.showSubmission(submission);
  expect(decided).toMatchObject({ state: 'decided', orders: [{ clientOrderId: 'first', outcome: 'accepted' }] });

  await venue.auction('H100-SXM');
  const { data: fills } = await buyer.v1.listFills({});
  expect(fills.items).toMatchObject([{ clientOrderId: 'first', contract, lots: 3, price }]);
  const { data: held } = await seller.v1.showPositions();
  expect(held.positions).toMatchObject([{ contract, lots: -3, mark: price }]);
});

test('a refusal is the problem that the document describes', async () => {
  const client = await clientOf('hedger');
  const order = { clientOrderId: 'x', side: 'buy', contract: 'H100-SXM-2025-12', price: '2.400', lots: 0 };
  const headers = { 'idempotency-key': numberedKey(venue.cloud.clock.now(), 2) };
  const refused = client.v1.submitOrders({ product: 'H100-SXM', orders: [order] }, { headers });
  await expect(refused).rejects.toMatchObject({ status: 422, error: { type: 'urn:compute-exchange:invalid-submission' } });
});
