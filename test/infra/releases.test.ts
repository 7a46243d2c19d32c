/** How a new version goes live: behind an alias, a tenth first, watched by alarms, and taken back when one goes into ALARM. */

import { describe, expect, it } from 'vitest';
import { FUNCTIONS, QUEUES } from '../../lib/store/names.ts';
import { type Attribute, type FunctionProperties, functionBehind, type Reference, synthesized } from './synthesized.ts';

interface GroupProperties {
  readonly DeploymentGroupName: string;
  readonly DeploymentConfigName: string;
  readonly ApplicationName: Reference;
  readonly AlarmConfiguration: { readonly Enabled: boolean; readonly Alarms: readonly { readonly Name: Reference }[] };
  readonly AutoRollbackConfiguration: { readonly Enabled: boolean; readonly Events: readonly string[] };
  readonly ServiceRoleArn: Attribute;
}

const template = synthesized();
const functions = template.of<FunctionProperties>('AWS::Lambda::Function');
const aliases = template.of<{ FunctionName: Reference; FunctionVersion: Attribute; Name: string }>('AWS::Lambda::Alias');
const versions = template.of<{ FunctionName: Reference }>('AWS::Lambda::Version');
const groups = template.of<GroupProperties>('AWS::CodeDeploy::DeploymentGroup');
const alarmNames = new Map(
  template.of<{ AlarmName: string }>('AWS::CloudWatch::Alarm').map(({ id, Properties }) => [id, Properties.AlarmName]),
);
const watchedBy = (group: { readonly Properties: GroupProperties } | undefined) =>
  group?.Properties.AlarmConfiguration.Alarms.map(({ Name }) => alarmNames.get(Name.Ref));

describe.each(FUNCTIONS)('%s', (name) => {
  const fn = functions.find(({ Properties }) => Properties.FunctionName === name);
  const [alias, ...more] = aliases.filter(({ Properties }) => Properties.FunctionName.Ref === fn?.id);
  const group = groups.find(({ Properties }) => Properties.DeploymentGroupName === name);

  it('is live behind one alias, at a version of its own that outlives the next', () => {
    expect(more).toEqual([]);
    expect(alias?.Properties.Name).toBe('live');
    const version = versions.find(({ id }) => id === alias?.Properties.FunctionVersion['Fn::GetAtt'][0]);
    expect(version?.Properties.FunctionName.Ref).toBe(fn?.id);
    expect(version?.DeletionPolicy).toBe('Retain');
  });

  it('shifts a tenth first, and back when an alarm goes into ALARM', () => {
    expect(alias).toMatchObject({
      UpdatePolicy: {
        CodeDeployLambdaAliasUpdate: {
          ApplicationName: group?.Properties.ApplicationName,
          DeploymentGroupName: { Ref: group?.id },
        },
      },
    });
    expect(group?.Properties).toMatchObject({
      DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent30Minutes',
      AlarmConfiguration: { Enabled: true },
      AutoRollbackConfiguration: {
        Enabled: true,
        Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_REQUEST', 'DEPLOYMENT_STOP_ON_ALARM'],
      },
    });
  });

  it('is watched by its own errors, the dead letters of its queues and the alarms of the venue, ten at most', () => {
    const watched = watchedBy(group);
    const queue = Object.entries(QUEUES).find(([, { consumer }]) => consumer === name)?.[0];
    expect(watched).toEqual(
      expect.arrayContaining([
        `errors-${name}`,
        ...(queue === undefined ? [] : [`dead-letters-${queue}`]),
        ...(/-api$/.test(name) ? ['api-failures'] : []),
        // These write nothing, so they can't be what put the books out of balance.
        ...(name === 'sweep-venue' || name === 'authorize-listener' ? [] : ['venue-out-of-balance']),
        'auction-late',
        'posting-behind',
        'day-run-late',
      ]),
    );
    expect(watched?.length).toBeLessThanOrEqual(10);
    // CodeDeploy refuses a group that names an alarm twice.
    expect(new Set(watched).size).toBe(watched?.length);
    expect(watched).not.toContain('held-for-approval');
  });

  it('publishes another version when its code changes, and the same when it does not', () => {
    const versionOf = (of: typeof template): unknown => {
      const id = of.of<FunctionProperties>('AWS::Lambda::Function').find((each) => each.Properties.FunctionName === name)?.id;
      return of.of<{ FunctionName: Reference }>('AWS::Lambda::Version').find((each) => each.Properties.FunctionName.Ref === id)
        ?.id;
    };
    expect(versionOf(again)).toBe(versionOf(template));
    expect(versionOf(other)).not.toBe(versionOf(template));
  });
});

