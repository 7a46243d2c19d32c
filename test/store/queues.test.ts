/** What is sent, and under which names: SQS drops a message for five minutes when one of the same name has come before. */
import { type SendMessageBatchCommand, type SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, it, test } from 'vitest';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import type { SubmissionMessage } from '../../lib/store/messages.ts';
import { QUEUES } from '../../lib/store/names.ts';
import { Queues } from '../../lib/store/queues.ts';
import { NOW } from '../venue/requests.ts';

interface Sent {
  readonly MessageBody?: string;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
}

/** Requests as they reach SQS, each with its entries. */
let requests: Sent[][];
let refused: string[];
let queues: Queues;
beforeEach(() => {
  for (const { url, name } of Object.values(QUEUES)) process.env[url] = `http://queues/${name}`;
  [requests, refused] = [[], []];
  const client = new SQSClient({ region: 'us-east-1' });
  client.send = (async ({ input }: SendMessageCommand | SendMessageBatchCommand) => {
    const entries = 'Entries' in input ? input.Entries! : [input];
    requests.push(entries as Sent[]);
    return {
      Failed: entries.flatMap((entry) => ('Id' in entry && refused.includes(entry.Id!) ? [{ Id: entry.Id, Code: 'Busy' }] : [])),
    };
  }) as typeof client.send;
  queues = new Queues(1, client);
});
const sent = (): Sent[] => requests.flat();
const names = (): (string | undefined)[] => sent().map(({ MessageDeduplicationId }) => MessageDeduplicationId);
const allDiffer = (): void => expect(new Set(names()).size).toBe(names().length);

const SUBMISSION: SubmissionMessage = {
  v: 1,
  kind: 'submission',
  product: 'H100-SXM',
  shard: 1,
  account: 'ann',
  sender: 'desk-7',
  key: numberedKey(NOW, 1),
  digest: '0123456789abcdef',
  receivedAt: '2025-10-20T14:00:00.000Z',
  instructions: 'AQA=',
};

describe('a submission', () => {
  it('that is sent again has the name of the first, so that the queue drops it', async () => {
    await queues.submit(SUBMISSION);
    await queues.submit({ ...SUBMISSION, receivedAt: '2025-10-20T14:00:09.000Z' });
    expect(names()[0]).toBe(names()[1]);
  });

  it('of another account, under another key or with another body is not dropped for it', async () => {
    await queues.submit(SUBMISSION);
    await queues.submit({ ...SUBMISSION, account: 'bob' });
    await queues.submit({ ...SUBMISSION, key: numberedKey(NOW, 2) });
    await queues.submit({ ...SUBMISSION, digest: 'f'.repeat(16) });
    allDiffer();
  });
});

describe('markers', () => {
  it('go to the group of every shard, whose submissions they cut', async () => {
    await queues.submit(SUBMISSION);
    await queues.sendMarkers('H100-SXM', 7, '2025-10-20T14:00:00.000Z', 2);
    expect(sent().map(({ MessageGroupId }) => MessageGroupId)).toEqual(['H100-SXM#1', 'H100-SXM#0', 'H100-SXM#1']);
    expect(
      sent()
        .slice(1)
        .map(({ MessageBody }) => JSON.parse(MessageBody!)),
    ).toEqual(
      [0, 1].map((shard) => ({ v: 1, kind: 'marker', product: 'H100-SXM', shard, auction: 7, slot: '2025-10-20T14:00:00.000Z' })),
    );
  });

  it('of another auction, product or shard are not dropped for these, and these are when they come again', async () => {
    await queues.sendMarkers('H100-SXM', 7, '', 2);
    await queues.sendMarkers('H100-SXM', 8, '', 2);
    await queues.sendMarkers('B200', 7, '', 2);
    allDiffer();
    const first = names().slice(0, 2);
    requests = [];
    await queues.sendMarkers('H100-SXM', 7, 'later', 2);
    expect(names()).toEqual(first);
  });
});

const upTo = (shards: number): number[] => [...Array(shards).keys()];

describe('wake-ups of the shards', () => {
  it('go to every shard that is named, in its own group', async () => {
    await queues.notifyPostings(9, upTo(3));
    expect(sent().map(({ MessageGroupId }) => MessageGroupId)).toEqual(['0', '1', '2']);
    expect(sent().map(({ MessageBody }) => JSON.parse(MessageBody!))).toEqual([0, 1, 2].map((shard) => ({ v: 1, shard })));
  });

  it('about another event, or for another reason, are not dropped for these', async () => {
    await queues.notifyPostings(9, upTo(2));
    await queues.notifyPostings(10, upTo(2));
    await queues.notifyPostings(9, upTo(2), 'again.7');
    await queues.notifyPostings(9, upTo(2), 'sweep.1');
    allDiffer();
  });
});

test('no request carries more than the ten messages that SQS takes, and together they carry all', async () => {
  await queues.notifyPostings(9, upTo(23));
  expect(requests.map((entries) => entries.length)).toEqual([10, 10, 3]);
  allDiffer();
});

test('a message that SQS did not take is a failure, though it took the others', async () => {
  refused = ['12'];
  await expect(queues.sendMarkers('H100-SXM', 7, '', 13)).rejects.toThrow('1 messages to orders failed: Busy');
});
