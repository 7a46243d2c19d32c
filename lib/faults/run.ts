/**
 * One seed: a day of the scripted market is played twice, undisturbed and with the seed's faults, and both must end in the
 * same books. What is compared is read from the table alone: the state's hash, every fill, every submission's outcomes,
 * the stored accounts against the replayed log, and that lots and cents sum to zero.
 */

import type { Caller } from '../client/exchange.ts';
import { instantOf, localDate } from '../domain/contract/calendar.ts';
import { readHalt } from '../store/halt.ts';
import { shardOf } from '../store/keys.ts';
import { readFills } from '../store/results.ts';
import { readSubmission } from '../store/submissions.ts';
import type { VirtualCloud } from '../virtual/cloud.ts';
import { seededFaults } from './chance.ts';
import {
  ACCOUNTS,
  CARRIED,
  type Market,
  PRODUCT,
  play,
  type Script,
  SELDOM,
  SHARDS,
  type Stage,
  secretOf,
} from './scripted-market.ts';
import { openVirtualMarket, type VirtualMarketOptions } from './virtual-market.ts';

export interface SeedResult {
  readonly seed: number;
  /** What is wrong, a sentence each; none when the seed holds. */
  readonly failures: readonly string[];
  readonly faults: Readonly<Record<string, number>>;
  /** Every fault with what it was done to, in order of text. */
  readonly injected: readonly string[];
  /** How many requests and deliveries, and a hash of all of them in order: equal when a seed is played again. */
  readonly trace: { readonly steps: number; readonly hash: string };
  readonly milliseconds: number;
}

/** What a run ends in. */
export interface End {
  readonly stateHash: string;
  readonly orders: ReadonlyMap<string, string>;
  readonly fills: ReadonlyMap<string, string>;
  readonly wrong: readonly string[];
}

const SCRIPTS = [
  { listed: '2025-10-30', last: '2025-10-31' },
  { listed: '2025-11-05', last: '2025-11-06' },
] as const;
const VARIANTS = 4;
const ZONE = 'America/New_York';
/** After this, no sweep is left to send a lost wake-up again and to move on what follows from it. */
const WAKE_UPS_MAY_BE_LOST_UNTIL = '16:20';
const SHOWN_MAX = 5;

/** The seed's market: an expiry or a roll, with one of a few sizes, so that undisturbed runs can be kept. */
export const marketOf = (seed: number): Script => ({
  ...SCRIPTS[seed % SCRIPTS.length]!,
  extraLots: Math.floor(seed / SCRIPTS.length) % VARIANTS,
  dayEnds: '18:05',
});

const mayLoseWakeUp = (nowMs: number): boolean => nowMs < instantOf(localDate(nowMs, ZONE), WAKE_UPS_MAY_BE_LOST_UNTIL, ZONE);

const undisturbed = new Map<string, Promise<End>>();

/** Plays one seed. With `sources`, the disturbed run is by other code than the undisturbed one. */
export async function runSeed(seed: number, sources?: string): Promise<SeedResult> {
  const started = performance.now();
  const script = marketOf(seed);
  const name = JSON.stringify(script);
  if (!undisturbed.has(name)) undisturbed.set(name, playToEnd(script));
  const expected = await undisturbed.get(name)!;
  let now = () => 0;
  const faults = seededFaults(seed, () => now(), mayLoseWakeUp);
  const secrets = new Secrets();
  const market = openVirtualMarket(script, { ...secrets.hooks, seed, sweep: SELDOM, sources, faultHooks: faults.faultHooks });
  now = market.cloud.clock.now;
  const failures = await outcome(market, script, expected);
  return {
    seed,
    failures: [...new Set(secrets.leaks), ...failures].slice(0, SHOWN_MAX),
    faults: faults.byKind(),
    injected: [...faults.injected].map(([what, times]) => `${what} x${times}`).sort(),
    trace: market.cloud.trace(),
    milliseconds: Math.round(performance.now() - started),
  };
}

async function outcome(market: Market<VirtualCloud>, script: Script, expected: End): Promise<string[]> {
  try {
    let looks = 0;
    await play(market, script, () => probe(market, looks++));
    return differences(expected, await endOf(market));
  } catch (error) {
    return [`the run did not end: ${(error as Error).message}`];
  }
}

/** Plays a script to its end on the virtual cloud. */
export async function playToEnd(script: Script, options: VirtualMarketOptions = {}): Promise<End> {
  const market = openVirtualMarket(script, { ...options, sweep: SELDOM });
  await play(market, script);
  return await endOf(market);
}

