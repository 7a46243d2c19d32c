/**
 * `npm run faults`: plays a day of a small market under the faults of one seed after another, and says for each whether the
 * venue ended where it ends when nothing goes wrong. A seed that fails is printed with the command that plays it again.
 */
import { runSeed, type SeedResult } from '../faults/run.ts';
import { runSeeds } from '../faults/seeds.ts';
import { Tally } from '../faults/tally.ts';
import { command } from './command.ts';
import { JSON_RESULT, whole } from './options.ts';
import { type Print, printer } from './progress.ts';

/** A line for every so many seeds. */
const TOLD_EVERY = 100;

await command(
  {
    name: 'faults',
    about:
      'Messages repeat, overtake, come late or not at all, requests and answers are lost, writes are throttled, conflict or are half done, workers hang and die, clocks are wrong and schedules misfire; the books must end as when nothing goes wrong. The same seed is the same run, to the last request.',
    options: {
      seeds: whole('--seeds <n>', 'how many seeds', { least: 1 }, 200),
      from: whole('--from <seed>', 'the first of them', { least: 0 }, 1),
      seed: whole('--seed <seed>', 'only this one, with every fault that was injected', { least: 0 }),
      json: JSON_RESULT,
    },
    oneAtMost: [
      ['--seed', '--seeds'],
      ['--seed', '--from'],
    ],
    examples: [
      ['--seeds 1000', 'looks for what only bad luck shows'],
      ['--seed 4711', 'plays one again, fault by fault'],
    ],
  },
  async ({ seeds, from, seed, json }) => {
    const print = printer(json);
    const tally = new Tally();
    if (seed === undefined) await many(from, seeds, tally, print);
    else await one(seed, tally, print);
    if (json) console.log(JSON.stringify(tally));
    else for (const [kind, times] of Object.entries(tally.faults)) print(`  ${kind.padEnd(16)} ${times}`);
    return tally.failed.length === 0 ? 0 : 1;
  },
);

async function many(first: number, count: number, tally: Tally, print: Print): Promise<void> {
  const started = performance.now();
  await runSeeds(first, count, (result) => {
    tally.add(result);
    printFailures(result, print);
    if (tally.seeds % TOLD_EVERY !== 0 && tally.seeds !== count) return;
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    const failed = tally.failed.length === 0 ? 'all hold' : `${tally.failed.length} FAIL`;
    print(`${tally.seeds} of ${count} seeds, ${tally.faultCount} faults, ${tally.steps} steps, ${seconds} s: ${failed}`);
  });
}

async function one(seed: number, tally: Tally, print: Print): Promise<void> {
  // Lambda runs in UTC.
  process.env.TZ = 'UTC';
  const result = await runSeed(seed);
  for (const injected of result.injected) print(`  ${injected}`);
  tally.add(result);
  printFailures(result, print);
  const { steps, hash } = result.trace;
  print(`seed ${seed} ${result.failures.length ? 'fails' : 'holds'}: ${steps} steps, trace ${hash.slice(0, 12)}`);
}

function printFailures({ seed, failures }: SeedResult, print: Print): void {
  if (failures.length === 0) return;
  print(`seed ${seed} FAILS; again: npm run faults -- --seed ${seed}`);
  for (const failure of failures) print(`  ${failure}`);
}
