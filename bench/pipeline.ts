/**
 * A great many orders through the whole pipeline of the local cloud, over HTTP: submitted, accepted, closed, cleared, posted and
 * read back, every one at a limit of its own. And what one account that does what it can costs the others: the same day with it and
 * without it. Times are this machine's, where all functions share its processors with queues, gateway and table engine; how they
 * compare with each other travels.
 */
import { atOnce, type Caller } from '../lib/client/exchange.ts';
import { contractCode } from '../lib/domain/contract/months.ts';
import type { Deployment } from '../lib/infra/deployment.ts';
import { UNLIMITED } from '../lib/infra/local-deployment.ts';
import type { Cloud } from '../lib/local/cloud.ts';
import { FUNCTIONS } from '../lib/store/names.ts';
import { MONDAY, openVenue, PRODUCT, type Venue, watchMemory } from './venue.ts';

const ORDERS_A_SUBMISSION = 100;
const AT_ONCE = 16;
const QUIET_WITHIN_MS = 30 * 60_000;

export interface PipelineRow {
  readonly orders: number;
  readonly accounts: number;
  readonly steps: readonly StepTime[];
  /** Of this process, with every function, queue and the gateway in it; without the table engine. */
  readonly peakMemory_mb: number;
  readonly fills: number;
  readonly traded: number;
  readonly levels: number;
}

export interface StepTime {
  readonly step: string;
  readonly seconds: number;
  /** Time in functions, by name, of those that took any. */
  readonly functions: Readonly<Record<string, number>>;
}

/** `orders` of `accounts` through one auction. */
export async function benchPipeline(orders: number, accounts: number, onStep: (step: string) => void): Promise<PipelineRow> {
  await using bench = await openBench();
  const peak = watchMemory();
  const steps: StepTime[] = [];
  const timed = async (step: string, work: () => Promise<unknown>): Promise<void> => {
    onStep(step);
    const [from, before] = [performance.now(), functionSeconds(bench.cloud)];
    await work();
    await bench.cloud.quiet(QUIET_WITHIN_MS);
    const after = functionSeconds(bench.cloud);
    const spent = Object.entries(after).map(([name, seconds]): [string, number] => [name, seconds - (before[name] ?? 0)]);
    steps.push({
      step,
      seconds: (performance.now() - from) / 1000,
      functions: Object.fromEntries(spent.filter(([, seconds]) => seconds > 0.05)),
    });
  };
  const traders = await bench.traders(accounts, 'trader');
  const each = Math.ceil(orders / accounts);
  await timed('open accounts', () => bench.open(traders));
  await bench.moveTo('09:30');
  await timed('submit and accept', () => atOnce(traders, (trader) => submitAll(bench, trader, each), AT_ONCE));
  await timed('close, clear and post', () => bench.moveTo('10:00'));
  let [fills, levels, traded] = [0, 0, 0];
  await timed('read back', async () => {
    await atOnce(
      traders,
      async (trader) => {
        fills += await countOf(trader.caller, '/v1/fills?limit=500', 'before');
      },
      AT_ONCE,
    );
    const [{ caller }] = traders as [Trader];
    const { items } = (await caller.get(`/v1/auctions?product=${PRODUCT}`)) as {
      items: { auction: number; months: { volume: number }[] }[];
    };
    traded = items[0]!.months.reduce((sum, { volume }) => sum + volume, 0);
    levels = await countOf(caller, `/v1/auctions/${PRODUCT}/${items[0]!.auction}/depth?limit=500`, 'cursor');
  });
  return { orders: each * accounts, accounts, steps, peakMemory_mb: peak(), fills, traded, levels };
}

export interface HostileRow {
  readonly others: number;
  readonly hostileSubmissions: number;
  /** Until the last submission of the others had its answer in the book, in seconds: alone, and beside the hostile account. */
  readonly alone: OthersDay;
  readonly beside: OthersDay;
}
export interface OthersDay {
  /** Seconds until every submission of the others stood in the book. */
  readonly accepted: number;
  /** Seconds from the cut until the auction was cleared and posted. */
  readonly cleared: number;
  /** Submissions of the hostile account that were not refused by its rate. */
  readonly taken: number;
}

/** What an account that sends all it may costs `others` that trade as always. */
export async function benchHostile(others: number, submissions: number, onStep: (step: string) => void): Promise<HostileRow> {
  onStep('the others alone');
  const alone = await othersDay(others, 0);
  onStep('beside the hostile account');
  const beside = await othersDay(others, submissions);
  return { others, hostileSubmissions: submissions, alone, beside };
}

