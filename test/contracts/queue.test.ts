/** One contract for a queue: the model in memory keeps it, and so does fauxqs as the local cloud runs it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, onTestFinished } from 'vitest';
import { frozenClock } from '../../lib/local/host/clock.ts';
import { startSqs } from '../../lib/local/sqs/sqs.ts';
import { LOCAL_ACCOUNT } from '../../lib/local/template/assembly.ts';
import { startSqs as startVirtualSqs } from '../../lib/virtual/sqs.ts';
import { startTimeline } from '../../lib/virtual/timeline.ts';
import { queueContract } from './queue.ts';
import { plansOf, type QueueSide, START } from './queue-side.ts';

const MODEL: QueueSide = {
  side: 'model',
  async open(name, attributes) {
    const [plan, dead] = plansOf(name, attributes);
    const [clock, timeline] = [frozenClock(START), startTimeline()];
    let arrivals = 0;
    const { queues, request, deadLetters } = startVirtualSqs([plan, dead], {
      clock,
      timeline,
      shuffled: (all) => [...all],
      onArrival: (of) => of === name && arrivals++,
    });
    const queue = queues.get(name)!;
    const received = new Map<string, ReturnType<typeof queue.receive>[number]>();
    return {
      clock,
      send: (body, options) => void queue.send(body, options),
      receive: (max) =>
        queue.receive(max).map((message) => {
          received.set(message.id, message);
          return { ...message, sequence: queue.isFifo ? message.sequence : undefined };
        }),
      delete: ({ id }) => queue.delete(received.get(id)!),
      giveBack: (messages) => {
        for (const { id } of messages) queue.returnLater(received.get(id)!);
      },
      timedOut: () => timeline.idle(1_000),
      bodies: () => queue.peek().map(({ body }) => body),
      deadLetters: () => deadLetters().map(({ body, group }) => ({ body, group })),
      arrivals: () => arrivals,
      request: async (operation, body) =>
        request(operation, { QueueUrl: `http://sqs.virtual/${LOCAL_ACCOUNT}/${name}`, ...body }),
    };
  },
};

/** Of what was given back to the engine: real time. */
const RETURNED_MS = 20;

const ENGINE: QueueSide = {
  side: 'engine',
  async open(name, attributes) {
    const [plan, dead] = plansOf(name, attributes);
    const clock = frozenClock(START);
    let arrivals = 0;
    const sqs = await startSqs({ clock, delayMsMax: 0, onArrival: (of) => of === name && arrivals++ });
    onTestFinished(sqs.stop);
    const [deadLetters, queue] = [sqs.createQueue(dead), sqs.createQueue(plan)];
    const handles = new Map<string, string>();
    return {
      clock,
      send: (body, options) => queue.send(body, options),
      receive: (max) =>
        queue.receive(max).map(({ message, receiptHandle }) => {
          handles.set(message.messageId, receiptHandle);
          return {
            id: message.messageId,
            body: message.body,
            group: message.messageGroupId,
            sequence: message.sequenceNumber,
            sentMs: message.sentTimestamp,
            firstReceivedMs: message.approximateFirstReceiveTimestamp!,
            receives: message.approximateReceiveCount,
          };
        }),
      delete: ({ id }) => queue.delete(handles.get(id)!),
      giveBack: (messages) => {
        for (const { id } of messages) queue.release(handles.get(id)!, RETURNED_MS);
      },
      timedOut: () => sleep(RETURNED_MS + 5),
      bodies: () => queue.peek().map(({ body }) => body),
      deadLetters: () => deadLetters.peek().map(({ body, messageGroupId: group }) => ({ body, group })),
      arrivals: () => arrivals,
      async request(operation, body) {
        const answer = await fetch(sqs.endpoint, {
          method: 'POST',
          headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}` },
          body: JSON.stringify({ QueueUrl: queue.url, ...body }),
        });
        const text = await answer.text();
        return { status: answer.status, body: text === '' ? {} : JSON.parse(text) };
      },
    };
  },
};

describe.each([MODEL, ENGINE])('the $side', queueContract);
