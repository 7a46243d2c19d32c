/**
 * What AWS would bill, counted from the requests that the pipeline really sends: gateway requests, SQS requests of
 * functions and pollers, read and write units as the engine reports them, and Lambda's time at the memory that is deployed,
 * at the list prices of us-east-1. Lambda's time is measured on this machine, which is not the one it would run on.
 *
 * Orders are counted with a full queue, as it is when most are sent. Positions are counted as the difference between a day
 * that settles them and a day that settles none, so that what a day costs in any case does not hide in them.
 */
import { atOnce, type Caller } from '../lib/client/exchange.ts';
import { type ContractMonth, contractCode } from '../lib/domain/contract/months.ts';
import { UNLIMITED } from '../lib/infra/local-deployment.ts';
import { PIPELINE } from '../lib/infra/pipeline.ts';
import type { Usage } from '../lib/local/cloud.ts';
import type { ProxyAction } from '../lib/local/proxy/proxy.ts';
import { FUNCTIONS } from '../lib/store/names.ts';
import { PRICES } from './prices.ts';
import { MONDAY, openVenue, PRODUCT, TUESDAY, type Venue } from './venue.ts';

export interface BillingRow {
  readonly what: string;
  readonly kind: 'single' | 'full' | 'positions';
  readonly counted: number;
  /** USD per million of what was counted. */
  readonly usdPerMillion: number;
  readonly reach: number;
  /** The same, by what it is paid for. */
  readonly parts: Readonly<Record<string, number>>;
}

/** Single orders, by how many accounts send them: the bill must not know. */
const SINGLES = 2_000;
const SENDERS = [SINGLES, SINGLES / 10, SINGLES / 100, 1];
/**
 * The first submission that a shard takes into an auction costs two writes more, for its writer and its date. These accounts
 * send it, before anything is counted: an auction of millions does not notice them.
 */
const FIRST_SENDERS = 100;
/** Requests at once: more of them wait for this machine, and their functions are not billed by it. */
const AT_ONCE = 4;
const FULL_SUBMISSIONS = 160;
const ORDERS_MAX = 500;
const HOLDERS = 2_000;
const POSITIONS_EACH = 10;

export async function benchBilling(): Promise<BillingRow[]> {
  const rows: BillingRow[] = [];
  for (const senders of SENDERS) rows.push(await singles(senders, 1));
  rows.push(await singles(SINGLES, 2));
  return [...rows, await full(), await positions()];
}

/** With one worker, each shard's batches go to the one that had the batch before; two take what comes. */
async function singles(senders: number, workers: number): Promise<BillingRow> {
  await using venue = await openBench(senders + FIRST_SENDERS, workers);
  const each = SINGLES / senders;
  const sending = Array.from({ length: SINGLES }, (_, at) => ({
    trader: venue.traders[at % senders]!,
    at: Math.floor(at / senders),
  }));
  // Every environment of the gateway's function learns once that an account is open; a venue learns that on its first day.
  for (let times = 0; times < 3; times++) await atOnce(venue.traders, (trader) => trader.get('/v1/account'), AT_ONCE);
  const single = (trader: Caller, at: number) => venue.submit(trader, [order(`o${at}`, venue.months[1 + (at % 10)]!, 1)]);
  await atOnce(venue.traders.slice(senders), (trader) => single(trader, 0), AT_ONCE);
  const used = await venue.metered(async () => {
    venue.holdAccept();
    await atOnce(sending, ({ trader, at }) => single(trader, at), AT_ONCE);
    venue.releaseAccept();
  });
  const held = venue.heldSeconds() * (PIPELINE['accept-orders'].memory_mb / 1024) * PRICES.lambdaGbSecond;
  const spread = `${senders === 1 ? 'all of one account' : `${each} an account`}${workers > 1 ? ', two workers' : ''}`;
  return row('single', `orders, one a request, ${spread}`, SINGLES, 2.5, { ...used, lambda: used.lambda! - held });
}

async function full(): Promise<BillingRow> {
  await using venue = await openBench(FULL_SUBMISSIONS);
  const used = await venue.metered(() =>
    atOnce(venue.traders, (trader) =>
      venue.submit(
        trader,
        Array.from({ length: ORDERS_MAX }, (_, at) => order(`order-${at}`, venue.months[at % 12]!, 1 + (at % 50))),
      ),
    ),
  );
  return row('full', `orders, ${ORDERS_MAX} a request`, FULL_SUBMISSIONS * ORDERS_MAX, 0.018, used);
}

