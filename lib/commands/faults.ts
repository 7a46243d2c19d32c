/**
 * `npm run faults`: plays a market under one seed after another, and says for each whether it ended as it must: in a world of
 * AWS's limits where it ends when nothing goes wrong, in the small world within its laws. A seed that fails is printed with the command
 * that plays it again.
 */

import { choice, whole } from '../cli/terminal/options.ts';
import { runSeed, type SeedResult } from '../faults/run.ts';
import { FAULTS_WORKER, runSeeds } from '../faults/seeds.ts';
import { runSmallSeed, smallWorker } from '../faults/small/run.ts';
import { Tally } from '../faults/tally.ts';
import { command } from './command.ts';
import { JSON_RESULT } from './options.ts';
import { type Print, printer } from './progress.ts';

const WORLDS = ['aws', 'small'] as const;
type World = (typeof WORLDS)[number];

/** A line for every so many seeds. */
const TOLD_EVERY = 100;
/** Of the longest name of what is counted. */
const KIND_WIDTH: Readonly<Record<World, number>> = { aws: 16, small: 62 };

await command(
  {
    name: 'faults',
    about:
      'Messages repeat, overtake, come late or not at all, requests and answers are lost, writes are throttled, conflict or are half done, workers hang and die, clocks are wrong and schedules misfire; the books must end as when nothing goes wrong. In the small world limits are a hundredfold smaller, and hostile participants and clumsy operators do what they may. The same seed is the same run, to the last request.',
    options: {
      world: choice('--world <world>', 'aws: the limits of AWS, as when nothing is named; small: a hundredth of them', WORLDS),
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
      ['--world small --seeds 500', 'looks for what only size, malice or a slip shows'],
    ],
  },
  async ({ world = 'aws', seeds, from, seed, json }) => {
    const print = printer(json);
    const tally = new Tally();
    if (seed === undefined) await many(world, from, seeds, tally, print);
    else await one(world, seed, tally, print);
    if (json) console.log(JSON.stringify(tally));
    else for (const [kind, times] of Object.entries(tally.faults)) print(`  ${kind.padEnd(KIND_WIDTH[world])} ${times}`);
    return tally.failed.length === 0 ? 0 : 1;
  },
);

async function many(world: World, first: number, count: number, tally: Tally, print: Print): Promise<void> {
  const started = performance.now();
  await runSeeds(world === 'small' ? smallWorker() : FAULTS_WORKER, first, count, (result) => {
    tally.add(result);
    printFailures(world, result, print);
    if (tally.seeds % TOLD_EVERY !== 0 && tally.seeds !== count) return;
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    const failed = tally.failed.length === 0 ? 'all hold' : `${tally.failed.length} FAIL`;
    print(`${tally.seeds} of ${count} seeds, ${tally.faultCount} faults, ${tally.steps} steps, ${seconds} s: ${failed}`);
  });
}

async function one(world: World, seed: number, tally: Tally, print: Print): Promise<void> {
  // Lambda runs in UTC.
  process.env.TZ = 'UTC';
  const result = await (world === 'small' ? runSmallSeed(seed) : runSeed(seed));
  for (const injected of result.injected) print(`  ${injected}`);
  tally.add(result);
  printFailures(world, result, print);
  const { steps, hash } = result.trace;
  print(`seed ${seed} ${result.failures.length ? 'fails' : 'holds'}: ${steps} steps, trace ${hash.slice(0, 12)}`);
}

function printFailures(world: World, { seed, failures }: SeedResult, print: Print): void {
  if (failures.length === 0) return;
  print(`seed ${seed} FAILS; again: npm run faults --${world === 'aws' ? '' : ` --world ${world}`} --seed ${seed}`);
  for (const failure of failures) print(`  ${failure}`);
}
