/**
 * Commands as data: a verb with what it takes, its examples and its work, and groups of verbs. From them come the parser with
 * its help and suggestions, the completion of shells, and the page docs/command-line.md.
 */
import { Argument, Command, Option } from 'commander';
import type { Options, Values } from './options.ts';

/** What follows the options: `<lots>` is needed, `[name...]` may be there and several times. */
export interface Operand {
  readonly form: string;
  readonly says: string;
  readonly choices?: readonly string[];
}

export interface Verb<Context, O extends Options = Options> {
  readonly name: string;
  /** One line, without a full stop. */
  readonly does: string;
  /** What there is to know before it is used. */
  readonly about?: string;
  readonly operands?: readonly Operand[];
  readonly options: O;
  /** Arguments of a typical call, and what it does. */
  readonly examples: readonly (readonly [args: string, does: string])[];
  run(context: Context, values: Values<O>, operands: readonly string[]): Promise<void> | void;
}

/** A verb whose options have been hidden in its own work. */
export type AnyVerb<Context> = Omit<Verb<Context>, 'run'> & {
  run(context: Context, values: Values<Options>, operands: readonly string[]): Promise<void> | void;
};

export interface Group<Context> {
  readonly name: string;
  readonly does: string;
  readonly about?: string;
  readonly verbs: readonly AnyVerb<Context>[];
}

export type Entry<Context> = AnyVerb<Context> | Group<Context>;

export const isGroup = <Context>(entry: Entry<Context>): entry is Group<Context> => 'verbs' in entry;

/** Gives the types of a verb's options to its work. */
export const verb = <Context, O extends Options>(declared: Verb<Context, O>): AnyVerb<Context> =>
  declared as unknown as AnyVerb<Context>;

/** What every verb takes besides its own options. */
export const COMMON_OPTIONS: readonly Option[] = [
  new Option('--profile <name>', 'the profile to use; COMPUTE_EXCHANGE_PROFILE, or the one in use, unless given'),
  new Option('--url <url>', 'the venue, in place of the one of the profile'),
  new Option('--json', 'the result as one JSON document').conflicts('ndjson'),
  new Option('--ndjson', 'the result as JSON lines, one an item'),
];

export interface Common {
  readonly profile?: string;
  readonly url?: string;
  readonly json?: true;
  readonly ndjson?: true;
}

/** A verb is about to be run: with which of the common options, and how. */
export type Start<Context> = (common: Common, work: (context: Context) => Promise<void>) => Promise<void>;

export interface ProgramOptions<Context> {
  readonly name: string;
  readonly about: string;
  readonly after: string;
  readonly version: string;
  readonly entries: readonly Entry<Context>[];
  readonly start: Start<Context>;
  readonly print: (text: string) => void;
}

/** The parser. It throws CommanderError instead of ending the process, and prints only the help. */
export function programOf<Context>(options: ProgramOptions<Context>): Command {
  const program = quiet(new Command(options.name), options.print)
    .description(options.about)
    .version(options.version, '--version', 'the version of this program')
    .addHelpText('after', `\n${options.after}`);
  for (const entry of options.entries)
    program.addCommand(isGroup(entry) ? groupOf(entry, options) : verbOf(entry, options.name, options));
  return program;
}

function groupOf<Context>({ name, does, about, verbs }: Group<Context>, options: ProgramOptions<Context>): Command {
  const group = quiet(new Command(name), options.print).summary(does).description(sentences(does, about));
  for (const each of verbs) group.addCommand(verbOf(each, `${options.name} ${name}`, options));
  return group;
}

function verbOf<Context>(declared: AnyVerb<Context>, above: string, { start, print }: ProgramOptions<Context>): Command {
  const { name, does, about, operands = [], options, examples } = declared;
  const call = `${above} ${name}`;
  const command = quiet(new Command(name), print)
    .summary(does)
    .description(sentences(does, about))
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      ['', 'Examples:', ...examples.map(([args, says]) => `  ${`${call} ${args}`.trim()}\n      ${says}`)].join('\n'),
    );
  for (const { form, says, choices } of operands) {
    const argument = new Argument(form, says);
    command.addArgument(choices === undefined ? argument : argument.choices(choices));
  }
  for (const { option } of Object.values(options)) command.addOption(option);
  for (const option of COMMON_OPTIONS) command.addOption(option);
  return command.action(async () => {
    const values = Object.fromEntries(
      Object.entries(options).map(([key, { option, unless }]) => [key, command.getOptionValue(option.attributeName()) ?? unless]),
    );
    await start(command.opts<Common>(), async (context) => declared.run(context, values, command.args));
  });
}

const quiet = (command: Command, print: (text: string) => void): Command =>
  command
    .helpOption('--help', 'this text')
    .helpCommand(false)
    .configureOutput({ writeOut: print, writeErr: () => {} })
    .exitOverride();

const sentences = (does: string, about?: string): string =>
  [`${does[0]!.toUpperCase()}${does.slice(1)}.`, ...(about === undefined ? [] : [about])].join('\n\n');
