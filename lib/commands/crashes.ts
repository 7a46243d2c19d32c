/**
 * `npm run crashes`: kills the market of `npm start` a number of times, at moments drawn from a seed, while clients trade; then
 * says whether anything that was answered is lost, doubled or wrong. Ends with 0 only if nothing is.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type CrashTestResult, runCrashTest } from '../faults/crashes/crash-test.ts';

const HELP = `Crashes the market (SIGKILL) again and again while clients trade, starts it again, and compares its books with what was answered.

  npm run crashes -- [options]

  --times N    how often (100)
  --seed S     which moments (1)
  --data DIR   an empty folder to keep it in; a temporary one, deleted when all holds, unless given
  --json       the result as JSON; progress goes to standard error
  --help

It ends with 0 when nothing that was answered is lost, doubled or wrong, with 1 otherwise, with 2 when the options are wrong.`;

class UsageError extends Error {}

async function main(args: string[]): Promise<number> {
  const { times, seed, data, json, help } = parsed(args);
  if (help) {
    console.log(HELP);
    return 0;
  }
  const print = (text: string): void => void (json ? process.stderr : process.stdout).write(`${text}\n`);
  const dir = data ?? mkdtempSync(join(tmpdir(), 'crashes-'));
  const count = whole('--times', times, 1);
  const result = await runCrashTest({
    dir,
    times: count,
    seed: whole('--seed', seed, 0),
    onCrash: ({ number, afterMs, up, marketTime }) =>
      print(
        `${`${number}`.padStart(4)} of ${count}  ${up ? 'running ' : 'starting'}  after ${afterMs} ms  market time ${marketTime}`,
      ),
  });
  // What anybody would run afterwards must agree.
  const verify = spawnSync(process.execPath, [join(import.meta.dirname, 'audit.ts'), '--data', dir], { encoding: 'utf8' });
  const failures =
    verify.status === 0 ? result.failures : [...result.failures, `npm run audit says: ${verify.stdout}${verify.stderr}`];
  if (json) console.log(JSON.stringify({ ...result, failures }));
  else for (const line of lines({ ...result, failures })) print(line);
  if (failures.length === 0 && data === undefined) rmSync(dir, { recursive: true, force: true });
  else print(`The market is kept in ${dir}`);
  return failures.length === 0 ? 0 : 1;
}

function lines({
  crashes,
  starting,
  submissions,
  calls,
  events,
  auctions,
  days,
  fills,
  redriven,
  stateHash,
  failures,
  seconds,
}: CrashTestResult) {
  return [
    '',
    `${crashes} crashes, ${starting} of them in a start, in ${Math.round(seconds)} s`,
    `submissions: ${submissions.sent} sent, ${submissions.answered} answered, ${submissions.taken} in the book`,
    `operator calls: ${calls.sent} sent, ${calls.answered} answered`,
    `${events} events, ${auctions} auctions, ${days} days closed, ${fills} fills, ${redriven} messages redriven`,
    `state ${stateHash}`,
    '',
    ...(failures.length ? failures.slice(0, 20) : ['Nothing that was answered is lost, doubled or wrong; the audit holds.']),
  ];
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        times: { type: 'string', default: '100' },
        seed: { type: 'string', default: '1' },
        data: { type: 'string' },
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

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof UsageError ? `${error.message}\n\n${HELP}` : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
