/**
 * `npm run faults`: plays a day of a small market under the faults of one seed after another, and says for each whether the
 * venue ended where it ends when nothing goes wrong. A seed that fails is printed with the command that plays it again.
 */
import { parseArgs } from 'node:util';
import { runSeed, type SeedResult } from './faults/run.ts';

const HELP = `Plays a small market while messages repeat, overtake and come late, requests and answers are lost, writes are
throttled or conflict, workers die and schedules misfire; its books must end as when nothing goes wrong.

  npm run faults -- [options]

  --seeds N    how many seeds (20)
  --from SEED  the first of them (1)
  --seed S     only this one, with every fault that was injected
  --json       one JSON object on standard output; progress goes to standard error
  --help

It ends with 0 when every seed holds, with 1 when one does not, with 2 when the options are wrong.`;

class UsageError extends Error {}

async function main(args: string[]): Promise<number> {
  const { seeds, from, seed, json, help } = parsed(args);
  if (help) {
    console.log(HELP);
    return 0;
  }
  const first = whole(seed === undefined ? '--from' : '--seed', seed ?? from, 0);
  const count = seed === undefined ? whole('--seeds', seeds, 1) : 1;
  const print = (text: string): void => void (json ? process.stderr : process.stdout).write(`${text}\n`);
  const results: SeedResult[] = [];
  for (let at = first; at < first + count; at++) {
    const result = await runSeed(at);
    results.push(result);
    const faults = Object.values(result.faults).reduce((sum, times) => sum + times, 0);
    print(
      `seed ${at}: ${faults} faults, ${(result.milliseconds / 1000).toFixed(1)} s, ${result.failures.length ? 'FAILS' : 'holds'}`,
    );
    if (seed !== undefined) for (const injected of result.injected) print(`  ${injected}`);
    for (const failure of result.failures) print(`  ${failure}`);
    if (result.failures.length) print(`  again: npm run faults -- --seed ${at}`);
  }
  const failed = results.filter(({ failures }) => failures.length > 0).map((result) => result.seed);
  const faults = sum(results);
  if (json) console.log(JSON.stringify({ seeds: results.length, failed, faults, results }));
  else {
    print(`\n${results.length} seeds, ${failed.length} failed${failed.length ? `: ${failed.join(', ')}` : ''}. Injected:`);
    for (const [kind, times] of Object.entries(faults)) print(`  ${kind.padEnd(16)} ${times}`);
  }
  return failed.length === 0 ? 0 : 1;
}

function sum(results: readonly SeedResult[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const { faults } of results) for (const [kind, times] of Object.entries(faults)) total[kind] = (total[kind] ?? 0) + times;
  return Object.fromEntries(Object.entries(total).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        seeds: { type: 'string', default: '20' },
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
