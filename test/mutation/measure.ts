/** What slips through the tests, in figures: the rules by every change that Stryker makes, workers and store by the listed mutants. */
import { type ListedResult, runListed } from './listed-run.ts';
import type { MutatedFile } from './mutant.ts';
import { MUTATED } from './mutants.ts';
import { type RuleMutant, runRules } from './rules-run.ts';
import { makeScratch } from './scratch.ts';

/** A line of progress. */
export type Print = (text: string) => void;

/** The least share of mutants that the tests must kill, in percent. */
export const GOALS = { rules: 95, listed: 90 } as const;

export interface Figures {
  readonly mutants: number;
  readonly killed: number;
  /** Noticed because the tests did not end: counted as killed, and told apart. */
  readonly hung: number;
  readonly survived: number;
  /** Percent, to a tenth. */
  readonly score: number;
}

export interface Measured {
  readonly rules: {
    readonly figures: Figures;
    readonly byFile: Readonly<Record<string, Figures>>;
    readonly survivors: RuleMutant[];
  };
  readonly listed: {
    readonly figures: Figures;
    readonly byFile: Readonly<Record<string, Figures>>;
    readonly results: ListedResult[];
  };
}

/** What `--only` names: rule files (or their folder) for Stryker, and listed mutants. */
export interface Chosen {
  readonly rules: readonly string[];
  readonly listed: readonly MutatedFile[];
}

const RULES = 'lib/domain';

/** Everything, or what `only` names: a mutant by its name, or all in a file or folder. Empty when it names nothing. */
export function choose(only: string | undefined, files: readonly MutatedFile[] = MUTATED): Chosen {
  if (only === undefined) return { rules: [`${RULES}/**/*.ts`], listed: files };
  const path = only.replace(/\/$/, '');
  const holds = (file: string): boolean => file === path || file.startsWith(`${path}/`);
  const isRule = path === RULES || path.startsWith(`${RULES}/`);
  const listed = files
    .map((each) => (holds(each.file) ? each : { ...each, mutants: each.mutants.filter(({ name }) => name === only) }))
    .filter(({ mutants }) => mutants.length > 0);
  return { rules: isRule ? [path.endsWith('.ts') ? path : `${path}/**/*.ts`] : [], listed };
}

export async function measure({ rules, listed }: Chosen, print: Print): Promise<Measured> {
  const scratch = makeScratch();
  try {
    const results = await runListed(scratch, listed, (result) => print(line(result)));
    const made = rules.length > 0 ? await runRules(scratch, rules, print) : [];
    return measured(made, results);
  } finally {
    scratch.remove();
  }
}

const line = ({ file, name, wrong, outcome, by }: ListedResult): string =>
  outcome === 'survived'
    ? `SURVIVED  ${file} ${name}: ${wrong}`
    : `${outcome.padEnd(8)}  ${file} ${name}${by === null ? '' : `, by "${by}"`}`;

/** Stryker's words for what was run; a mutant that no test reaches has survived. What could not be run does not count. */
const OUTCOMES: Readonly<Record<string, ListedResult['outcome']>> = {
  Killed: 'killed',
  Timeout: 'hung',
  Survived: 'survived',
  NoCoverage: 'survived',
};

export function measured(made: readonly RuleMutant[], results: ListedResult[]): Measured {
  const counted = made.flatMap((mutant) => {
    const outcome = OUTCOMES[mutant.status];
    return outcome === undefined ? [] : [{ ...mutant, outcome }];
  });
  const survivors = made.filter(({ status }) => OUTCOMES[status] === 'survived');
  return {
    rules: { figures: figuresOf(counted), byFile: byFile(counted), survivors },
    listed: { figures: figuresOf(results), byFile: byFile(results), results },
  };
}

type Outcome = Pick<ListedResult, 'file' | 'outcome'>;

function figuresOf(outcomes: readonly Outcome[]): Figures {
  const count = (wanted: ListedResult['outcome']): number => outcomes.filter(({ outcome }) => outcome === wanted).length;
  const [killed, hung, survived] = [count('killed'), count('hung'), count('survived')];
  const mutants = outcomes.length;
  return { mutants, killed, hung, survived, score: mutants === 0 ? 100 : Math.floor(((killed + hung) * 1000) / mutants) / 10 };
}

const byFile = (outcomes: readonly Outcome[]): Record<string, Figures> =>
  Object.fromEntries([...Map.groupBy(outcomes, ({ file }) => file)].map(([file, own]) => [file, figuresOf(own)]));
