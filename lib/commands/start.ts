/**
 * `npm start`: the market on this machine, kept in a folder. It synthesizes the app, starts the local cloud on it, seeds it the
 * first time, lets others trade in it, shows how to trade, and runs until it is told to stop.
 */
import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { flag, instant, whole } from '../cli/terminal/options.ts';
import { byTwo } from '../client/by-two.ts';
import { Exchange } from '../client/exchange.ts';
import { type BusinessDate, isBusinessDay, localDate } from '../domain/contract/calendar.ts';
import { listedMonths } from '../domain/contract/months.ts';
import type { ProductSchedule } from '../infra/deployment.ts';
import { makeDeployment } from '../infra/local-deployment.ts';
import { type Market, openMarket } from '../operations/market.ts';
import { aheadOf, MARKET_FOLDER, MarketFolder } from '../operations/market-folder.ts';
import { demoTokens, nextAuction, seed } from '../simulation/demo-market.ts';
import { LivingMarket } from '../simulation/living-market.ts';
import { PARAMETERS } from '../simulation/parameters.ts';
import { type ControlDoor, openControl } from '../simulation/play-control.ts';
import { population } from '../simulation/population.ts';
import { readOffers, readSpot } from '../simulation/prices.ts';
import { runningOn } from '../simulation/simulation.ts';
import { type Banner, bannerLines } from './banner.ts';
import { command } from './command.ts';
import { DATA_FOLDER } from './options.ts';
import { keepReadyProfiles } from './ready-profiles.ts';

const DATA = join(import.meta.dirname, '..', '..', 'data');
const SPOT = join(DATA, 'gpu-spot-daily.csv');
const OFFERS = join(DATA, 'gpu-offers-daily.csv');

/** Enough that every kind is there and a day is played in seconds. */
const PARTICIPANTS = 40;
const SEED = 1;
/** How often it is looked whether something is due. */
const LOOKS_EVERY_MS = 1000;

/** What the operator reads in this terminal while the market runs. */
const REPORTS = {
  onProblem: (error) => console.error(error.message),
  onLog: ({ function: name, level, text }) => {
    if (level === 'ERROR') console.error(`${name}: ${text}`);
  },
  onAlarm: ({ alarm, from, to, description, reason }) => {
    if (to === 'ALARM') console.error(`ALARM ${alarm}: ${description} (${reason})`);
    else if (from === 'ALARM') console.error(`clear ${alarm} (${reason})`);
  },
} satisfies Partial<Parameters<typeof openMarket>[1]>;

await command(
  {
    name: 'start',
    about:
      'The first start lists a product, funds two participants for you, and lets data centres, hedgers, investors and market makers trade beside you, on the prices of autumn 2025 replayed from today. Ctrl-C stops it; the next start goes on from there.',
    options: {
      port: whole('--port <n>', 'port of its API, on 127.0.0.1', { least: 0, most: 65_535 }, 4010),
      data: DATA_FOLDER,
      until: instant('--until <instant>', "set the market's clock ahead to this instant; it never goes back"),
      empty: flag('--empty', 'when it is first started: no other trades beside you, and you publish the index'),
      reset: flag('--reset', 'delete what is kept and begin anew'),
    },
    examples: [
      ['', 'the market where it stood, or a new one'],
      ['--reset --empty', 'a new one that you have alone'],
      ['--until 2026-11-23T14:30:00Z', 'the same, at 09:30 in New York on that Monday'],
    ],
  },
  async ({ port, data, until, empty, reset }) => {
    const folder = new MarketFolder(data);
    if (reset) folder.reset();
    // Refused before anything is synthesized; asked again when the clock is set.
    aheadOf(folder.kept(), until, Date.now());
    console.log('Synthesizing and starting the market ...');
    const { product, shards } = makeDeployment(folder.assembly, undefined, shardsOf(folder));
    folder.keep({ ...folder.kept(), shards });
    const market = await openMarket(folder, { port, until, ...REPORTS });
    const exchange = new Exchange(market.cloud.url);
    const running: Running = { market, exchange };
    const stop = stopOnSignals(running);
    try {
      const tokens = await demoTokens(market.cloud.mint);
      folder.writeTokens({ MARKET: market.cloud.url, ...tokens });
      const tokensFile = resolve(folder.tokensFile);
      const notes = await keepReadyProfiles(
        { url: market.cloud.url, listen: market.cloud.webSocketUrl, tokensFile },
        process.env,
      );
      const living = await bring(market, exchange, product, empty ? 0 : PARTICIPANTS);
      running.control = await openControl({ play: (played, onLine) => playOn(market, living, played, onLine) });
      running.looking = follow(market, living);
      market.announce({ product: product.code, timeZone: PARAMETERS.timeZone, control: running.control });
      const listed = await exchange.as(tokens.ACME).get(`/v1/contracts?product=${product.code}`);
      const { items } = listed as { items: Banner['contracts'] };
      console.log([...bannerLines(banner(folder, market, product, items)), ...notes].join('\n'));
      return undefined;
    } catch (error) {
      await stop();
      throw error;
    }
  },
);

