/**
 * `npm run simulate`: trades a month of real prices through the whole venue and prints what a trader would want to know,
 * then whether the books are right. Ends with 0 only if every check holds.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { UnexpectedAnswerError } from '../client/exchange.ts';
import type { Cloud } from '../local/cloud.ts';
import { LocalCloudError } from '../local/host/error.ts';
import { PARTICIPANTS_MIN } from '../simulation/population.ts';
import { PricesError } from '../simulation/prices.ts';
import { dayLine, headLines, resultJson, summaryLines } from '../simulation/report.ts';
import { type PriceFile, type SimulationOptions, simulate } from '../simulation/simulation.ts';

const DATA = join(import.meta.dirname, '..', '..', 'data');

const HELP = `Trades a month of real GPU rental prices through the venue, on this machine, and audits the books.

  npm run simulate -- [options]

  --seed N           what the participants do by chance (1)
  --days N           trading days (as many as the prices cover: 20)
  --participants N   accounts that trade (300)
  --product CODE     a grade in the price files (H100-SXM)
  --spot FILE        daily spot prices, CSV (data/gpu-spot-daily.csv)
  --offers FILE      daily offers by provider, CSV (data/gpu-offers-daily.csv)
  --json             one JSON object on standard output; progress goes to standard error
  --quiet            no progress and no line a day
  --help

It ends with 0 when every check holds, with 1 when one does not or the venue fails, with 2 when the options are wrong.`;

class UsageError extends Error {}

interface Choice extends SimulationOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

async function main(args: string[]): Promise<number> {
  const choice = read(args);
  if (choice === undefined) {
    console.log(HELP);
    return 0;
  }
  const started = performance.now();
  const seconds = (): number => Math.ceil((performance.now() - started) / 1000);
  const status = new Status(choice.quiet);
  let cloud: Cloud | undefined;
  process.once('SIGINT', () => {
    status.clear();
    void (cloud?.stop() ?? Promise.resolve()).finally(() => process.exit(130));
  });
  const print = (text: string): void => {
    status.clear();
    (choice.json ? process.stderr : process.stdout).write(`${text}\n`);
  };
  try {
    const result = await simulate({
      ...choice,
      onCloud: (running) => {
        cloud = running;
      },
      onStep: (step) => status.show(step),
      onDay: (day, first, { done, of }) => {
        if (choice.quiet) return;
        if (done === 1) for (const head of headLines(first)) print(head);
        print(dayLine(day, first));
        status.show(`day ${done} of ${of}, ${seconds()} s`);
      },
    });
    status.clear();
    if (choice.json) console.log(JSON.stringify(resultJson(result, seconds())));
    else console.log(summaryLines(result, seconds()).join('\n'));
    return result.checks.every(({ holds }) => holds) ? 0 : 1;
  } catch (error) {
    status.clear();
    if (!(error instanceof PricesError || error instanceof LocalCloudError || error instanceof UnexpectedAnswerError))
      throw error;
    console.error(error.message);
    for (const { function: name, text } of cloud?.logs
      .recent()
      .filter(({ level }) => level === 'ERROR')
      .slice(-5) ?? [])
      console.error(`${name}: ${text}`);
    return 1;
  }
}

function read(args: string[]): Choice | undefined {
  const { values } = parsed(args);
  if (values.help) return undefined;
  const days = values.days === undefined ? undefined : whole('--days', values.days, 1);
  return {
    seed: whole('--seed', values.seed, 0),
    days,
    participants: whole('--participants', values.participants, PARTICIPANTS_MIN),
    product: values.product,
    spot: file(values.spot),
    offers: file(values.offers),
    json: values.json,
    quiet: values.quiet,
  };
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        seed: { type: 'string', default: '1' },
        days: { type: 'string' },
        participants: { type: 'string', default: '300' },
        product: { type: 'string', default: 'H100-SXM' },
        spot: { type: 'string', default: join(DATA, 'gpu-spot-daily.csv') },
        offers: { type: 'string', default: join(DATA, 'gpu-offers-daily.csv') },
        json: { type: 'boolean', default: false },
        quiet: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function whole(option: string, text: string, least: number): number {
  if (!/^\d{1,6}$/.test(text) || Number(text) < least)
    throw new UsageError(`${option} must be a whole number of at least ${least}, not ${text}`);
  return Number(text);
}

function file(path: string): PriceFile {
  try {
    const near = relative(process.cwd(), path);
    return { name: near.startsWith('..') ? path : near, text: readFileSync(path, 'utf8') };
  } catch (error) {
    throw new UsageError(`${path} can't be read: ${(error as Error).message}`);
  }
}

/** One line on a terminal that says what is going on and goes away again; nothing where there is no terminal. */
class Status {
  readonly #shown: boolean;

  constructor(quiet: boolean) {
    this.#shown = process.stderr.isTTY === true && !quiet;
  }

  show(text: string): void {
    if (this.#shown) process.stderr.write(`\r\x1b[2K${text} ...`);
  }

  clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[2K');
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${HELP}`);
  process.exitCode = 2;
}
