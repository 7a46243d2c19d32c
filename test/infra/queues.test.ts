/** Queues lose nothing: each has a consumer with time to work, and a place for what can't be processed. */

import { describe, expect, it } from 'vitest';
import { QUEUES } from '../../lib/store/names.ts';
import { type Attribute, type FunctionProperties, functionBehind, type QueueProperties, synthesized } from './synthesized.ts';

const template = synthesized();
const queues = template.of<QueueProperties>('AWS::SQS::Queue');
const functions = template.of<FunctionProperties>('AWS::Lambda::Function');
const mappings = template.of<{
  EventSourceArn: Attribute;
  FunctionName: unknown;
  BatchSize: number;
  FunctionResponseTypes: string[];
  ScalingConfig?: { MaximumConcurrency: number };
}>('AWS::Lambda::EventSourceMapping');
const byName = (name: string) => queues.find((queue) => queue.Properties.QueueName === name);

describe.each(Object.values(QUEUES))('the queue $name', ({ name, consumer }) => {
  const queue = byName(name);
  const mapping = mappings.find((each) => each.Properties.EventSourceArn['Fn::GetAtt'][0] === queue?.id);
  const fn = functions.find((each) => each.id === functionBehind(template, mapping?.Properties.FunctionName));
  const isFifo = name.endsWith('.fifo');

  it(`is read by ${consumer} and no other function`, () => {
    expect(fn?.Properties.FunctionName).toBe(consumer);
    expect(mappings.filter((each) => each.Properties.EventSourceArn['Fn::GetAtt'][0] === queue?.id)).toHaveLength(1);
  });

  it('reports which messages of a batch failed', () => {
    expect(mapping?.Properties).toMatchObject({ BatchSize: 10, FunctionResponseTypes: ['ReportBatchItemFailures'] });
  });

  it('hides a message for at least six times the time-out of its consumer', () => {
    expect(queue?.Properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * (fn?.Properties.Timeout ?? Number.NaN));
  });

  it('gives a message five chances, then keeps it for fourteen days in a queue of the same kind', () => {
    const dead = queues.find((each) => each.id === queue?.Properties.RedrivePolicy?.deadLetterTargetArn['Fn::GetAtt'][0]);
    expect(queue?.Properties.RedrivePolicy?.maxReceiveCount).toBe(5);
    expect(fn?.Properties.Environment?.Variables.RECEIVES_MAX).toBe('5');
    expect(dead?.Properties.MessageRetentionPeriod).toBe(14 * 86_400);
    expect(dead?.Properties.FifoQueue ?? false).toBe(isFifo);
    expect(dead?.Properties.RedrivePolicy).toBeUndefined();
  });

  it.runIf(isFifo)('keeps order within a group at high throughput, with ids given by the sender', () => {
    expect(queue?.Properties).toMatchObject({
      FifoQueue: true,
      ContentBasedDeduplication: false,
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
    });
  });

  it.runIf(!isFifo)('is worked on by two functions at most', () => {
    expect(mapping?.Properties.ScalingConfig).toEqual({ MaximumConcurrency: 2 });
  });
});

describe('dead letters', () => {
  it.each(Object.values(QUEUES).map(({ name }) => name))(
    'of %s are kept for longer than its messages: their age counts from when they were first sent',
    (name) => {
      const queue = byName(name)?.Properties;
      const dead = queues.find((each) => each.id === queue?.RedrivePolicy?.deadLetterTargetArn['Fn::GetAtt'][0])?.Properties;
      expect(queue?.MessageRetentionPeriod).toBe(4 * 86_400);
      expect(dead?.MessageRetentionPeriod).toBeGreaterThan(queue?.MessageRetentionPeriod ?? Number.NaN);
    },
  );

  it('are reached long before a message would be forgotten', () => {
    for (const { name } of Object.values(QUEUES)) {
      const { VisibilityTimeout, RedrivePolicy, MessageRetentionPeriod } = byName(name)!.Properties;
      expect(VisibilityTimeout! * RedrivePolicy!.maxReceiveCount).toBeLessThan(MessageRetentionPeriod / 2);
    }
  });
});

describe('all queues', () => {
  it('are the work queues, a dead-letter queue of its own for each, and the one of the schedules', () => {
    const names = Object.values(QUEUES).flatMap(({ name }) => [name, name.replace(/(\.fifo)?$/, '-dlq$1')]);
    expect(queues.map((queue) => queue.Properties.QueueName).sort()).toEqual([...names, 'schedules-dlq'].sort());
    const targets = queues.flatMap(({ Properties: { RedrivePolicy: to } }) =>
      to ? [to.deadLetterTargetArn['Fn::GetAtt'][0]] : [],
    );
    expect(new Set(targets).size).toBe(Object.keys(QUEUES).length);
  });

  it('are encrypted at rest', () => {
    expect(queues.filter((queue) => !queue.Properties.SqsManagedSseEnabled)).toEqual([]);
  });

  it('refuse a request without TLS', () => {
    const policies = template.of<{ Queues: { Ref: string }[]; PolicyDocument: { Statement: unknown[] } }>(
      'AWS::SQS::QueuePolicy',
    );
    for (const queue of queues) {
      const policy = policies.find((each) => each.Properties.Queues.some(({ Ref }) => Ref === queue.id));
      expect(policy?.Properties.PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      );
    }
  });
});