/** Those of its table; of a market that has none yet, those of the deployment. */
function shardsOf(folder: MarketFolder): { shards?: number } {
  const { shards } = folder.kept();
  return shards === undefined ? {} : { shards };
}

/** Gives a new market what it begins with, and lets the others into it. */
async function bring(market: Market, exchange: Exchange, schedule: ProductSchedule, participants: number): Promise<LivingMarket> {
  const { cloud, kept } = market;
  const nowMs = (): number => cloud.clock.now();
  const { code } = schedule;
  const spot = readSpot(readFileSync(SPOT, 'utf8'), 'data/gpu-spot-daily.csv', code);
  const offers = readOffers(readFileSync(OFFERS, 'utf8'), 'data/gpu-offers-daily.csv', code, PARAMETERS.priceDecimals);
  if (!kept.seeded) {
    const tokens = await demoTokens(cloud.mint);
    const operators = byTwo(exchange.as(tokens.OPS1), exchange.as(tokens.OPS2));
    const [first] = spot.values();
    await seed(code, first!, nowMs(), operators, exchange.as(tokens.ACME));
  }
  const since = localDate(nowMs(), schedule.timeZone);
  const played = kept.played ?? { since, doneUntilMs: nowMs(), participants };
  const listed = listedMonths(PARAMETERS.calendar, played.since as BusinessDate, PARAMETERS.listedMonths);
  const living = await LivingMarket.open(
    {
      schedule,
      participants: played.participants === 0 ? [] : population(SEED, played.participants, offers, listed),
      since: played.since as BusinessDate,
      spot,
      offers,
      nowMs,
      doneUntilMs: played.doneUntilMs,
    },
    // The clock waits at every firing until what it started has been done, however far it is moved.
    { ...runningOn(cloud), advanceTo: async (atMs) => void (await cloud.advanceTo(atMs, () => cloud.quiet().catch(() => {}))) },
    exchange,
    { reader: exchange.as((await demoTokens(cloud.mint)).ACME), seeded: kept.seeded },
  );
  market.keep({ seeded: true, played });
  return living;
}

/** Plays on for another command, and keeps how far it has come. */
async function playOn(
  market: Market,
  living: LivingMarket,
  { to, speed }: Parameters<Parameters<typeof openControl>[0]['play']>[0],
  onLine: (line: string) => void,
): Promise<void> {
  const keep = (): void => market.keep({ played: { ...market.kept.played!, doneUntilMs: living.doneUntilMs } });
  const say = (line: string): void => {
    keep();
    onLine(line);
  };
  await living.playUntil(living.endOf(to), say, speed);
  keep();
}

/** Lets what is due happen as time passes. */
function follow(market: Market, living: LivingMarket): NodeJS.Timeout {
  let busy = false;
  return setInterval(async () => {
    if (busy) return;
    busy = true;
    await playOn(market, living, { to: { instantMs: market.cloud.clock.now() } }, console.log).catch((error: Error) =>
      console.error(error.message),
    );
    busy = false;
  }, LOOKS_EVERY_MS).unref();
}

interface Running {
  readonly market: Market;
  readonly exchange: Exchange;
  control?: ControlDoor;
  looking?: NodeJS.Timeout;
}

/** Stops cleanly on the first signal, at once on the second. */
function stopOnSignals(running: Running): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    clearInterval(running.looking);
    running.control?.stop();
    running.exchange.close();
    stopping ??= running.market.stop();
    return stopping;
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (stopping) process.exit(130);
      console.log('\nStopping ...');
      stop().then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(error);
          process.exit(1);
        },
      );
    });
  return stop;
}

function banner(
  folder: MarketFolder,
  { cloud, kept: { aheadMs } }: Market,
  { code, auctions, dayRun }: ProductSchedule,
  contracts: Banner['contracts'],
): Banner {
  const { timeZone, calendar } = PARAMETERS;
  const nowMs = cloud.clock.now();
  return {
    url: cloud.url,
    product: code,
    now: new Date(nowMs).toLocaleString('sv-SE', { timeZone }).slice(0, 16),
    timeZone,
    aheadMs,
    tokensFile: shown(folder.tokensFile),
    contracts,
    isClosed: !isBusinessDay(calendar, localDate(nowMs, timeZone)),
    nextAuction: nextAuction(nowMs, [...auctions, dayRun]),
    dataDir: shown(folder.dir),
    here: folder.dir === MARKET_FOLDER ? '' : ` -- --data ${shown(folder.dir)}`,
  };
}

function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') || short === '' ? path : short;
}
