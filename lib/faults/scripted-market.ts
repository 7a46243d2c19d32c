/**
 * A day or two of one small market, played the same way every time: index, orders, replacements, cancels, three auctions a
 * day, and an expiry or a roll. What it ends in must not depend on what goes wrong on the way, so a fault test plays it
 * twice and compares.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Audit, auditVenue } from '../audit/audit.ts';
import { byTwo } from '../client/by-two.ts';
import { type Caller, Exchange } from '../client/exchange.ts';
import { numberedKey } from '../client/idempotency-key.ts';
import { type BusinessDate, businessDays, instantOf, nextBusinessDay } from '../domain/contract/calendar.ts';
import { listedMonths, monthText } from '../domain/contract/months.ts';
import type { SweepTimes } from '../infra/deployment.ts';
import { assemblyOf, UNLIMITED } from '../infra/local-deployment.ts';
import { type Cloud, type CloudOptions, startCloud } from '../local/cloud.ts';
import { frozenClock } from '../local/host/clock.ts';
import { PARAMETERS } from '../simulation/parameters.ts';
import { Table } from '../store/table.ts';

export const PRODUCT = 'H100-SXM';
export const SHARDS = 2;
const ZONE = 'America/New_York';
export const ACCOUNTS = ['maker', 'fund', 'hedger', 'seller'] as const;
export type Account = (typeof ACCOUNTS)[number];

/** What a script needs of a cloud; a real one has more. */
export type Stage = Pick<Cloud, 'clock' | 'advanceTo' | 'quiet' | 'deadLetters'>;

export interface Market<On extends Stage = Cloud> {
  readonly cloud: On;
  /** Two of them, who agree. */
  readonly operator: Caller;
  readonly as: Readonly<Record<Account, Caller>>;
  readonly table: Table;
  /** What has been submitted, answered or not. */
  readonly submitted: readonly { readonly account: string; readonly key: string }[];
  /** A UUIDv7 of the clock's time; two of the same instant differ in a count alone. */
  key(): string;
  /** Sends until it is answered, as a client does whose connection broke: the key makes that safe. */
  submit(account: Account, orders: readonly unknown[], key?: string): Promise<{ submission: string }>;
  /** Asks until it is answered: every route answers the same when it is asked the same again. */
  untilAnswered<T>(ask: () => Promise<T>): Promise<T>;
  audit(): Promise<Audit>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** One message may fail here more often than it ever would, each time at another point. It must not be given up for that. */
const RECEIVES_MAX = 100;

/** The assembly that is played on: the deployed one, of another number of shards and with patient queues. */
export const assembled = (bundles?: string, sweep?: SweepTimes, shards = SHARDS): string =>
  assemblyOf({ deployment: { ...UNLIMITED, shards, receivesMax: RECEIVES_MAX, ...(sweep ? { sweep } : {}) }, bundles });

/** Once an hour: every quarter of an hour would be most of the time. */
export const HOURLY: SweepTimes = { hours: Array.from({ length: 12 }, (_, at) => 8 + at), minutes: [30] };
/** Enough to make good what is lost in a day. */
export const SELDOM: SweepTimes = { hours: [11, 14, 16, 17], minutes: [30] };

export interface MarketOptions extends Pick<CloudOptions, 'proxy' | 'messages' | 'firings' | 'limits' | 'canary'> {
  /** Finished bundles instead of those of this tree. */
  readonly bundles?: string;
  /** Of the sweep; as deployed unless given. */
  readonly sweep?: SweepTimes;
  /** How many shards its accounts are spread over. */
  readonly shards?: number;
}

/** The market on the local cloud, on the evening before the script's first day and empty until it is played. Disposing stops it. */
export async function openMarket({ listed }: Script, given: MarketOptions = {}): Promise<Market> {
  const { bundles, sweep, shards = SHARDS, ...options } = given;
  const cloud = await startCloud({
    assembly: assembled(bundles, sweep, shards),
    clock: frozenClock(instantOf(listed as BusinessDate, '20:00', ZONE)),
    ...options,
    limits: { redeliveryMs: 5, ...options.limits },
  });
  const exchange = new Exchange(cloud.url);
  const operatorOf = async (sub: string) =>
    exchange.as(await cloud.mint({ sub, groups: ['operators', 'approvers'], expiresIn: 90 * 86_400 }));
  const operator = byTwo(await operatorOf('op-1'), await operatorOf('op-2'));
  const callers = await Promise.all(
    ACCOUNTS.map(
      async (account) =>
        [account, exchange.as(await cloud.mint({ sub: account, attributes: { account }, expiresIn: 90 * 86_400 }))] as const,
    ),
  );
  const as = Object.fromEntries(callers) as Record<Account, Caller>;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: cloud.dynamodbEndpoint, region: 'us-east-1', credentials });
  const table = new Table(cloud.tableName, client);
  return {
    cloud,
    table,
    ...participantsOf(cloud, operator, as, (ms) => new Promise((resolve) => setTimeout(resolve, ms))),
    audit: () => auditVenue(table, shards),
    async [Symbol.asyncDispose]() {
      exchange.close();
      client.destroy();
      await cloud.stop();
    },
  };
}

