/**
 * One seed: a day of the scripted market is played twice, undisturbed and with the seed's faults, and both must end in the
 * same books. What is compared is read from the table alone: the state's hash, every fill, every submission's outcomes,
 * the stored accounts against the replayed log, and that lots and cents sum to zero.
 */
import { readSubmission } from '../../store/book.ts';
import { readHalt } from '../../store/halt.ts';
import { shardOf } from '../../store/keys.ts';
import { readFills } from '../../store/results.ts';
import { type Faults, seededFaults } from './chance.ts';
import { type Market, type MarketOptions, openMarket, PRODUCT, play, type Script, SHARDS } from './scripted-market.ts';

export interface SeedResult {
  readonly seed: number;
  /** A sentence each; none when the seed holds. */
  readonly failures: readonly string[];
  readonly faults: Readonly<Record<string, number>>;
  /** Every fault with what it was done to, in order of text. */
  readonly injected: readonly string[];
  readonly milliseconds: number;
}

/** What a run ends in. */
export interface End {
  readonly stateHash: string;
  readonly orders: ReadonlyMap<string, string>;
  readonly fills: ReadonlyMap<string, string>;
  readonly wrong: readonly string[];
}

/** An hourly sweep: thirty a day would be most of the time. It still comes after the day run's grace. */
const OPTIONS = { sweeps: 'cron(30 8-19 ' } as const;
const SCRIPTS = [
  { listed: '2025-10-30', last: '2025-10-31' },
  { listed: '2025-11-05', last: '2025-11-06' },
] as const;
const VARIANTS = 2;
const QUIET_WITHIN_MS = 20_000;
const SHOWN_MAX = 5;

/** The seed's market: an expiry or a roll, with one of a few sizes, so that undisturbed runs can be kept. */
export const marketOf = (seed: number): Script => ({
  ...SCRIPTS[seed % SCRIPTS.length]!,
  extraLots: Math.floor(seed / SCRIPTS.length) % VARIANTS,
  dayEnds: '18:05',
});

const undisturbed = new Map<string, Promise<End>>();

/** Plays one seed. With `bundles`, the disturbed run is by other code than the undisturbed one. */
export async function runSeed(seed: number, bundles?: string): Promise<SeedResult> {
  const started = performance.now();
  const script = marketOf(seed);
  const name = JSON.stringify(script);
  if (!undisturbed.has(name)) undisturbed.set(name, playToEnd(script, OPTIONS));
  const expected = await undisturbed.get(name)!;
  const faults = seededFaults(seed);
  const failures = await disturbed(script, faults, expected, bundles);
  return {
    seed,
    failures,
    faults: faults.byKind(),
    injected: [...faults.injected].map(([what, times]) => `${what} x${times}`).sort(),
    milliseconds: Math.round(performance.now() - started),
  };
}

async function disturbed(script: Script, { wire, messages, firings }: Faults, expected: End, bundles?: string) {
  try {
    const limits = { quietWithinMs: QUIET_WITHIN_MS };
    const own = bundles === undefined ? {} : { bundles };
    return differences(expected, await playToEnd(script, { ...OPTIONS, ...own, wire, messages, firings, limits }));
  } catch (error) {
    return [`the run did not end: ${(error as Error).message}`];
  }
}

/** Plays a script to its end. */
export async function playToEnd(script: Script, options: MarketOptions): Promise<End> {
  await using market = await openMarket(script, options);
  await play(market, script);
  return await endOf(market);
}

export async function endOf(market: Market): Promise<End> {
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
    for (let shard = 0; shard < SHARDS; shard++)
      for (const { account, clientOrderId, lots } of await readFills(table, event.product, event.auction, shard, event.fills)) {
        const name = `${account} ${clientOrderId} in auction ${event.auction}`;
        fills.set(name, fills.has(name) ? `${fills.get(name)} and ${lots}` : `${lots}`);
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
