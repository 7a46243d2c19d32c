/** The alarms: when each goes into ALARM, and that each has a heading of the runbook that says what to do. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT } from '../../lib/infra/bundle.ts';
import { PIPELINE } from '../../lib/infra/pipeline.ts';
import { MARKET_ROUTES, OPERATOR_ROUTES, PARTICIPANT_ROUTES, STATEMENT_ROUTES } from '../../lib/infra/routes.ts';
import { parseExpression } from '../../lib/local/cloudwatch/metric-math.ts';
import { FUNCTIONS, METRICS, QUEUES } from '../../lib/store/names.ts';
import { type FunctionProperties, type QueueProperties, synthesized } from './synthesized.ts';

interface Measured {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
}

interface AlarmProperties extends Partial<Measured> {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly AlarmActions: unknown[];
  readonly OKActions: unknown[];
  readonly Threshold: number;
  readonly ComparisonOperator: string;
  readonly EvaluationPeriods: number;
  readonly TreatMissingData: string;
  readonly Metrics?: readonly {
    readonly Expression?: string;
    readonly MetricStat?: { readonly Metric: Measured; readonly Period: number };
  }[];
}

const template = synthesized({ alarmEmail: 'operator@example.com', runbook: 'https://example.com/runbook' });
const alarms = template.of<AlarmProperties>('AWS::CloudWatch::Alarm');
const named = (name: string) => alarms.find((alarm) => alarm.Properties.AlarmName === name)?.Properties;
const byDefault = synthesized();
const queueIds = new Map(template.of<QueueProperties>('AWS::SQS::Queue').map((queue) => [queue.Properties.QueueName, queue.id]));
const functions = template.of<FunctionProperties>('AWS::Lambda::Function');

/** The sum of a metric over five minutes, 0 where it has no value. */
const countOf = (metric: Partial<Measured>) => ({
  Metrics: [
    expect.objectContaining({ Expression: 'FILL(count, 0)' }),
    expect.objectContaining({
      Id: 'count',
      ReturnData: false,
      MetricStat: { Metric: expect.objectContaining(metric), Period: 300, Stat: 'Sum' },
    }),
  ],
});

