/**
 * What the CDK's command line runs. Options come as context: `npx cdk deploy -c issuer=https://... -c audience=id1,id2
 * -c alarmEmail=ops@example.com`; `accountClaim`, `groupsClaim`, `viewerGroup`, `operatorGroup` and `approverGroup` say what that issuer's tokens call
 * things, `runbook` where the runbook is published, `requestsPerMinute` how many requests an account may send,
 * `cashAloneCents` how much cash an operator may move alone on a day, `table` and `shards` which table
 * holds the venue and in how many shards (docs/runbook.md). `throughAlarms=true` lets a release go live although an alarm is in ALARM.
 */

import { App } from 'aws-cdk-lib';
import { addExchange } from './synthesize.ts';

const app = new App({ analyticsReporting: false });

const [requestsPerMinute, cashAloneCents, shards] = (['requestsPerMinute', 'cashAloneCents', 'shards'] as const).map(option);

addExchange(app, {
  deployment: {
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute: Number(requestsPerMinute) }),
    ...(cashAloneCents === undefined ? {} : { cashAloneCents: Number(cashAloneCents) }),
    ...(shards === undefined ? {} : { shards: Number(shards) }),
  },
  issuer: option('issuer'),
  audience: option('audience')?.split(','),
  claims: {
    ...named('account', option('accountClaim')),
    ...named('groups', option('groupsClaim')),
    ...named('viewerGroup', option('viewerGroup')),
    ...named('operatorGroup', option('operatorGroup')),
    ...named('approverGroup', option('approverGroup')),
  },
  alarmEmail: option('alarmEmail'),
  table: option('table'),
  runbook: option('runbook'),
  throughAlarms: option('throughAlarms') === 'true',
});
app.synth();

function option(name: string): string | undefined {
  const value: unknown = app.node.tryGetContext(name);
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw new Error(`context ${name} must be a string`);
  return value;
}

function named(key: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [key]: value };
}
