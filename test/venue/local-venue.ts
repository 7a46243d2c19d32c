/**
 * A whole venue in the local cloud: the deployed template with its bundles, queues, table engine and HTTP, and a few
 * accounts that have cash. Tests list products of their own, so that they share one running cloud and nothing else. Faults
 * are set and taken away while it runs. Schedules fire only for the products that a test asks them for; otherwise an
 * auction is due when the test says so, by the same message that its schedule would send. Queues are reached through the
 * API that the runbook's commands use, except for `start-message-move-task`, which the local queues do not have.
 */
import {
  DeleteMessageCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Caller, Exchange } from '../../lib/client/exchange.ts';
import { nextBusinessDay } from '../../lib/domain/contract/calendar.ts';
import { HOURLY } from '../../lib/faults/scripted-market.ts';
import { DEPLOYMENT, type ProductSchedule, type SweepTimes } from '../../lib/infra/deployment.ts';
import { assemblyOf, UNLIMITED } from '../../lib/infra/local-deployment.ts';
import { type Cloud, type Limits, startCloud } from '../../lib/local/cloud.ts';
import type { MetricId } from '../../lib/local/cloudwatch/metrics.ts';
import { frozenClock } from '../../lib/local/host/clock.ts';
import { tableOf } from '../../lib/simulation/simulation.ts';
import { METRICS } from '../../lib/store/names.ts';
import type { Table } from '../../lib/store/table.ts';
import { ACCOUNTS, type Account, SHARDS } from './accounts.ts';
import { CheckedExchange } from './checked-exchange.ts';
import type { Faults } from './faults.ts';
import { newYorkMs, on } from './h100.ts';
import { type Callers, type Cleared, WholeVenue } from './whole-venue.ts';

const OPENING_DEPOSIT = '1000000.00';
const TOKEN_SECONDS = 366 * 86_400;
/** Long enough for a test to take a fault away before a message has used up its five chances. */
const REDELIVERY_MS = 20;

export interface LocalVenueOptions {
  /** The business day before the first trading day: products are listed as of it. */
  readonly listed: string;
  /** Where the clock stands at first; at 09:00 in New York on the first trading day unless given. */
  readonly opensAt?: number;
  /** Products whose auctions and day runs the template's schedules fire, at the times of the deployed product. */
  readonly scheduled?: readonly string[];
  /** Once an hour unless given. */
  readonly sweep?: SweepTimes;
  readonly limits?: Partial<Limits>;
  readonly dataDir?: string;
  readonly bundles?: string;
  /** False for a venue whose accounts come with its table. */
  readonly accounts?: boolean;
}

export async function openLocalVenue(options: LocalVenueOptions): Promise<LocalVenue> {
  const { scheduled = [], sweep = HOURLY, bundles, limits, dataDir } = options;
  const listed = on(options.listed);
  const products = scheduled.map((code): ProductSchedule => ({ ...DEPLOYMENT.products[0]!, code }));
  const faults: Faults = { proxy: undefined, messages: undefined, firings: undefined };
  const cloud = await startCloud({
    assembly: assemblyOf({
      deployment: { ...UNLIMITED, shards: SHARDS, sweep, ...(products.length > 0 ? { products } : {}) },
      bundles,
    }),
    clock: frozenClock(options.opensAt ?? newYorkMs(nextBusinessDay('NYSE', listed), '09:00')),
    ...(dataDir === undefined ? {} : { dataDir }),
    limits: { redeliveryMs: REDELIVERY_MS, ...limits },
    proxy: { onRequest: async (request) => (await faults.proxy?.(request)) ?? 'pass' },
    messages: (queue, body) => faults.messages?.(queue, body),
    firings: (firing) => (scheduled.length === 0 ? 'never' : faults.firings?.(firing)),
  });
  const exchange = new CheckedExchange(cloud.url);
  const venue = new LocalVenue(cloud, tableOf(cloud), await callersOf(cloud, exchange), options.listed, faults, async () => {
    exchange.close();
    await cloud.stop();
  });
  if (options.accounts ?? true)
    for (const account of ACCOUNTS) {
      await venue.openAccount(account);
      await venue.deposit(account, OPENING_DEPOSIT);
    }
  await cloud.quiet();
  return venue;
}

async function callersOf(cloud: Cloud, exchange: Exchange): Promise<Callers<Account>> {
  const token = { expiresIn: TOKEN_SECONDS };
  const operator = async (sub: string) => exchange.as(await cloud.mint({ ...token, sub, groups: ['operators', 'approvers'] }));
  const participant = async (account: Account): Promise<[Account, Caller]> => [
    account,
    exchange.as(await cloud.mint({ ...token, sub: account, attributes: { account } })),
  ];
  return {
    operator: await operator('op-1'),
    second: await operator('op-2'),
    as: Object.fromEntries(await Promise.all(ACCOUNTS.map(participant))) as Record<Account, Caller>,
  };
}

export class LocalVenue extends WholeVenue<Cloud, Account> implements AsyncDisposable {
  readonly faults: Faults;
  readonly #close: () => Promise<void>;
  readonly #sqs: SQSClient;

  constructor(cloud: Cloud, table: Table, callers: Callers<Account>, listed: string, faults: Faults, close: () => Promise<void>) {
    super(cloud, table, callers, on(listed));
    this.faults = faults;
    this.#close = close;
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    this.#sqs = new SQSClient({ endpoint: cloud.sqsEndpoint, region: 'us-east-1', credentials });
  }

  /** The message that a due auction's schedule sends; gives the slot. */
  notifyClosing(product: string): string {
    const slot = new Date(this.cloud.clock.now()).toISOString();
    this.cloud.send('closings', { v: 1, product, slot });
    return slot;
  }

  /** Holds an auction a second from now, and gives what has cleared. */
  async auction(product: string): Promise<Cleared> {
    await this.wait(1000);
    const slot = this.notifyClosing(product);
    await this.cloud.quiet();
    const cleared = (await this.auctions(product))[0];
    if (!cleared || Date.parse(cleared.slot) !== Date.parse(slot)) throw new Error(`the auction of ${slot} has not cleared`);
    return cleared;
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

  /** `aws sqs send-message`. */
  async sendMessage(queue: string, body: unknown): Promise<void> {
    const MessageBody = typeof body === 'string' ? body : JSON.stringify(body);
    await this.#sqs.send(new SendMessageCommand({ QueueUrl: this.cloud.queueUrl(queue), MessageBody }));
  }

  /** `aws sqs receive-message` and `delete-message`: takes everything out of a queue and gives the bodies. */
  async takeMessages(queue: string): Promise<string[]> {
    const QueueUrl = this.cloud.queueUrl(queue);
    const { Messages = [] } = await this.#sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    for (const { ReceiptHandle } of Messages) await this.#sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    return Messages.map(({ Body = '' }) => Body);
  }

  /** Throws away what is in a dead-letter queue. */
  purge(queue: string): Promise<unknown> {
    return this.#sqs.send(new PurgeQueueCommand({ QueueUrl: this.cloud.queueUrl(queue) }));
  }

  heal(): void {
    this.faults.proxy = undefined;
    this.faults.messages = undefined;
    this.faults.firings = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sqs.destroy();
    await this.#close();
  }
}
