/**
 * One settlement of a great many accounts, over HTTP through the whole pipeline of the local cloud: opened and paid in bulk, each given
 * a position by one auction, marked to a new price and stated in a day run. Times are this machine's; the units are those that AWS would
 * bill, and from them follows how long the same would take there.
 */
import { atOnce } from '../lib/client/exchange.ts';
import { contractCode } from '../lib/domain/contract/months.ts';
import { DEPLOYMENT } from '../lib/infra/deployment.ts';
import { UNLIMITED } from '../lib/infra/local-deployment.ts';
import type { Cloud } from '../lib/local/cloud.ts';
import { billOf } from './billing.ts';
import { functionSeconds, type StepTime } from './pipeline.ts';
import { MONDAY, openVenue, PRODUCT, type Venue, watchMemory } from './venue.ts';

const AT_ONCE = 16;
const QUIET_WITHIN_MS = 60 * 60_000;

export interface SettlementRow {
  readonly accounts: number;
  readonly shards: number;
  readonly steps: readonly SettlementStep[];
  /** Of this process, with every function, queue and the gateway in it; without the table engine. */
  readonly peakMemory_mb: number;
  readonly paper: Paper;
}

export interface SettlementStep extends StepTime {
  /** Of post-events: how often it ran, and what it read and wrote. */
  readonly posting: { readonly invocations: number; readonly readUnits: number; readonly writeUnits: number };
  /** Requests that functions made of the table and the queues. */
  readonly requests: number;
  readonly usd: number;
}

/** A settlement of a million accounts at AWS, in seconds at least: by what the table takes, and by what a partition does. */
export interface Paper {
  readonly accounts: number;
  /** Write units of post-events for an account: its state and journal by the settlement, and its statement. */
  readonly writeUnitsEach: number;
  /** All of it, at what a new table takes. */
  readonly tableSeconds: number;
  /** Its states alone: those of a shard lie in one partition. */
  readonly partitionSeconds: number;
}

const PAPER_ACCOUNTS = 1_000_000;
/** Amazon DynamoDB developer guide, "Burst and adaptive capacity": what a partition takes, however much the table does. */
const PARTITION_WRITE_UNITS = 1_000;
/** The same, "Warm throughput": of a table on demand that is new; one that has been used takes more. */
const TABLE_WRITE_UNITS = 4_000;

export async function benchSettlement(accounts: number, onStep: (step: string) => void): Promise<SettlementRow> {
  await using venue = await openVenue(UNLIMITED, { limits: { quietWithinMs: QUIET_WITHIN_MS }, proxy: { meter: true } });
  const { cloud } = venue;
  const names = Array.from({ length: accounts }, (_, at) => `account-${at}`);
  const peak = watchMemory();
  const steps: SettlementStep[] = [];
  const timed = async (step: string, work: () => Promise<unknown>): Promise<void> => {
    onStep(step);
    const [from, before] = [performance.now(), usedBy(cloud)];
    await work();
    await cloud.quiet();
    steps.push(stepOf(step, (performance.now() - from) / 1000, before, usedBy(cloud)));
  };
  await timed('open and pay', () => venue.open(names, '100000.00'));
  await venue.moveTo(MONDAY, '09:30');
  await timed('submit and accept', () => atOnce([...names.entries()], ([at, name]) => trade(venue, name, at), AT_ONCE));
  await timed('clear and post', () => venue.moveTo(MONDAY, '10:00'));
  // The last trade of the day is what everything settles at.
  await atOnce([2, 3], (at) => trade(venue, names[at % accounts]!, at, 'last'), AT_ONCE);
  await venue.moveTo(MONDAY, '15:59');
  await timed('settle, state and report', () => venue.moveTo(MONDAY, '16:05'));
  await checkReport(venue);
  const { shards } = DEPLOYMENT;
  return { accounts, shards, steps, peakMemory_mb: peak(), paper: paperOf(steps.at(-1)!, accounts, shards) };
}

/** One lot of the second month, bought by every other account of the one beside it. */
async function trade({ caller, submit, months }: Venue, account: string, at: number, name = 'first'): Promise<void> {
  const contract = contractCode(PRODUCT, months[1]!);
  const order = { clientOrderId: name, side: at % 2 ? 'buy' : 'sell', contract, price: '2.410', lots: 1 };
  await submit(await caller(account), [order]);
}

/** The day is done, and cash has moved. */
async function checkReport({ operator }: Venue): Promise<void> {
  const { step, report } = (await operator.get(`/v1/operator/days/${PRODUCT}/${MONDAY}`)) as {
    step: string;
    report?: { variation: { collected: string } };
  };
  if (step !== 'done' || !report || Number(report.variation.collected) <= 0)
    throw new Error(`nothing was settled: ${JSON.stringify({ step, report })}`);
}

interface Used {
  readonly functions: Readonly<Record<string, number>>;
  readonly posting: SettlementStep['posting'];
  readonly requests: number;
  readonly usd: number;
}

function usedBy(cloud: Cloud): Used {
  const usage = cloud.usage();
  const { readUnits = 0, writeUnits = 0 } = usage.functions['post-events'] ?? {};
  const invocations = usage.invocations['post-events']?.count ?? 0;
  const requests = Object.values(usage.functions).flatMap((used) => Object.values(used.requests));
  return {
    functions: functionSeconds(cloud),
    posting: { invocations, readUnits, writeUnits },
    requests: sum(requests),
    usd: sum(Object.values(billOf(usage))),
  };
}

function stepOf(step: string, seconds: number, before: Used, after: Used): SettlementStep {
  const spent = Object.entries(after.functions).map(([name, each]): [string, number] => [
    name,
    each - (before.functions[name] ?? 0),
  ]);
  return {
    step,
    seconds,
    functions: Object.fromEntries(spent.filter(([, each]) => each > 0.05)),
    posting: {
      invocations: after.posting.invocations - before.posting.invocations,
      readUnits: after.posting.readUnits - before.posting.readUnits,
      writeUnits: after.posting.writeUnits - before.posting.writeUnits,
    },
    requests: after.requests - before.requests,
    usd: after.usd - before.usd,
  };
}

/** Of what is written for an account (its state, its journal, its statement) the state alone lies in the shard's partition. */
function paperOf({ posting }: SettlementStep, accounts: number, shards: number): Paper {
  const writeUnitsEach = posting.writeUnits / accounts;
  return {
    accounts: PAPER_ACCOUNTS,
    writeUnitsEach,
    tableSeconds: (PAPER_ACCOUNTS * writeUnitsEach) / TABLE_WRITE_UNITS,
    partitionSeconds: PAPER_ACCOUNTS / shards / PARTITION_WRITE_UNITS,
  };
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0);
