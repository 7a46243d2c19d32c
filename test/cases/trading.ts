/**
 * A venue to break: the deployed template running whole in the local cloud, with a few accounts that have cash. Each case
 * lists a product of its own, so that cases share one running cloud and nothing else. Faults are set and taken away while
 * it runs. Schedules fire only where a case asks for them; otherwise an auction is due when the case says so, by the same
 * message that its schedule would send.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { auditVenue } from '../../lib/audit/audit.ts';
import { type Answer, type Caller, Exchange } from '../../lib/client/exchange.ts';
import { type BusinessDate, instantOf, nextBusinessDay } from '../../lib/domain/contract/calendar.ts';
import { listedMonths, monthText } from '../../lib/domain/contract/months.ts';
import { HOURLY } from '../../lib/faults/scripted-market.ts';
import { DEPLOYMENT, type ProductSchedule, type SweepTimes } from '../../lib/infra/deployment.ts';
import { assemblyOf } from '../../lib/infra/local-deployment.ts';
import { type Cloud, type Limits, startCloud } from '../../lib/local/cloud.ts';
import type { MetricId } from '../../lib/local/cloudwatch/metrics.ts';
import { frozenClock } from '../../lib/local/host/clock.ts';
import { PARAMETERS } from '../../lib/simulation/simulation.ts';
import { METRICS } from '../../lib/store/names.ts';
import { Table } from '../../lib/store/table.ts';
import type { Faults } from './faults.ts';

export const SHARDS = 2;
export const ZONE = 'America/New_York';
/** Three accounts of shard 0 and three of shard 1. */
export const ACCOUNTS = ['fund', 'hedger', 'seller', 'maker', 'acme', 'nimbus'] as const;
export type Account = (typeof ACCOUNTS)[number];

export interface TradingOptions {
  /** The business day on which it opens, at 09:00 in New York; products are listed as of the business day before. */
  readonly date: string;
  readonly listed: string;
  /** Products whose auctions and day runs the template's schedules fire, at the times of the deployed product. */
  readonly scheduled?: readonly string[];
  /** Hourly by default: a sweep a quarter of an hour would be most of the time. */
  readonly sweep?: SweepTimes;
  readonly limits?: Partial<Limits>;
  readonly dataDir?: string;
  readonly bundles?: string;
  /** False for a venue whose accounts come with its table. */
  readonly accounts?: boolean;
}

export interface Cleared {
  readonly auction: number;
  readonly slot: string;
  readonly months: readonly { contract: string; price: string; traded: boolean; volume: number }[];
}
export interface Fill {
  readonly product: string;
  readonly auction: number;
  readonly date: string;
  readonly clientOrderId: string;
  readonly lots: number;
  readonly price: string;
  readonly rolls: boolean;
}
export interface Outcome {
  readonly state: 'queued' | 'decided';
  readonly auction?: number;
  readonly orders: readonly { clientOrderId?: string; cancel?: string; outcome: string; reason?: string }[];
}

export class Trading {
  readonly cloud: Cloud;
  readonly faults: Faults;
  readonly table: Table;
  readonly operator: Caller;
  readonly second: Caller;
  readonly as: Readonly<Record<Account, Caller>>;
  readonly #listed: string;
  readonly #close: () => Promise<void>;
  readonly #sqs: SQSClient;
  #keys = 0;

  constructor(
    cloud: Cloud,
    faults: Faults,
    table: Table,
    callers: { operator: Caller; second: Caller; as: Record<Account, Caller> },
    listed: string,
    close: () => Promise<void>,
  ) {
    this.cloud = cloud;
    this.faults = faults;
    this.table = table;
    this.operator = callers.operator;
    this.second = callers.second;
    this.as = callers.as;
    this.#listed = listed;
    this.#close = close;
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    this.#sqs = new SQSClient({ endpoint: cloud.sqsEndpoint, region: 'us-east-1', credentials });
  }