/** The day run of a venue that holds positions, less that of the same venue before it held any. */
async function positions(): Promise<BillingRow> {
  await using venue = await openBench(HOLDERS + 1);
  const [maker, ...holders] = venue.traders;
  const held = venue.months.slice(1, 1 + POSITIONS_EACH);
  await venue.moveTo(MONDAY, '15:59');
  const empty = await venue.metered(() => venue.moveTo(MONDAY, '16:05'));
  await venue.submit(
    maker!,
    held.map((month, at) => ({ ...order(`m${at}`, month, HOLDERS), side: 'sell' })),
  );
  await atOnce(holders, (holder) =>
    venue.submit(
      holder,
      held.map((month, at) => order(`h${at}`, month, 1)),
    ),
  );
  await venue.moveTo(TUESDAY, '15:59');
  const settled = await venue.metered(() => venue.moveTo(TUESDAY, '16:05'));
  const parts = Object.fromEntries(Object.entries(settled).map(([part, usd]) => [part, usd - (empty[part] ?? 0)]));
  return row('positions', 'positions settled in a day, ten an account', (HOLDERS + 1) * POSITIONS_EACH, 0.19, parts);
}

function row(kind: BillingRow['kind'], what: string, counted: number, reach: number, used: Record<string, number>): BillingRow {
  const parts = Object.fromEntries(Object.entries(used).map(([part, usd]) => [part, (usd / counted) * 1e6]));
  return { what, kind, counted, usdPerMillion: Object.values(parts).reduce((sum, usd) => sum + usd, 0), reach, parts };
}

const order = (clientOrderId: string, month: ContractMonth, lots: number) => ({
  clientOrderId,
  side: 'buy',
  contract: contractCode(PRODUCT, month),
  price: '2.400',
  lots,
});

interface Bench extends Venue {
  readonly traders: readonly Caller[];
  /** USD by what it is paid for, of the work and all that follows from it. */
  metered(work: () => Promise<unknown>): Promise<Record<string, number>>;
  /** Keeps accept-orders waiting, so that its queue fills. */
  holdAccept(): void;
  releaseAccept(): void;
  /** How long it was kept waiting: this bench's time, not the function's. */
  heldSeconds(): number;
}

/** A venue with so many accounts open, on the morning of its first day. */
async function openBench(count: number, environmentsMax = 2): Promise<Bench> {
  let [held, release] = [Promise.resolve(), () => {}];
  let heldMs = 0;
  const onRequest = async ({ function: name }: { function?: string | undefined }): Promise<ProxyAction> => {
    if (name !== 'accept-orders') return 'pass';
    const from = performance.now();
    await held;
    heldMs += performance.now() - from;
    return 'pass';
  };
  const venue = await openVenue(UNLIMITED, {
    limits: { environmentsMax, quietWithinMs: 300_000 },
    proxy: { meter: true, onRequest },
  });
  const { cloud } = venue;
  const accounts = Array.from({ length: count }, (_, at) => `trader-${at}`);
  await venue.open(accounts);
  const traders = await Promise.all(accounts.map((account) => venue.caller(account)));
  await venue.moveTo(MONDAY, '07:00');
  return {
    ...venue,
    traders,
    async metered(work) {
      await cloud.quiet();
      const before = billOf(cloud.usage());
      await work();
      await cloud.quiet();
      const after = billOf(cloud.usage());
      return Object.fromEntries(Object.entries(after).map(([part, usd]) => [part, usd - (before[part] ?? 0)]));
    },
    holdAccept() {
      ({ promise: held, resolve: release } = Promise.withResolvers<void>());
    },
    releaseAccept: () => release(),
    heldSeconds: () => heldMs / 1000,
    async [Symbol.asyncDispose]() {
      release();
      await venue[Symbol.asyncDispose]();
    },
  };
}

/** USD so far, by what it is paid for. */
export function billOf({ functions, pollers, invocations }: Usage): Record<string, number> {
  const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0);
  const gateway = FUNCTIONS.filter((name) => PIPELINE[name].servesApi).map((name) => invocations[name]?.count ?? 0);
  const polled = Object.entries(pollers).map(
    ([queue, { receives, deletes }]) =>
      (receives + deletes) * (queue.endsWith('.fifo') ? PRICES.fifoRequest : PRICES.standardRequest),
  );
  const used = Object.values(functions);
  return {
    gateway: sum(gateway) * PRICES.httpRequest,
    // Most of what functions send goes to FIFO queues; all of it is counted at their price.
    queues: sum(polled) + sum(used.map(({ sqsRequests }) => sqsRequests)) * PRICES.fifoRequest,
    writes: sum(used.map(({ writeUnits }) => writeUnits)) * PRICES.writeUnit,
    reads: sum(used.map(({ readUnits }) => readUnits)) * PRICES.readUnit,
    lambda: sum(
      FUNCTIONS.map((name) => {
        const { count = 0, milliseconds = 0 } = invocations[name] ?? {};
        return count * PRICES.lambdaRequest + (milliseconds / 1000) * (PIPELINE[name].memory_mb / 1024) * PRICES.lambdaGbSecond;
      }),
    ),
  };
}
