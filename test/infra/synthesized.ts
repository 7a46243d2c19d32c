/**
 * The template these tests read: synthesized once a run, from placeholder bundles, so that infrastructure is tested
 * without waiting for the functions' code.
 */

import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SHARED_ASSEMBLIES } from '../../lib/infra/deployment.ts';
import { assemblyOf } from '../../lib/infra/local-deployment.ts';
import { type ExchangeOptions, STACK_NAME } from '../../lib/infra/synthesize.ts';
import { FUNCTIONS, type FunctionName } from '../../lib/store/names.ts';
import { required } from '../../lib/store/table.ts';

export interface Resource<Properties = Record<string, unknown>> {
  readonly id: string;
  readonly Type: string;
  readonly Properties: Properties;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: readonly string[];
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

export interface Synthesized {
  readonly path: string;
  readonly text: string;
  readonly outputs: Readonly<Record<string, { Value: unknown }>>;
  readonly all: readonly Resource[];
  of<Properties = Record<string, unknown>>(type: string): readonly Resource<Properties>[];
}

export interface FunctionProperties {
  readonly FunctionName: FunctionName;
  readonly Timeout: number;
  readonly MemorySize: number;
  readonly Runtime: string;
  readonly Architectures: readonly string[];
  readonly RecursiveLoop?: string;
  readonly Role: Attribute;
  readonly LoggingConfig: { readonly LogGroup: { readonly Ref: string } };
  readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> };
}

export interface QueueProperties {
  readonly QueueName: string;
  readonly VisibilityTimeout?: number;
  readonly MessageRetentionPeriod: number;
  readonly FifoQueue?: boolean;
  readonly ContentBasedDeduplication?: boolean;
  readonly DeduplicationScope?: string;
  readonly FifoThroughputLimit?: string;
  readonly SqsManagedSseEnabled: boolean;
  readonly RedrivePolicy?: { readonly deadLetterTargetArn: Attribute; readonly maxReceiveCount: number };
}

/** `Fn::GetAtt` as templates write it. */
export interface Attribute {
  readonly 'Fn::GetAtt': readonly [id: string, attribute: string];
}

/** `Ref` as templates write it. */
export interface Reference {
  readonly Ref: string;
}

/** The logical id of the function that an alias is of, from anything that names the alias (its ARN, or a part of that). */
export function functionBehind(template: Synthesized, callee: unknown): string | undefined {
  const alias = template
    .of<{ FunctionName: Reference; Name: string }>('AWS::Lambda::Alias')
    .find(({ id }) => JSON.stringify(callee)?.includes(JSON.stringify({ Ref: id })));
  return alias?.Properties.FunctionName.Ref;
}

/** It goes when the run ends. */
export function temporaryDirectory(): string {
  return mkdtempSync(join(required(SHARED_ASSEMBLIES), 'infra-'));
}

export function placeholderBundles(within = temporaryDirectory()): string {
  const directory = join(within, 'placeholders');
  for (const name of FUNCTIONS) {
    mkdirSync(join(directory, name), { recursive: true });
    writeFileSync(join(directory, name, 'index.mjs'), `export const handler = async () => '${name}';\n`);
  }
  return directory;
}

export function synthesized(options: ExchangeOptions = {}): Synthesized {
  const assembly = assemblyOf({ bundles: placeholderBundles(required(SHARED_ASSEMBLIES)), ...options });
  const path = join(assembly, `${STACK_NAME}.template.json`);
  return parsed(path, readFileSync(path, 'utf8'));
}

/** A template by its text. */
export function parsed(path: string, text: string): Synthesized {
  const template = JSON.parse(text) as { Resources: Record<string, Omit<Resource, 'id'>>; Outputs: Synthesized['outputs'] };
  const all = Object.entries(template.Resources).map(([id, resource]): Resource => ({ id, ...resource }));
  return {
    path,
    text,
    outputs: template.Outputs,
    all,
    of: <Properties = Record<string, unknown>>(type: string) =>
      all.filter((each) => each.Type === type) as unknown as readonly Resource<Properties>[],
  };
}
