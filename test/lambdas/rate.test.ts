/** How many requests a caller may send in a minute: each test starts processes of its own, on one table. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openBackends } from '../../lambdas/backends.ts';
import type { Handler } from '../../lambdas/http/routes.ts';
import { ENV } from '../../lib/store/names.ts';
import { openApiVenue } from '../venue/api-venue.ts';
import { type Asked, ask, codeOf, NOW, operator, trader } from '../venue/requests.ts';

const LIMIT = 1200;
const MINUTE = 60_000;
const { logger } = openBackends();
const { engine, table } = await openApiVenue({ shards: 2, accounts: { acme: 'acme', zeta: 'zeta', nova: 'nova' } });
const warned = vi.spyOn(logger, 'warn').mockImplementation(() => {});

/** Minutes that no test before has counted in. */
let at = NOW;
beforeEach(() => {
  at += 10 * MINUTE;
  vi.stubEnv(ENV.requestsPerMinute, `${LIMIT}`);
  warned.mockClear();
  vi.mocked(logger.error).mockClear();
});
afterEach(() => vi.unstubAllEnvs());

/** A process: it has the code, and nothing of another's memory. */
async function start(api: 'participant-api' | 'market-api' | 'operator-api' = 'participant-api'): Promise<Handler> {
  vi.resetModules();
  const { handler } = await import(`../../lambdas/${api}/index.ts`);
  const backends = (await import('../../lambdas/backends.ts')).openBackends(3);
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(backends.logger, level).mockImplementation((...line) => void logger[level](...(line as [string])));
  return handler;
}

const get = (handler: Handler, account: string, more: Asked = {}) =>
  ask(handler, 'GET /v1/roll-instructions', { claims: trader(account), at, ...more });

async function send(handler: Handler, account: string, requests: number, more: Asked = {}): Promise<number> {
  let admitted = 0;
  for (let sent = 0; sent < requests; sent++) if ((await get(handler, account, more)).status === 200) admitted++;
  return admitted;
}

describe('a caller', () => {
  test('is told to wait with its 1201st request of a minute, and another is answered', async () => {
    const process = await start();
    expect(await send(process, 'acme', LIMIT)).toBe(LIMIT);
    engine.requests.length = 0;
    const refused = await get(process, 'acme', { at: at + 18_000.5 });
    expect([refused.status, codeOf(refused), refused.headers['retry-after']]).toEqual([429, 'too-many-requests', '42']);
    expect(refused.headers['ratelimit-policy']).toBe(`"caller";q=${LIMIT};w=60`);
    expect(engine.requests).toEqual([]);
    expect((await get(process, 'zeta')).status).toBe(200);
    expect(logger.error).not.toHaveBeenCalled();
    // Its next minute is its own again.
    expect((await get(process, 'acme', { at: at + MINUTE })).status).toBe(200);
  }, 60_000);

  test('without a token is the address that it calls from, all of its network together', async () => {
    const process = await start('market-api');
    const from = (address: string) => ask(process, 'GET /v1/products', { address, at });
    const own = ['2001:db8::1', '2001:db8::2', '2001:db8::ffff:1'] as const;
    for (let sent = 0; sent < LIMIT; sent++) expect((await from(own[sent % 2]!)).status).toBe(200);
    for (const address of own) expect(codeOf(await from(address))).toBe('too-many-requests');
    for (const address of ['2001:db8:0:1::1', '192.0.2.7']) expect((await from(address)).status).toBe(200);
  }, 60_000);

  test('that is light writes nothing', async () => {
    const process = await start();
    await get(process, 'nova');
    engine.requests.length = 0;
    await send(process, 'nova', LIMIT / 10 - 1);
    expect(engine.requests.filter((name) => name !== 'Query' && name !== 'GetItem')).toEqual([]);
    await get(process, 'nova');
    expect(engine.requests.filter((name) => name === 'UpdateItem')).toHaveLength(1);
  });

  test('that is heavy is known to all processes, for a write in twenty requests', async () => {
    const processes = [await start(), await start()] as const;
    engine.requests.length = 0;
    let admitted = 0;
    for (let sent = 0; sent < LIMIT + 100; sent++) admitted += await send(processes[sent % 2]!, 'acme', 1);
    expect(admitted).toBeGreaterThan(LIMIT - 1);
    // Each may have a step that it has not told the other of.
    expect(admitted).toBeLessThan(LIMIT + 2 * (LIMIT / 60));
    expect((await get(processes[0], 'acme')).status).toBe(429);
    expect((await get(processes[1], 'acme')).status).toBe(429);
    expect(engine.requests.filter((name) => name === 'UpdateItem').length).toBeLessThanOrEqual(LIMIT / 20);
  }, 60_000);

  test('is counted in a row of the minute that leaves by itself', async () => {
    await send(await start(), 'zeta', LIMIT / 10 + 1);
    const key = { pk: 'RATE#participant#zeta', sk: new Date(at).toISOString().slice(0, 16) };
    const row = await table.get(key);
    expect(row).toMatchObject({ requests: { N: '121' }, expiresAt: { N: `${at / 1000 + 3600}` } });
  });

  test('is answered when the shared count can’t be written', async () => {
    const process = await start();
    await send(process, 'nova', LIMIT / 10);
    engine.fail('UpdateItem', 3);
    expect((await get(process, 'nova')).status).toBe(200);
    expect(warned).toHaveBeenCalledOnce();
    expect(logger.error).not.toHaveBeenCalled();
  });

  test('whose account is not open is counted before the table is asked', async () => {
    vi.stubEnv(ENV.requestsPerMinute, '2');
    const process = await start();
    for (let sent = 0; sent < 2; sent++) expect(codeOf(await get(process, 'stranger'))).toBe('account-not-open');
    engine.requests.length = 0;
    expect(codeOf(await get(process, 'stranger'))).toBe('too-many-requests');
    expect(engine.requests).toEqual([]);
  });

  test('is not another that has its name: operators count among operators', async () => {
    vi.stubEnv(ENV.requestsPerMinute, '2');
    const [participants, operators] = [await start(), await start('operator-api')];
    expect(await send(participants, 'acme', 3)).toBe(2);
    const show = () => ask(operators, 'GET /v1/operator/venue', { claims: operator('acme'), at });
    expect([(await show()).status, (await show()).status, (await show()).status]).toEqual([200, 200, 429]);
  });
});
