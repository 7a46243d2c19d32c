/**
 * The command line as a whole: every verb, how a call of it is read, and how it ends. `run` is what the entry calls, and what
 * tests call with surroundings of their own.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { Context, type Surroundings } from './session/context.ts';
import { type Ended, EXIT_CODES, EXIT_SENTENCES, Failure } from './terminal/failure.ts';
import { Output } from './terminal/output.ts';
import { type Entry, programOf } from './terminal/verb.ts';
import { ACCOUNT } from './verbs/account.ts';
import { mcp } from './verbs/agents.ts';
import { completion } from './verbs/completion.ts';
import { MARKET } from './verbs/market.ts';
import { OPERATOR_ACTS } from './verbs/operator-acts.ts';
import { OPERATOR_SEES } from './verbs/operator-sees.ts';
import { PROTECTING } from './verbs/protecting.ts';
import { roll } from './verbs/roll.ts';
import { SIGNING_IN } from './verbs/signing-in.ts';
import { STATEMENTS } from './verbs/statements.ts';
import { TRADING } from './verbs/trading.ts';
import { watch } from './verbs/watch.ts';

const NAME = 'compute-exchange';

/** In the order of the help. */
const ENTRIES: readonly Entry<Context>[] = [
  ...SIGNING_IN,
  ...MARKET,
  ...TRADING,
  ...PROTECTING,
  ...ACCOUNT,
  ...STATEMENTS,
  roll,
  watch,
  {
    name: 'operator',
    does: "the operator's side: how the venue is, what waits, accounts, cash, prices, halts",
    verbs: [...OPERATOR_SEES, ...OPERATOR_ACTS],
  },
];

const ABOUT = `The exchange for computing power from a terminal: the market, your orders, your account, and the operator's side.

Prices are USD per GPU-hour, amounts USD. A lot is what the product says, mostly 1,000 GPU-hours.`;

const AFTER = `Exit codes:
${Object.entries(EXIT_CODES)
  .map(([ended, code]) => `  ${code}  ${EXIT_SENTENCES[ended as Ended]}`)
  .join('\n')}

Environment: COMPUTE_EXCHANGE_PROFILE; COMPUTE_EXCHANGE_URL and COMPUTE_EXCHANGE_TOKEN in place of a profile; NO_COLOR; XDG_CONFIG_HOME.`;

const version = (): string => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
};

/** The parser of every verb. */
export function parserOf(around: Surroundings): Command {
  const program: Command = programOf<Context>({
    name: NAME,
    about: ABOUT,
    after: AFTER,
    version: version(),
    entries: [...ENTRIES, mcp(version()), completion(() => program)],
    start: async (common, work) => {
      const context = new Context(common, around);
      await work(context).finally(() => context.close());
    },
    print: (text) => around.stdout.write(text),
  });
  return program;
}

/** Runs one call, its words without the name of the program. Gives the exit code. */
export async function run(words: readonly string[], around: Surroundings): Promise<number> {
  const program = parserOf(around);
  try {
    await program.parseAsync(words, { from: 'user' });
    return EXIT_CODES.done;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_CODES.done;
    const failure = failureOf(error, words, program);
    // The words may not even say how the result is wanted.
    const format = words.includes('--json') ? 'json' : words.includes('--ndjson') ? 'ndjson' : 'text';
    new Output({ format, stdout: around.stdout, stderr: around.stderr, env: around.env }).failure(failure);
    return EXIT_CODES[failure.kind];
  }
}

function failureOf(error: unknown, words: readonly string[], program: Command): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof CommanderError) {
    // Without a verb commander shows the help as an error, and has no message of its own for it.
    if (error.code === 'commander.help') return new Failure('usage', 'There is no command', `${NAME} --help lists them.`);
    return new Failure(
      'usage',
      error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' '),
      `${callOf(words, program)} --help says how it is called.`,
    );
  }
  const { stack, message } = error instanceof Error ? error : new Error(String(error));
  return new Failure(
    'fault',
    message,
    `${stack ?? ''}\nThis should not happen. Please report it, with what you called.`,
    {},
    { cause: error },
  );
}

/** The verbs at the head of the words, as far as there are such: what a person would ask the help of. */
function callOf(words: readonly string[], program: Command): string {
  const [word, ...rest] = words;
  const verb = program.commands.find((each) => each.name() === word);
  return verb === undefined ? program.name() : `${program.name()} ${callOf(rest, verb)}`;
}
