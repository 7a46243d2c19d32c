/**
 * A deployment, step by step, each a command that an operator could run alone. What is deployed is the assembly that has
 * passed the gate, byte for byte: it is synthesized once.
 */
export interface Release {
  /** The venue's table; `undefined` when there is none yet. */
  readonly table: string | undefined;
  readonly region: string | undefined;
  /** Context for the app, `key=value`. */
  readonly context: readonly string[];
}

export interface Step {
  readonly name: 'test' | 'synth' | 'gate' | 'deploy';
  readonly command: readonly string[];
}

const ASSEMBLY = 'cdk.out';

/** The steps of a release, in order; without a table, those of a first deployment. */
export function releaseSteps({ table, region, context }: Release): Step[] {
  const where = region === undefined ? [] : ['--region', region];
  return [
    { name: 'test', command: ['npm', 'test'] },
    {
      name: 'synth',
      command: ['npx', 'cdk', 'synth', '--quiet', '--output', ASSEMBLY, ...context.flatMap((pair) => ['--context', pair])],
    },
    ...(table === undefined
      ? []
      : [
          {
            name: 'gate',
            command: ['npm', 'run', '--silent', 'gate', '--', '--assembly', ASSEMBLY, '--table', table, ...where],
          } as const,
        ]),
    { name: 'deploy', command: ['npx', 'cdk', 'deploy', '--app', ASSEMBLY] },
  ];
}

/** Runs one after the other; gives the step that failed, after which nothing is run. */
export function runSteps(steps: readonly Step[], run: (step: Step) => boolean): Step | undefined {
  return steps.find((step) => !run(step));
}
