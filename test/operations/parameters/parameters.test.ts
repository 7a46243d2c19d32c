/** Changing a product as code is changed: validated, tried on the last trading day, made, shown, and taken back. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { VenueRows } from '../../../lib/audit/rows.ts';
import { HOURLY, type Market, openMarket, PRODUCT, play, ROLL } from '../../../lib/faults/scripted-market.ts';
import { settledCurves } from '../../../lib/operations/margin/history.ts';
import { propose } from '../../../lib/operations/parameters/proposal.ts';
import { dryRun } from '../../../lib/operations/parameters/trial.ts';
import { runCommand } from '../../venue/command.ts';

let market: Market;
let rows: VenueRows;
let folder: string;
let token: string;
let second: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'change-'));
  market = await openMarket(ROLL, { sweep: HOURLY });
  // On the first day of the roll a hedger pays more for the spread than yesterday's, so that bands and limits matter.
  await play(market, ROLL, async () => {
    if (new Date(market.cloud.clock.now()).toISOString() !== '2025-11-07T20:00:00.000Z') return;
    const [buy, sell] = ['2026-01', '2025-12'].map((month) => `${PRODUCT}-${month}`);
    await market.submit('hedger', [{ clientOrderId: 'spread', buy, sell, price: '0.010', lots: 20 }]);
    await market.cloud.quiet();
  });
  rows = await VenueRows.from(market.table.scan());
  token = await market.cloud.mint({ sub: 'op-1', groups: ['operators', 'approvers'] });
  second = await market.cloud.mint({ sub: 'op-2', groups: ['operators', 'approvers'] });
});
afterAll(async () => {
  await market[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const tried = async (change: object) => {
  const { parameters } = await propose(rows, PRODUCT, { json: JSON.stringify(change) });
  return (await dryRun(rows, PRODUCT, parameters))!;
};

describe('on the last trading day', () => {
  it('the parameters in force make what the log says', async () => {
    const { date, months, holds, rolled } = await tried({});
    const { events } = await market.audit();
    const closing = events.findLast((event) => event.kind === 'auction-cleared' && event.closing);
    const settled = events.findLast((event) => event.kind === 'prices-settled');
    if (closing?.kind !== 'auction-cleared' || settled?.kind !== 'prices-settled') throw new Error('no day was closed');
    expect(date).toBe('2025-11-07');
    expect(months.map(({ price, volume }) => [...price, ...volume])).toEqual(
      Object.values(closing.months).map(({ price, volume }) => [price, price, volume, volume]),
    );
    expect(months.map(({ settles }) => settles)).toEqual(Object.values(settled.settled).map((price) => [price, price]));
    expect(holds).toEqual([[], []]);
    expect(rolled[0]).toBeGreaterThan(0);
    expect(rolled[1]).toBe(rolled[0]);
  });

  it('a narrow daily limit holds the months that moved more, and no price changes', async () => {
    const { months, holds } = await tried({ dailyLimit: '0.001' });
    const moved = months.filter(({ held }) => held[1]);
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.length).toBeLessThan(months.length);
    expect(holds[0]).toEqual([]);
    expect(holds[1].map(({ reason }) => reason)).toEqual(moved.map(() => 'moved-beyond-daily-limit'));
    expect(months.filter(({ price, volume }) => price[0] !== price[1] || volume[0] !== volume[1])).toEqual([]);
  });

  it('a roll band of nothing rolls less at a dearer spread, and the prices show it', async () => {
    const { rolled, months } = await tried({ rollBand: '0.000' });
    expect(rolled).toEqual([8, 0]);
    expect(months.filter(({ price }) => price[0] !== price[1]).map(({ contract }) => contract)).not.toEqual([]);
    expect(months.filter(({ settles }) => settles[0] !== settles[1]).length).toBeGreaterThan(0);
  });

  it('an index limit of nothing holds the value of the day', async () => {
    const { holds } = await tried({ indexMoveBasisPointsMax: 1 });
    expect(holds[1]).toMatchObject([{ reason: 'index-moved-beyond-limit' }]);
  });
});

test('a day run that would come before an intraday auction is refused as the API refuses it', async () => {
  const change = { json: JSON.stringify({ dayRunTime: '13:00' }) };
  await expect(propose(rows, PRODUCT, change, ['10:00', '13:00'])).rejects.toThrow(
    'parameters.dayRunTime must be later than the last intraday auction of the day, 13:00',
  );
  expect((await propose(rows, PRODUCT, change, ['10:00'])).to.dayRunTime).toBe('13:00');
});

describe('a change is refused before anything is written', () => {
  it.each([
    [{ dailyLimit: '0' }, 'dailyLimit must be decimal text'],
    [{ indexValuesMin: 32 }, 'indexValuesMin must be a whole number, 1 to 31'],
    [{ timeZone: 'UTC' }, 'timeZone is fixed at America/New_York since the product was listed'],
    [{ dailyLimits: '0.1' }, 'There is no parameter dailyLimits'],
    [[], 'no object'],
  ])('%j', async (change, why) => {
    await expect(propose(rows, PRODUCT, { json: JSON.stringify(change) })).rejects.toThrow(why);
  });

  it.each([
    ['H200', { json: '{}' }, 'There is no product H200'],
    [PRODUCT, { json: '{' }, 'not JSON'],
    [PRODUCT, { version: 2 }, 'has had no version 2'],
  ])('%s %j', async (product, wanted, why) => {
    await expect(propose(rows, product, wanted)).rejects.toThrow(why);
  });
});

const change = async (...args: string[]) => {
  const { tableName, dynamodbEndpoint, url } = market.cloud;
  const where = ['--table', tableName, '--endpoint', dynamodbEndpoint, '--url', url];
  const OPERATOR_TOKEN = args.includes('--proposed') ? second : token;
  const { status, stdout, stderr } = await runCommand('parameters', [...args, ...where], { OPERATOR_TOKEN });
  return { code: status, said: stdout + stderr };
};
const inForce = async () => {
  const { items } = (await market.operator.get('/v1/operator/products')) as {
    items: { version: number; parameters: { dailyLimit: string } }[];
  };
  return [items[0]!.version, items[0]!.parameters.dailyLimit];
};

const printed = (said: string): string[] => /npm run parameters -- (.*--apply.*)/.exec(said)?.[1]?.split(' ') ?? [];

test('the command tries, proposes, makes what a second operator agrees to, and takes back by the command that it prints', async () => {
  const file = join(folder, 'limit.json');
  writeFileSync(file, '{"dailyLimit": "0.010"}');
  const trial = await change('--product', PRODUCT, '--file', file);
  expect(trial.said).toContain('dailyLimit  0.500 -> 0.010');
  expect(trial.said).toMatch(/H100-SXM-2025-12 +2\.\d{3} +\d+ +2\.\d{3} +no( -> held)?/);
  expect(trial.said).toContain('Nothing was changed.');
  expect(trial.code).toBe(0);
  expect(await inForce()).toEqual([1, '0.500']);

  const made = await change('--product', PRODUCT, '--file', file, '--apply');
  expect(made.said).toContain('Version 2 of H100-SXM waits for a second operator');
  const agree = printed(made.said).slice(0, 4);
  expect(agree).toEqual(['--product', PRODUCT, '--proposed', '--apply']);
  expect(await inForce()).toEqual([1, '0.500']);

  const shown = await change(...agree.slice(0, 3));
  expect(shown.said).toMatch(/Proposed by op-1:.*dailyLimit {2}0.500 -> 0.010.*Nothing was changed/s);
  expect(await inForce()).toEqual([1, '0.500']);
  const agreed = await change(...agree);
  expect(agreed.said).toContain('H100-SXM is at version 2. To take it back:');
  expect(await inForce()).toEqual([2, '0.010']);
  expect((await change(...agree)).said).toContain('Nothing of H100-SXM waits for a second operator');

  const revert = printed(agreed.said).slice(0, 5);
  expect(revert).toEqual(['--product', PRODUCT, '--version', '1', '--apply']);
  const back = await change(...revert);
  expect(back.said).toContain('dailyLimit  0.010 -> 0.500');
  await change(...agree);
  expect(await inForce()).toEqual([3, '0.500']);
  await market.cloud.quiet();
  expect((await market.audit()).differences).toEqual([]);
});

test('a change that is refused for one of several products is made for none', async () => {
  const file = join(folder, 'other.json');
  writeFileSync(file, '{"dailyLimit": "0.020"}');
  const before = await inForce();
  const { code, said } = await change('--product', PRODUCT, '--product', 'H200', '--file', file, '--apply');
  expect(said).toContain('There is no product H200');
  expect(code).toBe(1);
  expect(await inForce()).toEqual(before);
});

test.each([
  [['--file', 'x.json'], '--product is missing'],
  [['--product', PRODUCT], 'name one of --file, --version and --proposed'],
  [['--product', PRODUCT, '--version', '0'], 'a whole number'],
])('change %j ends with 2', async (args, says) => {
  const { code, said } = await change(...args);
  expect(code).toBe(2);
  expect(said).toContain(says);
});

describe('margin', () => {
  const spot = join(import.meta.dirname, '..', '..', '..', 'data', 'gpu-spot-daily.csv');
  const margin = async (...args: string[]) => {
    const { tableName, dynamodbEndpoint } = market.cloud;
    return runCommand('margin', [...args, '--table', tableName, '--endpoint', dynamodbEndpoint]);
  };

  it('is proposed from what the venue has settled at, all of it', async () => {
    const { history } = await settledCurves(rows, PRODUCT);
    const { events } = await market.audit();
    const settled = events.flatMap((event) => (event.kind === 'prices-settled' ? [[event.date, event.settled]] : []));
    expect(history.map(({ date, prices }) => [date, Object.fromEntries(prices)])).toEqual(settled);
    expect(settled.length).toBeGreaterThan(0);
  });

  it('that is proposed from a spot index is taken as parameters, add-ons as they were', async () => {
    const out = join(folder, 'margin.json');
    const { status, stdout } = await margin('--product', PRODUCT, '--file', spot, '--out', out);
    expect([status, stdout]).toEqual([0, expect.stringContaining('29 settlements from 2025-10-19 to 2025-11-16')]);
    expect(stdout).toMatch(/outright {2}\d+ of \d+ losses beyond|outright {2}no loss beyond/);
    const { parameters, from } = await propose(rows, PRODUCT, { json: readFileSync(out, 'utf8') });
    expect(parameters.margin).toMatchObject({ deliveryTicks: 50, funding: [{ ticks: 40 }], concentration: [{}, {}] });
    // The greatest move over two days was from 2.648 to 2.302, on 26 to 28 October; with a quarter on top.
    expect(parameters.margin.scenarios[0]).toEqual(Array.from({ length: from.listedMonths }, () => 433));
  });

  it('is refused from a history that is too short, with what to do', async () => {
    const { status, stderr } = await margin('--product', PRODUCT);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/The history is too short.*\n.*Name a file with a longer one/)]);
  });
});
