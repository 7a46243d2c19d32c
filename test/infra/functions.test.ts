/** The functions as they are deployed: runtime, size, loops, logs, and the one table. */

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FUNCTIONS, QUEUES } from '../../lib/store/names.ts';
import { type FunctionProperties, synthesized } from './synthesized.ts';

const template = synthesized({ deployment: { shards: 16 }, validate: true });
const functions = template.of<FunctionProperties>('AWS::Lambda::Function');

describe('functions', () => {
  it('are those of the pipeline, and no others', () => {
    expect(functions.map((fn) => fn.Properties.FunctionName).sort()).toEqual([...FUNCTIONS].sort());
  });

  it.each(FUNCTIONS.map((name) => ({ name })))('$name runs Node 24 on arm64 and knows the number of shards', ({ name }) => {
    const fn = functions.find((each) => each.Properties.FunctionName === name);
    expect(fn?.Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Handler: 'index.handler' });
    expect(fn?.Properties.Environment.Variables.SHARDS).toBe('16');
  });

  it.each([
    { name: 'participant-api', memory_mb: 256, timeout_s: 10 },
    { name: 'statement-api', memory_mb: 512, timeout_s: 10 },
    { name: 'market-api', memory_mb: 256, timeout_s: 10 },
    { name: 'operator-api', memory_mb: 256, timeout_s: 10 },
    { name: 'accept-orders', memory_mb: 256, timeout_s: 30 },
    { name: 'close-auction', memory_mb: 256, timeout_s: 60 },
    { name: 'clear-auction', memory_mb: 3008, timeout_s: 300 },
    { name: 'post-events', memory_mb: 512, timeout_s: 120 },
    { name: 'roll-positions', memory_mb: 512, timeout_s: 120 },
    { name: 'settle-day', memory_mb: 512, timeout_s: 120 },
    { name: 'sweep-venue', memory_mb: 256, timeout_s: 60 },
    { name: 'authorize-listener', memory_mb: 256, timeout_s: 10 },
    { name: 'listen', memory_mb: 256, timeout_s: 10 },
    { name: 'tell-listeners', memory_mb: 256, timeout_s: 60 },
  ])('$name has $memory_mb MB and $timeout_s s', ({ name, memory_mb, timeout_s }) => {
    const fn = functions.find((each) => each.Properties.FunctionName === name);
    expect(fn?.Properties).toMatchObject({ MemorySize: memory_mb, Timeout: timeout_s });
  });

  it('that serve the API give up before the gateway does, after 30 seconds', () => {
    const serving = functions.filter(({ Properties }) => 'REQUESTS_PER_MINUTE' in Properties.Environment.Variables);
    expect(serving.map(({ Properties }) => Properties.FunctionName).sort()).toEqual([
      'market-api',
      'operator-api',
      'participant-api',
      'statement-api',
    ]);
    for (const { Properties } of serving) expect(Properties.Timeout).toBeLessThan(30);
  });

  it('that read a queue may be part of a loop, since the day run is one', () => {
    const looping = functions.filter((fn) => fn.Properties.RecursiveLoop === 'Allow').map((fn) => fn.Properties.FunctionName);
    expect(looping.sort()).toEqual(
      Object.values(QUEUES)
        .map(({ consumer }) => consumer as string)
        .sort(),
    );
  });

  it('find their code in the assembly', () => {
    const paths = functions.map((fn) => fn.Metadata?.['aws:asset:path']);
    expect(new Set(paths).size).toBe(FUNCTIONS.length);
    expect(paths.every((path) => /^asset\.[0-9a-f]{64}$/.test(String(path)))).toBe(true);
  });
});

describe('logs', () => {
  const groups = template.of<{ LogGroupName: string; RetentionInDays?: number }>('AWS::Logs::LogGroup');

  it('go to a group a function, and one for the API', () => {
    const names = [...FUNCTIONS, 'api-access'].map((name) => `/compute-exchange/${name}`);
    expect(groups.map((group) => group.Properties.LogGroupName).sort()).toEqual(names.sort());
    expect(new Set(functions.map((fn) => fn.Properties.LoggingConfig.LogGroup.Ref)).size).toBe(FUNCTIONS.length);
  });

  it('are kept for three months, and outlive the stack', () => {
    for (const group of groups) {
      expect(group.Properties.RetentionInDays).toBe(90);
      expect(group.DeletionPolicy).toBe('RetainExceptOnCreate');
    }
  });
});

describe('the table', () => {
  const tables = template.of('AWS::DynamoDB::GlobalTable');
  const properties = tables[0]?.Properties;

  it('is one, of strings, on demand, and forgets by expiresAt', () => {
    expect(tables).toHaveLength(1);
    expect(properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
  });

  it('can be restored to any second, and can not be deleted by accident', () => {
    expect(properties?.Replicas).toEqual([
      expect.objectContaining({
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }),
    ]);
    expect(tables[0]?.DeletionPolicy).toBe('Retain');
  });

  it('is encrypted with a key whose use is recorded', () => {
    expect(properties?.SSESpecification).toEqual({ SSEEnabled: true, SSEType: 'KMS' });
  });
});

describe('the stack', () => {
  it("passes CloudFormation's own schemas and the library's rules, or this file would not have a template", () => {
    const report = JSON.parse(readFileSync(join(dirname(template.path), 'validation-report.json'), 'utf8')) as {
      pluginReports: unknown[];
    };
    expect(report.pluginReports).toEqual([]);
  });

  it('belongs to no account or region, and says where to find things', () => {
    expect(template.text).not.toMatch(/\b\d{12}\b/);
    expect(template.text).not.toMatch(/us-east-1|eu-west-1/);
    expect(Object.keys(template.outputs).sort()).toEqual([
      'ApiUrl',
      'DashboardName',
      'ListenersUrl',
      'TableName',
      'UserPoolClientId',
      'UserPoolId',
    ]);
  });
});
