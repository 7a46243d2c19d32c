/**
 * A day or two of one small market, played the same way every time: index, orders, replacements, cancels, three auctions a
 * day, and an expiry or a roll. What it ends in must not depend on what goes wrong on the way, so a fault test plays it
 * twice and compares.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type BusinessDate, businessDays, instantOf, nextBusinessDay } from '../../lib/domain/calendar.ts';
import { listedMonths, monthText } from '../../lib/domain/contracts.ts';
import { synthesize } from '../../lib/infra/synthesize.ts';
import { type Audit, auditVenue } from '../../lib/local/audit.ts';
import { frozenClock } from '../../lib/local/clock.ts';
import { type Cloud, startCloud } from '../../lib/local/cloud.ts';
import { type Caller, Exchange } from '../../lib/local/simulation/client.ts';
import { PARAMETERS } from '../../lib/local/simulation/simulation.ts';
import type { WireOptions } from '../../lib/local/wire.ts';
import { Table } from '../../lib/store/table.ts';

export const PRODUCT = 'H100-SXM';
export const SHARDS = 2;
const ZONE = 'America/New_York';
const ACCOUNTS = ['maker', 'fund', 'hedger', 'seller'] as const;
type Account = (typeof ACCOUNTS)[number];

export interface Market {
  readonly cloud: Cloud;
  readonly operator: Caller;
  readonly as: Readonly<Record<Account, Caller>>;
  readonly table: Table;
  /** A UUIDv7 of the clock's time; the how-manieth one is all that tells two of them apart. */
  key(): string;
  /** Sends until it is answered, as a client does whose connection broke: the key makes that safe. */
  submit(account: Account, orders: readonly unknown[], key?: string): Promise<{ submission: string }>;
  audit(): Promise<Audit>;
  [Symbol.asyncDispose](): Promise<void>;
}

let assembly: string | undefined;
/** Synthesized once a process: the template does not depend on what a test does to it. */
function assembled(): string {
  if (!assembly) {
    const directory = mkdtempSync(join(tmpdir(), 'exchange-'));
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
    const template = synthesize(directory, { venue: { shards: SHARDS } });
    // One message may fail here more often than it ever would: each time at another point. It must not be given up for that.
    writeFileSync(template, readFileSync(template, 'utf8').replaceAll(/"maxReceiveCount": \d+/g, '"maxReceiveCount": 100'));
    assembly = directory;
  }
  return assembly;
}