  /** Lists a product, with twelve months from 2.400 up by 0.010 each. */
  async list(product: string, parameters: Partial<Record<keyof typeof PARAMETERS, unknown>> = {}): Promise<void> {
    const date = this.#listed as BusinessDate;
    const months = listedMonths('NYSE', nextBusinessDay('NYSE', date), PARAMETERS.listedMonths);
    const curve = Object.fromEntries(months.map((month, at) => [monthText(month), (2.4 + at / 100).toFixed(3)]));
    await this.operator.put(`/v1/operator/products/${product}`, {
      expectedVersion: 0,
      parameters: { ...PARAMETERS, indexValuesMin: 1, ...parameters },
      listing: { date, curve },
    });
  }

  /** A new idempotency key of the clock's time. */
  key(): string {
    const hex = this.cloud.clock.now().toString(16).padStart(12, '0');
    return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${String(++this.#keys).padStart(12, '0')}`;
  }

  /** Sends once, and gives whatever is answered. */
  submit(account: Account, product: string, orders: readonly unknown[], key = this.key()): Promise<Answer> {
    return this.as[account].ask('POST', '/v1/submissions', { product, orders }, key);
  }

  async outcome(account: Account, { body }: Answer): Promise<Outcome> {
    return (await this.as[account].get((body as { status: string }).status)) as Outcome;
  }

  /** Moves the clock on and lets everything that this brings come to its end. */
  async wait(milliseconds: number): Promise<void> {
    await this.cloud.advanceTo(this.cloud.clock.now() + milliseconds);
    await this.cloud.quiet();
  }

  /** The message that a due auction's schedule sends; gives the slot. */
  notifyClearing(product: string): string {
    const slot = new Date(this.cloud.clock.now()).toISOString();
    this.cloud.send('closings', { v: 1, product, slot });
    return slot;
  }

  /** Holds an auction a second from now, and gives what has cleared. */
  async auction(product: string): Promise<Cleared> {
    await this.wait(1000);
    const slot = this.notifyClearing(product);
    await this.cloud.quiet();
    const cleared = (await this.auctions(product))[0];
    if (!cleared || Date.parse(cleared.slot) !== Date.parse(slot)) throw new Error(`the auction of ${slot} has not cleared`);
    return cleared;
  }

  /** Cleared auctions, the newest first. */
  async auctions(product: string): Promise<Cleared[]> {
    return ((await this.as.fund.get(`/v1/auctions?product=${product}`)) as { items: Cleared[] }).items;
  }

  /** An account's fills in a product, the newest first. */
  async fills(account: Account, product: string): Promise<Fill[]> {
    const { items } = (await this.as[account].get('/v1/fills?limit=500')) as { items: Fill[] };
    return items.filter((fill) => fill.product === product);
  }

  /** Lots held in a product by month, such as `{ '2025-12': 5 }`. */
  async lots(account: Account, product: string): Promise<Record<string, number>> {
    const { positions } = (await this.as[account].get('/v1/positions')) as { positions: { contract: string; lots: number }[] };
    const own = positions.filter(({ contract }) => contract.startsWith(`${product}-2`));
    return Object.fromEntries(own.map(({ contract, lots }) => [contract.slice(product.length + 1), lots]));
  }

  async cash(account: Account): Promise<string> {
    return ((await this.as[account].get('/v1/account')) as { cash: string }).cash;
  }

  /** The events of the log that are of a product, by kind. */
  async events(product: string): Promise<string[]> {
    const { events } = await auditVenue(this.table, SHARDS);
    return events.filter((event) => 'product' in event && event.product === product).map(({ kind }) => kind);
  }

  /** The largest value of a metric since the cloud began; 0 when it was never measured. */
  measured(namespace: string, name: string, dimensions: MetricId['dimensions']): number {
    const minutes = this.cloud.metrics.minutes({ namespace, name, dimensions });
    return Math.max(0, ...minutes.map(({ max }) => max));
  }

  /** The largest value of one of the venue's own metrics. */
  measuredHere(name: string): number {
    return this.measured(METRICS.namespace, name, { service: METRICS.service });
  }

  deadIn(queue: string): string[] {
    return this.cloud
      .deadLetters()
      .filter((letter) => letter.queue === queue)
      .map(({ body }) => body);
  }

  /** Lots and cents sum to zero, and every stored row is the one that the replayed log and books give. */
  async expectSound(): Promise<void> {
    const { differences, identical, lotsSum, centsSum } = await auditVenue(this.table, SHARDS);
    expect({ differences, identical, lotsSum, centsSum }).toEqual({
      differences: [],
      identical: true,
      lotsSum: 0,
      centsSum: 0n,
    });
  }

  /** Throws away what is in a dead-letter queue. */
  purge(queue: string): Promise<unknown> {
    return this.#sqs.send(new PurgeQueueCommand({ QueueUrl: this.cloud.queueUrl(queue) }));
  }

  heal(): void {
    this.faults.proxy = undefined;
    this.faults.messages = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sqs.destroy();
    await this.#close();
  }
}

export async function openTrading(options: TradingOptions): Promise<Trading> {
  const { date, listed, scheduled = [], limits, dataDir } = options;
  const faults: Faults = { proxy: undefined, messages: undefined };
  const cloud = await startCloud({
    assembly: assembled(options),
    clock: frozenClock(instantOf(date as BusinessDate, '09:00', ZONE)),
    ...(dataDir === undefined ? {} : { dataDir }),
    limits: { redeliveryMs: 20, ...limits },
    proxy: { onRequest: (request) => faults.proxy?.(request) ?? 'pass' },
    messages: (queue, body) => faults.messages?.(queue, body),
    firings: () => (scheduled.length === 0 ? 'never' : undefined),
  });
  const exchange = new Exchange(cloud.url);
  const year = 366 * 86_400;
  const operatorNamed = async (sub: string) => exchange.as(await cloud.mint({ sub, groups: ['operators'], expiresIn: year }));
  const participant = async (account: Account) => exchange.as(await cloud.mint({ sub: account, account, expiresIn: year }));
  const [operator, second] = await Promise.all([operatorNamed('op-1'), operatorNamed('op-2')]);
  const as = Object.fromEntries(
    await Promise.all(ACCOUNTS.map(async (account) => [account, await participant(account)] as const)),
  ) as Record<Account, Caller>;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: cloud.dynamodbEndpoint, region: 'us-east-1', credentials });
  if (options.accounts ?? true) {
    for (const account of ACCOUNTS) {
      await operator.post('/v1/operator/accounts', { account, name: account });
      const deposit = { reference: 'opening', amount: '1000000.00' };
      await operator.post(`/v1/operator/accounts/${account}/cash-movements`, deposit);
    }
    await cloud.quiet();
  }
  return new Trading(cloud, faults, new Table(cloud.tableName, client), { operator, second, as }, listed, async () => {
    exchange.close();
    client.destroy();
    await cloud.stop();
  });
}

function assembled({ scheduled = [], sweep = HOURLY, bundles }: TradingOptions): string {
  const products = scheduled.map((code): ProductSchedule => ({ ...DEPLOYMENT.products[0]!, code }));
  return assemblyOf({ deployment: { shards: SHARDS, sweep, ...(products.length > 0 ? { products } : {}) }, bundles });
}

/** An order to buy or sell one month. */
export const outright = (
  product: string,
  clientOrderId: string,
  side: 'buy' | 'sell',
  lots: number,
  price: string,
  more: { month?: string; timeInForce?: string } = {},
) => ({
  clientOrderId,
  side,
  contract: `${product}-${more.month ?? '2025-12'}`,
  price,
  lots,
  ...(more.timeInForce ? { timeInForce: more.timeInForce } : {}),
});
