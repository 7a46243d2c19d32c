/** What the local SQS puts right in its engine, beside the contract that it keeps with the model. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { frozenClock } from '../../../lib/local/host/clock.ts';
import { startSqs } from '../../../lib/local/sqs/sqs.ts';

test('a group whose time-outs run in the middle of a receive comes back in its order', async () => {
  const sqs = await startSqs({ clock: frozenClock('2025-10-20T12:00:00Z'), delayMsMax: 0, onArrival: () => {} });
  onTestFinished(sqs.stop);
  const attributes = { FifoQueue: 'true', VisibilityTimeout: '30' };
  const arn = 'arn:aws:sqs:us-east-1:000000000000:work.fifo';
  const queue = sqs.createQueue({ name: 'work.fifo', arn, attributes, deadLetters: false });
  for (const body of ['1', '2', '3', '4']) queue.send(body, { group: 'a', deduplication: body });
  let nowMs = Date.now();
  vi.spyOn(Date, 'now').mockImplementation(() => nowMs);
  onTestFinished(() => void vi.restoreAllMocks());
  for (const { receiptHandle } of queue.receive(3)) queue.release(receiptHandle, 20);
  nowMs += 19;
  // Every look at the time is a millisecond later than the one before it.
  vi.spyOn(Date, 'now').mockImplementation(() => nowMs++);
  expect(queue.receive(10).map(({ message }) => message.body)).toEqual(['1', '2', '3', '4']);
});
