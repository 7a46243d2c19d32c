/** What waits for whom, and how the venue is, in one answer: asked of a whole venue through its gateway. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, clientOf } from '../../lib/client/client.ts';
import { Exchange } from '../../lib/client/exchange.ts';
import { FUNCTIONS, QUEUES } from '../../lib/store/names.ts';
import { newYorkMs, PRODUCT } from '../venue/h100.ts';
import { type LocalVenue, openLocalVenue } from '../venue/local-venue.ts';

let venue: LocalVenue;
let exchange: Exchange;
const as: Record<string, Client> = {};

beforeAll(async () => {
  venue = await openLocalVenue({ listed: '2025-10-17' });
  exchange = new Exchange(venue.cloud.url);
  for (const [sub, ...groups] of [
    ['vera', 'viewers'],
    ['olga', 'operators'],
    ['ada', 'approvers'],
    ['omar', 'operators', 'approvers'],
  ] as const)
    as[sub] = clientOf(exchange, await venue.cloud.mint({ sub, groups, expiresIn: 366 * 86_400 }));
  await venue.list();
  await venue.cloud.quiet();
}, 60_000);
afterAll(async () => {
  exchange.close();
  await venue[Symbol.asyncDispose]();
});

const state = () => as.vera!.showState();
const waiting = (sub: string) => as[sub]!.showWaiting();

describe('a venue at rest', () => {
  test('shows its product, its queues and its alarms, and that nothing waits', async () => {
    const { products, queues, alarms, posting, stops, halted } = await state();
    expect(products).toMatchObject([
      {
        product: PRODUCT,
        lastAuction: 0,
        closedOn: '2025-10-17',
        stop: null,
        day: null,
        pending: [],
        intake: { least: 1, most: 1 },
      },
    ]);
    // A shard that an event does not touch may not have come to it, and has nothing to post.
    expect(posting).toMatchObject({ shards: 2, events: 0 });
    expect([stops, halted]).toEqual([{ items: [], more: false }, null]);
    expect(queues!.map(({ queue }) => queue)).toEqual([...Object.values(QUEUES).map(({ name }) => name), 'schedules']);
    for (const { queue: _, ...counts } of queues!) expect(Object.values(counts)).toEqual([0, 0, 0, 0]);
    expect(alarms!.map(({ alarm }) => alarm).toSorted()).toEqual(venue.cloud.alarms.names.toSorted());
    expect(alarms!.filter(({ alarm }) => alarm.startsWith('errors-'))).toHaveLength(FUNCTIONS.length);
    for (const { alarm, says, runbook } of alarms!)
      expect([says.endsWith('.'), runbook]).toEqual([true, `docs/runbook.md#${alarm}`]);
    expect(await waiting('vera')).toEqual({
      held: { items: [], more: false },
      calls: { items: [], more: false },
      days: [],
    });
  });
});

describe('what waits', () => {
  const date = '2025-10-16';
  const held = `index.${PRODUCT}.${date}`;

  test('for an approver says who may still approve it, to each by role and name', async () => {
    await as.omar!.putIndexValue({ params: { product: PRODUCT, date }, body: { value: '2.4' } });
    const [item] = (await waiting('vera')).held.items;
    expect(item).toEqual({
      held,
      kind: 'index',
      product: PRODUCT,
      date,
      proposedBy: 'omar',
      approvals: ['omar'],
      needs: 1,
      you: 'role-needed',
      revision: 1,
      approve: `/v1/operator/held/${held}/approve`,
    });
    const you = async (sub: string) => (await waiting(sub)).held.items[0]?.you;
    expect([await you('olga'), await you('ada'), await you('omar')]).toEqual(['role-needed', 'may-approve', 'named']);
    await as.ada!.approveHeld({ params: { held }, body: { revision: 1 } });
    expect((await waiting('vera')).held.items).toEqual([]);
  });

  test('of a day run is the approval of its price, and the alarm that says so is the first', async () => {
    await as.olga!.stopTrading({ body: { scope: 'account', account: 'maker', reason: 'odd' } });
    // No index value is fresh enough for this day's settlement.
    await venue.cloud.advanceTo(newYorkMs('2025-10-27', '16:00'));
    venue.cloud.send('rolls', { v: 1, product: PRODUCT, slot: new Date(newYorkMs('2025-10-27', '16:00')).toISOString() });
    await venue.cloud.quiet();
    const { held, days } = await waiting('ada');
    expect(held.items).toMatchObject([{ kind: 'settlement', proposedBy: 'system', approvals: [], needs: 2, you: 'may-approve' }]);
    expect(days).toMatchObject([{ product: PRODUCT, step: 'settle', waitsFor: 'approval' }]);
    await venue.cloud.advanceTo(newYorkMs('2025-10-27', '16:20'));
    const { products, alarms, stops } = await state();
    expect(products[0]!.day).toEqual(days[0]);
    expect(alarms![0]).toMatchObject({ alarm: 'held-for-approval', state: 'ALARM' });
    expect(stops.items).toEqual([{ owner: 'maker', account: 'maker', side: 'operator', since: expect.any(String) }]);
  });
});

describe('trouble', () => {
  test('a halt and a dead letter are in the answer', async () => {
    await as.olga!.haltVenue({ body: { reason: 'looking' } });
    await venue.sendMessage('closings-dlq', { v: 1 });
    const { halted, queues, products } = await state();
    expect(halted).toMatchObject({ reason: 'looking', by: 'olga' });
    expect(queues!.find(({ queue }) => queue === 'closings')).toMatchObject({ deadLetters: 1 });
    expect(products[0]!.day).toMatchObject({ waitsFor: 'resume', says: 'the venue is halted' });
    await venue.purge('closings-dlq');
    await as.olga!.resumeVenue();
    await venue.cloud.quiet();
  });

  test('of queues that do not answer is said that they are not known, and the rest is there', async () => {
    venue.faults.proxy = ({ operation }) =>
      operation === 'GetQueueAttributes' ? { status: 400, body: { __type: 'x' } } : 'pass';
    const { queues, alarms, products } = await state();
    venue.heal();
    expect([queues, alarms === null, products.length]).toEqual([null, false, 1]);
  });
});