const TRIES_MAX = 60;

/** The callers of the market, on any cloud; `pause` is how a client waits before it asks again. */
export function participantsOf(
  { clock }: Pick<Stage, 'clock'>,
  operator: Caller,
  as: Readonly<Record<Account, Caller>>,
  pause: (ms: number) => Promise<void>,
): Pick<Market, 'operator' | 'as' | 'key' | 'submitted' | 'submit' | 'untilAnswered'> {
  let keys = 0;
  const submitted: { account: string; key: string }[] = [];
  const key = (): string => numberedKey(clock.now(), ++keys);
  const untilAnswered = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return await ask();
      } catch (error) {
        if (tries === TRIES_MAX || !/answered 5\d\d|ECONNRESET|socket hang up/.test(String(error))) throw error;
        await pause(20);
      }
    }
  };
  return {
    operator,
    as,
    key,
    submitted,
    untilAnswered,
    submit: (account, orders, own = key()) => {
      submitted.push({ account, key: own });
      return untilAnswered(() => as[account].post('/v1/submissions', { product: PRODUCT, orders }, own)) as Promise<{
        submission: string;
      }>;
    },
  };
}

/** What is played: the day before the first, and the days. */
export interface Script {
  readonly listed: string;
  readonly last: string;
  /** When a day is over; later, where a sweep has to begin what a schedule did not. */
  readonly dayEnds?: string;
  /** Lots added to every order of the script, so that scripts differ. */
  readonly extraLots?: number;
}

/** The October contract expires at the end of the day. */
export const EXPIRY: Script = { listed: '2025-10-30', last: '2025-10-31' };
/** The second day is the first on which December rolls. */
export const ROLL: Script = { listed: '2025-11-05', last: '2025-11-07' };

/** Plays a script and lets the cloud go quiet; `between` is called whenever it has. */
export async function play(
  market: Market<Stage>,
  { listed, last, dayEnds = '16:05', extraLots = 0 }: Script,
  between: () => Promise<void> = async () => {},
): Promise<void> {
  const first = nextBusinessDay('NYSE', listed as BusinessDate);
  await list(market, listed, first);
  for (const date of businessDays('NYSE', first, last as BusinessDate)) await playDay(market, date, dayEnds, extraLots, between);
}

/** One day of it, in a market that is listed. */
export async function playDay(
  market: Market<Stage>,
  date: BusinessDate,
  dayEnds = '16:05',
  extraLots = 0,
  between: () => Promise<void> = async () => {},
): Promise<void> {
  const { cloud, operator, untilAnswered } = market;
  for (const time of ['09:00', '12:00', '15:00']) {
    await cloud.advanceTo(instantOf(date, time, ZONE));
    if (time === '15:00')
      await untilAnswered(() => operator.put(`/v1/operator/index/${PRODUCT}/${date}`, { value: `2.4${date.slice(8)}` }));
    await trade(market, date, time, extraLots);
    await cloud.quiet();
    await between();
  }
  await cloud.advanceTo(instantOf(date, dayEnds, ZONE));
  await cloud.quiet();
  await between();
}

