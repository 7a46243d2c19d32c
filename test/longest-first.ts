/**
 * The order of the test files: those that take the longest first, or the last of two processes would work on one of them alone
 * at the end. A runner that remembers an earlier run does that by itself; in continuous integration there is none.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const LONGEST = [
  'scenarios/simulation',
  'scenarios/alarms',
  'faults/small/planted',
  'cases/calendar',
  'operations/release/gate',
  'cases/engine-trouble',
  'virtual/whole-days',
  'faults/versions',
  'faults/crashes/crash-test',
  'lambdas/accept-workers',
  'lambdas/accept-flood',
  'scenarios/sealed',
];

const rank = ({ moduleId }: TestSpecification): number => {
  const at = LONGEST.findIndex((name) => moduleId.endsWith(`test/${name}.test.ts`));
  return at < 0 ? LONGEST.length : at;
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