describe('the runbook', () => {
  const text = readFileSync(join(PROJECT, 'docs', 'runbook.md'), 'utf8');
  const sections = text.split(/^### /m).slice(1);
  const headings = sections.map((section) => section.split('\n')[0]!);

  it('has a heading for every alarm, and none for an alarm that does not exist', () => {
    expect(headings.toSorted()).toEqual(alarms.map((alarm) => alarm.Properties.AlarmName).toSorted());
  });

  it.each(sections.map((section, i) => [headings[i]!, section.split(/^## /m)[0]!]))(
    'says of %s what you see, why, what to do, and how you know that it is over',
    (_, section) => {
      const parts = section.split(/^\*\*(?=You see\*\*|Why\b|Do\.\*\*|Over\*\*)/m).slice(1);
      expect(parts.map((part) => /^\w+/.exec(part)![0])).toEqual(['You', 'Why', 'Do', 'Over']);
      for (const part of parts) expect(part.replace(/^[^*]*\*\*/, '').trim().length).toBeGreaterThan(8);
    },
  );

  it('names only routes, queues and functions that there are', () => {
    const routes = new Set<string>([...PARTICIPANT_ROUTES, ...STATEMENT_ROUTES, ...MARKET_ROUTES, ...OPERATOR_ROUTES]);
    const named = [...text.matchAll(/`((?:GET|PUT|POST|DELETE) \/v1\/[^`?]+)/g)].map(([, route]) => route!.trim());
    const general = (route: string) => route.replace('H100-SXM', '{product}');
    expect(named.filter((route) => !routes.has(route) && !routes.has(general(route)))).toEqual([]);
    const queues = Object.values(QUEUES).map(({ name }) => name.replace('.fifo', ''));
    const used = [...text.matchAll(/queue_(?:url|arn) ([a-z-]+)/g)].map(([, name]) => name!.replace(/-dlq$/, ''));
    expect(used.filter((name) => !queues.includes(name))).toEqual([]);
    const logs = [...text.matchAll(/\/compute-exchange\/([a-z-]+)/g)].map(([, name]) => name!);
    expect(logs.filter((name) => !(FUNCTIONS as readonly string[]).includes(name))).toEqual(['api-access']);
  });

  it('is linked at the end of every alarm', () => {
    for (const { Properties } of alarms) {
      expect(Properties.AlarmDescription).toMatch(/^[^#]+\. https:\/\/example\.com\/runbook#[a-z-]+$/);
      expect(Properties.AlarmDescription.split('#')[1]).toBe(Properties.AlarmName);
    }
    expect(
      byDefault
        .of<AlarmProperties>('AWS::CloudWatch::Alarm')
        .every(({ Properties }) => Properties.AlarmDescription.includes(` docs/runbook.md#${Properties.AlarmName}`)),
    ).toBe(true);
  });
});

describe('every alarm', () => {
  const [topic] = template.of<{ KmsMasterKeyId: unknown }>('AWS::SNS::Topic');

  it('notifies the one topic when it goes into ALARM and when it goes back to OK', () => {
    for (const { Properties } of alarms) {
      expect(Properties.AlarmActions).toEqual([{ Ref: topic?.id }]);
      expect(Properties.OKActions).toEqual([{ Ref: topic?.id }]);
    }
  });

  it('is encrypted on its way, with a key that CloudWatch may use', () => {
    const [key] = template.of<{ KeyPolicy: { Statement: unknown[] } }>('AWS::KMS::Key');
    expect(topic?.Properties.KmsMasterKeyId).toEqual({ 'Fn::GetAtt': [key?.id, 'Arn'] });
    expect(key?.Properties.KeyPolicy.Statement).toContainEqual(
      expect.objectContaining({
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      }),
    );
  });

  it('may be published by CloudWatch, and never without TLS', () => {
    const [policy] = template.of<{ PolicyDocument: { Statement: unknown[] } }>('AWS::SNS::TopicPolicy');
    expect(policy?.Properties.PolicyDocument.Statement).toEqual([
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      expect.objectContaining({ Effect: 'Allow', Principal: { Service: 'cloudwatch.amazonaws.com' }, Action: 'sns:Publish' }),
    ]);
  });

  it('reaches the address that was given, if one was', () => {
    expect(template.of('AWS::SNS::Subscription').map(({ Properties }) => Properties)).toEqual([
      { Protocol: 'email', Endpoint: 'operator@example.com', TopicArn: { Ref: topic?.id } },
    ]);
    expect(byDefault.of('AWS::SNS::Subscription')).toEqual([]);
  });
});

describe('dead letters', () => {
  it.each([
    ...Object.entries(QUEUES).map(([name, { name: queue }]) => ({ name, queue: queue.replace(/(\.fifo)?$/, '-dlq$1') })),
    { name: 'schedules', queue: 'schedules-dlq' },
  ])('of $name go into ALARM with the first message', ({ name, queue }) => {
    expect(named(`dead-letters-${name}`)).toMatchObject({
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [queueIds.get(queue), 'QueueName'] } }],
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
  });
});

describe.each(FUNCTIONS)('%s', (name) => {
  const id = functions.find((fn) => fn.Properties.FunctionName === name)?.id;

  const hasReserve = PIPELINE[name].concurrencyMax !== undefined;
  it.each([
    { alarm: `errors-${name}`, metric: 'Errors' },
    ...(hasReserve ? [] : [{ alarm: `throttles-${name}`, metric: 'Throttles' }]),
  ])('brings $alarm into ALARM with the first', ({ alarm, metric }) => {
    expect(named(alarm)).toMatchObject({
      ...countOf({ Namespace: 'AWS/Lambda', MetricName: metric, Dimensions: [{ Name: 'FunctionName', Value: { Ref: id } }] }),
      Threshold: 1,
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
  });
});

describe('what callers send at once, beyond what may run at once,', () => {
  const expressionOf = (name: string) => {
    const metrics = named(name)!.Metrics!;
    const ids = metrics.flatMap(({ MetricStat, ...each }) => (MetricStat ? [(each as unknown as { Id: string }).Id] : []));
    return parseExpression(metrics.find(({ Expression }) => Expression)!.Expression!, ids);
  };
  const given = (name: string, series: Readonly<Record<string, (number | undefined)[]>>) =>
    expressionOf(name).over({ startsMs: [0], series })[0];

  it.each([
    ['participant-api', 340],
    ['statement-api', 10],
    ['market-api', 40],
    ['operator-api', 50],
  ])('is no alarm of %s, and a refusal of less than that is', (name, reserve) => {
    const alarm = `throttles-${name}`;
    expect(given(alarm, { count: [900], running: [reserve] })).toBe(0);
    expect(given(alarm, { count: [1], running: [reserve - 1] })).toBe(1);
    expect(given(alarm, { count: [1], running: [undefined] })).toBe(1);
    expect(given(alarm, { count: [undefined], running: [reserve] })).toBe(0);
    expect(named(alarm)).toMatchObject({ Threshold: 1, EvaluationPeriods: 1, TreatMissingData: 'notBreaching' });
  });

  it('is no failure of the API', () => {
    expect(
      given('api-failures', {
        count: [905],
        throttled0: [900],
        throttled1: [undefined],
        throttled2: [undefined],
        throttled3: [undefined],
      }),
    ).toBe(5);
    expect(given('api-failures', { count: [905], throttled0: [900], throttled1: [3], throttled2: [1], throttled3: [1] })).toBe(0);
    expect(
      given('api-failures', {
        count: [7],
        throttled0: [undefined],
        throttled1: [undefined],
        throttled2: [undefined],
        throttled3: [undefined],
      }),
    ).toBe(7);
  });
});

describe('what the functions measure', () => {
  const service = { Name: 'service', Value: 'exchange' };

  it.each([
    { name: 'auction-late', metric: METRICS.auctionLate, threshold: 600 },
    { name: 'posting-behind', metric: METRICS.postingBehind, threshold: 1, sweeps: 2 },
    { name: 'day-run-late', metric: METRICS.dayRunLate, threshold: 2700 },
    { name: 'held-for-approval', metric: METRICS.held, threshold: 1 },
    { name: 'venue-out-of-balance', metric: METRICS.outOfBalance, threshold: 1 },
  ])(
    'brings $name into ALARM at $threshold $metric, where it stays while the sweep rests',
    ({ name, metric, threshold, sweeps = 1 }) => {
      expect(named(name)).toMatchObject({
        Namespace: METRICS.namespace,
        MetricName: metric,
        Dimensions: [service],
        Statistic: 'Maximum',
        Threshold: threshold,
        EvaluationPeriods: sweeps,
        TreatMissingData: 'ignore',
      });
    },
  );

  it('brings sweep-missing into ALARM after two half hours without a heartbeat in the hours it is due', () => {
    const alarm = named('sweep-missing');
    expect(alarm).toMatchObject({
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      EvaluationPeriods: 2,
      TreatMissingData: 'breaching',
    });
    const [expression, beat] = alarm?.Metrics ?? [];
    expect(expression?.Expression).toBe('IF(DAY(beat) < 6 AND HOUR(beat) >= 13 AND HOUR(beat) <= 23, FILL(beat, 0), 1)');
    expect(beat?.MetricStat).toMatchObject({
      Period: 1800,
      Metric: { Namespace: METRICS.namespace, MetricName: METRICS.sweep, Dimensions: [service] },
    });
  });

  it('carries that namespace and service from every function', () => {
    for (const fn of functions) {
      expect(fn.Properties.Environment.Variables).toMatchObject({
        POWERTOOLS_SERVICE_NAME: service.Value,
        POWERTOOLS_METRICS_NAMESPACE: METRICS.namespace,
      });
    }
  });

  it('is all watched, but for positions that are reported: they are on the dashboard, and nothing is to be done at once', () => {
    const watched = alarms.flatMap(({ Properties: { MetricName, Metrics } }) => [
      MetricName,
      ...(Metrics ?? []).map((each) => each.MetricStat?.Metric.MetricName),
    ]);
    const { namespace: _n, service: _s, ...metrics } = METRICS;
    expect(Object.values(metrics).filter((metric) => !watched.includes(metric))).toEqual([METRICS.reported]);
  });
});

it('the alarm of the API goes into ALARM at five server errors in five minutes', () => {
  expect(named('api-failures')).toMatchObject({
    Metrics: expect.arrayContaining([
      expect.objectContaining({
        Id: 'count',
        MetricStat: {
          Metric: expect.objectContaining({ Namespace: 'AWS/ApiGateway', MetricName: '5xx' }),
          Period: 300,
          Stat: 'Sum',
        },
      }),
    ]),
    Threshold: 5,
    EvaluationPeriods: 1,
  });
});

it('the alarm of a slow API goes into ALARM when one request in ten takes two seconds, in two of three periods', () => {
  expect(named('api-slow')).toMatchObject({
    Namespace: 'AWS/ApiGateway',
    MetricName: 'Latency',
    ExtendedStatistic: 'p90',
    Period: 300,
    Threshold: 2000,
    EvaluationPeriods: 3,
    DatapointsToAlarm: 2,
  });
});

describe('one dashboard', () => {
  const boards = template.of<{ DashboardBody: { 'Fn::Join': [string, unknown[]] } }>('AWS::CloudWatch::Dashboard');
  const body = boards[0]!.Properties.DashboardBody['Fn::Join'][1];

  it('shows the alarms first', () => {
    expect(boards).toHaveLength(1);
    expect(String(body[0])).toMatch(/^\{"start":"-PT12H","widgets":\[\{"type":"alarm"/);
  });

  it('shows the steps of the pipeline from left to right, each below what waits for it', () => {
    interface Widget {
      readonly x: number;
      readonly y: number;
      readonly properties: { readonly title: string };
    }
    const text = body.map((part) => (typeof part === 'string' ? part : 'reference')).join('');
    const { widgets } = JSON.parse(text) as { widgets: Widget[] };
    const inRow = (titles: readonly string[]): Widget[] =>
      titles.map((title) => {
        const found = widgets.find(({ properties }) => properties.title === title);
        if (!found) throw new Error(`no widget is titled ${title}`);
        return found;
      });
    const { sweeps: _sweeps, news: _news, ...ofSteps } = QUEUES;
    const queues = inRow(Object.keys(ofSteps));
    const steps = inRow(Object.values(ofSteps).map(({ consumer }) => consumer));
    expect(steps.map(({ x }) => x)).toEqual([0, 4, 8, 12, 16, 20]);
    expect(queues.map(({ x }) => x)).toEqual(steps.map(({ x }) => x));
    expect(new Set(queues.map(({ y }) => y)).size).toBe(1);
    expect(new Set(steps.map(({ y }) => y))).toEqual(new Set([queues[0]!.y + 6]));
    // The sweep and the listeners are no steps: they stand below them.
    const beside = inRow(['sweeps', QUEUES.sweeps.consumer, 'news', QUEUES.news.consumer]);
    expect(beside.map(({ x }) => x)).toEqual([0, 6, 12, 18]);
    expect(new Set(beside.map(({ y }) => y))).toEqual(new Set([queues[0]!.y + 12]));
    expect(inRow(['authorize-listener', 'listen']).map(({ x }) => x)).toEqual([0, 6]);
  });
});