const again = synthesized();
// One more shard is one more value in every function's environment, which a version holds as it holds the code.
const other = synthesized({ deployment: { shards: 5 } });

describe('nothing calls what is merely uploaded', () => {
  const called = (type: string, property: string): unknown[] => template.of(type).map(({ Properties }) => Properties[property]);

  it.each([
    ['AWS::Lambda::EventSourceMapping', 'FunctionName', Object.keys(QUEUES).length],
    ['AWS::ApiGatewayV2::Integration', 'IntegrationUri', 7],
    ['AWS::Lambda::Permission', 'FunctionName', 8],
  ])('every %s names an alias', (type, property, count) => {
    const callees = called(type, property);
    expect(callees).toHaveLength(count);
    expect(callees.filter((callee) => functionBehind(template, callee) === undefined)).toEqual([]);
    for (const { id } of functions) expect(JSON.stringify(callees)).not.toContain(`"${id}"`);
  });

  it('and no role may invoke a function', () => {
    const policies = template.of<{ PolicyDocument: { Statement: { Action: string | string[] }[] } }>('AWS::IAM::Policy');
    const actions = policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement.flatMap(({ Action }) => Action));
    expect(actions.filter((action) => action.startsWith('lambda:')).sort()).toEqual([
      'lambda:GetAlias',
      'lambda:GetProvisionedConcurrencyConfig',
      'lambda:UpdateAlias',
    ]);
  });
});

describe('the role of releases', () => {
  const role = groups[0]?.Properties.ServiceRoleArn['Fn::GetAtt'][0];
  const policy = template
    .of<{ Roles: Reference[]; PolicyDocument: { Statement: { Action: string | string[]; Resource: unknown }[] } }>(
      'AWS::IAM::Policy',
    )
    .find(({ Properties }) => Properties.Roles.some(({ Ref }) => Ref === role));

  it('has no managed policy, and is one for all groups', () => {
    expect(groups.map(({ Properties }) => Properties.ServiceRoleArn['Fn::GetAtt'][0])).toEqual(groups.map(() => role));
    expect(template.all.find(({ id }) => id === role)?.Properties.ManagedPolicyArns).toBeUndefined();
  });

  it('moves the aliases and sees every alarm that watches a release, by name', () => {
    const [moves, sees] = policy?.Properties.PolicyDocument.Statement ?? [];
    expect([moves?.Action].flat().sort()).toEqual([
      'lambda:GetAlias',
      'lambda:GetProvisionedConcurrencyConfig',
      'lambda:UpdateAlias',
    ]);
    const endings = (of: unknown): string[] =>
      [...JSON.stringify(of).matchAll(/":(?:function|alarm):([^"]+)"/g)].map(([, end]) => end!);
    expect(endings(moves?.Resource).sort()).toEqual(FUNCTIONS.map((name) => `${name}:live`).sort());
    expect(sees?.Action).toBe('cloudwatch:DescribeAlarms');
    expect(endings(sees?.Resource).sort()).toEqual([...new Set(groups.flatMap((group) => watchedBy(group) as string[]))].sort());
  });

  it('has its rights before traffic moves', () => {
    for (const alias of aliases) expect(alias.DependsOn).toContain(policy?.id);
  });
});

it('a release that is to put out an alarm can go live through it', () => {
  const through = synthesized({ throughAlarms: true });
  for (const { Properties } of through.of<GroupProperties>('AWS::CodeDeploy::DeploymentGroup')) {
    expect(Properties.AlarmConfiguration.Enabled).toBe(false);
    expect(Properties.AutoRollbackConfiguration.Events).toEqual(['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_REQUEST']);
  }
});
