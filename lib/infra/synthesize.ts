/**
 * From options to a cloud assembly, without an account and without the CDK's command line, so that local tools and tests
 * get exactly what would be deployed. `cdk.json` holds the feature flags for both ways.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { bundleFunctions, PROJECT } from './bundle.ts';
import { DEPLOYMENT, type Deployment } from './deployment.ts';
import { ExchangeStack } from './exchange-stack.ts';
import { COGNITO_CLAIMS } from './identity.ts';
import type { CallerClaims } from './pipeline-function.ts';

/** The name of the stack, of its dashboard, and of its CodeDeploy application. */
export const STACK_NAME = 'compute-exchange';

export interface ExchangeOptions {
  /** What differs from the deployed venue. */
  readonly deployment?: Partial<Deployment> | undefined;
  /** Issuer of the tokens, with `audience`; without both, the stack makes a user pool. */
  readonly issuer?: string | undefined;
  readonly audience?: readonly string[] | undefined;
  /** How the issuer's tokens name account, groups and the operators' group; by default as Cognito does. */
  readonly claims?: Partial<CallerClaims> | undefined;
  readonly alarmEmail?: string | undefined;
  /** Name of a table that was restored, in place of the stack's own. */
  readonly table?: string | undefined;
  /** Address of the published runbook; by default its path in this repository. */
  readonly runbook?: string | undefined;
  /** Let the release go live although an alarm is in ALARM: for the release that repairs its cause. */
  readonly throughAlarms?: boolean | undefined;
  /** Directory of finished bundles, `<function>/index.mjs`; without it, `lambdas/` is bundled. */
  readonly bundles?: string | undefined;
  /** Also check the template against CloudFormation's schemas, as `cdk synth` always does; takes seconds. */
  readonly validate?: boolean | undefined;
}

/**
 * Writes the cloud assembly into a directory and returns the path of the template. Beside it lies
 * `compute-exchange.assets.json`; each function's `Metadata['aws:asset:path']` names its code, relative to the directory.
 */
export function synthesize(outdir: string, options: ExchangeOptions = {}): string {
  const app = new App({
    outdir,
    analyticsReporting: false,
    treeMetadata: false,
    builtinCloudFormationValidation: options.validate ?? false,
    // The command line adds both to what it writes, so that is what tools and tests must read as well.
    context: { ...cdkJsonContext(), 'aws:cdk:enable-asset-metadata': true, 'aws:cdk:enable-path-metadata': true },
  });
  addExchange(app, options);
  return app.synth().getStackByName(STACK_NAME).templateFullPath;
}

/** Adds the exchange to a CDK app. Throws when only one of issuer and audience is given, or a lambda has no source. */
export function addExchange(app: App, options: ExchangeOptions): ExchangeStack {
  const { issuer, audience = [], claims, alarmEmail, table, runbook = 'docs/runbook.md' } = options;
  if ((issuer === undefined) !== (audience.length === 0)) throw new Error('issuer and audience come together or not at all');
  return new ExchangeStack(app, STACK_NAME, {
    stackName: STACK_NAME,
    description: 'A compute-futures exchange and its clearing.',
    terminationProtection: true,
    deployment: { ...DEPLOYMENT, ...options.deployment },
    issuer: issuer === undefined ? undefined : { issuer, audience, claims: { ...COGNITO_CLAIMS, ...claims } },
    alarmEmail,
    table,
    runbook,
    throughAlarms: options.throughAlarms,
    bundles: options.bundles ?? bundleFunctions(),
  });
}

function cdkJsonContext(): Record<string, unknown> {
  const { context } = JSON.parse(readFileSync(join(PROJECT, 'cdk.json'), 'utf8')) as { context: Record<string, unknown> };
  return context;
}
