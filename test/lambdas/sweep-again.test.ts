/** Sweeps one after another: each wakes the shards anew, and what two operators have approved is held no more. */
import { beforeAll, expect, test, vi } from 'vitest';
import { type Held, propose, SYSTEM } from '../../lib/domain/clearing/approval.ts';
import { changeHeld, hold } from '../../lib/store/held.ts';
import { METRICS } from '../../lib/store/names.ts';
import { ANN } from '../venue/accounts.ts';
import { opened } from '../venue/events.ts';
import { newYork, on } from '../venue/h100.ts';
import { deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
beforeAll(() => venue.fund(ANN));

const sweep = async (time: string): Promise<void> =>
  expect(await deliver('sweeps', { v: 1, at: newYork('2025-10-18', time) })).toEqual([]);

test('a sweep wakes the shards that are behind under a name of its own, or the queue would drop it as a repeat', async () => {
  await venue.commit(opened('late'));
  const sent = vi.spyOn(venue.queues, 'notifyPostings');
  for (const time of ['10:00', '10:01']) await sweep(time);
  const [first, second] = sent.mock.calls.map(([, , why]) => why);
  expect(second).not.toBe(first);
});

test('what waits for approval is measured until two operators have agreed to it', async () => {
  const measured = vi.spyOn(venue.metrics, 'addMetric');
  const heldNow = async (time: string): Promise<unknown> => {
    measured.mockClear();
    await sweep(time);
    return measured.mock.calls.find(([name]) => name === METRICS.held)?.[2];
  };
  const product = venue.nextProduct();
  await venue.list(product);
  const proposal: Held = propose(product, on('2025-10-17'), { kind: 'index', micros: '1' }, [], SYSTEM);
  await hold(venue.table, proposal);
  // Of a month that is long over: nothing waits for it any more, and no sweep reads what was ever held.
  await hold(venue.table, propose(product, on('2025-08-29'), { kind: 'index', micros: '1' }, [], SYSTEM));
  expect(await heldNow('11:00')).toBe(1);
  const one: Held = { ...proposal, approvals: ['olga'], revision: 2 };
  await changeHeld(venue.table, proposal, one);
  expect(await heldNow('11:15')).toBe(1);
  await changeHeld(venue.table, one, { ...one, approvals: ['olga', 'omar'], revision: 3 });
  expect(await heldNow('11:30')).toBe(0);
});
