/** The venue that the benches play on: a cloud here that trades one product, with its operator, and as many accounts as are opened. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { moveCash, openAccounts } from '../lib/client/accounts.ts';
import { byTwo } from '../lib/client/by-two.ts';
import { type Caller, Exchange } from '../lib/client/exchange.ts';
import { numberedKey } from '../lib/client/idempotency-key.ts';
import { type BusinessDate, instantOf } from '../lib/domain/contract/calendar.ts';
import { type ContractMonth, listedMonths, monthText } from '../lib/domain/contract/months.ts';
import type { Deployment } from '../lib/infra/deployment.ts';
import { makeDeployment } from '../lib/infra/local-deployment.ts';
import { type Cloud, type CloudOptions, startCloud } from '../lib/local/cloud.ts';
import { frozenClock } from '../lib/local/host/clock.ts';
import { WITHOUT_RISK } from '../lib/simulation/parameters.ts';

export const PRODUCT = 'H100-SXM';
const ZONE = 'America/New_York';
/** A Friday: the venue is listed on its evening, and the first trading day is the Monday after it. */
const LISTED = '2025-10-17' as BusinessDate;
export const MONDAY = '2025-10-20';
export const TUESDAY = '2025-10-21';

export interface Venue extends AsyncDisposable {
  readonly cloud: Cloud;
  readonly operator: Caller;
  readonly months: readonly ContractMonth[];
  /** The holder of an account, which need not be open yet. */
  caller(account: string): Promise<Caller>;
  /** Opens accounts, each with a deposit in dollars if one is given. */
  open(accounts: readonly string[], deposit?: string): Promise<void>;
  /** Submits orders under a key of its own, and gives the submission's id. */
  submit(caller: Caller, orders: readonly unknown[]): Promise<string>;
  /** The same, of a caller who does not mind a refusal. Whether it was taken. */
  offer(caller: Caller, orders: readonly unknown[]): Promise<boolean>;
  /** Moves the clock to a time of the day in New York, and waits until everything that was due is done. */
  moveTo(date: string, time: string): Promise<void>;
}

export async function openVenue(deployment: Partial<Deployment>, options: Partial<CloudOptions> = {}): Promise<Venue> {
  const dir = mkdtempSync(join(tmpdir(), 'exchange-bench-'));
  makeDeployment(dir, PRODUCT, deployment);
  const clock = frozenClock(instantOf(LISTED, '20:00', ZONE));
  const cloud = await startCloud({ assembly: dir, clock, ...options });
  const exchange = new Exchange(cloud.url);
  const as = async (sub: string, more: object) => exchange.as(await cloud.mint({ sub, expiresIn: 30 * 86_400, ...more }));
  const operator = byTwo(
    await as('operator', { groups: ['operators', 'approvers'] }),
    await as('second', { groups: ['operators', 'approvers'] }),
  );
  const months = listedMonths('NYSE', MONDAY as BusinessDate, 12);
  await operator.put(`/v1/operator/products/${PRODUCT}`, {
    expectedVersion: 0,
    parameters: { ...WITHOUT_RISK, indexValuesMin: 1, indexAgeDaysMax: 30 },
    listing: { date: LISTED, curve: Object.fromEntries(months.map((month) => [monthText(month), '2.400'])) },
  });
  await operator.put(`/v1/operator/index/${PRODUCT}/${LISTED}`, { value: '2.4' });
  let keys = 0;
  const key = (): string => numberedKey(clock.now(), ++keys);
  return {
    cloud,
    operator,
    months,
    caller: (account) => as(account, { attributes: { account } }),
    async open(accounts, deposit) {
      await openAccounts(
        operator,
        accounts.map((account) => ({ account, name: account })),
      );
      if (deposit === undefined) return;
      const movements = accounts.map((account) => ({ account, reference: 'opening', amount: deposit }));
      await moveCash(operator, movements);
    },
    async submit(caller, orders) {
      const answer = await caller.post('/v1/submissions', { product: PRODUCT, orders }, key());
      return (answer as { submission: string }).submission;
    },
    async offer(caller, orders) {
      const { status } = await caller.ask('POST', '/v1/submissions', { product: PRODUCT, orders }, key());
      return status === 202;
    },
    async moveTo(date, time) {
      await cloud.advanceTo(instantOf(date as BusinessDate, time, ZONE));
      await cloud.quiet();
    },
    async [Symbol.asyncDispose]() {
      exchange.close();
      await cloud.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const MEMORY_EVERY_MS = 200;

/** Looks at this process's memory until it is asked for the peak, in MB. */
export function watchMemory(): () => number {
  let peak = 0;
  const look = (): void => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  const timer = setInterval(look, MEMORY_EVERY_MS).unref();
  return () => {
    clearInterval(timer);
    look();
    return Math.round(peak / 1_000_000);
  };
}
