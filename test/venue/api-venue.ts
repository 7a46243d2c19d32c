/** A venue behind its API: the two functions that serve it are asked in this process, and nothing works the queues. */
import { afterAll, beforeEach, expect, vi } from 'vitest';
import { openBackends } from '../../lambdas/backends.ts';
import { handler as operatorApi } from '../../lambdas/operator-api/index.ts';
import { Table } from '../../lib/store/table.ts';
import { type Engine, startEngine } from './engine.ts';
import { PARAMETERS, PRODUCT } from './h100.ts';
import { ask, askByTwo, LISTING, operator } from './requests.ts';

export interface ApiVenue {
  readonly engine: Engine;
  readonly table: Table;
}

/**
 * Opens one for the tests of a file, with the product listed and these accounts open, each under its name. Every test finds
 * the queues empty; after the last, the venue is stopped. The functions' log lines go nowhere.
 */
export async function openApiVenue({
  shards,
  accounts = { acme: 'acme', zeta: 'zeta' },
}: {
  readonly shards: number;
  readonly accounts?: Readonly<Record<string, string>>;
}): Promise<ApiVenue> {
  for (const level of ['info', 'error'] as const) vi.spyOn(openBackends().logger, level).mockImplementation(() => {});
  const engine = await startEngine(shards);
  beforeEach(() => engine.drain());
  afterAll(() => engine.stop());
  const claims = operator('olga');
  const body = { expectedVersion: 0, parameters: PARAMETERS, listing: LISTING };
  const listed = await askByTwo(operatorApi, 'PUT /v1/operator/products/{product}', { claims, path: { product: PRODUCT }, body });
  expect(listed.status).toBe(200);
  for (const [account, name] of Object.entries(accounts)) {
    const opened = await ask(operatorApi, 'POST /v1/operator/accounts', { claims, body: { accounts: [{ account, name }] } });
    expect(opened.status).toBe(201);
  }
  return { engine, table: new Table() };
}
