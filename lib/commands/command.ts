/**
 * What every command has in common: its options are read and checked before anything is done, `--help` says what it does
 * with an example, a failure is told as the fact and then what to do, and the exit code says how it ended.
 *
 *   0  it did what it was asked, and what was checked holds
 *   1  what was checked does not hold, or the command failed
 *   2  it was called wrongly, and nothing was done
 */
import { Command, CommanderError } from 'commander';
import type { Options, Values } from '../cli/terminal/options.ts';
import { type CommandName, listed } from './catalogue.ts';

export interface Declaration<O extends Options> {
  readonly name: CommandName;
  /** What there is to know before it is used, beyond its line in the catalogue. */
  readonly about?: string;
  readonly options: O;
  /** What may follow the options, as `[files...]`, and what it is. */
  readonly operands?: readonly [form: string, says: string];
  /** Options of a group of which exactly one is given. */
  readonly oneOf?: readonly (readonly string[])[];
  /** Options of a group of which one is given at most. */
  readonly oneAtMost?: readonly (readonly string[])[];
  /** Arguments of a typical call, and what it does. */
  readonly examples: readonly (readonly [args: string, does: string])[];
}

/** The caller named options that do not go together, or not enough of them. */
export class UsageError extends Error {
  override name = 'UsageError';
}

const EXIT_CODES = 'Exit codes: 0 fine; 1 what was checked does not hold, or the command failed; 2 it was called wrongly.';

/** Reads the options, does the work and sets the exit code, which `work` gives; 0 when it gives none. */
export async function command<O extends Options>(
  declaration: Declaration<O>,
  work: (values: Values<O>, operands: readonly string[]) => Promise<number | undefined> | number | undefined,
): Promise<void> {
  const parser = parserOf(declaration);
  try {
    parser.parse();
    const ended = await work(read(declaration, parser), parser.args);
    if (ended !== undefined) process.exitCode = ended;
  } catch (error) {
    // Not by process.exitCode alone: what has failed may have left something running.
    process.exit(told(error, callOf(declaration.name)));
  }
}

function parserOf<O extends Options>({ name, about, options, operands, examples }: Declaration<O>): Command {
  const { does } = listed(name);
  const call = callOf(name);
  const parser = new Command(call)
    .description([`${does[0]!.toUpperCase()}${does.slice(1)}.`, ...(about === undefined ? [] : [about])].join('\n\n'))
    .helpOption('--help', 'this text')
    .addHelpText('after', ['', ...exampleLines(call, examples), '', EXIT_CODES].join('\n'))
    .configureOutput({ writeErr: () => {} })
    .exitOverride();
  for (const { option } of Object.values(options)) parser.addOption(option);
  if (operands === undefined) return parser;
  // What follows the first operand is that command's own, its options included.
  return parser.argument(...operands).passThroughOptions();
}

const exampleLines = (call: string, examples: Declaration<Options>['examples']): string[] => [
  'Examples:',
  ...examples.map(([args, does]) => `  ${args === '' ? call.replace(/ --$/, '') : `${call} ${args}`}\n      ${does}`),
];

/** As it is typed: npm takes options before the two dashes for its own. */
const callOf = (name: CommandName): string => `${listed(name).call} --`;

function read<O extends Options>({ options, oneOf = [], oneAtMost = [] }: Declaration<O>, parser: Command): Values<O> {
  const given = (name: string): boolean =>
    parser.options.some((option) => option.long === name && parser.getOptionValueSource(option.attributeName()) === 'cli');
  for (const { option, required } of Object.values(options))
    if (required && !given(option.long!)) throw new UsageError(`${option.long} is missing`);
  for (const group of oneOf) if (group.filter(given).length !== 1) throw new UsageError(`name one of ${listing(group)}`);
  for (const group of oneAtMost)
    if (group.filter(given).length > 1) throw new UsageError(`${listing(group.filter(given))} exclude each other: name one`);
  const values = Object.entries(options).map(([key, { option, unless }]) => [
    key,
    parser.getOptionValue(option.attributeName()) ?? unless,
  ]);
  return Object.fromEntries(values) as Values<O>;
}

const listing = (names: readonly string[]): string => `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** Tells the caller what went wrong and what to do about it. Gives the exit code. */
function told(error: unknown, call: string): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  if (error instanceof CommanderError || error instanceof UsageError) {
    const fact = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
    console.error(`${fact}\n  ${call} --help says how it is called.`);
    return 2;
  }
  // What carries a hint has been thought of; anything else is a mistake of this project, and its trace shows where.
  if (error instanceof Error && 'hint' in error) console.error(error.message);
  else console.error(error, '\n  This should not happen. Please report it, with what you called.');
  return 1;
}
