/**
 * What a submission costs accept by what was sent before it: one account that sends ten thousand into one auction, beside ten
 * thousand accounts that send one each, with full batches, as under a flood; and both taken in turns by two workers, each of
 * which must read what the other wrote. Units are those that the table engine reports for each request.
 */
import type { Context } from 'aws-lambda';
import { Worker } from '../lambdas/accept-orders/account-intakes.ts';
import { acceptOrders } from '../lambdas/accept-orders/index.ts';
import { nextBusinessDay } from '../lib/domain/contract/calendar.ts';
import { listedMonths } from '../lib/domain/contract/months.ts';
import { ticks } from '../lib/domain/contract/units.ts';
import { type ServiceProxy, startProxy } from '../lib/local/proxy/proxy.ts';
import { shardOf } from '../lib/store/keys.ts';
import { append, loadVenue } from '../lib/store/log.ts';
import type { SubmissionMessage } from '../lib/store/messages.ts';
import { required, Table } from '../lib/store/table.ts';
import { startEngine } from '../test/venue/engine.ts';
import { H100, newYorkMs, on } from '../test/venue/h100.ts';
import { buy } from '../test/venue/orders.ts';
import { record, submission } from '../test/venue/records.ts';
import { PRICES } from './prices.ts';

/** Of one submission, on average over a thousand. */
export interface AcceptCost {
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly ms: number;
}
export interface AcceptBenchRow {
  readonly what: string;
  readonly submissions: number;
  readonly first: AcceptCost;
  readonly last: AcceptCost;
  /** Read and write units of the last thousand at list prices, against those of the first row's last thousand. */
  readonly ratio: number;
}

const SUBMISSIONS = 10_000;
const IN_TURNS = 10_000;
const MEASURED = 1_000;
const BATCH = 10;
/** Ten a second. */
const APART_MS = 100;
const FUNCTION = 'accept-orders';

export async function benchAccept(): Promise<AcceptBenchRow[]> {
  const engine = await startEngine();
  const engines = { dynamodb: required('AWS_ENDPOINT_URL_DYNAMODB'), sqs: required('AWS_ENDPOINT_URL_SQS') };
  const proxy = await startProxy({ meter: true }, { engines, kill: () => {} });
  process.env.AWS_ENDPOINT_URL_DYNAMODB = proxy.endpoint('dynamodb', FUNCTION, 0);
  try {
    const accounts = shardMates(SUBMISSIONS);
    const many = await measured(proxy, 'MANY', SUBMISSIONS, 1, (at) => accounts[at]!);
    const one = await measured(proxy, 'ONE', SUBMISSIONS, 1, () => accounts[0]!);
    const manyTurns = await measured(proxy, 'MANY-TURNS', IN_TURNS, 2, (at) => accounts[at]!);
    const turns = await measured(proxy, 'TURNS', IN_TURNS, 2, () => accounts[0]!);
    const rows: [what: string, costs: AcceptCost[]][] = [
      ['ten thousand accounts, one submission each', many],
      ['one account, ten thousand submissions', one],
      ['ten thousand accounts, two workers in turns', manyTurns],
      ['one account, two workers in turns', turns],
    ];
    return rows.map(([what, costs]) => ({
      what,
      submissions: costs.length * MEASURED,
      first: costs[0]!,
      last: costs.at(-1)!,
      ratio: usdOf(costs.at(-1)!) / usdOf(many.at(-1)!),
    }));
  } finally {
    await proxy.stop();
    await engine.stop();
  }
}

const usdOf = ({ readUnits, writeUnits }: AcceptCost): number => readUnits * PRICES.readUnit + writeUnits * PRICES.writeUnit;

/** What each thousand of a product's submissions cost, one after the other. */
async function measured(
  proxy: ServiceProxy,
  product: string,
  count: number,
  workers: number,
  accountOf: (at: number) => string,
): Promise<AcceptCost[]> {
  await list(product);
  const handlers = Array.from({ length: workers }, () => acceptOrders(new Worker()));
  const start = newYorkMs('2025-10-20', '09:30');
  const message = (at: number): SubmissionMessage =>
    submission(product, accountOf(at), new Date(start + at * APART_MS).toISOString(), [
      buy(`order-${at}`, MONTHS[at % MONTHS.length]!, 2400, 1),
    ]);
  const used = () => {
    const { readUnits = 0, writeUnits = 0 } = proxy.usage().get(FUNCTION) ?? {};
    return { readUnits, writeUnits, ms: performance.now() };
  };
  const costs: AcceptCost[] = [];
  let before = used();
  for (let at = 0; at < count; at += BATCH) {
    const Records = Array.from({ length: BATCH }, (_, each) => record('orders', message(at + each)));
    const { batchItemFailures } = await handlers[(at / BATCH) % workers]!({ Records }, {} as Context);
    if (batchItemFailures.length) throw new Error(`${batchItemFailures.length} submissions failed`);
    if ((at + BATCH) % MEASURED !== 0) continue;
    const after = used();
    const each = (part: keyof AcceptCost): number => (after[part] - before[part]) / MEASURED;
    costs.push({ readUnits: each('readUnits'), writeUnits: each('writeUnits'), ms: each('ms') });
    before = after;
  }
  return costs;
}

const LISTED_ON = on('2025-10-17');
const MONTHS = listedMonths(H100.calendar, nextBusinessDay(H100.calendar, LISTED_ON), H100.listedMonths);

async function list(product: string): Promise<void> {
  const table = new Table();
  const listing = { date: LISTED_ON, curve: Object.fromEntries(MONTHS.map((month) => [month, ticks(2400)])) };
  const terms = { product, version: 1, parameters: H100, listing, by: 'operator', at: '' };
  await append(table, await loadVenue(table), { kind: 'parameters-changed', ...terms });
}

/** As many accounts of the first shard, of which there are two. */
function shardMates(count: number): string[] {
  const found: string[] = [];
  for (let at = 0; found.length < count; at++) if (shardOf(`trader-${at}`, 2) === 0) found.push(`trader-${at}`);
  return found;
}
