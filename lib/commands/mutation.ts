/**
 * `npm run mutation`: makes the code wrong in one place after another and says what no test notices. It takes an hour or more,
 * so it is no part of the build; docs/mutation.md holds the last figures.
 */
import { parseArgs } from 'node:util';
import { choose, type Figures, GOALS, type Measured, measure } from '../../test/mutation/measure.ts';

const HELP = `Makes the code wrong in one place after another and says what no test notices: the rules by every change that Stryker
can make, against their own tests; workers and store by the mutants listed in test/mutation, against the tests listed with them.

  npm run mutation -- [options]

  --only NAME  one listed mutant by its name, or what is in a file or folder, such as lib/domain/clearing/roll.ts or lambdas
  --json       the figures and what survived as JSON on standard output; progress goes to standard error
  --help

It ends with 0 when the rules' tests kill ${GOALS.rules}% and those of workers and store ${GOALS.listed}%, with 1 when they do not, with 2 when the options
are wrong.`;

class UsageError extends Error {}

async function main(args: string[]): Promise<number> {
  const { only, json, help } = read(args);
  if (help) {
    console.log(HELP);
    return 0;
  }
  const chosen = choose(only);
  if (chosen.rules.length + chosen.listed.length === 0)
    throw new UsageError(`--only must name a listed mutant, or a file or folder that has mutants, not ${only}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const done = await measure(chosen, (text) => void (json ? process.stderr : process.stdout).write(text));
  console.log(json ? JSON.stringify(done, null, 2) : lines(done).join('\n'));
  return done.rules.figures.score >= GOALS.rules && done.listed.figures.score >= GOALS.listed ? 0 : 1;
}

function lines({ rules, listed }: Measured): string[] {
  const missed = listed.results.filter(({ outcome }) => outcome === 'survived');
  return [
    ...table('rules, by Stryker', rules),
    ...rules.survivors.map(
      ({ file, line, column, kind, replacement }) =>
        `  survived  ${file}:${line}:${column} ${kind}: ${replacement.slice(0, 100)}`,
    ),
    ...table('workers and store, listed', listed),
    ...missed.map(({ file, name, wrong }) => `  survived  ${file} ${name}: ${wrong}`),
  ];
}

function table(title: string, { figures, byFile }: { figures: Figures; byFile: Readonly<Record<string, Figures>> }): string[] {
  if (figures.mutants === 0) return [];
  const row = (name: string, { mutants, killed, hung, survived, score }: Figures): string =>
    `${name.padEnd(44)} ${[mutants, killed, hung, survived].map((count) => `${count}`.padStart(8)).join(' ')} ${score.toFixed(1).padStart(6)}%`;
  const head = `${title.padEnd(44)} ${['mutants', 'killed', 'hung', 'survived'].map((name) => name.padStart(8)).join(' ')}`;
  return ['', head, ...Object.entries(byFile).map(([file, own]) => row(file, own)), row('together', figures)];
}

function read(args: string[]) {
  try {
    const options = { only: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${HELP}`);
  process.exitCode = 2;
}