/** The price of an order that is carried on, as text and as a number of its own. */
const CARRIED_PRICE = new RegExp(`(?<!\\d)${CARRIED.price.replace('.', '\\.')}(?!\\d)|:${CARRIED.ticks}[,}]`);

/**
 * Finds orders that leak. Only their own participant knows the names of its orders, so a name may be in no answer to another
 * caller and in nothing that a function prints. No more may the terms of an order that is carried on, until it trades or lapses.
 */
class Secrets {
  readonly leaks: string[] = [];
  readonly hooks: Pick<VirtualMarketOptions, 'onAnswer' | 'onOutput'> = {
    onAnswer: (caller, asked, answer) => {
      for (const account of ACCOUNTS)
        if (caller !== account && answer.includes(secretOf(account)))
          this.leaks.push(`${asked} tells ${caller} of an order of ${account}`);
      if (caller !== CARRIED.account && CARRIED_PRICE.test(answer))
        this.leaks.push(`${asked} tells ${caller} of a carried order`);
    },
    onOutput: (name, text) => {
      for (const account of ACCOUNTS)
        if (text.includes(secretOf(account))) this.leaks.push(`${name} prints an order of ${account}`);
      if (text.includes(CARRIED.price)) this.leaks.push(`${name} prints a carried order`);
    },
  };
}

/** Asks, as callers that have no right to it, for what belongs to others; `Secrets` reads the answers. */
async function probe({ operator, as, submitted, untilAnswered }: Market<Stage>, look: number): Promise<void> {
  const of = submitted.find(({ account }) => account === 'maker');
  const asked: [Caller, string][] = [
    [operator, '/v1/operator/accounts/maker'],
    [as.hedger, '/v1/orders'],
    [as.hedger, `/v1/submissions/${of?.key}?product=${PRODUCT}`],
    [operator, '/v1/operator/log'],
    [as.seller, `/v1/auctions/${PRODUCT}/1/depth`],
    [as.seller, `/v1/auctions/${PRODUCT}/${look + 1}`],
    [as.fund, '/v1/fills'],
  ];
  for (const [caller, path] of [asked[look % asked.length]!, asked[(look + 1) % asked.length]!])
    await untilAnswered(() => caller.ask('GET', path));
}

/** What a market ends in, read from its table alone. */
export async function endOf(market: Market<Stage>): Promise<End> {
  const { table, cloud } = market;
  const audit = await market.audit();
  const wrong = [...audit.differences];
  if (audit.lotsSum !== 0) wrong.push(`the lots of all accounts are off by ${audit.lotsSum}`);
  if (audit.centsSum !== 0n) wrong.push(`the cents of all accounts sum to ${audit.centsSum}`);
  for (const { queue } of cloud.deadLetters()) wrong.push(`a message is in ${queue}`);
  const halted = await readHalt(table);
  if (halted) wrong.push(`the venue is halted: ${halted.reason}`);

  const orders = new Map<string, string>();
  for (const { account, key } of market.submitted) {
    const stored = await readSubmission(table, PRODUCT, shardOf(account, SHARDS), account, key);
    orders.set(`${account} ${key}`, stored ? `auction ${stored.auction}: ${stored.outcomes.join()}` : 'nothing');
  }
  const fills = new Map<string, string>();
  for (const event of audit.events) {
    if (event.kind !== 'auction-cleared') continue;
    for (const { account, clientOrderId, lots, selfMatched = 0 } of await readFills(table, event)) {
      const name = `${account} ${clientOrderId} in auction ${event.auction}`;
      const became = selfMatched > 0 ? `${lots}, ${selfMatched} self-matched` : `${lots}`;
      fills.set(name, fills.has(name) ? `${fills.get(name)} and ${became}` : became);
    }
  }
  return { stateHash: audit.stateHash, orders, fills, wrong };
}

/** What is wrong with a run in itself, and where it ends otherwise than expected; a sentence each. */
export function differences(expected: End, end: End): string[] {
  const found = [...end.wrong];
  for (const what of ['orders', 'fills'] as const)
    for (const name of new Set([...expected[what].keys(), ...end[what].keys()])) {
      const [was, is] = [expected[what].get(name) ?? 'nothing', end[what].get(name) ?? 'nothing'];
      if (was !== is) found.push(`${what}: ${name} has ${is}, and ${was} when nothing goes wrong`);
    }
  if (end.stateHash !== expected.stateHash) found.push(`the state is ${end.stateHash}, not ${expected.stateHash}`);
  return found.length > SHOWN_MAX ? [...found.slice(0, SHOWN_MAX), `and ${found.length - SHOWN_MAX} more`] : found;
}
