/**
 * Makes the listed mutants one after another in a scratch copy and runs the tests that are to notice them. A mutant is killed
 * only by a test that ran and failed: one that does not even load proves nothing and is an error of the list.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Mutant, type MutatedFile, mutated } from './mutant.ts';
import { runScript, type Scratch } from './scratch.ts';

export interface ListedResult {
  readonly file: string;
  readonly name: string;
  readonly wrong: string;
  /** `hung`: the tests did not end in time, which anyone would notice. */
  readonly outcome: 'killed' | 'hung' | 'survived';
  /** Title of the first test that failed. */
  readonly by: string | null;
}

/** Tests of one file take seconds; a machine that does much else may take ten times as long. */
const TESTS_MS_MAX = 300_000;

/** The list or the tests are not as they must be for a measurement to mean anything. */
export class MutationError extends Error {
  override name = 'MutationError';
  readonly hint: string;

  constructor(fact: string, hint: string) {
    super(`${fact}\n  ${hint}`);
    this.hint = hint;
  }
}

export async function runListed(
  scratch: Scratch,
  files: readonly MutatedFile[],
  tell: (result: ListedResult) => void,
): Promise<ListedResult[]> {
  const results: ListedResult[] = [];
  const sound = new Set<string>();
  for (const { file, tests, mutants } of files) {
    const control = tests.join(' ');
    if (!sound.has(control)) await expectSound(scratch, tests);
    sound.add(control);
    for (const mutant of mutants) {
      const result = await runMutant(scratch, file, tests, mutant);
      results.push(result);
      tell(result);
    }
  }
  return results;
}

/** Without a mutant the tests must hold, or none of their failures means anything. */
async function expectSound(scratch: Scratch, tests: readonly string[]): Promise<void> {
  const run = await runTests(scratch, tests);
  if (run.outcome !== 'held')
    throw new MutationError(`The tests fail without any mutant: ${run.by ?? run.said}`, `Run ${tests.join(' ')} first.`);
}

async function runMutant(scratch: Scratch, file: string, tests: readonly string[], mutant: Mutant): Promise<ListedResult> {
  const path = join(scratch.root, file);
  const source = readFileSync(path, 'utf8');
  writeFileSync(path, mutated(source, mutant));
  try {
    const run = await runTests(scratch, tests);
    if (run.outcome === 'broken')
      throw new MutationError(`Mutant ${mutant.name} of ${file} does not run: ${run.said}`, 'Let it stay code that loads.');
    const outcome = run.outcome === 'held' ? 'survived' : run.outcome === 'failed' ? 'killed' : 'hung';
    return { file, name: mutant.name, wrong: mutant.wrong, outcome, by: run.by };
  } finally {
    writeFileSync(path, source);
  }
}

interface TestRun {
  readonly outcome: 'held' | 'failed' | 'hung' | 'broken';
  readonly by: string | null;
  /** The end of what was printed. */
  readonly said: string;
}

/** The parts of Vitest's JSON report that are looked at. */
interface VitestReport {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly message?: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** The first of the tests alone, since it notices most, then the others. */
async function runTests(scratch: Scratch, [first, ...others]: readonly string[]): Promise<TestRun> {
  const run = await runTestFiles(scratch, [first!]);
  return run.outcome === 'held' && others.length > 0 ? runTestFiles(scratch, others) : run;
}

async function runTestFiles(scratch: Scratch, tests: readonly string[]): Promise<TestRun> {
  const report = join(scratch.root, 'mutation-report.json');
  rmSync(report, { force: true });
  let said = '';
  const args = ['run', '--bail=1', '--reporter=json', `--outputFile=${report}`, ...tests];
  const ended = await runScript(scratch, 'vitest/vitest.mjs', args, {
    millisecondsMax: TESTS_MS_MAX,
    say: (text) => {
      said = `${said}${text}`.slice(-2000);
    },
  });
  if (ended === 'hung') return { outcome: 'hung', by: null, said };
  if (!existsSync(report)) return { outcome: 'broken', by: null, said };
  const { success, testResults } = JSON.parse(readFileSync(report, 'utf8')) as VitestReport;
  const failed = testResults.flatMap(({ assertionResults }) => assertionResults).find(({ status }) => status === 'failed');
  if (failed) return { outcome: 'failed', by: failed.fullName, said };
  const messages = testResults.map(({ message }) => message ?? '').join('\n');
  return { outcome: success && ended === 0 ? 'held' : 'broken', by: null, said: `${messages}\n${said}` };
}
