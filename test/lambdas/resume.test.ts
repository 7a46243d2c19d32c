/** Resuming a halted venue wakes everything that waited, at once: nothing of it waits for the next sweep on the schedule. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { openBackends } from '../../lambdas/backends.ts';
import { handler as operatorApi } from '../../lambdas/operator-api/index.ts';
import type { Micros } from '../../lib/domain/contract/units.ts';
import { newestAuctions } from '../../lib/store/auctions.ts';
import { readCursor } from '../../lib/store/cursors.ts';
import { readDay } from '../../lib/store/days.ts';
import { publishIndex } from '../../lib/store/index-values.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { ANN, CAT } from '../venue/accounts.ts';
import { NOV, newYork, newYorkMs, on } from '../venue/h100.ts';
import { buy, sell } from '../venue/orders.ts';
import { submission } from '../venue/records.ts';
import { ask, operator } from '../venue/requests.ts';
import { deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
await venue.fund(ANN, CAT);

let product: string;
beforeEach(async () => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(openBackends().logger, level).mockImplementation(() => {});
  product = venue.nextProduct();
  await venue.list(product, { date: '2025-10-23' });
  await publishIndex(venue.table, product, FRIDAY, 2_400_000n as Micros, ['op']);
});

const FRIDAY = on('2025-10-24');
const asked = (sub: string, at: number, body: object = {}) => ({ claims: operator(sub), at, body });
async function haltVenue(time: string): Promise<void> {
  const answer = await ask(
    operatorApi,
    'POST /v1/operator/venue/halt',
    asked('olga', newYorkMs(FRIDAY, time), { reason: 'drill' }),
  );
  expect(answer.status).toBe(200);
}
/** Resumes on another day or the same, works what that has woken, and no schedule. */
async function resume(date: string, time: string): Promise<void> {
  venue.engine.drain();
  expect((await ask(operatorApi, 'POST /v1/operator/venue/resume', asked('omar', newYorkMs(date, time)))).status).toBe(200);
  await venue.work();
}
const send = (account: string, time: string, ...orders: Parameters<typeof submission>[3]): Promise<number[]> =>
  deliver('orders', submission(product, account, newYork(FRIDAY, time), orders));
const due = (time: string): Promise<number[]> => deliver('closings', { v: 1, product, slot: newYork(FRIDAY, time) });
const cleared = async (): Promise<string[]> =>
  (await newestAuctions(venue.table, product, 9)).flatMap(({ slot, clearedBy }) => (clearedBy ? [slot] : [])).reverse();
const posted = async (): Promise<boolean[]> => {
  const { seq } = await loadVenue(venue.table);
  return Promise.all([0, 1].map(async (shard) => (await readCursor(venue.table, shard)) === seq));
};

describe('when the venue resumes', () => {
  it('an auction that closed during the halt clears and is posted, on a Saturday too, and the day run that was due since is held', async () => {
    await send(ANN, '09:30', buy('a', NOV, 2400, 5));
    await send(CAT, '09:30', sell('b', NOV, 2400, 5));
    await due('10:00');
    await haltVenue('10:00');
    await venue.work();
    expect(await cleared()).toEqual([]);
    await resume('2025-10-25', '11:00');
    expect(await cleared()).toEqual([newYork(FRIDAY, '10:00'), newYork(FRIDAY, '16:00')]);
    expect((await venue.stateOf(product)).closedOn).toBe(FRIDAY);
    expect(await posted()).toEqual([true, true]);
  });

  it('an auction that was due during the halt is held, with every order sent until then, and is one though two were due', async () => {
    await haltVenue('09:45');
    await send(ANN, '09:50', buy('a', NOV, 2400, 5));
    await due('10:00');
    await send(CAT, '11:00', sell('b', NOV, 2400, 5));
    await due('13:00');
    await venue.work();
    expect(await cleared()).toEqual([]);
    await resume(FRIDAY, '13:30');
    expect(await cleared()).toEqual([newYork(FRIDAY, '10:00')]);
    await due('15:00');
    await venue.work();
    expect(await cleared()).toEqual([newYork(FRIDAY, '10:00'), newYork(FRIDAY, '15:00')]);
  });

  it('an auction that had closed before the halt and one that was due during it are both held', async () => {
    await due('10:00');
    await haltVenue('10:00');
    await venue.work();
    await due('13:00');
    await venue.work();
    expect(await cleared()).toEqual([]);
    await resume(FRIDAY, '13:30');
    expect(await cleared()).toEqual([newYork(FRIDAY, '10:00'), newYork(FRIDAY, '13:00')]);
  });

  it('one that was due during it, behind another that is stuck, is held as soon as that one has cleared', async () => {
    const marker = (shard: number) =>
      ({ v: 1, kind: 'marker', product, shard, auction: 1, slot: newYork(FRIDAY, '10:00') }) as const;
    await due('10:00');
    venue.engine.drain();
    await deliver('orders', marker(0));
    await haltVenue('12:30');
    await due('13:00');
    await ask(operatorApi, 'POST /v1/operator/venue/resume', asked('omar', newYorkMs(FRIDAY, '13:30')));
    await venue.work('sweeps', 'closings');
    // The second shard's marker is among the dead letters, until an operator sends it back.
    venue.engine.drain();
    expect(await cleared()).toEqual([]);
    expect(await deliver('orders', marker(1))).toEqual([]);
    await venue.work();
    expect(await cleared()).toEqual([newYork(FRIDAY, '10:00'), newYork(FRIDAY, '13:00')]);
  });

  it('an auction and the day run that were due during it are held in their order, and the day ends', async () => {
    await haltVenue('12:30');
    await due('13:00');
    await deliver('rolls', { v: 1, product, slot: newYork(FRIDAY, '16:00') });
    await venue.work();
    expect((await readDay(venue.table, product, FRIDAY))?.step).toBe('roll');
    await resume('2025-10-25', '08:00');
    expect(await cleared()).toEqual([newYork(FRIDAY, '13:00'), newYork(FRIDAY, '16:00')]);
    expect((await readDay(venue.table, product, FRIDAY))?.step).toBe('done');
    expect(await posted()).toEqual([true, true]);
  });

  it('a second time, because the first crashed before it woke anything, it wakes it', async () => {
    await due('10:00');
    await haltVenue('10:00');
    await venue.work();
    await venue.resume();
    await resume(FRIDAY, '10:30');
    expect(await cleared()).toEqual([newYork(FRIDAY, '10:00')]);
  });
});
