/**
 * `npm run mutation`: makes the code wrong in one place after another and says what no test notices. It takes an hour, so it
 * is no part of the build; the docs hold the last figures.
 */
import { choose, GOALS, measure } from '../../test/mutation/measure.ts';
import { figureLines } from '../../test/mutation/report.ts';
import { text } from '../cli/terminal/options.ts';
import { command, UsageError } from './command.ts';
import { JSON_RESULT } from './options.ts';
import { printer } from './progress.ts';

await command(
  {
    name: 'mutation',
    about: `Stryker makes every change it can to the rules, against their own tests. Workers and store have a list of mutants in test/mutation, each of which a user would feel. The tests must kill ${GOALS.rules}% of the one and ${GOALS.listed}% of the other. All of it takes an hour or two.`,
    options: {
      only: text('--only <name>', 'one listed mutant by its name, or what is in a file or folder'),
      json: JSON_RESULT,
    },
    examples: [
      ['', 'everything'],
      ['--only lib/domain/clearing/roll.ts', 'a file of the rules'],
      ['--only lambdas', 'the listed mutants of the workers'],
    ],
  },
  async ({ only, json }) => {
    const chosen = choose(only);
    if (chosen.rules.length + chosen.listed.length === 0)
      throw new UsageError(`--only names no listed mutant, and no file or folder that has any: ${only}`);
    // An exit, unlike a signal, lets what was started and made be taken away.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
    const measured = await measure(chosen, printer(json));
    console.log(json ? JSON.stringify(measured, null, 2) : figureLines(measured).join('\n'));
    return measured.rules.figures.score >= GOALS.rules && measured.listed.figures.score >= GOALS.listed ? 0 : 1;
  },
);
