/**
 * One simulation from end to end: a venue is synthesized and started on a standing clock, a month of real prices is traded
 * through it over HTTP, then its books are audited. Everything that could differ between two runs comes from the seed.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { auditVenue } from '../audit/audit.ts';
import { Exchange } from '../client/exchange.ts';
import { listedMonths } from '../domain/contract/months.ts';
import { DEPLOYMENT } from '../infra/deployment.ts';
import { assemblyOf, deploymentOf, UNLIMITED } from '../infra/local-deployment.ts';
import { type Cloud, startCloud } from '../local/cloud.ts';
import { frozenClock } from '../local/host/clock.ts';
import { Table } from '../store/table.ts';
import { crashFrom, fallenOffers, fallenSpot, NO_CRASH } from './crash.ts';
import { planDays } from './days.ts';
import { worthOf } from './market.ts';
import type { DayReport, RunningVenue } from './operator.ts';
import { PARAMETERS } from './parameters.ts';
import { population } from './population.ts';
import { readOffers, readSpot } from './prices.ts';
import { type Result, reconcile } from './reconciliation.ts';
import { storedAuctions } from './records.ts';
import { type Run, trade } from './trading.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly participants: number;
  /** Trading days; as many as the prices cover unless given. */
  readonly days?: number | undefined;
  /** Prices fall by 30% over three days, in the middle of the run. */
  readonly crash?: boolean;
  readonly product: string;
  readonly spot: PriceFile;
  readonly offers: PriceFile;
  /** Called at each step, with a sentence that says what is being done. */
  readonly onStep?: (step: string) => void;
  /** Called when a day has ended; `first`, the first day of the run, decides which months are shown. */
  readonly onDay?: (day: DayReport, first: DayReport, count: { readonly done: number; readonly of: number }) => void;
  /** Called when the cloud is up, so that the caller can watch its logs or stop it. */
  readonly onCloud?: (cloud: Cloud) => void;
}

export interface PriceFile {
  readonly name: string;
  readonly text: string;
}

/** Runs it. Throws PricesError on unusable prices, LocalCloudError when the cloud can't run, UnexpectedAnswerError on a refusal. */
export async function simulate(options: SimulationOptions): Promise<Result> {
  const run = prepare(options);
  const step = options.onStep ?? (() => {});
  await using stack = new AsyncDisposableStack();
  step('synthesizing the venue');
  const assembly = assemblyOf({ deployment: deploymentOf(options.product, UNLIMITED) });
  step('starting the venue');
  const cloud = await startCloud({ assembly, clock: frozenClock(run.plan.startsAt) });
  stack.defer(() => cloud.stop());
  options.onCloud?.(cloud);
  const exchange = new Exchange(cloud.url);
  stack.defer(() => exchange.close());

  step('opening accounts');
  const days: DayReport[] = [];
  const traded = await trade(run, runningOn(cloud), exchange, (day) => {
    days.push(day);
    options.onDay?.(day, days[0]!, { done: days.length, of: run.plan.days.length });
  });

  step('auditing the books');
  await cloud.quiet();
  const table = tableOf(cloud);
  const audit = await auditVenue(table, DEPLOYMENT.shards);
  return reconcile(run, traded, {
    audit,
    auctions: await storedAuctions(table, audit.events),
    accounts: await traded.operators.accounts(),
    deadLetters: cloud.deadLetters(),
    alarms: cloud.alarms.changes(),
  });
}

/** Everything a run does not need a venue for. */
export function prepare(
  options: Pick<SimulationOptions, 'seed' | 'participants' | 'days' | 'crash' | 'product' | 'spot' | 'offers'>,
): Run {
  const { seed, product } = options;
  const { calendar, timeZone, dayRunTime } = PARAMETERS;
  const hours = { calendar, timeZone, auctions: ['10:00', '13:00', dayRunTime] };
  const read = readSpot(options.spot.text, options.spot.name, product);
  const { days } = planDays(read, hours, options.days);
  const tenths = options.crash ? crashFrom(calendar, days[Math.floor(days.length / 2)]!.date) : NO_CRASH;
  const spot = fallenSpot(read, tenths);
  const offers = fallenOffers(readOffers(options.offers.text, options.offers.name, product, PARAMETERS.priceDecimals), tenths);
  const plan = planDays(spot, hours, options.days);
  const listed = listedMonths(calendar, plan.days[0]!.date, PARAMETERS.listedMonths);
  const curve = worthOf(spot, plan.firstIndex.date, listed, PARAMETERS);
  return {
    seed,
    plan,
    spot,
    offers,
    tenths,
    crashes: options.crash === true,
    terms: { product, parameters: PARAMETERS, listing: { date: plan.listedOn, curve } },
    participants: population(seed, options.participants, offers, listed),
  };
}

/** A cloud of this machine as a run uses it. */
export const runningOn = (cloud: Cloud): RunningVenue => ({
  url: cloud.url,
  mint: ({ account, ...request }) => cloud.mint(account === undefined ? request : { ...request, attributes: { account } }),
  advanceTo: async (instantMs) => void (await cloud.advanceTo(instantMs)),
  quiet: () => cloud.quiet(),
});

/** The venue's table, read past its functions. */
export function tableOf(cloud: Cloud): Table {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return new Table(cloud.tableName, new DynamoDBClient({ endpoint: cloud.dynamodbEndpoint, region: 'us-east-1', credentials }));
}
