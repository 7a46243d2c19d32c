/** Submissions and queue records as the workers get them, short enough for tables. */
import type { SQSRecord } from 'aws-lambda';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import type { Instruction } from '../../lib/domain/auction/orders.ts';
import { shardOf } from '../../lib/store/keys.ts';
import type { SubmissionMessage } from '../../lib/store/messages.ts';
import { QUEUES, type QueueName } from '../../lib/store/names.ts';
import { packInstructions } from '../../lib/store/packing.ts';
import { SHARDS } from './accounts.ts';

let serial = 0;

export function submission(
  product: string,
  account: string,
  receivedAt: string,
  instructions: readonly Instruction[],
  {
    key = numberedKey(Date.parse(receivedAt), ++serial),
    digest = '0123456789abcdef',
    sender = `${account}-desk`,
  }: { key?: string; digest?: string; sender?: string } = {},
): SubmissionMessage {
  const packed = Buffer.from(packInstructions(instructions)).toString('base64');
  const shard = shardOf(account, SHARDS);
  return { v: 1, kind: 'submission', product, shard, account, sender, key, digest, receivedAt, instructions: packed };
}

/** A record as Lambda gets it. Time is the message's own: sent a second after it was received, or after its slot. */
export function record(
  queue: QueueName,
  message: unknown,
  { sentAt, group }: { sentAt?: string; group?: string } = {},
): SQSRecord {
  const body = typeof message === 'string' ? message : JSON.stringify(message);
  const { receivedAt, slot, product, shard } = (typeof message === 'string' ? {} : message) as Record<string, string | undefined>;
  const sent = sentAt ? Date.parse(sentAt) : Date.parse(receivedAt ?? slot ?? '2025-10-20T12:00:00Z') + 1000;
  const id = ++serial;
  return {
    messageId: `message-${id}`,
    receiptHandle: '',
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: `${sent}`,
      SenderId: '',
      ApproximateFirstReceiveTimestamp: '0',
      ...(QUEUES[queue].name.endsWith('.fifo')
        ? { MessageGroupId: group ?? (product ? `${product}#${shard}` : `${shard}`), SequenceNumber: `${id}` }
        : {}),
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: '',
    awsRegion: '',
  };
}