async function list({ operator, as, untilAnswered }: Market<Stage>, listed: string, first: BusinessDate): Promise<void> {
  const months = listedMonths('NYSE', first, 12);
  const curve = Object.fromEntries(months.map((month, index) => [monthText(month), `2.4${String(index).padStart(2, '0')}`]));
  const parameters = { ...PARAMETERS, indexValuesMin: 1 };
  await untilAnswered(() =>
    operator.put(`/v1/operator/products/${PRODUCT}`, { expectedVersion: 0, parameters, listing: { date: listed, curve } }),
  );
  const accounts = ACCOUNTS.map((account) => ({ account, name: account }));
  const movements = ACCOUNTS.map((account) => ({ account, reference: 'opening', amount: '1000000.00' }));
  // Each list one longer than the one before: of what is done already nothing is done again.
  for (let count = 1; count <= ACCOUNTS.length; count++) {
    await untilAnswered(() => operator.post('/v1/operator/accounts', { accounts: accounts.slice(0, count) }));
    await untilAnswered(() => operator.post('/v1/operator/cash-movements', { movements: movements.slice(0, count) }));
  }
  await untilAnswered(() => as.fund.put(`/v1/roll-instructions/${PRODUCT}`, { at: 'market' }));
}

/** Begins every name that an account gives its orders; no other caller may ever see it. */
export const secretOf = (account: Account): string => `only-${account}-`;

/** Terms of orders of the fund that are carried on from auction to auction and never trade; nothing else in the market is of this price. */
export const CARRIED = { account: 'fund', price: '0.739', ticks: 739 } as const;

const NAMES = ['clientOrderId', 'replaces', 'cancel'];
const named = (order: object, prefix: string): object =>
  Object.fromEntries(Object.entries(order).map(([name, value]) => [name, NAMES.includes(name) ? `${prefix}${value}` : value]));

/** Orders of one time of a day. A maker quotes and cancels, a fund and a hedger buy, a seller replaces what it has just sent. */
export async function trade(market: Market<Stage>, date: string, time: string, extra = 0): Promise<void> {
  const submit = (account: Account, orders: readonly object[]) =>
    market.submit(
      account,
      orders.map((order) => named(order, secretOf(account))),
    );
  const id = `${date.slice(5)}.${time.slice(0, 2)}`;
  const [oct, dec, jan] = ['2025-10', '2025-12', '2026-01'].map((month) => `${PRODUCT}-${month}`) as [string, string, string];
  // A month of its own, so that it is the best bid there.
  const far = `${PRODUCT}-2026-06`;
  const day = Number(date.slice(8));
  const price = (ticks: number): string => (ticks / 1000).toFixed(3);
  await Promise.all([
    submit('maker', [
      { clientOrderId: `d${id}`, side: 'sell', contract: dec, price: price(2405 + day), lots: 40 + extra, timeInForce: 'day' },
      { clientOrderId: `b${id}`, side: 'buy', contract: dec, price: price(2380 + day), lots: 15 + extra, timeInForce: 'day' },
      { clientOrderId: `s${id}`, buy: dec, sell: jan, price: '-0.004', lots: 30 + extra },
      { clientOrderId: `r${id}`, buy: jan, sell: dec, price: '0.012', lots: 5 + extra },
    ]),
    submit('fund', [{ clientOrderId: `f${id}`, side: 'buy', contract: dec, price: price(2410 + day), lots: 13 + extra }]),
    submit('hedger', [
      { clientOrderId: `h${id}`, side: 'buy', contract: jan, price: price(2404 + day), lots: 7 + extra, timeInForce: 'gtc' },
    ]),
  ]);
  if (time === '09:00')
    await submit(CARRIED.account, [
      { clientOrderId: `c${id}`, side: 'buy', contract: far, price: CARRIED.price, lots: 3 + extra, timeInForce: 'gtc' },
    ]);
  if (date === '2025-10-31' && time === '09:00')
    await Promise.all([
      submit('seller', [
        { clientOrderId: 'oct', side: 'sell', contract: oct, price: '2.400', lots: 11 + extra, timeInForce: 'gtc' },
      ]),
      submit('hedger', [{ clientOrderId: 'oct', side: 'buy', contract: oct, price: '2.410', lots: 9 + extra }]),
    ]);
  if (time === '12:00') {
    await submit('seller', [
      { clientOrderId: `x${id}`, side: 'sell', contract: jan, price: price(2400 + day), lots: 20 + extra, timeInForce: 'day' },
    ]);
    await submit('seller', [
      {
        replaces: `x${id}`,
        clientOrderId: `y${id}`,
        side: 'sell',
        contract: jan,
        price: price(2402 + day),
        lots: 9 + extra,
        timeInForce: 'day',
      },
    ]);
    await submit('maker', [{ cancel: `b${id}` }, { cancel: 'never-sent' }]);
  }
}
