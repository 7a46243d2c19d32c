/**
 * One seed of the small world: two days of a small market in which honest participants trade while hostile and clumsy ones, chosen by
 * the seed, do what they may. Then an operator puts right what an operator can, and the market is judged by its laws.
 */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { instantOf, localDate } from '../../domain/contract/calendar.ts';
import { type Random, random } from '../../local/host/random.ts';
import { seededFaults } from '../chance.ts';
import type { SeedResult } from '../run.ts';
import { PRODUCT, SHARDS, secretOf } from '../scripted-market.ts';
import type { SeedWorker } from '../seeds.ts';
import { type Act, type Days, type Part, playActs } from './acts.ts';
import { AT_ODDS, approveAll, CLUMSY, changeTerms, DEAD_LETTERS, PUBLISHING, publish, redriveAll, resume } from './clumsy.ts';
import { honestActs, SECRET_PRICE } from './honest.ts';
import { HOSTILE, SILENT } from './hostile.ts';
import { deadLettersOf, LAWS, noteIndex, standsStill } from './laws.ts';
import { HONEST, list, type Name, openSmallMarket, ROGUE, type SmallMarket, ZONE } from './market.ts';
import { smallSources } from './world.ts';

/** An expiry before a weekend, days on which December rolls, and days around a holiday. */
const DAYS = [
  { listed: '2025-10-30', trading: ['2025-10-31', '2025-11-03'], closed: '2025-11-01' },
  { listed: '2025-11-05', trading: ['2025-11-06', '2025-11-07'], closed: '2025-11-08' },
  { listed: '2025-11-25', trading: ['2025-11-26', '2025-11-28'], closed: '2025-11-27' },
] as unknown as readonly Days[];
/** One seed in so many plays on a disturbed cloud. */
const DISTURBED_EVERY = 4;
const SHOWN_MAX = 5;
/** After this, no sweep is left to send a lost wake-up again. */
const WAKE_UPS_MAY_BE_LOST_UNTIL = '16:20';
const HEALINGS_MAX = 8;

export interface SmallSeed {
  readonly days: Days;
  readonly disturbed: boolean;
  /** What hostile and clumsy ones do. */
  readonly parts: readonly string[];
  readonly acts: readonly Act[];
}

/** What a seed plays. */
export function smallSeed(seed: number): SmallSeed {
  const choice = random(seed, 'parts');
  const days = choice.pick(DAYS);
  const publishing = choice.chance(30) ? [choice.pick(PUBLISHING)] : [];
  const parts = [
    ...some(choice, HOSTILE, choice.between(1, 2)),
    ...some(choice, CLUMSY, choice.between(0, 2)),
    ...(choice.chance(25) ? [choice.pick(DEAD_LETTERS)] : []),
    ...publishing,
    ...(choice.chance(25) ? AT_ODDS : []),
    ...(choice.chance(25) ? SILENT : []),
  ];
  return {
    days,
    disturbed: seed % DISTURBED_EVERY === 0,
    parts: parts.map(({ name }) => name),
    acts: [
      ...honestActs(days, publishing.length === 0),
      ...parts.flatMap((part) => part.acts(random(seed, part.name), days)),
      // The clock goes past every auction and day run.
      ...([0, 1] as const).flatMap((day) => [
        { day, time: '10:30', act: async () => {} },
        { day, time: '18:05', act: async () => {} },
      ]),
    ],
  };
}

function some(choice: Random, all: readonly Part[], count: number): Part[] {
  const left = [...all];
  return Array.from({ length: count }, () => left.splice(choice.between(0, left.length - 1), 1)[0]!);
}

/** Plays seeds in a thread, by sources that are made here: a thread that is ended leaves its own behind. */
export const smallWorker = (): SeedWorker => ({ file: new URL('./seed-worker.ts', import.meta.url), told: smallSources() });

/**
 * Plays one seed. `sources`: of this tree's functions as they are in the small world; `played`: other functions than those.
 */
