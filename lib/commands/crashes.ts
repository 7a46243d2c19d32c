/**
 * `npm run crashes`: crashes the market of `npm start` a number of times, at moments drawn from a seed, while clients trade; then
 * says whether anything that was answered is lost, doubled or wrong. Ends with 0 only if nothing is.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text, whole } from '../cli/terminal/options.ts';
import { type CrashTestResult, runCrashTest } from '../faults/crashes/crash-test.ts';
import { command } from './command.ts';
import { JSON_RESULT } from './options.ts';
import { printer } from './progress.ts';

await command(
  {
    name: 'crashes',
    about:
      'The market is crashed (SIGKILL) while clients trade, and started again on the same folder; at the end its books are compared with what was answered, and audited.',
    options: {
      times: whole('--times <n>', 'how often it is crashed', { least: 1 }, 100),
      seed: whole('--seed <seed>', 'at which moments', { least: 0 }, 1),
      data: text('--data <dir>', 'an empty folder to keep it in, unless a temporary one, which is deleted when all holds'),
      json: JSON_RESULT,
    },
    examples: [['--times 3', 'a short one']],
  },
  async ({ times, seed, data, json }) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
    const print = printer(json);
    const dir = data ?? mkdtempSync(join(tmpdir(), 'crashes-'));
    const result = await runCrashTest({
      dir,
      times,
      seed,
      onCrash: ({ number, afterMs, up, marketTime }) =>
        print(
          `${`${number}`.padStart(4)} of ${times}  ${up ? 'running ' : 'starting'}  after ${afterMs} ms  market time ${marketTime}`,
        ),
    });
    if (json) console.log(JSON.stringify(result));
    else for (const line of lines(result)) print(line);
    const holds = result.failures.length === 0;
    if (holds && data === undefined) rmSync(dir, { recursive: true, force: true });
    else print(`The market is kept in ${dir}`);
    return holds ? 0 : 1;
  },
);

function lines({ submissions, calls, events, auctions, days, fills, failures, ...result }: CrashTestResult): string[] {
  return [
    '',
    `${result.crashes} crashes, ${result.starting} of them in a start, in ${Math.round(result.seconds)} s`,
    `submissions: ${submissions.sent} sent, ${submissions.answered} answered, ${submissions.taken} in the book`,
    `operator calls: ${calls.sent} sent, ${calls.answered} answered`,
    `${events} events, ${auctions} auctions, ${days} days closed, ${fills} fills, ${result.redriven} messages redriven`,
    `state ${result.stateHash}`,
    '',
    ...(failures.length ? failures.slice(0, 20) : ['Nothing that was answered is lost, doubled or wrong; the audit holds.']),
  ];
}
