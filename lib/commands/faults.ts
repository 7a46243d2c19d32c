/**
 * `npm run faults`: plays a day of a small market under the faults of one seed after another, and says for each whether the
 * venue ended where it ends when nothing goes wrong. A seed that fails is printed with the command that plays it again.
 */
import { parseArgs } from 'node:util';
import { runSeed, type SeedResult } from '../faults/run.ts';
import { runSeeds } from '../faults/seeds.ts';

const HELP = `Plays a small market while messages repeat, overtake, come late or not at all, requests and answers are lost, writes are
throttled, conflict or are half done, workers hang and die, clocks are wrong and schedules misfire; its books must end as
when nothing goes wrong. The same seed is the same run, to the last request.

  npm run faults -- [options]

  --seeds N    how many seeds (200)
  --from SEED  the first of them (1)
  --seed S     only this one, with every fault that was injected
  --json       one JSON object on standard output; progress goes to standard error
  --help

It ends with 0 when every seed holds, with 1 when one does not, with 2 when the options are wrong.`;

/** A line for every so many seeds. */
const TOLD_EVERY = 100;

class UsageError extends Error {}

async function main(args: string[]): Promise<number> {
  const { seeds, from, seed, json, help } = parsed(args);
  if (help) {
    console.log(HELP);
    return 0;
  }
  const print = (text: string): void => void (json ? process.stderr : process.stdout).write(`${text}\n`);
  const first = whole('--from', from, 0);
  const total = new Total(print);
  if (seed !== undefined) await one(whole('--seed', seed, 0), total, print);
  else {
    const count = whole('--seeds', seeds, 1);
    await runSeeds(first, count, (result) => {
      total.add(result);
      if (total.seeds % TOLD_EVERY === 0 || total.seeds === count) print(total.line(count));
    });
  }
  if (json) console.log(JSON.stringify(total));
  else for (const [kind, times] of Object.entries(total.faults)) print(`  ${kind.padEnd(16)} ${times}`);
  return total.failed.length === 0 ? 0 : 1;
}

async function one(seed: number, total: Total, print: (text: string) => void): Promise<void> {
  process.env.TZ = 'UTC';
  const result = await runSeed(seed);
  for (const injected of result.injected) print(`  ${injected}`);
  total.add(result);
  const { steps, hash } = result.trace;
  print(`seed ${seed} ${result.failures.length ? 'fails' : 'holds'}: ${steps} steps, trace ${hash.slice(0, 12)}`);
}

/** What has been run so far. */
class Total {
  seeds = 0;
  steps = 0;
  readonly failed: number[] = [];
  readonly #started = performance.now();
  readonly #kinds = new Map<string, number>();
  readonly #print: (text: string) => void;

  constructor(print: (text: string) => void) {
    this.#print = print;
  }

  get faults(): Record<string, number> {
    return Object.fromEntries([...this.#kinds].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  add({ seed, failures, faults, trace }: SeedResult): void {
    this.seeds++;
    this.steps += trace.steps;
    for (const [kind, times] of Object.entries(faults)) this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + times);
    if (failures.length === 0) return;
    this.failed.push(seed);
    this.#print(`seed ${seed} FAILS; again: npm run faults -- --seed ${seed}`);
    for (const failure of failures) this.#print(`  ${failure}`);
  }

  line(of: number): string {
    const faults = [...this.#kinds.values()].reduce((sum, times) => sum + times, 0);
    const seconds = (performance.now() - this.#started) / 1000;
    const failed = this.failed.length === 0 ? 'all hold' : `${this.failed.length} FAIL`;
    return `${this.seeds} of ${of} seeds, ${faults} faults, ${this.steps} steps, ${seconds.toFixed(0)} s: ${failed}`;
  }

  toJSON(): object {
    return { seeds: this.seeds, steps: this.steps, failed: this.failed, faults: this.faults };
  }
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        seeds: { type: 'string', default: '200' },
        from: { type: 'string', default: '1' },
        seed: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function whole(option: string, text: string, least: number): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < least)
    throw new UsageError(`${option} must be a whole number of at least ${least}, not ${text}`);
  return Number(text);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${HELP}`);
  process.exitCode = 2;
}
