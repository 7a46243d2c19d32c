/**
 * `npm start`: the market on this machine, in real time, kept in a folder. It synthesizes the app, starts the local cloud
 * on it, seeds it the first time, shows how to trade, and runs until it is told to stop.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { Exchange } from '../client/exchange.ts';
import { instantOf, isBusinessDay, localDate, nextBusinessDay } from '../domain/contract/calendar.ts';
import { makeDeployment } from '../infra/local-deployment.ts';
import { type Cloud, startCloud } from '../local/cloud.ts';
import { followingClock } from '../local/host/clock.ts';
import { LocalCloudError } from '../local/host/error.ts';
import { MARKET_FOLDER, MarketFolder } from '../operations/market-folder.ts';
import { BUYER, MAKER, SELLER, seed } from '../simulation/demo-market.ts';
import { readSpot } from '../simulation/prices.ts';
import { PARAMETERS } from '../simulation/simulation.ts';
import { type Banner, bannerLines } from './banner.ts';

const PRODUCT = 'H100-SXM';
const PORT = 4010;
const TOKEN_SECONDS = 5 * 365 * 86_400;
const HOUR_MS = 3_600_000;

const HELP = `Runs the market on this machine.

  npm start [-- options]

  --port N      port of its API, on 127.0.0.1 (${PORT})
  --data DIR    where everything is kept (.market)
  --ahead N     set the market's clock N hours further ahead; it never goes back
  --reset       delete what is kept and begin anew
  --help`;

class UsageError extends Error {}

interface Options {
  readonly port: number;
  readonly data: string;
  readonly aheadHours: number;
  readonly reset: boolean;
}

async function main(options: Options): Promise<void> {
  const folder = new MarketFolder(options.data);
  if (options.reset) folder.reset();
  const before = folder.kept();
  const wanted = before.aheadMs + options.aheadHours * HOUR_MS;
  console.log('Synthesizing and starting the market ...');
  makeDeployment(folder.assembly);
  const cloud = await startCloud({
    assembly: folder.assembly,
    dataDir: folder.dir,
    port: options.port,
    clock: followingClock(wanted),
    onProblem: (error) => console.error(error.message),
    onLog: ({ function: name, level, text }) => {
      if (level === 'ERROR') console.error(`${name}: ${text}`);
    },
    onAlarm: ({ alarm, from, to, description, reason }) => {
      if (to === 'ALARM') console.error(`ALARM ${alarm}: ${description} (${reason})`);
      else if (from === 'ALARM') console.error(`clear ${alarm} (${reason})`);
    },
  });
  // Machine's time first: what is kept may then be a moment too far ahead, never behind.
  const kept = { ...before, aheadMs: -Date.now() + cloud.clock.now() };
  const exchange = new Exchange(cloud.url);
  const stop = stopper(folder, cloud, exchange);
  try {
    folder.keep(kept);
    const tokens = await writeTokens(folder, cloud);
    if (!kept.seeded) {
      const level = [...readSpot(readFileSync(SPOT, 'utf8'), 'data/gpu-spot-daily.csv', PRODUCT).values()].at(-1)!;
      await seed(PRODUCT, level, cloud.clock.now(), exchange.as(tokens.OPS1), exchange.as(tokens.MAKER));
      folder.keep({ ...kept, seeded: true });
    }
    folder.noteRunning({
      pid: process.pid,
      url: cloud.url,
      product: PRODUCT,
      timeZone: PARAMETERS.timeZone,
      closings: cloud.queueUrl('closings'),
      aheadMs: kept.aheadMs,
      tokensFile: folder.tokensFile,
      tables: cloud.dynamodbEndpoint,
    });
    const { items } = (await exchange.as(tokens.ACME).get(`/v1/contracts?product=${PRODUCT}`)) as {
      items: Banner['contracts'];
    };
    console.log(bannerLines(banner(folder, cloud, kept.aheadMs, items)).join('\n'));
  } catch (error) {
    await stop();
    throw error;
  }
}

const SPOT = join(import.meta.dirname, '..', '..', 'data', 'gpu-spot-daily.csv');

/** Stops cleanly on the first signal, at once on the second. */
function stopper(folder: MarketFolder, cloud: Cloud, exchange: Exchange): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      exchange.close();
      await cloud.stop();
      folder.noteStopped();
    })();
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

async function writeTokens(folder: MarketFolder, cloud: Cloud) {
  const trader = ({ account }: { account: string }): Promise<string> =>
    cloud.mint({ sub: `${account}-trader`, attributes: { account }, expiresIn: TOKEN_SECONDS });
  const operator = (sub: string): Promise<string> => cloud.mint({ sub, groups: ['operators'], expiresIn: TOKEN_SECONDS });
  const tokens = {
    MARKET: cloud.url,
    ACME: await trader(BUYER),
    NIMBUS: await trader(SELLER),
    OPS1: await operator('operator-1'),
    OPS2: await operator('operator-2'),
  };
  folder.writeTokens(tokens);
  return { ...tokens, MAKER: await trader(MAKER) };
}

function banner(folder: MarketFolder, cloud: Cloud, aheadMs: number, contracts: Banner['contracts']): Banner {
  const { timeZone, calendar } = PARAMETERS;
  const nowMs = cloud.clock.now();
  const today = localDate(nowMs, timeZone);
  const next = isBusinessDay(calendar, today) ? undefined : nextBusinessDay(calendar, today);
  const wall = (instant: number): string => new Date(instant).toLocaleString('sv-SE', { timeZone }).slice(0, 16);
  return {
    url: cloud.url,
    product: PRODUCT,
    now: wall(nowMs),
    timeZone,
    aheadHours: Math.round(aheadMs / HOUR_MS),
    tokensFile: shown(folder.tokensFile),
    contracts,
    closedUntil: next && { date: next, hours: Math.ceil((instantOf(next, '09:30', timeZone) - nowMs) / HOUR_MS) },
    nextAuction: nextAuction(nowMs),
    dataDir: shown(folder.dir),
  };
}

function nextAuction(nowMs: number): string {
  const { timeZone, calendar, dayRunTime } = PARAMETERS;
  for (let day = localDate(nowMs, timeZone); ; day = nextBusinessDay(calendar, day)) {
    if (!isBusinessDay(calendar, day)) continue;
    const time = ['10:00', '13:00', dayRunTime].find((at) => instantOf(day, at, timeZone) > nowMs);
    if (time) return `${day} ${time}`;
  }
}

const shown = (path: string): string => {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') || short === '' ? path : short;
};

function read(args: string[]): Options | undefined {
  const { values } = parsed(args);
  if (values.help) return undefined;
  return {
    port: whole('--port', values.port, 65_535),
    data: values.data,
    aheadHours: whole('--ahead', values.ahead, 24 * 366),
    reset: values.reset,
  };
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: 'string', default: `${PORT}` },
        data: { type: 'string', default: MARKET_FOLDER },
        ahead: { type: 'string', default: '0' },
        reset: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function whole(option: string, text: string, most: number): number {
  if (!/^\d{1,6}$/.test(text) || Number(text) > most) throw new UsageError(`${option} must be 0 to ${most}, not ${text}`);
  return Number(text);
}

try {
  const options = read(process.argv.slice(2));
  if (options === undefined) console.log(HELP);
  else await main(options);
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${HELP}`);
  else if (error instanceof LocalCloudError) console.error(error.message);
  else console.error(error);
  process.exit(error instanceof UsageError ? 2 : 1);
}