async function othersDay(count: number, hostileSubmissions: number): Promise<OthersDay> {
  await using bench = await openBench({});
  const traders = await bench.traders(count, 'trader');
  const [hostile] = (await bench.traders(1, 'hostile')) as [Trader];
  await bench.open([...traders, hostile]);
  await bench.moveTo('09:30');
  const from = performance.now();
  let taken = 0;
  const one = async (): Promise<void> => {
    if (await bench.offer(hostile, [bench.order(hostile)])) taken += 1;
  };
  const flood = atOnce(Array.from({ length: hostileSubmissions }), one, AT_ONCE);
  await atOnce(traders, (trader) => submitAll(bench, trader, 10), AT_ONCE);
  await atOnce(traders, (trader) => untilAccepted(trader), AT_ONCE);
  const accepted = (performance.now() - from) / 1000;
  await flood;
  await bench.cloud.quiet(QUIET_WITHIN_MS);
  const cut = performance.now();
  await bench.moveTo('10:00');
  return { accepted, cleared: (performance.now() - cut) / 1000, taken };
}

interface Trader {
  readonly account: string;
  readonly number: number;
  readonly caller: Caller;
  /** Orders that it has sent. */
  sent: number;
  /** The last submission's id. */
  submission: string;
}

/** Its orders, as many to a submission as fit. Buyers and sellers take turns, and no two orders of a side have one limit. */
async function submitAll(bench: Bench, trader: Trader, orders: number): Promise<void> {
  for (let left = orders; left > 0; left -= ORDERS_A_SUBMISSION) {
    const list = Array.from({ length: Math.min(left, ORDERS_A_SUBMISSION) }, () => bench.order(trader));
    await bench.submit(trader, list);
  }
}

async function untilAccepted({ caller, submission }: Trader): Promise<void> {
  for (;;) {
    const { state } = (await caller.get(`/v1/submissions/${submission}`)) as { state: string };
    if (state !== 'queued') return;
  }
}

/** Items of a list, page after page. */
async function countOf(caller: Caller, path: string, cursor: 'cursor' | 'before'): Promise<number> {
  let count = 0;
  for (let next: string | undefined = ''; next !== undefined; ) {
    const page = (await caller.get(next ? `${path}&${cursor}=${encodeURIComponent(next)}` : path)) as {
      items: unknown[];
      next?: string;
    };
    count += page.items.length;
    next = page.next;
  }
  return count;
}

/** A venue whose traders send the orders of the bench. */
interface Bench extends Omit<Venue, 'submit' | 'offer' | 'moveTo' | 'open'> {
  traders(count: number, name: string): Promise<Trader[]>;
  open(traders: readonly Trader[]): Promise<void>;
  order(trader: Trader): unknown;
  submit(trader: Trader, orders: readonly unknown[]): Promise<void>;
  offer(trader: Trader, orders: readonly unknown[]): Promise<boolean>;
  moveTo(time: string): Promise<void>;
}

async function openBench(limits: Partial<Deployment> = UNLIMITED): Promise<Bench> {
  const venue = await openVenue(limits, { limits: { quietWithinMs: QUIET_WITHIN_MS } });
  let limit = 0;
  return {
    ...venue,
    traders: (count, name) =>
      Promise.all(
        Array.from({ length: count }, async (_, number): Promise<Trader> => {
          const account = `${name}-${number}`;
          return { account, number, caller: await venue.caller(account), sent: 0, submission: '' };
        }),
      ),
    open: (traders) => venue.open(traders.map(({ account }) => account)),
    order: (trader) => orderOf(trader, venue.months, ++limit),
    async submit(trader, orders) {
      trader.submission = await venue.submit(trader.caller, orders);
    },
    offer: ({ caller }, orders) => venue.offer(caller, orders),
    moveTo: (time) => venue.moveTo(MONDAY, time),
    [Symbol.asyncDispose]: () => venue[Symbol.asyncDispose](),
  };
}

/** The `number`th order of all: the next limit of the next month. */
function orderOf(trader: Trader, months: Venue['months'], number: number) {
  const step = Math.floor(number / months.length);
  trader.sent += 1;
  return {
    clientOrderId: `o${trader.sent}`,
    side: (trader.number + step) % 2 === 0 ? 'buy' : 'sell',
    contract: contractCode(PRODUCT, months[number % months.length]!),
    price: ((step + 1) / 1000).toFixed(3),
    lots: 1 + (number % 7),
    timeInForce: 'auction',
  };
}

/** Time in functions so far, by name. */
export const functionSeconds = (cloud: Cloud): Record<string, number> => {
  const { invocations } = cloud.usage();
  return Object.fromEntries(FUNCTIONS.map((name) => [name, (invocations[name]?.milliseconds ?? 0) / 1000]));
};
