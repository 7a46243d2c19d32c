/**
 * What a queue promises to the requests that functions send, in the service's JSON protocol.
 *
 * Source: Amazon SQS API reference, `SendMessage` and `SendMessageBatch`.
 */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { ServiceAnswer } from '../../lib/local/proxy/request.ts';
import { FIFO, type QueueSide, STANDARD } from './queue-side.ts';

const MEBIBYTE = 1024 * 1024;
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

export const message = (name: string, more: object = {}) => ({
  MessageBody: name,
  MessageGroupId: 'a',
  MessageDeduplicationId: name,
  ...more,
});
const entry = (Id: string, more: object = {}) => ({ Id, ...message(Id, more) });
const entries = (many: number) => Array.from({ length: many }, (_, at) => entry(`${at}`));
const typeOf = ({ status, body }: ServiceAnswer) => [
  status,
  String((body as { __type?: string }).__type)
    .split('#')
    .at(-1),
];

export function sendContract(open: QueueSide['open']): void {
  it('is answered with what its message is received by', async () => {
    const queue = await open(FIFO);
    const { status, body } = await queue.request('SendMessage', message('1'));
    const [received] = queue.receive(1);
    expect([status, body]).toEqual([
      200,
      { MessageId: received!.id, SequenceNumber: received!.sequence, MD5OfMessageBody: md5('1') },
    ]);
  });

  it('may be a batch of ten, each message answered by its id', async () => {
    const queue = await open(FIFO);
    const { status, body } = await queue.request('SendMessageBatch', { Entries: entries(10) });
    const { Successful, Failed } = body as {
      Successful: { Id: string; MessageId: string; SequenceNumber: string }[];
      Failed: [];
    };
    expect([status, Failed, Successful.map(({ Id }) => Id)]).toEqual([200, [], entries(10).map(({ Id }) => Id)]);
    expect(queue.receive(10).map(({ id, sequence }) => [id, sequence])).toEqual(
      Successful.map(({ MessageId, SequenceNumber }) => [MessageId, SequenceNumber]),
    );
  });

  it('may have a message of 1 MiB', async () => {
    const queue = await open(STANDARD);
    expect((await queue.request('SendMessage', { MessageBody: 'x'.repeat(MEBIBYTE) })).status).toBe(200);
    expect(queue.bodies().map(({ length }) => length)).toEqual([MEBIBYTE]);
  });

  it('a repeat is answered as if it was sent', async () => {
    const queue = await open(FIFO);
    const answers = [await queue.request('SendMessage', message('1')), await queue.request('SendMessage', message('1'))];
    expect(answers.map(({ status, body }) => [status, (body as { MD5OfMessageBody: string }).MD5OfMessageBody])).toEqual(
      Array(2).fill([200, md5('1')]),
    );
    expect(queue.bodies()).toEqual(['1']);
  });
}

export function refusalContract(open: QueueSide['open']): void {
  it.each<[type: string, entries: object[]]>([
    ['EmptyBatchRequest', []],
    ['TooManyEntriesInBatchRequest', entries(11)],
    ['BatchEntryIdsNotDistinct', [entry('1'), entry('1')]],
    ['BatchRequestTooLong', entries(2).map((each) => ({ ...each, MessageBody: 'x'.repeat(0.6 * MEBIBYTE) }))],
  ])('as %s: the whole batch', async (type, Entries) => {
    const queue = await open(FIFO);
    expect(typeOf(await queue.request('SendMessageBatch', { Entries }))).toEqual([400, type]);
    expect(queue.bodies()).toEqual([]);
  });

  it.each<[type: string, lacks: string, more: object]>([
    ['MissingParameter', 'a group', { MessageGroupId: undefined }],
    ['InvalidParameterValue', 'an id for deduplication', { MessageDeduplicationId: undefined }],
    ['InvalidParameterValue', 'an end after 1 MiB', { MessageBody: 'x'.repeat(MEBIBYTE + 1) }],
    ['QueueDoesNotExist', 'a queue that is there', { QueueUrl: 'http://127.0.0.1/000000000000/elsewhere.fifo' }],
  ])('as %s: a message without %s', async (type, _, more) => {
    const queue = await open(FIFO);
    expect(typeOf(await queue.request('SendMessage', message('1', more)))).toEqual([400, type]);
    expect(queue.bodies()).toEqual([]);
  });

  it('in part: what is wrong with one message of a batch is said of that one, and the others are sent', async () => {
    const queue = await open(FIFO);
    const Entries = [entry('1'), entry('2', { MessageGroupId: undefined }), entry('3', { MessageDeduplicationId: undefined })];
    const { status, body } = await queue.request('SendMessageBatch', { Entries });
    expect([status, body]).toEqual([
      200,
      {
        Successful: [expect.objectContaining({ Id: '1' })],
        Failed: [
          expect.objectContaining({ Id: '2', Code: 'MissingParameter', SenderFault: true }),
          expect.objectContaining({ Id: '3', Code: 'InvalidParameterValue', SenderFault: true }),
        ],
      },
    ]);
    expect(queue.bodies()).toEqual(['1']);
  });
}