export async function runSmallSeed(seed: number, sources = smallSources(), played = sources): Promise<SeedResult> {
  const started = performance.now();
  const script = smallSeed(seed);
  const { days, disturbed } = script;
  const failures = new Set<string>();
  let now = () => 0;
  const faults = seededFaults(
    seed,
    () => now(),
    (at) => at < instantOf(localDate(at, ZONE), WAKE_UPS_MAY_BE_LOST_UNTIL, ZONE),
  );
  const { onDelivery, ...others } = disturbed ? faults.faultHooks : {};
  const market = openSmallMarket({
    seed,
    listed: days.listed,
    disturbed,
    sources: played,
    faultHooks: {
      ...others,
      onDelivery: (queue, body) =>
        [...market.notes.stuck].some((text) => body.includes(text)) ? 'late' : onDelivery?.(queue, body),
    },
    onOutput: (name, text) => {
      if (!disturbed && /"level":"(ERROR|CRITICAL)"/.test(text) && !isMarkerStuck(market))
        failures.add(`${name} prints an error: ${errorIn(text)}`);
      for (const account of HONEST) if (text.includes(secretOf(account))) failures.add(`${name} prints an order of ${account}`);
    },
    onFailure: (_, error) => {
      if (!disturbed && !isMarkerStuck(market)) failures.add(`an invocation fails: ${error.message.slice(0, 120)}`);
    },
    onAnswer: (by, asked, answer) => {
      for (const leak of leaksIn(by, asked, answer)) failures.add(leak);
    },
  });
  now = market.cloud.clock.now;
  let looks = 0;
  try {
    await list(market, days.listed);
    // What goes wrong is told at once: what comes of it costs time and says nothing more.
    await playActs(market, days, script.acts, async () => {
      await noteIndex(market);
      for (const found of [...deadLettersOf(market), ...(await standsStill(market)), ...(await look(market, looks++))])
        if (!disturbed) failures.add(found);
      return failures.size === 0;
    });
    if (failures.size === 0) {
      await heal(market, days);
      for (const found of await judge(market, days, disturbed, sources)) failures.add(found);
    }
  } catch (error) {
    failures.add(`the run did not end: ${(error as Error).message}`);
  }
  return {
    seed,
    failures: [...failures].slice(0, SHOWN_MAX),
    faults: { ...Object.fromEntries(script.parts.map((part) => [part, 1])), ...(disturbed ? faults.byKind() : {}) },
    injected: [...script.parts, ...[...faults.injected].map(([what, times]) => `${what} x${times}`).sort()],
    trace: market.cloud.trace(),
    milliseconds: Math.round(performance.now() - started),
  };
}

/** What breaks the laws in the end. The audit is that of the small world: it works out what the functions there have stored. */
async function judge(market: SmallMarket, days: Days, disturbed: boolean, sources: string): Promise<string[]> {
  const file = pathToFileURL(join(sources, '..', 'lib', 'audit', 'audit.ts'));
  const { auditVenue } = (await import(file.href)) as typeof import('../../audit/audit.ts');
  const audit = await auditVenue(market.table, SHARDS);
  const broken: string[] = [];
  for (const law of LAWS) broken.push(...(await law({ market, days, audit, disturbed })));
  return broken;
}

/** A marker that is stuck stops those that come behind it, which is an error of accept. */
const isMarkerStuck = ({ notes: { everStuck } }: SmallMarket): boolean => [...everStuck].some((text) => text.includes('marker'));

/** What the log line of an error says, without what differs from run to run. */
function errorIn(text: string): string {
  const [, message] = /"error":\{[^}]*?"message":"([^"]*)"/.exec(text) ?? /"message":"([^"]*)"/.exec(text) ?? [];
  return String(message);
}

/** Only its own participant knows the names of its orders, and the price of one that has not traded. */
function leaksIn(by: Name, asked: string, answer: string): string[] {
  return HONEST.filter((account) => by !== account && answer.includes(secretOf(account)))
    .map((account) => `${asked} tells ${by} of an order of ${account}`)
    .concat(
      by !== 'hedger' && answer.includes(`"${SECRET_PRICE}"`)
        ? [`${asked.replace(/[?/]\d.*|\?.*/, '')} tells ${by} of a carried order`]
        : [],
    );
}

const LOOKS = [
  '/v1/orders',
  '/v1/fills',
  '/v1/journal',
  '/v1/positions',
  '/v1/statements',
  '/v1/order-history',
  '/v1/submissions',
];
/** What is read at most to show a page of an account's own orders: an item or two, whatever others have. */
const ORDERS_BYTES_MAX = 6 * 1024;

/** What participants look at between auctions: the newest of them, and their own. Gives what is wrong with it. */
async function look(market: SmallMarket, looks: number): Promise<string[]> {
  const { body } = await market.ask('fund', 'GET', `/v1/auctions?product=${PRODUCT}&limit=1`);
  const newest = (body as { items?: { auction: number }[] }).items?.[0]?.auction;
  if (newest !== undefined)
    for (const path of ['', '/depth?limit=5']) await market.ask('fund', 'GET', `/v1/auctions/${PRODUCT}/${newest}${path}`);
  await market.ask(ROGUE, 'GET', LOOKS[looks % LOOKS.length]!);
  // What is new in the log is read by the first that asks, of whichever account.
  await market.ask('fund', 'GET', '/v1/positions');
  const before = market.meter.bytesOf.get('participant-api') ?? 0;
  // In the same shard as the hostile one.
  await market.ask('maker', 'GET', '/v1/orders');
  const bytes = (market.meter.bytesOf.get('participant-api') ?? 0) - before;
  return bytes > ORDERS_BYTES_MAX ? [`${bytes} bytes are read to show maker its own orders`] : [];
}

/** Puts right what an operator can: terms, halt, index, what is held and what is among the dead letters; a few times over. */
async function heal(market: SmallMarket, { trading }: Days): Promise<void> {
  await changeTerms(market, {});
  for (const date of trading) await publish(market, date, '2.400');
  for (let round = 0; round < HEALINGS_MAX; round++) {
    await resume(market);
    await approveAll(market);
    const sent = redriveAll(market);
    market.cloud.send('sweeps', JSON.stringify({ v: 1, at: new Date(market.cloud.clock.now()).toISOString() }));
    await market.cloud.quiet();
    if (round >= 3 && sent === 0) return;
  }
}
