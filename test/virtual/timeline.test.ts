/** Machine time: what was asked for happens at its time and in its order, whatever else the thread is doing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StuckError, startTimeline, type Timeline } from '../../lib/virtual/timeline.ts';

const STEPS = 10_000;

describe('the line of time', () => {
  it('takes what was asked for by its time, and at one time in the order of asking', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), async (delays) => {
        const timeline = startTimeline();
        const seen: [dueMs: number, asked: number][] = [];
        for (const [asked, delay] of delays.entries()) timeline.after(delay, () => seen.push([timeline.now(), asked]));
        await timeline.idle(STEPS);
        expect(seen).toEqual(delays.map((delay, asked) => [delay, asked] as const).toSorted(([a], [b]) => a - b));
      }),
      { numRuns: 60 },
    );
  });

  it('counts from now, and what is asked for at once comes after what waits for this moment', async () => {
    const timeline = startTimeline();
    const seen: string[] = [];
    timeline.after(5, () => {
      seen.push(`first ${timeline.now()}`);
      timeline.after(0, () => seen.push(`at once ${timeline.now()}`));
      timeline.after(-3, () => seen.push(`never back ${timeline.now()}`));
      timeline.after(5, () => seen.push(`later ${timeline.now()}`));
    });
    timeline.after(5, () => seen.push(`second ${timeline.now()}`));
    timeline.after(9, () => seen.push(`between ${timeline.now()}`));
    await timeline.idle(STEPS);
    expect(seen).toEqual(['first 5', 'second 5', 'at once 5', 'never back 5', 'between 9', 'later 10']);
  });

  it('goes on only when nothing moves any more: promises, ticks and immediates run to their end', async () => {
    const timeline = startTimeline();
    const seen: string[] = [];
    timeline.after(1, async () => {
      for (let times = 0; times < 50; times++) await Promise.resolve();
      await new Promise<void>((resolve) => process.nextTick(resolve));
      seen.push(`first, at ${timeline.now()}`);
    });
    timeline.after(2, () => seen.push(`second, at ${timeline.now()}`));
    await timeline.idle(STEPS);
    expect(seen).toEqual(['first, at 1', 'second, at 2']);
  });

  it('passes no real time', async () => {
    const timeline = startTimeline();
    timeline.after(3_600_000, () => {});
    const started = performance.now();
    await timeline.idle(STEPS);
    expect(timeline.now()).toBe(3_600_000);
    expect(performance.now() - started).toBeLessThan(60_000);
  });

  it('does not call what was cancelled, nor stop at its time', async () => {
    const timeline = startTimeline();
    const seen: number[] = [];
    const pending = [1, 2, 3].map((ms) => timeline.after(ms, () => seen.push(timeline.now())));
    pending[1]!.cancel();
    timeline.after(1, () => pending[2]!.cancel());
    await timeline.idle(STEPS);
    expect([seen, timeline.now()]).toEqual([[1], 1]);
    // Too late, and once more.
    for (const each of pending) each.cancel();
  });
});

describe('idle', () => {
  it('waits for what comes of what is pending, and can be waited for again', async () => {
    const timeline = startTimeline();
    const seen: number[] = [];
    const chain = (left: number): void =>
      void timeline.after(1, () => {
        seen.push(left);
        if (left > 0) chain(left - 1);
      });
    chain(3);
    await Promise.all([timeline.idle(STEPS), timeline.idle(STEPS)]);
    expect(seen).toEqual([3, 2, 1, 0]);
    chain(0);
    await timeline.idle(STEPS);
    expect(seen).toEqual([3, 2, 1, 0, 0]);
  });

  it('resolves when nothing is pending', async () => {
    await expect(startTimeline().idle(0)).resolves.toBeUndefined();
  });

  it('rejects on work without end, and only for a caller that waits for fewer steps', async () => {
    const timeline = startTimeline();
    let left = 500;
    const again = (): void => void timeline.after(1, () => left-- > 0 && again());
    again();
    const [impatient, patient] = await Promise.allSettled([timeline.idle(100), timeline.idle(STEPS)]);
    expect(impatient).toMatchObject({ status: 'rejected', reason: expect.any(StuckError) });
    expect(patient).toMatchObject({ status: 'fulfilled' });
  });

  it('rejects with what a call has thrown, also later, and calls nothing any more', async () => {
    const timeline = startTimeline();
    const seen: number[] = [];
    timeline.after(1, () => {
      throw new RangeError('no such place');
    });
    timeline.after(2, () => seen.push(2));
    await expect(timeline.idle(STEPS)).rejects.toThrow(new RangeError('no such place'));
    timeline.after(0, () => seen.push(0));
    await expect(timeline.idle(STEPS)).rejects.toThrow(new RangeError('no such place'));
    expect([seen, timeline.now()]).toEqual([[], 1]);
  });
});

describe('what is waited for', () => {
  it('comes as it comes', async () => {
    const timeline = startTimeline();
    const given = new Promise((resolve) => timeline.after(5, () => resolve('given')));
    const refused = new Promise((_, reject) => timeline.after(5, () => reject(new RangeError('refused'))));
    await expect(timeline.until(given, 'it', STEPS)).resolves.toBe('given');
    await expect(timeline.until(refused, 'it', STEPS)).rejects.toThrow(new RangeError('refused'));
  });

  it.each<[why: string, disturb: (timeline: Timeline) => void, error: Error]>([
    ['nothing is left to bring it', () => {}, new StuckError('the answer never comes: nothing is pending any more')],
    [
      'work goes on and on without it',
      (timeline) => {
        const again = (): void => void timeline.after(1, again);
        again();
      },
      new StuckError('the answer does not come: work goes on and on, at 101 ms of machine time'),
    ],
    [
      'a call throws',
      (timeline) =>
        timeline.after(1, () => {
          throw new RangeError('no such place');
        }),
      new RangeError('no such place'),
    ],
  ])('is named when %s', async (_, disturb, error) => {
    const timeline = startTimeline();
    disturb(timeline);
    await expect(timeline.until(new Promise(() => {}), 'the answer', 100)).rejects.toThrow(error);
  });
});
