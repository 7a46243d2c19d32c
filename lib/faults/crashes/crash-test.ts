/**
 * The market of `npm start`, killed again and again (SIGKILL) while its clients trade, auctions close and day runs go, and
 * started again on the same folder. The moments are drawn from a seed; some are in the middle of a start. At the end
 * everything that was answered must be in the books exactly once, and the books must be right to the cent.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { auditRows } from '../../audit/audit.ts';
import { VenueRows } from '../../audit/rows.ts';
import { Exchange } from '../../client/exchange.ts';
import { instantOf, isBusinessDay, localDate, nextBusinessDay } from '../../domain/contract/calendar.ts';
import { type Cloud, startCloud } from '../../local/cloud.ts';
import { followingClock } from '../../local/host/clock.ts';
import { random } from '../../local/host/random.ts';
import { MarketFolder } from '../../operations/market-folder.ts';
import { readVenue } from '../../operations/venue-table.ts';
import { PARAMETERS } from '../../simulation/parameters.ts';
import { tableOf } from '../../simulation/simulation.ts';
import { approveHeld, Clients } from './clients.ts';
import { Ledger } from './ledger.ts';
import { startMarket } from './market-process.ts';
import { type Reconciliation, reconcile } from './reconciliation.ts';

export interface CrashTestOptions {
  /** A folder of its own; what is in it is the market's. */
  readonly dir: string;
  readonly times: number;
  readonly seed: number;
  /** Where the test notes what is sent and answered; one of its own unless given. */
  readonly ledger?: Ledger;
  /** Called after each crash. */
  readonly onCrash?: (crash: Crash) => void;
}

export interface Crash {
  readonly number: number;
  /** Milliseconds from the start of the process to its crash. */
  readonly afterMs: number;
  /** Whether the market had come up. */
  readonly up: boolean;
  readonly marketTime: string;
}

export interface CrashTestResult extends Reconciliation {
  readonly crashes: number;
  /** How many of them came while the market was starting. */
  readonly starting: number;
  readonly seconds: number;
}

/** Percent of the crashes that come at any moment of a start, the others while the market runs. */
const STARTING_PERCENT = 20;
const START_MS = 2_500;
/** After how many answers a market is killed, and how much later: so a slow machine still gets something done between crashes. */
const ANSWERS_MAX = 40;
const THEN_MS_MAX = 400;
const LIFE_MS_MAX = 20_000;
/** Percent of the starts that set the clock an hour ahead, so that days go by. */
const HOUR_PERCENT = 60;
const HOUR_MS = 3_600_000;
const END_WITHIN_MS = 300_000;

/**
 * Runs the test. Throws when the market ends by itself, does not come up, or gives an answer that no crash explains; what is
 * wrong with the books at the end is in the result.
 */
export async function runCrashTest({
  dir,
  times,
  seed,
  ledger = new Ledger(),
  onCrash,
}: CrashTestOptions): Promise<CrashTestResult> {
  const started = performance.now();
  const chance = random(seed, 'crashes');
  const clients = new Clients(ledger, seed, dir);
  let starting = 0;
  for (let number = 1; number <= times; number++) {
    const market = startMarket(dir, clockOf(dir, chance.chance(HOUR_PERCENT) ? HOUR_MS : 0));
    const from = performance.now();
    // The first market comes up: it makes the accounts that trade.
    const early = number > 1 && chance.chance(STARTING_PERCENT);
    const answers = ledger.answers + chance.between(0, ANSWERS_MAX);
    const thenMs = chance.between(0, early ? START_MS : THEN_MS_MAX);
    let up = true;
    try {
      if (early) await sleep(thenMs);
      else {
        const running = (await market.ready)!;
        const work = clients.work(running, market.alive);
        // A refusal that nothing explains ends the test now, not after the last crash.
        await Promise.race([until(() => ledger.answers >= answers), work]);
        await sleep(thenMs);
        await market.kill();
        await work;
      }
    } finally {
      await market.kill();
      up = (await market.ready) !== undefined;
    }
    if (!up) starting += 1;
    const marketTime = new Date(Date.now() + new MarketFolder(dir).kept().aheadMs).toISOString();
    onCrash?.({ number, afterMs: Math.round(performance.now() - from), up, marketTime });
  }
  const settled = await settleUp(dir, ledger);
  // What an operator would run afterwards must agree.
  const rows = await readVenue({ data: dir });
  const { differences } = await auditRows(rows, rows.shards());
  const failures = [...settled.failures, ...differences.map((difference) => `in the stopped market ${difference}`)];
  return { crashes: times, starting, ...settled, failures, seconds: (performance.now() - started) / 1000 };
}

