/** Schedules on a clock that is moved by hand, on one that runs, and after a stop. */
import { expect, onTestFinished, test } from 'vitest';
import { type Clock, followingClock, frozenClock } from '../../../lib/local/host/clock.ts';
import { type Schedules, startSchedules } from '../../../lib/local/scheduler/scheduler.ts';
import type { Queue } from '../../../lib/local/sqs/sqs.ts';
import type { SchedulePlan } from '../../../lib/local/template/plan.ts';
import { startSmallApp } from '../small-app.ts';

const HOURLY: SchedulePlan = {
  name: 'hourly',
  expression: 'cron(0 * * * ? *)',
  timeZone: 'UTC',
  startMs: undefined,
  endMs: undefined,
  queue: 'work',
  input: '{"at":"<aws.scheduler.scheduled-time>"}',
  messageGroup: undefined,
  deadLetters: undefined,
};

function startWith(clock: Clock, plans: SchedulePlan[], firedUntil?: string) {
  const sent: string[] = [];
  const skipped: string[] = [];
  const kept: number[] = [];
  const schedules: Schedules = startSchedules(plans, {
    clock,
    queueOf: () => ({ send: (body: string) => void sent.push(body) }) as unknown as Queue,
    firedUntilMs: firedUntil === undefined ? undefined : Date.parse(firedUntil),
    onFiredUntil: (instantMs) => void kept.push(instantMs),
    afterFiring: async () => {},
    onSkipped: (message) => void skipped.push(message),
    onError: (error) => {
      throw error;
    },
  });
  onTestFinished(() => schedules.stop());
  return { schedules, sent, skipped, kept };
}

test('what is due fires in order of time, each at its own time, with the instant it was due', async () => {
  const clock = frozenClock('2025-10-20T12:00:00Z');
  const half: SchedulePlan = { ...HOURLY, name: 'half', expression: 'cron(30 * * * ? *)' };
  const { schedules, sent } = startWith(clock, [HOURLY, half]);
  const fired = await schedules.advanceTo('2025-10-20T14:10:00Z');
  expect(sent).toEqual(['12:30', '13:00', '13:30', '14:00'].map((time) => `{"at":"2025-10-20T${time}:00Z"}`));
  expect(fired.map(({ schedule }) => schedule)).toEqual(['half', 'hourly', 'half', 'hourly']);
  expect(new Date(clock.now()).toISOString()).toBe('2025-10-20T14:10:00.000Z');
  expect(await schedules.advanceTo('2025-10-20T14:20:00Z')).toEqual([]);
});

test('nothing fires twice, and what is due now or earlier does not fire at the first start', async () => {
  const { schedules, sent } = startWith(frozenClock('2025-10-20T12:00:00Z'), [HOURLY]);
  await schedules.advanceTo('2025-10-20T12:00:00Z');
  expect(sent).toEqual([]);
  await schedules.advanceTo('2025-10-20T13:00:00Z');
  await schedules.advanceTo('2025-10-20T13:00:00Z');
  expect(sent).toHaveLength(1);
});

test('what came due during a stop of less than a day is made up for, in order', async () => {
  const { sent, skipped } = startWith(
    followingClock(Date.parse('2025-10-20T12:30:00Z') - Date.now()),
    [HOURLY],
    '2025-10-20T09:30:00Z',
  );
  await expect.poll(() => sent).toEqual(['10', '11', '12'].map((hour) => `{"at":"2025-10-20T${hour}:00:00Z"}`));
  expect(skipped).toEqual([]);
});

test('of a longer stop the last day is made up for and the rest is reported', async () => {
  const { sent, skipped } = startWith(
    followingClock(Date.parse('2025-10-20T12:30:00Z') - Date.now()),
    [HOURLY],
    '2025-10-01T00:00:00Z',
  );
  await expect.poll(() => sent.length).toBe(24);
  expect(sent[0]).toBe('{"at":"2025-10-19T13:00:00Z"}');
  expect(skipped).toEqual([expect.stringContaining('between 2025-10-01T00:00:00.000Z and 2025-10-19T12:30')]);
});

test('a clock that runs fires by itself, and goes on from where it is set ahead', async () => {
  const clock = followingClock(Date.parse('2025-10-20T12:59:58.500Z') - Date.now());
  const { schedules, sent, kept } = startWith(clock, [HOURLY]);
  await expect.poll(() => sent, { timeout: 60_000 }).toEqual(['{"at":"2025-10-20T13:00:00Z"}']);
  await schedules.advanceTo('2025-10-20T14:00:00Z');
  await expect.poll(() => sent, { timeout: 60_000 }).toEqual(['{"at":"2025-10-20T13:00:00Z"}', '{"at":"2025-10-20T14:00:00Z"}']);
  expect(kept.at(-1)).toBeGreaterThanOrEqual(Date.parse('2025-10-20T14:00:00Z'));
});

test.each([2, 3, 4, 5, 6, 7])(
  'what comes due between two looks at the clock fires all the same (%i ms before)',
  async (beforeMs) => {
    let nowMs = Date.parse('2025-10-20T13:00:00Z') - beforeMs;
    // A millisecond goes by from each look to the next.
    const { sent } = startWith(
      followingClock(0, () => nowMs++),
      [HOURLY],
    );
    await expect.poll(() => sent).toEqual(['{"at":"2025-10-20T13:00:00Z"}']);
  },
);

test('the cloud is quiet between two firings, and the function learns the instant that was due', async () => {
  const note = 'export async function handler(event) { for (const r of event.Records) console.log(r.body); return null; }';
  const app = {
    functions: { note },
    queues: { work: {} },
    mappings: [{ queue: 'work', function: 'note' }],
    schedules: { daily: { expression: 'cron(0 10 ? * MON-FRI *)', timeZone: 'America/New_York', queue: 'work' } },
  };
  const cloud = await startSmallApp(app, { clock: frozenClock('2025-10-30T12:00:00Z') });
  const lines: number[] = [];
  const fired = await cloud.advanceTo('2025-11-05T00:00:00Z', () => void lines.push(cloud.logs.recent('note').length));
  expect(fired.map(({ dueMs }) => new Date(dueMs).toISOString())).toEqual([
    '2025-10-30T14:00:00.000Z',
    '2025-10-31T14:00:00.000Z',
    '2025-11-03T15:00:00.000Z',
    '2025-11-04T15:00:00.000Z',
  ]);
  expect(lines).toEqual([1, 2, 3, 4]);
  expect(cloud.logs.recent('note').at(-1)?.text).toBe('{"at":"2025-11-04T15:00:00Z"}');
});
