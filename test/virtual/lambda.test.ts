/** How the environments of a function live, work and die. */
import { describe, expect, it } from 'vitest';
import { FunctionError } from '../../lib/local/lambda/function-error.ts';
import type { FunctionPlan } from '../../lib/local/template/plan.ts';
import { compileFunctions, setHost } from '../../lib/virtual/code.ts';
import { startFunction, type VirtualFunctionOptions } from '../../lib/virtual/lambda.ts';
import { startTimeline } from '../../lib/virtual/timeline.ts';
import { sourcesOf } from './sources.ts';

const NOW = Date.parse('2025-11-07T15:00:00Z');
/** Does what the event says, step by step, and says what it is at. */
const SOURCE = `
import { DynamoDBClient, DeleteItemCommand } from '@aws-sdk/client-dynamodb';
const table = new DynamoDBClient({ maxAttempts: 1 });
const retrying = new DynamoDBClient({ maxAttempts: 3 });
let calls = 0;
export const handler = async ({ steps = [] }: { steps?: string[] }, context: any) => {
  calls++;
  for (const step of steps) {
    console.log(step);
    globalThis.begun.push(step);
    if (step.startsWith('wait ')) await new Promise((resolve) => setTimeout(resolve, Number(step.slice(5))));
    if (step.startsWith('ask ')) await table.send(new DeleteItemCommand({ TableName: 't', Key: { pk: { S: step.slice(4) } } }));
    if (step.startsWith('try ')) await table.send(new DeleteItemCommand({ TableName: 't', Key: { pk: { S: step.slice(4) } } })).catch(() => {});
    if (step.startsWith('insist ')) await retrying.send(new DeleteItemCommand({ TableName: 't', Key: { pk: { S: step.slice(7) } } }));
    if (step.startsWith('fail ')) throw new RangeError(step.slice(5));
  }
  return { calls, at: Date.now(), left: context.getRemainingTimeInMillis(), request: context.awsRequestId, region: process.env.AWS_REGION, own: process.env.OWN, nothing: undefined };
};`;
/** What is begun, past everything that an environment is given: what has crashed must not go on unseen either. */
const begun: string[] = [];
Object.assign(globalThis, { begun });
const code = compileFunctions(['worker'], sourcesOf({ worker: SOURCE })).get('worker')!;

const PLAN: FunctionPlan = {
  name: 'worker',
  arn: 'arn:aws:lambda:us-east-1:000000000000:function:worker',
  codeDir: '/nowhere',
  handler: 'index.handler',
  memoryMb: 128,
  timeoutMs: 5_000,
  environment: { OWN: 'own' },
  reservedConcurrency: undefined,
};

type Answered = Awaited<ReturnType<VirtualFunctionOptions['request']>>;

function start() {
  begun.length = 0;
  const timeline = startTimeline();
  const printed: string[] = [];
  const open: { environment: number; body: string; answer(): void; fail(): void }[] = [];
  const options: VirtualFunctionOptions = {
    code,
    timeline,
    payloadBytesMax: 1024,
    random: () => 0.5,
    clockOf: (environment) => () => NOW + environment * 1000,
    output: (text) => printed.push(text.trim()),
    request: (environment, _service, _operation, body) =>
      new Promise<Answered>((resolve, reject) =>
        open.push({
          environment,
          body: JSON.parse(body).Key.pk.S,
          answer: () => resolve({ status: 200, text: '{}' }),
          fail: () => reject(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })),
        }),
      ),
  };
  setHost({ now: () => NOW, after: timeline.after, random: () => 0.5, output: () => {} });
  const environments = startFunction(PLAN, options);
  return {
    timeline,
    printed,
    open,
    environments,
    run: (...steps: string[]) => environments.invoke({ steps }) as Promise<Record<string, unknown>>,
  };
}

const failure = (asked: Promise<unknown>) =>
  asked.then(
    () => 'none',
    (error) => (error instanceof FunctionError ? error.failure : error),
  );