async function until(holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + LIFE_MS_MAX; !holds() && Date.now() < deadline; ) await sleep(10);
}

/** Where to set the clock: into the next trading day when there is none, else ahead by `someMs`, so that days go by. */
function clockOf(dir: string, someMs: number): number | undefined {
  const { calendar, timeZone } = PARAMETERS;
  const nowMs = Date.now() + new MarketFolder(dir).kept().aheadMs;
  const today = localDate(nowMs, timeZone);
  const trades = isBusinessDay(calendar, today) && nowMs < instantOf(today, '19:00', timeZone);
  if (trades) return someMs === 0 ? undefined : nowMs + someMs;
  return instantOf(nextBusinessDay(calendar, today), '08:30', timeZone);
}

const ROUNDS_MAX = 20;

/** The last start, without a crash: the day comes to its end, and the books are compared with what was answered. */
async function settleUp(dir: string, ledger: Ledger): Promise<Reconciliation> {
  const folder = new MarketFolder(dir);
  const { calendar, timeZone } = PARAMETERS;
  const nowMs = Date.now() + folder.kept().aheadMs;
  const today = localDate(nowMs, timeZone);
  const date = isBusinessDay(calendar, today) ? today : nextBusinessDay(calendar, today);
  const endMs = Math.max(nowMs, instantOf(date, '19:50', timeZone));
  const problems: string[] = [];
  const cloud = await startCloud({
    assembly: folder.assembly,
    dataDir: dir,
    clock: followingClock(endMs - Date.now()),
    limits: { quietWithinMs: END_WITHIN_MS },
    onProblem: (error) => problems.push(error.message),
  });
  const exchange = new Exchange(cloud.url);
  try {
    const operators = await Promise.all(
      ['operator-1', 'operator-2'].map(async (sub) => exchange.as(await cloud.mint({ sub, groups: ['operators', 'approvers'] }))),
    );
    await caughtUp(cloud);
    const redriven = redriveAll(cloud);
    for (let round = 0; ; round++) {
      for (const operator of operators) await approveHeld(operator);
      cloud.send('sweeps', { v: 1, at: new Date(cloud.clock.now()).toISOString() });
      await cloud.quiet();
      const days = (await operators[0]!.get(`/v1/operator/days/${PRODUCT}?limit=500`)) as { items: { step: string }[] };
      if (days.items.every(({ step }) => step === 'done')) break;
      if (round === ROUNDS_MAX) {
        problems.push('a day run does not come to its end');
        break;
      }
    }
    return await reconcile(await VenueRows.from(tableOf(cloud).scan()), ledger, {
      redriven,
      problems,
      deadLetters: cloud.deadLetters(),
    });
  } finally {
    exchange.close();
    await cloud.stop();
  }
}

const PRODUCT = 'H100-SXM';

/** Waits for what came due while the market was stopped, which is fired in order of time. */
async function caughtUp(cloud: Cloud): Promise<void> {
  while ((cloud.nextFiring()?.dueMs ?? Infinity) <= cloud.clock.now()) await sleep(20);
  await cloud.quiet();
}

/** A message that was in work at five crashes is a dead letter, as it would be at AWS; the operator sends it back. */
function redriveAll(cloud: Cloud): number {
  return [...new Set(cloud.deadLetters().map(({ queue }) => queue))].reduce((sum, queue) => sum + cloud.redrive(queue), 0);
}
