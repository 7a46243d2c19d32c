/** The dead-man's switch, from the API through the cut to the book: what is taken out, when, and how often. */
import { beforeEach, describe, expect, it, test, vi } from 'vitest';
import { handler as participantApi } from '../../lambdas/participant-api/index.ts';
import type { Instruction, Outcome } from '../../lib/domain/auction/orders.ts';
import { planDay } from '../../lib/store/days.ts';
import { readDeadMansSwitch } from '../../lib/store/dead-mans-switches.ts';
import { type Message, parseMessage, type SubmissionMessage } from '../../lib/store/messages.ts';
import { readCarried } from '../../lib/store/results.ts';
import { readSubmission } from '../../lib/store/submissions.ts';
import { SHARDS } from '../venue/accounts.ts';
import { NOV, newYork, on } from '../venue/h100.ts';
import { buy, cancel } from '../venue/orders.ts';
import { record, submission } from '../venue/records.ts';
import { type Answered, ask, codeOf, trader } from '../venue/requests.ts';
import { crashOnce, deliver, invocation, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(venue.logger, level).mockImplementation(() => {});

const MONDAY = on('2025-10-20');
const TEN = newYork(MONDAY, '10:00');
const CLOSING = newYork(MONDAY, '16:00');
const EARLY = newYork(MONDAY, '09:58');
const ms = (instant: string, seconds = 0): number => Date.parse(instant) + seconds * 1000;
const iso = (instant: string, seconds = 0): string => new Date(ms(instant, seconds)).toISOString();

let product: string;
let ann: string;
let bob: string;
let tests = 0;
beforeEach(async () => {
  product = venue.nextProduct();
  await venue.list(product);
  [ann, bob] = [`ann${++tests}`, `bob${tests}`];
  const accounts = [ann, bob].map((account) => ({ account, name: account, product }));
  await venue.commit({ kind: 'accounts-opened', accounts, by: 'op', at: '' });
  await venue.queues.notifyPostings(1_000 + tests, [0, 1]);
  await venue.work();
});

const set = (account: string, seconds: number, at: number): Promise<Answered> =>
  ask(participantApi, 'PUT /v1/cancel-all-after', { claims: trader(account), body: { seconds }, at });
const off = (account: string, at: number): Promise<Answered> =>
  ask(participantApi, 'DELETE /v1/cancel-all-after', { claims: trader(account), at });
const show = async (account: string, at: number) =>
  (await ask(participantApi, 'GET /v1/cancel-all-after', { claims: trader(account), at })).body;
const waiting = (): Message<'orders'>[] =>
  venue.engine.messages('orders').map((message) => parseMessage('orders', JSON.stringify(message)));
/** Cancels of all for a dead-man's switch that wait in the queue. */
const takenOut = (): SubmissionMessage[] =>
  waiting().filter((message): message is SubmissionMessage => message.kind === 'submission' && message.why !== undefined);
async function accept(...messages: Message<'orders'>[]): Promise<void> {
  const all = [...waiting(), ...messages];
  venue.engine.drain();
  for (const message of all) expect(await deliver('orders', message)).toEqual([]);
}
async function send(account: string, receivedAt: string, ...instructions: Instruction[]): Promise<readonly Outcome[]> {
  const message = submission(product, account, receivedAt, instructions);
  await accept(message);
  return outcomesOf(message);
}
const outcomesOf = async ({ shard, account, key }: SubmissionMessage): Promise<readonly Outcome[]> =>
  (await readSubmission(venue.table, product, shard, account, key))!.outcomes;
const stays = (name: string): Instruction => buy(name, NOV, 2300, 1, 'gtc');
/** Asks for the auction of a slot, so many seconds after it was due. */
const close = (slot: string, late = 1): Promise<number[]> =>
  deliver('closings', record('closings', { v: 1, product, slot }, { sentAt: iso(slot, late) }));
/** Lets accept work what waits, as it came, and then all others. */
async function work(): Promise<void> {
  await accept();
  await venue.work();
}
async function carried(): Promise<string[]> {
  const state = await venue.stateOf(product);
  const orders = await readCarried(venue.table, product, state.carried);
  return orders.map(({ account, clientOrderId }) => `${account} ${clientOrderId}`);
}

describe('at a cut, the orders of an account', () => {
  it.each<[string, number, boolean]>([
    ['are out when its switch ran out a millisecond before the auction was due', -0.001, true],
    ['are out when it ran out at the very instant', 0, true],
    ['are in when it runs out a millisecond later, though the cut itself comes a second later', 0.001, false],
  ])('%s', async (_, beyond, areOut) => {
    await send(ann, EARLY, stays('a'));
    await send(bob, EARLY, stays('b'));
    expect((await set(ann, 60, ms(TEN, beyond - 60))).body).toEqual({ state: 'on', expires: iso(TEN, beyond), ranOut: null });
    expect(await close(TEN)).toEqual([]);
    expect(takenOut()).toHaveLength(areOut ? 1 : 0);
    await work();
    expect(await carried()).toEqual(areOut ? [`${bob} b`] : [`${ann} a`, `${bob} b`]);
    const expected = areOut ? { state: 'off', expires: null, ranOut: iso(TEN, beyond) } : { ranOut: null };
    expect(await show(ann, ms(TEN, 2))).toMatchObject(expected);
  });

  it('are taken out by a message of the venue ahead of the marker in their own group, which says why', async () => {
    await send(ann, EARLY, stays('a'));
    await set(ann, 1, ms(EARLY));
    await close(TEN);
    const [shard] = takenOut().map((message) => message.shard);
    const group = waiting().filter((message) => message.shard === shard);
    expect(group.map(({ kind }) => kind)).toEqual(['submission', 'marker']);
    expect(takenOut()).toMatchObject([{ account: ann, sender: 'venue', why: 'dead-mans-switch', receivedAt: iso(TEN, 1) }]);
    const [message] = takenOut();
    await work();
    const stored = await readSubmission(venue.table, product, message!.shard, ann, message!.key);
    expect(stored).toMatchObject({ auction: 1, why: 'dead-mans-switch', outcomes: ['accepted'] });
  });

  it('sent after its switch ran out and before the cut are out as well', async () => {
    await set(ann, 1, ms(EARLY));
    expect(await send(ann, iso(EARLY, 30), stays('late'))).toEqual(['accepted']);
    await close(TEN);
    await work();
    expect(await carried()).toEqual([]);
  });

  it('are out however many cancels it has sent before', async () => {
    await venue.commit({
      kind: 'parameters-changed',
      product,
      version: 2,
      parameters: { ...(await venue.stateOf(product)).parameters, submissionsMax: 1 },
      by: 'op',
      at: '',
    });
    await send(ann, EARLY, stays('a'));
    await set(ann, 1, ms(EARLY));
    for (let flood = 1; flood <= 3; flood++) await send(ann, iso(EARLY, flood), cancel('none'));
    await close(TEN);
    await work();
    expect(await carried()).toEqual([]);
  });

  it('are out of a closing auction', async () => {
    await send(ann, EARLY, stays('a'));
    await send(bob, EARLY, stays('b'));
    await set(ann, 60, ms(CLOSING, -60));
    await planDay(venue.table, product, MONDAY, CLOSING);
    await deliver('rolls', { v: 1, product, slot: CLOSING });
    await venue.work('rolls', 'closings');
    await work();
    expect(await carried()).toEqual([`${bob} b`]);
  });

  it('are out of an auction that is held late, when the switch ran out by then', async () => {
    await send(ann, EARLY, stays('a'));
    await set(ann, 60, ms(TEN));
    await close(TEN, 1_800);
    await work();
    expect(await carried()).toEqual([]);
  });
});

describe('a setting', () => {
  it('in time keeps the orders, one a millisecond late takes them out first and then counts', async () => {
    await send(ann, EARLY, stays('a'));
    await set(ann, 60, ms(EARLY));
    expect((await set(ann, 60, ms(EARLY, 59.999))).body).toMatchObject({ state: 'on', ranOut: null });
    expect(takenOut()).toEqual([]);
    expect((await set(ann, 3_600, ms(EARLY, 119.999))).body).toEqual({
      state: 'on',
      expires: iso(EARLY, 3_719.999),
      ranOut: iso(EARLY, 119.999),
    });
    expect(takenOut()).toMatchObject([{ account: ann, receivedAt: iso(EARLY, 119.999) }]);
    // What is sent behind it stays.
    expect(await send(ann, iso(EARLY, 121), stays('b'))).toEqual(['accepted']);
    await close(TEN);
    await work();
    expect(await carried()).toEqual([`${ann} b`]);
  });

  it('received in time that meets the cut keeps the orders: close looks at each switch again', async () => {
    await send(ann, EARLY, stays('a'));
    await set(ann, 60, ms(TEN, -60));
    const pages = venue.table.pages.bind(venue.table);
    vi.spyOn(venue.table, 'pages').mockImplementation(async function* (partition, range) {
      for await (const page of pages(partition, range)) {
        if (partition.startsWith('DEADMAN#')) await set(ann, 60, ms(TEN, -0.001));
        yield page;
      }
    });
    await close(TEN);
    expect(takenOut()).toEqual([]);
    await work();
    expect(await carried()).toEqual([`${ann} a`]);
  });

  it.each([
    ['DELETE', (at: number) => off(ann, at)],
    ['0 seconds', (at: number) => set(ann, 0, at)],
  ])('off, by %s, takes the orders out if it had run out by then', async (_, switchOff) => {
    await send(ann, EARLY, stays('a'));
    await set(ann, 60, ms(EARLY));
    expect((await switchOff(ms(EARLY, 59))).body).toEqual({ state: 'off', expires: null, ranOut: null });
    await set(ann, 1, ms(EARLY, 60));
    expect(takenOut()).toEqual([]);
    expect((await switchOff(ms(EARLY, 61))).body).toEqual({ state: 'off', expires: null, ranOut: iso(EARLY, 61) });
    expect(takenOut()).toHaveLength(1);
  });

  it('that was received earlier and is worked later changes nothing', async () => {
    await set(ann, 60, ms(EARLY, 10));
    expect((await set(ann, 1, ms(EARLY, 9))).body).toEqual({ state: 'on', expires: iso(EARLY, 70), ranOut: null });
    expect((await off(ann, ms(EARLY, 9))).body).toMatchObject({ state: 'on' });
  });

  it.each([[{}], [{ seconds: -1 }], [{ seconds: 86_401 }], [{ seconds: 1.5 }], [{ seconds: '60' }], [{ seconds: 1, more: 1 }]])(
    'of %j is refused',
    async (body) => {
      const answer = await ask(participantApi, 'PUT /v1/cancel-all-after', { claims: trader(ann), body, at: ms(EARLY) });
      expect(codeOf(answer)).toBe('invalid-body');
    },
  );

  it('that has run out and awaits its cut is shown so', async () => {
    await set(ann, 5, ms(EARLY));
    expect(await show(ann, ms(EARLY, 4))).toMatchObject({ state: 'on' });
    expect(await show(ann, ms(EARLY, 5))).toEqual({ state: 'ran-out', expires: iso(EARLY, 5), ranOut: null });
    expect(await show(bob, ms(EARLY))).toEqual({ state: 'off', expires: null, ranOut: null });
  });
});

describe('a worker that crashes while a switch runs out', () => {
  const isSwitch = ({ pk }: { pk: string }): boolean => pk.startsWith('DEADMAN#');
  it.each([
    ['before it is noted', () => crashOnce(venue.table, 'putIf', 'before', isSwitch)],
    ['when it is noted', () => crashOnce(venue.table, 'putIf', 'after', isSwitch)],
    ['before the orders are taken out', () => crashOnce(venue.queues, 'submit', 'before')],
    ['when they are', () => crashOnce(venue.queues, 'submit', 'after')],
  ])('%s sends no marker, and the next one takes the orders out once', async (_, crash) => {
    await send(ann, EARLY, stays('a'));
    await set(ann, 1, ms(EARLY));
    crash();
    expect(await close(TEN)).toEqual([0]);
    expect(waiting().filter(({ kind }) => kind === 'marker')).toEqual([]);
    expect(await close(TEN, 2)).toEqual([]);
    expect(new Set(takenOut().map(({ key }) => key)).size).toBe(1);
    await work();
    expect(await carried()).toEqual([]);
    expect(await show(ann, ms(TEN, 5))).toEqual({ state: 'off', expires: null, ranOut: iso(EARLY, 1) });
  });

  it('leaves a note that a setting goes on from', async () => {
    await send(ann, EARLY, stays('a'));
    await set(ann, 1, ms(EARLY));
    crashOnce(venue.queues, 'submit', 'before');
    expect(await close(TEN)).toEqual([0]);
    expect((await set(ann, 60, ms(TEN, 2))).body).toEqual({ state: 'on', expires: iso(TEN, 62), ranOut: iso(EARLY, 1) });
    expect(takenOut()).toHaveLength(1);
  });
});

describe('closing goes on with a message of its own', () => {
  const closings = (): unknown[] => venue.engine.messages('closings');
  it('when an invocation has no time for all switches, before any marker', async () => {
    for (const account of [ann, bob]) {
      await send(account, EARLY, stays('a'));
      await set(account, 1, ms(EARLY));
    }
    invocation.timeLeftMs = 1_000;
    // The accounts are in two shards or in one: the first of them is always worked.
    for (let more = 0; more < 2; more++) {
      expect(await close(TEN, 1 + more)).toEqual([]);
      if (closings().length === 0) break;
      expect(waiting().filter(({ kind }) => kind === 'marker')).toEqual([]);
      await accept();
    }
    await work();
    expect(await carried()).toEqual([]);
  });

  it('when its message comes again: what it would send is of a time that accept takes for late', async () => {
    await send(ann, EARLY, stays('a'));
    await set(ann, 1, ms(EARLY));
    const first = record('closings', { v: 1, product, slot: TEN }, { sentAt: iso(TEN) });
    const again = { ...first, attributes: { ...first.attributes, ApproximateReceiveCount: '2' } };
    expect(await deliver('closings', again)).toEqual([]);
    expect(waiting()).toEqual([]);
    expect(closings()).toEqual([{ v: 1, product, slot: TEN }]);
    venue.engine.drain();
    expect(await close(TEN, 2)).toEqual([]);
    await work();
    expect(await carried()).toEqual([]);
  });
});

test('the switch of an account is no other account, and none before a product is listed', async () => {
  await set(ann, 60, ms(EARLY));
  expect(await readDeadMansSwitch(venue.table, { product, account: bob }, SHARDS)).toMatchObject({ state: 'off', version: 0 });
  await venue.commit({
    kind: 'accounts-opened',
    accounts: [{ account: `none${tests}`, name: 'none', product: 'LATER' }],
    by: 'op',
    at: '',
  });
  expect(codeOf(await set(`none${tests}`, 60, ms(EARLY)))).toBe('not-found');
});