describe('environments', () => {
  it('are kept and used again, with the state they have', async () => {
    const { run, environments } = start();
    const [first, second] = [await run(), await run()];
    expect([first.calls, second.calls]).toEqual([1, 2]);
    expect([first.request, second.request]).toEqual(['worker.1', 'worker.2']);
    expect(environments.running()).toBe(0);
  });

  it('work one invocation each, and share nothing', async () => {
    const { run, timeline, environments } = start();
    const all = [run('wait 10'), run('wait 10'), run('wait 10')];
    expect(environments.running()).toBe(3);
    await timeline.idle(100);
    expect((await Promise.all(all)).map(({ calls, at }) => [calls, at])).toEqual([
      [1, NOW],
      [1, NOW + 1000],
      [1, NOW + 2000],
    ]);
    expect(environments.running()).toBe(0);
  });

  it('are told what Lambda tells, and give what JSON can carry', async () => {
    const { run } = start();
    expect(await run()).toEqual({ calls: 1, at: NOW, left: 5_000, request: 'worker.1', region: 'us-east-1', own: 'own' });
  });

  it('see their time run out', async () => {
    const { run, timeline } = start();
    const answer = run('wait 1200');
    await timeline.idle(100);
    expect((await answer).left).toBe(3_800);
  });

  it('fail with the name and words of what was thrown, and work on', async () => {
    const { run } = start();
    expect(await failure(run('fail too far'))).toMatchObject({ errorType: 'RangeError', errorMessage: 'too far' });
    expect(await run()).toMatchObject({ calls: 2 });
  });
});

describe('an invocation that takes too long', () => {
  it('fails in Lambda’s words, at its time, and its environment is never heard of again', async () => {
    const { run, timeline, printed, open, environments } = start();
    const failed = failure(run('wait 6000', 'ask late'));
    let failedAt = 0;
    void failed.then(() => {
      failedAt = timeline.now();
    });
    await timeline.idle(100);
    expect(await failed).toMatchObject({ errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 5.00 seconds' });
    expect(failedAt).toBe(5_000);
    // What it waited for has come by now.
    expect(timeline.now()).toBe(6_000);
    expect([printed, begun, open]).toEqual([['wait 6000'], ['wait 6000'], []]);
    expect(environments.running()).toBe(0);
    expect(await run()).toMatchObject({ calls: 1 });
  });

  it('does not keep the next one’s time', async () => {
    const { run, timeline } = start();
    const first = run('wait 4000');
    await timeline.idle(100);
    await first;
    const second = run('wait 4000');
    await timeline.idle(100);
    expect(await second).toMatchObject({ calls: 2, left: 1_000 });
  });
});

describe('an environment that is killed', () => {
  it.each(['answer', 'fail'] as const)('is never heard of again, though what it asked for comes as %s', async (how) => {
    const { run, timeline, printed, open, environments } = start();
    const failed = failure(run('try first', 'ask second'));
    const healthy = failure(run('ask other'));
    let seen: unknown[] = [];
    timeline.after(100, () => {
      seen = open.map(({ environment, body }) => [environment, body]);
      environments.kill(0);
    });
    timeline.after(200, () => {
      for (const each of open) each[how]();
    });
    await timeline.idle(100);
    expect(seen).toEqual([
      [0, 'first'],
      [1, 'other'],
    ]);
    expect(await failed).toMatchObject({ errorType: 'Runtime.ExitError', errorMessage: 'the environment was killed' });
    expect([printed, begun]).toEqual([
      ['try first', 'ask other'],
      ['try first', 'ask other'],
    ]);
    expect(open).toHaveLength(2);
    // The others live on.
    expect(await healthy).toEqual(how === 'answer' ? 'none' : expect.objectContaining({ errorType: 'Error' }));
    expect(environments.running()).toBe(0);
  });

  it('is never used again, and its timers never call', async () => {
    const { run, timeline, printed, environments } = start();
    const failed = failure(run('wait 10', 'fail late'));
    timeline.after(5, () => environments.kill(0));
    await timeline.idle(100);
    expect(await failed).toMatchObject({ errorType: 'Runtime.ExitError' });
    expect([printed, begun]).toEqual([['wait 10'], ['wait 10']]);
    expect(await run()).toMatchObject({ calls: 1, at: NOW + 1000 });
  });

  it('asks nothing again that it was about to', async () => {
    for (const isKilled of [false, true]) {
      const { run, timeline, open, environments } = start();
      const end = failure(run('insist once'));
      // The SDK pauses before it asks again.
      timeline.after(100, () => open[0]!.fail());
      timeline.after(100, () => isKilled && environments.kill(0));
      timeline.after(2_000, () => open.at(-1)!.answer());
      await timeline.idle(100);
      expect(open).toHaveLength(isKilled ? 1 : 2);
      expect(await end).toEqual(isKilled ? expect.objectContaining({ errorType: 'Runtime.ExitError' }) : 'none');
    }
  });

  it('is none that there is not', async () => {
    const { run, environments } = start();
    environments.kill(7);
    expect(await run()).toMatchObject({ calls: 1 });
  });
});
