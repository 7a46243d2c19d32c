/** The dead-man's switch in the local cloud, by the template's own schedules: what a cut makes of it to the millisecond, and of a setting that meets it. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { holdAt } from '../venue/faults.ts';
import { newYorkMs, PRODUCT } from '../venue/h100.ts';
import { type LocalVenue, openLocalVenue } from '../venue/local-venue.ts';
import { outright } from '../venue/whole-venue.ts';

let venue: LocalVenue;
beforeAll(async () => {
  venue = await openLocalVenue({ listed: '2025-10-17', scheduled: [PRODUCT], sweep: { hours: [18], minutes: [30] } });
  await venue.list();
});
afterEach(async () => {
  expect(venue.cloud.deadLetters()).toEqual([]);
  await venue.expectSound();
});
afterAll(() => venue[Symbol.asyncDispose]());

const DAY = '2025-10-20';
type Of = 'fund' | 'hedger';
const set = async (account: Of, seconds: number): Promise<{ state: string; expires: string | null; ranOut: string | null }> => {
  const { status, body } = await venue.as[account].ask('PUT', '/v1/cancel-all-after', { seconds });
  expect(status).toBe(200);
  return body as { state: string; expires: string | null; ranOut: string | null };
};
const buy = (name: string, more: Record<string, unknown> = {}) =>
  outright(PRODUCT, name, 'buy', 2, '2.430', { timeInForce: 'gtc', ...more });
const sell = (name: string, lots: number) => venue.submit('maker', PRODUCT, [outright(PRODUCT, name, 'sell', lots, '2.430')]);
const events = async (account: Of, name: string): Promise<string[]> => {
  const { items } = (await venue.as[account].get(`/v1/orders/${name}`)) as { items: { event: string; takenOut?: string }[] };
  return items.map(({ event, takenOut }) => (takenOut ? `${event} ${takenOut}` : event));
};

it('of two accounts whose switches run out at the auction and a millisecond after, the second trades in it', async () => {
  for (const account of ['fund', 'hedger'] as const) await venue.submit(account, PRODUCT, [buy('gtc')]);
  await sell('s1', 4);
  await venue.cloud.quiet();
  expect((await set('fund', 3_600)).expires).toBe(new Date(newYorkMs(DAY, '10:00')).toISOString());
  await venue.cloud.advanceTo(newYorkMs(DAY, '09:00') + 1);
  await set('hedger', 3_600);
  await venue.go(DAY, '10:05');
  expect(await venue.fills('fund')).toEqual([]);
  expect(await venue.fills('hedger')).toMatchObject([{ clientOrderId: 'gtc', lots: 2 }]);
  expect(await events('fund', 'gtc')).toEqual(['taken-out dead-mans-switch', 'accepted']);
  expect(await events('hedger', 'gtc')).toEqual(['filled', 'accepted']);
  expect(await venue.as.fund.get('/v1/cancel-all-after')).toMatchObject({ state: 'off', ranOut: '2025-10-20T14:00:00.000Z' });
  // The one that ran out a millisecond after the auction takes out what is there at the next cut.
  await venue.submit('hedger', PRODUCT, [buy('late')]);
  await venue.go(DAY, '13:05');
  expect(await events('hedger', 'late')).toEqual(['taken-out dead-mans-switch', 'accepted']);
});

it('a setting that meets the cut undoes nothing: what stood is out, and what is sent behind it is in', async () => {
  await venue.submit('fund', PRODUCT, [buy('old')]);
  await sell('s2', 10);
  await venue.cloud.quiet();
  await set('fund', 60);
  const { reached, release } = holdAt(venue, 'close-auction', 'SendMessageBatch orders.fifo');
  const goes = venue.cloud.advanceTo(newYorkMs(DAY, '16:00'));
  await reached;
  // The switch has run out, the orders' cancel is sent, and the markers are not.
  expect(await set('fund', 3_600)).toMatchObject({ state: 'on', ranOut: expect.any(String) });
  await venue.submit('fund', PRODUCT, [buy('new')]);
  venue.faults.proxy = undefined;
  release();
  await goes;
  await venue.cloud.quiet();
  expect(await events('fund', 'old')).toEqual(['taken-out dead-mans-switch', 'accepted']);
  expect(await events('fund', 'new')).toEqual(['filled', 'accepted']);
});
