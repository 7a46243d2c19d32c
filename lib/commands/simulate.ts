/**
 * `npm run simulate`: trades a month of real prices through the whole venue and prints what a trader would want to know,
 * then whether the books are right. Ends with 0 only if every check holds.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { flag, text, whole } from '../cli/terminal/options.ts';
import type { Cloud } from '../local/cloud.ts';
import { PARTICIPANTS_MIN } from '../simulation/population.ts';
import { dayLine, headLines, resultJson, summaryLines } from '../simulation/report.ts';
import { type PriceFile, type SimulationOptions, simulate } from '../simulation/simulation.ts';
import { command, UsageError } from './command.ts';
import { JSON_RESULT } from './options.ts';
import { printer, Status } from './progress.ts';

const DATA = join(import.meta.dirname, '..', '..', 'data');
const ERRORS_SHOWN = 5;
const MOST = 999_999;

await command(
  {
    name: 'simulate',
    about: 'It runs on this machine, on a venue of its own, in memory. The same seed ends in the same state.',
    options: {
      seed: whole('--seed <n>', 'what the participants do by chance', { least: 0, most: MOST }, 1),
      days: whole('--days <n>', 'trading days, unless as many as the prices cover', { least: 1, most: MOST }),
      participants: whole('--participants <n>', 'accounts that trade', { least: PARTICIPANTS_MIN, most: MOST }, 300),
      crash: flag('--crash', 'prices fall by 30% over three days, in the middle of the run'),
      product: text('--product <code>', 'a grade in the price files', 'H100-SXM'),
      spot: text('--spot <file>', 'daily spot prices, CSV', join(DATA, 'gpu-spot-daily.csv'), 'data/gpu-spot-daily.csv'),
      offers: text('--offers <file>', 'daily offers, CSV', join(DATA, 'gpu-offers-daily.csv'), 'data/gpu-offers-daily.csv'),
      json: JSON_RESULT,
      quiet: flag('--quiet', 'no progress and no line a day'),
    },
    examples: [
      ['', 'the whole month'],
      ['--crash', 'the month with a crash in it: who is called, who pays, who is cut back'],
      ['--days 3 --participants 20 --seed 7', 'a small one'],
    ],
  },
  ({ spot, offers, json, quiet, ...options }) =>
    run({ ...options, spot: read('--spot', spot), offers: read('--offers', offers) }, json, quiet),
);

async function run(options: SimulationOptions, json: boolean, quiet: boolean): Promise<number> {
  const started = performance.now();
  const seconds = (): number => Math.ceil((performance.now() - started) / 1000);
  const status = new Status(quiet);
  const print = printer(json);
  let cloud: Cloud | undefined;
  process.once('SIGINT', () => {
    status.clear();
    void (cloud?.stop() ?? Promise.resolve()).finally(() => process.exit(130));
  });
  try {
    const result = await simulate({
      ...options,
      onCloud: (running) => {
        cloud = running;
      },
      onStep: (step) => status.show(step),
      onDay: (day, first, { done, of }) => {
        if (quiet) return;
        status.clear();
        if (done === 1) for (const head of headLines(first)) print(head);
        print(dayLine(day, first));
        status.show(`day ${done} of ${of}, ${seconds()} s`);
      },
    });
    status.clear();
    console.log(json ? JSON.stringify(resultJson(result, seconds())) : summaryLines(result, seconds()).join('\n'));
    return result.checks.every(({ holds }) => holds) ? 0 : 1;
  } catch (error) {
    status.clear();
    // What the functions logged last is why, more often than not.
    const logged = cloud?.logs.recent().filter(({ level }) => level === 'ERROR') ?? [];
    for (const { function: name, text: said } of logged.slice(-ERRORS_SHOWN)) console.error(`${name}: ${said}`);
    throw error;
  }
}

function read(option: string, path: string): PriceFile {
  try {
    const near = relative(process.cwd(), path);
    return { name: near.startsWith('..') ? path : near, text: readFileSync(path, 'utf8') };
  } catch (error) {
    throw new UsageError(`${option} can't be read: ${(error as Error).message}`);
  }
}
