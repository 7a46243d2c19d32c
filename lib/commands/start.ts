/**
 * `npm start`: the market on this machine, in real time, kept in a folder. It synthesizes the app, starts the local cloud
 * on it, seeds it the first time, shows how to trade, and runs until it is told to stop.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { flag, instant, whole } from '../cli/terminal/options.ts';
import { byTwo } from '../client/by-two.ts';
import { Exchange } from '../client/exchange.ts';
import { isBusinessDay, localDate } from '../domain/contract/calendar.ts';
import type { ProductSchedule } from '../infra/deployment.ts';
import { makeDeployment } from '../infra/local-deployment.ts';
import { type Market, openMarket } from '../operations/market.ts';
import { aheadOf, MARKET_FOLDER, MarketFolder } from '../operations/market-folder.ts';
import { demoTokens, nextAuction, nextOpening, seed } from '../simulation/demo-market.ts';
import { PARAMETERS } from '../simulation/parameters.ts';
import { readSpot } from '../simulation/prices.ts';
import { type Banner, bannerLines } from './banner.ts';
import { command } from './command.ts';
import { DATA_FOLDER } from './options.ts';

const SPOT = join(import.meta.dirname, '..', '..', 'data', 'gpu-spot-daily.csv');

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
      'The first start lists a product, funds two participants, and lets a market maker quote around the settlement prices, so that a first order fills. Ctrl-C stops it; the next start goes on from there.',
    options: {
      port: whole('--port <n>', 'port of its API, on 127.0.0.1', { least: 0, most: 65_535 }, 4010),
      data: DATA_FOLDER,
      until: instant('--until <instant>', "set the market's clock ahead to this instant; it never goes back"),
      reset: flag('--reset', 'delete what is kept and begin anew'),
    },
    examples: [
      ['', 'the market where it stood, or a new one'],
      ['--until 2026-11-23T14:30:00Z', 'the same, at 09:30 in New York on that Monday'],
    ],
  },
  async ({ port, data, until, reset }) => {
    const folder = new MarketFolder(data);
    if (reset) folder.reset();
    // Refused before anything is synthesized; asked again when the clock is set.
    aheadOf(folder.kept(), until, Date.now());
    console.log('Synthesizing and starting the market ...');
    const { product, shards } = makeDeployment(folder.assembly, undefined, shardsOf(folder));
    folder.keep({ ...folder.kept(), shards });
    const market = await openMarket(folder, { port, until, ...REPORTS });
    const exchange = new Exchange(market.cloud.url);
    const stop = stopOnSignals(market, exchange);
    try {
      const { MAKER, ...tokens } = await demoTokens(market.cloud.mint);
      folder.writeTokens({ MARKET: market.cloud.url, ...tokens });
      if (!market.seeded) {
        const level = [...readSpot(readFileSync(SPOT, 'utf8'), 'data/gpu-spot-daily.csv', product.code).values()].at(-1)!;
        const operators = byTwo(exchange.as(tokens.OPS1), exchange.as(tokens.OPS2));
        await seed(product.code, level, market.cloud.clock.now(), operators, exchange.as(MAKER));
        market.noteSeeded();
      }
      market.announce({ product: product.code, timeZone: PARAMETERS.timeZone });
      const listed = await exchange.as(tokens.ACME).get(`/v1/contracts?product=${product.code}`);
      const { items } = listed as { items: Banner['contracts'] };
      console.log(bannerLines(banner(folder, market, product, items)).join('\n'));
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

/** Stops cleanly on the first signal, at once on the second. */
function stopOnSignals(market: Market, exchange: Exchange): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    exchange.close();
    stopping ??= market.stop();
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
  { cloud, aheadMs }: Market,
  { code, auctions, dayRun }: ProductSchedule,
  contracts: Banner['contracts'],
): Banner {
  const { timeZone, calendar } = PARAMETERS;
  const nowMs = cloud.clock.now();
  const opening = nextOpening(nowMs);
  return {
    url: cloud.url,
    product: code,
    now: new Date(nowMs).toLocaleString('sv-SE', { timeZone }).slice(0, 16),
    timeZone,
    aheadMs,
    tokensFile: shown(folder.tokensFile),
    contracts,
    closedUntil: isBusinessDay(calendar, localDate(nowMs, timeZone)) ? undefined : opening,
    nextAuction: nextAuction(nowMs, [...auctions, dayRun]),
    dataDir: shown(folder.dir),
    here: folder.dir === MARKET_FOLDER ? '' : ` -- --data ${shown(folder.dir)}`,
  };
}

function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') || short === '' ? path : short;
}