export async function openMarket({ listed }: Script, options: { wire?: WireOptions } = {}): Promise<Market> {
  const cloud = await startCloud({
    assembly: assembled(),
    clock: frozenClock(instantOf(listed as BusinessDate, '20:00', ZONE)),
    limits: { redeliveryMs: 5 },
    ...options,
  });
  const exchange = new Exchange(cloud.url);
  const operator = exchange.as(await cloud.mint({ sub: 'op-1', groups: ['operators'], expiresIn: 90 * 86_400 }));
  const callers = await Promise.all(
    ACCOUNTS.map(
      async (account) => [account, exchange.as(await cloud.mint({ sub: account, account, expiresIn: 90 * 86_400 }))] as const,
    ),
  );
  const as = Object.fromEntries(callers) as Record<Account, Caller>;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: cloud.dynamodbEndpoint, region: 'us-east-1', credentials });
  const table = new Table(cloud.tableName, client);
  let keys = 0;
  const key = (): string => {
    const hex = cloud.clock.now().toString(16).padStart(12, '0');
    return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${String(++keys).padStart(12, '0')}`;
  };
  return {
    cloud,
    operator,
    as,
    table,
    key,
    submit: (account, orders, own = key()) =>
      stubbornly(() => as[account].post('/v1/submissions', { product: PRODUCT, orders }, own)) as Promise<{ submission: string }>,
    audit: () => auditVenue(table, SHARDS),
    async [Symbol.asyncDispose]() {
      exchange.close();
      client.destroy();
      await cloud.stop();
    },
  };
}

/** What is played: the day before the first, and the days. */
export interface Script {
  readonly listed: string;
  readonly last: string;
}

/** The October contract expires at the end of the day. */
export const EXPIRY: Script = { listed: '2025-10-30', last: '2025-10-31' };
/** The second day is the first on which December rolls. */
export const ROLL: Script = { listed: '2025-11-05', last: '2025-11-07' };

/** Plays a script and lets the cloud go quiet; `between` is called whenever it has. */
export async function play(
  market: Market,
  { listed, last }: Script,
  between: () => Promise<void> = async () => {},
): Promise<void> {
  const { cloud, operator } = market;
  const first = nextBusinessDay('NYSE', listed as BusinessDate);
  await list(market, listed, first);
  for (const date of businessDays('NYSE', first, last as BusinessDate)) {
    for (const time of ['09:00', '12:00', '15:00']) {
      await cloud.advanceTo(instantOf(date, time, ZONE));
      if (time === '15:00')
        await stubbornly(() => operator.put(`/v1/operator/index/${PRODUCT}/${date}`, { value: `2.4${date.slice(8)}` }));
      await trade(market, date, time);
      await cloud.quiet();
      await between();
    }
    await cloud.advanceTo(instantOf(date, '16:05', ZONE));
    await cloud.quiet();
    await between();
  }
}

async function list({ operator, as }: Market, listed: string, first: BusinessDate): Promise<void> {
  const months = listedMonths('NYSE', first, 12);
  const curve = Object.fromEntries(months.map((month, index) => [monthText(month), `2.4${String(index).padStart(2, '0')}`]));
  const parameters = { ...PARAMETERS, indexValuesMin: 1 };
  await stubbornly(() =>
    operator.put(`/v1/operator/products/${PRODUCT}`, { expectedVersion: 0, parameters, listing: { date: listed, curve } }),
  );
  for (const account of ACCOUNTS) {
    await stubbornly(() => operator.post('/v1/operator/accounts', { account, name: account }));
    await stubbornly(() =>
      operator.post(`/v1/operator/accounts/${account}/cash-movements`, { reference: 'opening', amount: '1000000.00' }),
    );
  }
  await stubbornly(() => as.fund.put(`/v1/roll-instructions/${PRODUCT}`, { at: 'market' }));
}

/** A maker who replaces its quotes, a fund and a hedger who buy, a seller who changes its mind. */
async function trade({ submit }: Market, date: string, time: string): Promise<void> {
  const id = `${date.slice(5)}.${time.slice(0, 2)}`;
  const [oct, dec, jan] = ['2025-10', '2025-12', '2026-01'].map((month) => `${PRODUCT}-${month}`) as [string, string, string];
  const day = Number(date.slice(8));
  const price = (ticks: number): string => (ticks / 1000).toFixed(3);
  await Promise.all([
    submit('maker', [
      { clientOrderId: `d${id}`, side: 'sell', contract: dec, price: price(2405 + day), lots: 40, timeInForce: 'day' },
      { clientOrderId: `b${id}`, side: 'buy', contract: dec, price: price(2380 + day), lots: 15, timeInForce: 'day' },
      { clientOrderId: `s${id}`, buy: dec, sell: jan, price: '-0.004', lots: 30 },
      { clientOrderId: `r${id}`, buy: jan, sell: dec, price: '0.012', lots: 5 },
    ]),
    submit('fund', [{ clientOrderId: `f${id}`, side: 'buy', contract: dec, price: price(2410 + day), lots: 13 }]),
    submit('hedger', [
      { clientOrderId: `h${id}`, side: 'buy', contract: jan, price: price(2404 + day), lots: 7, timeInForce: 'gtc' },
    ]),
  ]);
  if (date === '2025-10-31' && time === '09:00')
    await Promise.all([
      submit('seller', [{ clientOrderId: 'oct', side: 'sell', contract: oct, price: '2.400', lots: 11, timeInForce: 'gtc' }]),
      submit('hedger', [{ clientOrderId: 'oct', side: 'buy', contract: oct, price: '2.410', lots: 9 }]),
    ]);
  if (time === '12:00') {
    await submit('seller', [
      { clientOrderId: `x${id}`, side: 'sell', contract: jan, price: price(2400 + day), lots: 20, timeInForce: 'day' },
    ]);
    await submit('seller', [
      {
        replaces: `x${id}`,
        clientOrderId: `y${id}`,
        side: 'sell',
        contract: jan,
        price: price(2402 + day),
        lots: 9,
        timeInForce: 'day',
      },
    ]);
    await submit('maker', [{ cancel: `b${id}` }, { cancel: 'never-sent' }]);
  }
}

const TRIES_MAX = 60;

/** Any request of a client that does not give up; every route answers the same when it is asked the same again. */
async function stubbornly<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === TRIES_MAX || !/answered 5\d\d|ECONNRESET|socket hang up/.test(String(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
