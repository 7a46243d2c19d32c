/** A market in which others trade beside its user, played by its clock on the real pipeline. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { byTwo } from '../../lib/client/by-two.ts';
import { Exchange } from '../../lib/client/exchange.ts';
import { uuidv7 } from '../../lib/client/idempotency-key.ts';
import { listedMonths } from '../../lib/domain/contract/months.ts';
import { DEPLOYMENT } from '../../lib/infra/deployment.ts';
import { assemblyOf } from '../../lib/infra/local-deployment.ts';
import { type Cloud, startCloud } from '../../lib/local/cloud.ts';
import { followingClock } from '../../lib/local/host/clock.ts';
import { demoTokens, seed } from '../../lib/simulation/demo-market.ts';
import { LivingMarket } from '../../lib/simulation/living-market.ts';
import { PARAMETERS } from '../../lib/simulation/parameters.ts';
import { openControl, playRunning } from '../../lib/simulation/play-control.ts';
import { population } from '../../lib/simulation/population.ts';
import { readOffers, readSpot, replayed } from '../../lib/simulation/prices.ts';
import { runningOn } from '../../lib/simulation/simulation.ts';
import { newYorkMs, on, PRODUCT } from '../venue/h100.ts';

const read = (name: string): string => readFileSync(join(import.meta.dirname, '..', '..', 'data', name), 'utf8');
const spot = readSpot(read('gpu-spot-daily.csv'), 'spot', PRODUCT);
const offers = readOffers(read('gpu-offers-daily.csv'), 'offers', PRODUCT, PARAMETERS.priceDecimals);
/** A Friday, in the third day of a roll window of the next. */
const SINCE = on('2026-12-08');

let cloud: Cloud;
let exchange: Exchange;
let tokens: Awaited<ReturnType<typeof demoTokens>>;
let living: LivingMarket;

beforeAll(async () => {
  const startsMs = newYorkMs(SINCE, '09:40');
  cloud = await startCloud({
    assembly: assemblyOf({ deployment: { ...DEPLOYMENT, shards: 4 } }),
    clock: followingClock(startsMs - Date.now()),
  });
  exchange = new Exchange(cloud.url);
  tokens = await demoTokens(cloud.mint);
  const operators = byTwo(exchange.as(tokens.OPS1), exchange.as(tokens.OPS2));
  await seed(PRODUCT, replayed(spot, SINCE, SINCE), cloud.clock.now(), operators, exchange.as(tokens.ACME));
  const listed = listedMonths(PARAMETERS.calendar, SINCE, PARAMETERS.listedMonths);
  living = await LivingMarket.open(
    {
      schedule: DEPLOYMENT.products[0]!,
      participants: population(1, 14, offers, listed),
      since: SINCE,
      spot,
      offers,
      nowMs: cloud.clock.now,
      doneUntilMs: newYorkMs(SINCE, '09:00'),
    },
    { ...runningOn(cloud), advanceTo: async (atMs) => void (await cloud.advanceTo(atMs, () => cloud.quiet().catch(() => {}))) },
    exchange,
    { reader: exchange.as(tokens.ACME), seeded: false },
  );
}, 60_000);
afterAll(async () => {
  exchange.close();
  await cloud.stop();
});

const play = async (to: Parameters<LivingMarket['endOf']>[0]): Promise<string[]> => {
  const lines: string[] = [];
  await living.playUntil(living.endOf(to), (line) => lines.push(line));
  return lines;
};

test('a first order fills against the others in the next auction, which is played on to', async () => {
  const acme = exchange.as(tokens.ACME);
  const order = { clientOrderId: 'first', side: 'buy', contract: `${PRODUCT}-2027-01`, price: '2.280', lots: 5 };
  await acme.post('/v1/submissions', { product: PRODUCT, orders: [order] }, uuidv7(cloud.clock.now()));
  const lines = await play('auction');
  expect(lines).toEqual([expect.stringMatching(/^2026-12-08 10:00 {2}auction 1: .*2027-01 \d\.\d{3} x \d+/)]);
  const { positions } = (await acme.get('/v1/positions')) as { positions: object[] };
  expect(positions).toMatchObject([{ contract: `${PRODUCT}-2027-01`, lots: 5 }]);
});

test('another command plays it through the day, line by line, and none without the secret', async () => {
  const door = await openControl({ play: ({ to }, onLine) => living.playUntil(living.endOf(to), onLine) });
  try {
    const lines: string[] = [];
    for await (const line of playRunning(door, { to: 'day' })) lines.push(line);
    expect(lines).toEqual([
      expect.stringMatching(/^2026-12-08 13:00 {2}auction 2: /),
      expect.stringMatching(/^2026-12-08 16:00 {2}closed: near 2027-01 settled at \d\.\d{3}, open interest \d+/),
    ]);
    const refused = playRunning({ ...door, secret: door.secret.replace(/./g, 'x') }, { to: 'day' });
    await expect(refused.next()).rejects.toThrow('refused to be played (403)');
  } finally {
    door.stop();
  }
  const { items } = (await exchange.as(tokens.ACME).get('/v1/statements')) as { items: object[] };
  expect(items).toMatchObject([{ date: SINCE, product: PRODUCT }]);
});

test('two that play at once do each turn once, and a turn that fails does not stop the ones behind it', async () => {
  await byTwo(exchange.as(tokens.OPS1), exchange.as(tokens.OPS2)).post('/v1/operator/venue/halt', { reason: 'a drill' });
  const [one, two] = await Promise.all([play('auction'), play('auction')]);
  expect([...one, ...two]).toEqual([expect.stringMatching(/^2026-12-09 10:00 {2}no auction: /)]);
  await exchange.as(tokens.OPS1).post('/v1/operator/venue/resume', {});
  expect(await play('auction')).toEqual([expect.stringMatching(/^2026-12-09 13:00 {2}auction \d+: /)]);
});

test('the prices of a series go on from its end backwards, and are never far from the day before', () => {
  const series = new Map([1n, 2n, 3n].map((value, day) => [on(`2026-01-0${day + 1}`), value]));
  const days = ['2026-03-01', '2026-03-02', '2026-03-03', '2026-03-04', '2026-03-05', '2026-03-06', '2026-03-07'];
  expect(days.map((day) => replayed(series, on('2026-03-01'), on(day)))).toEqual([1n, 2n, 3n, 2n, 1n, 2n, 3n]);
  expect(replayed(series, on('2026-03-01'), on('2026-02-01'))).toBe(1n);
});
