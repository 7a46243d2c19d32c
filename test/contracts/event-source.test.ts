/** One contract for an event source: the model of the virtual cloud keeps it, and so does the local cloud's before fauxqs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished } from 'vitest';
import { frozenClock } from '../../lib/local/host/clock.ts';
import { startEventSource } from '../../lib/local/lambda/event-source.ts';
import { startSqs } from '../../lib/local/sqs/sqs.ts';
import type { MappingPlan } from '../../lib/local/template/plan.ts';
import { startEventSource as startVirtualEventSource } from '../../lib/virtual/event-source.ts';
import { startRun } from '../../lib/virtual/run.ts';
import { startSqs as startVirtualSqs } from '../../lib/virtual/sqs.ts';
import { type EventSourceOptions, type EventSourceSide, eventSourceContract, type OpenEventSource } from './event-source.ts';
import { ARN, plansOf, START } from './queue-side.ts';

const plansAndMapping = ({
  queue,
  batchSize = 10,
  windowMs = 0,
  maximumConcurrency,
  partialFailures = true,
}: EventSourceOptions) => {
  const dead = `${ARN}${queue.replace(/(\.fifo)?$/, '-dlq$1')}`;
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead, maxReceiveCount: 3 });
  const mapping: MappingPlan = { queue, function: 'work', batchSize, windowMs, maximumConcurrency, partialFailures };
  return { plans: plansOf(queue, { RedrivePolicy }), mapping };
};

const MODEL: EventSourceSide = {
  side: 'model',
  async open(options) {
    const { plans, mapping } = plansAndMapping(options);
    const run = startRun(START, 1, { onDelivery: (_, body) => options.fault?.(body) });
    const { clock, timeline } = run;
    let wake = () => {};
    const { queues, deadLetters } = startVirtualSqs(plans, { ...run, onArrival: (name) => name === mapping.queue && wake() });
    const queue = queues.get(mapping.queue)!;
    const source: OpenEventSource = {
      clock,
      send: (body, sent) => void queue.send(body, sent),
      wait: (ms) => new Promise((resolve) => void timeline.after(ms, resolve)),
      async quiet() {
        await timeline.idle(100_000);
        expect(queue.peek()).toEqual([]);
      },
      deadLetters: () => deadLetters().map(({ body }) => body),
    };
    const chance = options.full ? { ...run, between: (_low: number, high: number) => high } : run;
    wake = startVirtualEventSource(mapping, queue, async (event) => options.work(event, source), chance);
    return source;
  },
};

const ENGINE: EventSourceSide = {
  side: 'engine',
  async open(options) {
    const { plans, mapping } = plansAndMapping(options);
    const [plan, deadLetterPlan] = plans;
    const clock = frozenClock(START);
    let wake = () => {};
    const sqs = await startSqs({ clock, delayMsMax: 0, onArrival: (name) => name === mapping.queue && wake() });
    onTestFinished(sqs.stop);
    const [deadLetters, queue] = [sqs.createQueue(deadLetterPlan), sqs.createQueue(plan)];
    const source: OpenEventSource = {
      clock,
      send: (body, sent) => queue.send(body, sent),
      wait: (ms) => sleep(ms),
      quiet: () => expect.poll(() => [queue.peek().length, mapped.running()], { timeout: 20_000 }).toEqual([0, 0]),
      deadLetters: () => deadLetters.peek().map(({ body }) => body),
    };
    const mapped = startEventSource(mapping, queue, async (event) => options.work(event, source), {
      fault: (_, body) => options.fault?.(body),
      redeliveryMs: 20,
      windowMsMax: 10_000,
      concurrencyMax: 3,
      onChange: () => {},
    });
    onTestFinished(mapped.stop);
    wake = mapped.wake;
    return source;
  },
};

describe.each([MODEL, ENGINE])('the $side', eventSourceContract);
