/** AWS's own checklist. What it finds stands here with the reason why it stays; anything else is a failure. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, it } from 'vitest';
import { addExchange } from '../../lib/infra/synthesize.ts';
import { placeholderBundles, temporaryDirectory } from './synthesized.ts';

interface Report {
  readonly pluginReports: readonly {
    readonly violations: readonly {
      readonly ruleName: string;
      readonly violatingConstructs: readonly { readonly constructPath: string }[];
    }[];
  }[];
}

const ARGUED = [
  // The Plus plan watches for stolen passwords, at a price for each user; nobody gets in here without a second factor.
  'AwsSolutions-COG8 at compute-exchange/users/pool/Resource',
  // It is a dead-letter queue, but of schedules, and the rule knows only those of queues.
  'AwsSolutions-SQS3 at compute-exchange/schedules/dead-letters/Resource',
];

it('the AWS Solutions checks find only what is argued', () => {
  const outdir = temporaryDirectory();
  const app = new App({ outdir, analyticsReporting: false, builtinCloudFormationValidation: false });
  addExchange(app, { bundles: placeholderBundles() });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  expect(() => app.synth()).toThrow('validation-report.json');
  const report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')) as Report;
  const found = report.pluginReports.flatMap(({ violations }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    ),
  );
  expect(found.sort()).toEqual(ARGUED);
});
