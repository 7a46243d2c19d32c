/**
 * Every mutant that Stryker can make of the rules, each against the rules' own tests (`test/domain`). Stryker changes its files
 * in place, which a scratch copy allows: it would rewrite the compiler's settings with the compiler's own API otherwise, and
 * TypeScript 7 has none.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runScript, type Scratch } from './scratch.ts';

export interface RuleMutant {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Stryker's name for the kind of change. */
  readonly kind: string;
  readonly replacement: string;
  /** As Stryker says it: `Killed`, `Timeout`, `Survived`, `NoCoverage`; others do not count. */
  readonly status: string;
}

const RULES_MS_MAX = 6 * 3_600_000;

/** Far above what a test takes on a machine that does much else, so that a slow test is not counted as one that failed. */
const TIMEOUT_MS = 15_000;

/** Runs the mutants of these files, or patterns of files. */
export async function runRules(scratch: Scratch, files: readonly string[], print: (text: string) => void): Promise<RuleMutant[]> {
  const report = 'rules-report.json';
  const options = {
    mutate: files,
    inPlace: true,
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'test/mutation/rules.config.ts', related: false },
    coverageAnalysis: 'perTest',
    concurrency: 1,
    timeoutMS: TIMEOUT_MS,
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName: report },
    allowConsoleColors: false,
    disableTypeChecks: false,
    checkers: [],
  };
  writeFileSync(join(scratch.root, 'stryker.config.json'), JSON.stringify(options));
  const ended = await runScript(scratch, '@stryker-mutator/core/bin/stryker.js', ['run', 'stryker.config.json'], {
    millisecondsMax: RULES_MS_MAX,
    say: (text) => print(text.trimEnd()),
  });
  if (ended !== 0) throw new Error(ended === 'hung' ? 'Stryker did not end' : `Stryker ended with ${ended}`);
  return mutantsOf(JSON.parse(readFileSync(join(scratch.root, report), 'utf8')) as StrykerReport);
}

/** The parts of Stryker's report that are looked at (mutation-testing-report-schema). */
interface StrykerReport {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly mutants: readonly {
          readonly mutatorName: string;
          readonly replacement?: string;
          readonly status: string;
          readonly location: { readonly start: { readonly line: number; readonly column: number } };
        }[];
      }
    >
  >;
}

const mutantsOf = ({ files }: StrykerReport): RuleMutant[] =>
  Object.entries(files).flatMap(([file, { mutants }]) =>
    mutants.map(({ mutatorName, replacement = '', status, location: { start } }) => ({
      file,
      line: start.line,
      column: start.column,
      kind: mutatorName,
      replacement,
      status,
    })),
  );
