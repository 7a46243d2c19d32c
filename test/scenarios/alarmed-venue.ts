/**
 * The deployed venue on a standing clock, for faults to be caused in it: what its alarms do, and the hands of whoever follows
 * the runbook. Queues are reached through the API that the runbook's commands use, except for `start-message-move-task`,
 * which the local queues do not have.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type Audit, auditVenue } from '../../lib/audit/audit.ts';
import { type Caller, Exchange } from '../../lib/client/exchange.ts';
import { type BusinessDate, instantOf } from '../../lib/domain/contract/calendar.ts';
import { listedMonths, monthText } from '../../lib/domain/contract/months.ts';
import { synthesize } from '../../lib/infra/synthesize.ts';
import { type Cloud, startCloud } from '../../lib/local/cloud.ts';
import { frozenClock } from '../../lib/local/host/clock.ts';
import { type ProxyAction, serviceError } from '../../lib/local/proxy/proxy.ts';
import type { ProxyRequest } from '../../lib/local/proxy/request.ts';
import type { Firing, FiringFault } from '../../lib/local/scheduler/scheduler.ts';
import { PARAMETERS, tableOf } from '../../lib/simulation/simulation.ts';
import type { Table } from '../../lib/store/table.ts';

export const PRODUCT = 'H100-SXM';
export const SHARDS = 2;
const ZONE = 'America/New_York';
const TOKEN_SECONDS = 90 * 86_400;
const LISTED = '2025-10-17' as BusinessDate;
export const FIRST = '2025-10-20' as BusinessDate;
/** Long enough for a test to take a fault away before a message has used up its five chances. */
const REDELIVERY_MS = 50;

export interface AlarmedVenue {
  readonly cloud: Cloud;
  readonly table: Table;
  readonly operators: readonly [Caller, Caller];
  readonly maker: Caller;
  readonly fund: Caller;
  /** What goes wrong on the proxy and with the schedules; nothing while undefined. */
  readonly fault: {
    proxy: ((request: ProxyRequest) => ProxyAction | Promise<ProxyAction> | undefined) | undefined;
    firings: ((firing: Firing) => FiringFault | undefined) | undefined;
  };
  /** Moves the clock to a time of day in New York. */
  go(date: string, time: string): Promise<void>;
  /** Moves the clock by minutes. */
  pass(minutes: number): Promise<void>;
  /** A maker's quotes and a fund's order for the next auction. */
  trade(name: string): Promise<{ submission: string }>;
  publishIndex(date: string): Promise<void>;
  /** `aws sqs send-message`. */
  sendMessage(queue: string, body: unknown): Promise<void>;
  /** `aws sqs receive-message` and `delete-message`: takes everything out of a queue and gives the bodies. */
  takeMessages(queue: string): Promise<string[]>;
  audit(): Promise<Audit>;
  stop(): Promise<void>;
}

export const newYork = (date: string, time: string): number => instantOf(date as BusinessDate, time, ZONE);

/** A right that was taken away: what the SDK does not try again. */
export const DENIED = serviceError('dynamodb', 'AccessDeniedException', 'not authorized to perform this operation');

export async function openVenue(): Promise<AlarmedVenue> {
  const dir = mkdtempSync(join(tmpdir(), 'alarmed-'));
  synthesize(dir, { deployment: { shards: SHARDS } });
  const fault: AlarmedVenue['fault'] = { proxy: undefined, firings: undefined };
  const cloud = await startCloud({
    assembly: dir,
    clock: frozenClock(newYork(LISTED, '20:00')),
    proxy: { onRequest: async (request) => (await fault.proxy?.(request)) ?? 'pass' },
    firings: (firing) => fault.firings?.(firing),
    limits: { redeliveryMs: REDELIVERY_MS },
  });
  const exchange = new Exchange(cloud.url);
  const operator = async (sub: string) => exchange.as(await cloud.mint({ sub, groups: ['operators'], expiresIn: TOKEN_SECONDS }));
  const trader = async (account: string) =>
    exchange.as(await cloud.mint({ sub: account, attributes: { account }, expiresIn: TOKEN_SECONDS }));
  const operators = [await operator('op-1'), await operator('op-2')] as const;
  const [maker, fund] = [await trader('maker'), await trader('fund')];
  const sqs = new SQSClient({
    endpoint: cloud.sqsEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const table = tableOf(cloud);
  await list(operators[0]);
  await cloud.quiet();

  let keys = 0;
  const submit = (caller: Caller, orders: readonly unknown[]) => {
    const hex = cloud.clock.now().toString(16).padStart(12, '0');
    const key = `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${String(++keys).padStart(12, '0')}`;
    return caller.post('/v1/submissions', { product: PRODUCT, orders }, key) as Promise<{ submission: string }>;
  };
  return {
    cloud,
    table,
    operators,
    maker,
    fund,
    fault,
    go: async (date, time) => void (await cloud.advanceTo(newYork(date, time))),
    pass: async (minutes) => void (await cloud.advanceTo(cloud.clock.now() + minutes * 60_000)),
    async trade(name) {
      const contract = `${PRODUCT}-2025-12`;
      await submit(maker, [{ clientOrderId: `sell-${name}`, side: 'sell', contract, price: '2.402', lots: 10 }]);
      return submit(fund, [{ clientOrderId: `buy-${name}`, side: 'buy', contract, price: '2.410', lots: 7 }]);
    },
    publishIndex: async (date) => void (await operators[0].put(`/v1/operator/index/${PRODUCT}/${date}`, { value: '2.400' })),
    sendMessage: async (queue, body) =>
      void (await sqs.send(
        new SendMessageCommand({
          QueueUrl: cloud.queueUrl(queue),
          MessageBody: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      )),
    async takeMessages(queue) {
      const QueueUrl = cloud.queueUrl(queue);
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      return Messages.map(({ Body = '' }) => Body);
    },
    audit: () => auditVenue(table, SHARDS),
    async stop() {
      exchange.close();
      sqs.destroy();
      await cloud.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function list(operator: Caller): Promise<void> {
  const curve = Object.fromEntries(
    listedMonths('NYSE', FIRST, 12).map((month, i) => [monthText(month), `2.4${String(i).padStart(2, '0')}`]),
  );
  const listing = { date: LISTED, curve };
  await operator.put(`/v1/operator/products/${PRODUCT}`, {
    expectedVersion: 0,
    parameters: { ...PARAMETERS, indexValuesMin: 1 },
    listing,
  });
  for (const account of ['maker', 'fund']) {
    await operator.post('/v1/operator/accounts', { account, name: account });
    await operator.post(`/v1/operator/accounts/${account}/cash-movements`, { reference: 'opening', amount: '1000000.00' });
  }
}
