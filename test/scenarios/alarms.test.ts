/**
 * Every alarm of the template: its fault is caused in the venue as it would happen, the alarm goes into ALARM within its
 * period, the test does what the runbook's heading says, and the alarm goes back to OK. One venue goes through seven days of
 * this, and its books are right at the end. An alarm without a case here fails the last test.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEPLOYMENT } from '../../lib/infra/deployment.ts';
import { serviceError } from '../../lib/local/proxy/proxy.ts';
import type { ProxyRequest } from '../../lib/local/proxy/request.ts';
import { FUNCTIONS, type FunctionName, QUEUES, type QueueName } from '../../lib/store/names.ts';
import type { Attributes } from '../../lib/store/table.ts';
import { newYork, newYorkMs, PARAMETERS, PRODUCT } from '../venue/h100.ts';
import { type LocalVenue, openLocalVenue } from '../venue/local-venue.ts';
import { outright } from '../venue/whole-venue.ts';

const [MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY] = ['20', '21', '22', '23', '24'].map((day) => `2025-10-${day}`) as [
  string,
  string,
  string,
  string,
  string,
];
const [NEXT_MONDAY, NEXT_TUESDAY, NEXT_WEDNESDAY, NEXT_THURSDAY] = ['2025-10-27', '2025-10-28', '2025-10-29', '2025-10-30'];

const LISTED = '2025-10-17';
/** Long enough for a test to take a fault away before a message has been received five times. */
const REDELIVERY_MS = 50;
/** A right that was taken away: what the SDK does not try again. */
const DENIED = serviceError('dynamodb', 'AccessDeniedException', 'not authorized to perform this operation');

let venue: LocalVenue;
beforeAll(async () => {
  venue = await openLocalVenue({
    listed: LISTED,
    opensAt: newYorkMs(LISTED, '20:00'),
    scheduled: [PRODUCT],
    sweep: DEPLOYMENT.sweep,
    limits: { redeliveryMs: REDELIVERY_MS },
  });
  await venue.list();
});
afterAll(() => venue[Symbol.asyncDispose]());

/** Alarms that have gone into ALARM and back to OK in a case of their own. */
const carriedOut = new Set<string>();
const WORKERS = FUNCTIONS.filter((name) => !name.endsWith('-api'));

/** When an alarm last went into a state, as minutes after an instant. */
function minutesUntil(alarm: string, state: 'ALARM' | 'OK', sinceMs: number): number | undefined {
  const change = venue.cloud.alarms.changes(alarm).findLast(({ to, atMs }) => to === state && atMs > sinceMs);
  return change && (change.atMs - sinceMs) / 60_000;
}

/** It is in ALARM, and went into it at most so many minutes after its cause. */
function expectAlarm(alarm: string, causeMs: number, minutes: number): void {
  expect(venue.cloud.alarms.inAlarm()).toContain(alarm);
  const after = minutesUntil(alarm, 'ALARM', causeMs);
  expect(after, `${alarm} went into ALARM after ${after} minutes`).toBeLessThanOrEqual(minutes);
}

/** It is not in ALARM any more, and went back to OK at most so many minutes after the cause was removed. */
function expectOk(alarm: string, repairedMs: number, minutes: number): void {
  expect(venue.cloud.alarms.inAlarm()).not.toContain(alarm);
  const after = minutesUntil(alarm, 'OK', repairedMs);
  expect(after, `${alarm} went back to OK after ${after} minutes`).toBeLessThanOrEqual(minutes);
  carriedOut.add(alarm);
}

const go = (date: string, time: string): Promise<void> => venue.go(date, time);
const pass = (minutes: number): Promise<void> => venue.wait(minutes * 60_000);
/** A maker's quote and a fund's order for the next auction; gives the fund's submission. */
async function trade(name: string): Promise<string> {
  const sent = await venue.submit('maker', PRODUCT, [outright(PRODUCT, `sell-${name}`, 'sell', 10, '2.402')]);
  const { status, body } = await venue.submit('fund', PRODUCT, [outright(PRODUCT, `buy-${name}`, 'buy', 7, '2.410')]);
  expect([sent.status, status]).toEqual([202, 202]);
  return (body as { submission: string }).submission;
}

const now = (): number => venue.cloud.clock.now();
const inAlarm = (): readonly string[] => venue.cloud.alarms.inAlarm();
const errorsOf = (name: FunctionName): string[] =>
  venue.cloud.logs
    .recent(name)
    .filter(({ level }) => level === 'ERROR')
    .map(({ text }) => text);
const sweepByHand = (): Promise<void> => venue.sendMessage('sweeps', { v: 1, at: new Date(now()).toISOString() });
/** The newest that have cleared. */
const auctions = async (): Promise<{ slot: string }[]> =>
  ((await venue.as.maker.get(`/v1/auctions?product=${PRODUCT}&limit=5`)) as { items: { slot: string }[] }).items;

test('no alarm goes into ALARM in a venue in which nothing is wrong', async () => {
  await venue.go(MONDAY, '09:00');
  expect(inAlarm()).toEqual([]);
  expect(venue.cloud.alarms.changes().filter(({ to }) => to === 'ALARM')).toEqual([]);
});

describe('the API', () => {
  test('api-failures: the right to read the table is gone', async () => {
    const { faults } = venue;
    const { fund } = venue.as;
    faults.proxy = ({ function: name, service }) => (name === 'participant-api' && service === 'dynamodb' ? DENIED : undefined);
    const cause = now();
    for (let times = 0; times < 5; times++) expect((await fund.ask('GET', '/v1/account')).status).toBe(503);
    await pass(1);
    expectAlarm('api-failures', cause, 1);
    expect(errorsOf('participant-api').at(-1)).toContain('AccessDenied');
    faults.proxy = undefined;
    const repaired = now();
    await fund.get('/v1/account');
    await pass(6);
    expectOk('api-failures', repaired, 6);
  });

  test('api-slow: the table answers after two seconds', async () => {
    const { faults } = venue;
    const { fund } = venue.as;
    faults.proxy = async ({ function: name }) => {
      if (name === 'participant-api') await new Promise((resolve) => setTimeout(resolve, 2_050));
      return 'pass' as const;
    };
    const cause = now();
    await fund.get('/v1/account');
    await pass(5);
    expect(inAlarm()).toEqual([]);
    await fund.get('/v1/account');
    await pass(1);
    expectAlarm('api-slow', cause, 10);
    faults.proxy = undefined;
    const repaired = now();
    for (let times = 0; times < 3; times++) {
      await fund.get('/v1/account');
      await pass(5);
    }
    expectOk('api-slow', repaired, 15);
  });
});

describe('errors', () => {
  test('every function crashes once in a trading day: each alarm goes into ALARM, the function is tried again, and it goes back to OK', async () => {
    const { cloud, faults } = venue;
    const { fund } = venue.as;
    await go(MONDAY, '09:50');
    const killed = new Map<string, number>();
    faults.proxy = ({ function: name }: ProxyRequest) => {
      if (killed.has(name)) return undefined;
      killed.set(name, now());
      return 'kill-before';
    };
    expect((await fund.ask('GET', '/v1/account')).status).toBe(500);
    expect((await venue.operator.ask('GET', '/v1/operator/venue')).status).toBe(500);
    for (const path of ['/v1/products', `/v1/statements/${PRODUCT}/${MONDAY}/csv`])
      expect((await fund.ask('GET', path)).status).toBe(500);
    expect(await connect()).toBe(false);
    // It asks for nothing that could be kept from it, so its environment is ended.
    const crashing = cloud.invoke('authorize-listener', {}).catch(() => {});
    cloud.kill('authorize-listener');
    killed.set('authorize-listener', now());
    await crashing;
    await trade('monday');
    await venue.publishIndex(MONDAY);
    await cloud.quiet();
    const seen = new Set<string>();
    for (const [time, minutes] of [
      ['09:51', 0],
      ['10:01', 0],
      ['10:16', 0],
      ['16:01', 0],
    ] as const) {
      await go(MONDAY, time);
      for (const name of killed.keys())
        if (!seen.has(name)) {
          expectAlarm(`errors-${name}`, killed.get(name)!, 1 + minutes);
          expect(errorsOf(name as FunctionName).at(-1)).toContain('Runtime.ExitError');
          seen.add(name);
        }
    }
    expect([...killed.keys()].sort()).toEqual([...FUNCTIONS].sort());
    await go(MONDAY, '17:00');
    for (const name of FUNCTIONS) expectOk(`errors-${name}`, killed.get(name)!, 6);
    faults.proxy = undefined;
    expect(inAlarm()).toEqual([]);
    expect(cloud.deadLetters()).toEqual([]);
    expect(await venue.stepOf(MONDAY)).toBe('done');
  });
});

/** Connects a listener, and leaves; whether it was let in. */
const connect = async (): Promise<boolean> => {
  const socket = new WebSocket(venue.cloud.webSocketUrl!);
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.addEventListener('open', () => resolve(true));
    socket.addEventListener('error', () => resolve(false));
  });
  socket.close();
  return isOpen;
};

/** A harmless message for each worker: something that was done before, or is due now. */
const wakeUps = async (): Promise<Readonly<Record<FunctionName, () => unknown>>> => {
  const { cloud } = venue;
  const { fund } = venue.as;
  const slot = newYork(MONDAY, '16:00');
  const once = `${now()}`;
  return {
    'participant-api': () => fund.ask('GET', '/v1/account'),
    'statement-api': () => fund.ask('GET', `/v1/statements/${PRODUCT}/${MONDAY}/csv`),
    'market-api': () => fund.ask('GET', '/v1/products'),
    'operator-api': () => venue.operator.ask('GET', '/v1/operator/venue'),
    'accept-orders': () => trade(once),
    'close-auction': () => cloud.send('closings', { v: 1, product: PRODUCT, slot }),
    'clear-auction': () => cloud.send('clearings', { v: 1, product: PRODUCT, auction: 1 }),
    'post-events': () => cloud.send('postings.fifo', { v: 1, shard: 0 }, { group: '0', deduplication: once }),
    'roll-positions': () => cloud.send('rolls', { v: 1, product: PRODUCT, slot }),
    'settle-day': () => cloud.send('day-runs', { v: 1, product: PRODUCT }),
    'sweep-venue': sweepByHand,
    'authorize-listener': connect,
    listen: connect,
    'tell-listeners': () => cloud.send('news', { v: 1, kind: 'posted', shard: 0, after: 0, seq: 1 }),
  };
};

describe('throttles', () => {
  test('no concurrency is reserved for a function: its alarm goes into ALARM, and back to OK when it is given back', async () => {
    const { cloud } = venue;
    await go(TUESDAY, '09:00');
    const wakeUp = await wakeUps();
    const throttled = (name: string): boolean =>
      cloud.metrics
        .minutes({ namespace: 'AWS/Lambda', name: 'Throttles', dimensions: { FunctionName: name } }, now())
        .some(({ sum }) => sum > 0);
    const cause = now();
    for (const name of FUNCTIONS) {
      cloud.reserve(name, 0);
      await wakeUp[name]();
      await expect.poll(() => throttled(name), { interval: 5, timeout: 10_000 }).toBe(true);
      // `aws lambda delete-function-concurrency`
      cloud.reserve(name, undefined);
      await cloud.quiet();
    }
    await pass(1);
    for (const name of FUNCTIONS) expectAlarm(`throttles-${name}`, cause, 1);
    await pass(5);
    for (const name of FUNCTIONS) expectOk(`throttles-${name}`, cause, 6);
    expect(cloud.deadLetters()).toEqual([]);
    expect(inAlarm()).toEqual([]);
  });
});

describe('dead letters', () => {
  const deadLettersOf = (name: QueueName): string => QUEUES[name].name.replace(/(\.fifo)?$/, '-dlq$1');

  test('every worker lost its right to the table: its dead letters are sent back when the right is there again', async () => {
    const { cloud, faults } = venue;
    const { fund } = venue.as;
    await go(TUESDAY, '09:55');
    faults.proxy = ({ function: name, service }) =>
      service === 'dynamodb' && (WORKERS as readonly string[]).includes(name) ? DENIED : undefined;
    const submission = await trade('tuesday');
    const wakeUp = await wakeUps();
    for (const name of WORKERS) if (name !== 'accept-orders' && name !== 'close-auction') await wakeUp[name]();
    await go(TUESDAY, '10:00');
    await cloud.quiet();
    const cause = newYorkMs(TUESDAY, '10:00');
    await pass(1);
    const queues = Object.keys(QUEUES) as QueueName[];
    for (const name of queues) {
      expectAlarm(`dead-letters-${name}`, newYorkMs(TUESDAY, '09:55'), 6);
      const { consumer } = QUEUES[name];
      expect(errorsOf(consumer).join('\n')).toContain('AccessDenied');
    }
    expectAlarm('dead-letters-closings', cause, 1);
    expect(cloud.deadLetters().find(({ queue }) => queue === 'closings-dlq')?.body).toContain('"slot":"2025-10-21T14:00:00Z"');

    faults.proxy = undefined;
    const repaired = now();
    for (const name of queues) expect(cloud.redrive(deadLettersOf(name)), name).toBeGreaterThan(0);
    await cloud.quiet();
    await pass(1);
    for (const name of queues) expectOk(`dead-letters-${name}`, repaired, 1);
    expect(await fund.get(`/v1/submissions/${submission}`)).toMatchObject({ state: 'decided' });
    expect((await auctions())[0]).toMatchObject({ slot: '2025-10-21T14:00:00.000Z' });
  });

  test('a message that no function can read goes there too, and is deleted there', async () => {
    const { cloud } = venue;
    await venue.sendMessage('closings', 'not of this venue');
    await cloud.quiet();
    const cause = now();
    await pass(1);
    expectAlarm('dead-letters-closings', cause, 1);
    expect(await venue.takeMessages('closings-dlq')).toEqual(['not of this venue']);
    await pass(1);
    expectOk('dead-letters-closings', cause + 60_000, 1);
  });

  test('dead-letters-schedules: a schedule can not reach its queue, and its message is put there by hand', async () => {
    const { cloud, faults } = venue;
    faults.firings = ({ queue }) => (queue === 'closings' ? 'undelivered' : undefined);
    await go(TUESDAY, '13:01');
    expectAlarm('dead-letters-schedules', newYorkMs(TUESDAY, '13:00'), 1);
    faults.firings = undefined;
    const repaired = now();
    const [body = '', ...more] = await venue.takeMessages('schedules-dlq');
    expect([JSON.parse(body).slot, more]).toEqual(['2025-10-21T17:00:00Z', []]);
    await venue.sendMessage('closings', body);
    await cloud.quiet();
    await pass(1);
    expectOk('dead-letters-schedules', repaired, 1);
    expect((await auctions())[0]).toMatchObject({ slot: '2025-10-21T17:00:00.000Z' });
    await pass(30);
    expect(inAlarm()).toEqual([]);
  });
});

describe('the venue', () => {
  test('held-for-approval: an index value out of bounds, amended by one operator and approved by the other', async () => {
    const cause = now();
    await venue.operator.put(`/v1/operator/index/${PRODUCT}/${TUESDAY}`, { value: '24.000' });
    await pass(1);
    expectAlarm('held-for-approval', cause, 1);
    const { items } = (await venue.second.get('/v1/operator/held?waiting=true')) as {
      items: { held: string; revision: number }[];
    };
    const { held, revision } = items[0]!;
    const path = `/v1/operator/held/${encodeURIComponent(held)}`;
    const amended = (await venue.second.post(`${path}/amend`, { revision, value: '2.400' })) as { revision: number };
    const repaired = now();
    await venue.operator.post(`${path}/approve`, { revision: amended.revision });
    expect(await venue.operator.get('/v1/operator/held?waiting=true')).toEqual({ items: [] });
    await pass(31);
    expectOk('held-for-approval', repaired, 30);
  });

  test('auction-late, posting-behind and day-run-late: the venue is halted through a day, and resumed', async () => {
    const { cloud } = venue;
    await go(WEDNESDAY, '09:50');
    expect(inAlarm()).toEqual([]);
    expect(await venue.stepOf(TUESDAY)).toBe('done');
    await trade('wednesday');
    await venue.publishIndex(WEDNESDAY);
    await venue.operator.post('/v1/operator/venue/halt', { reason: 'a drill' });
    await venue.deposit('fund', '5.00', 'while-halted');
    await go(WEDNESDAY, '10:20');
    expectAlarm('auction-late', newYorkMs(WEDNESDAY, '10:10'), 6);
    expectAlarm('posting-behind', newYorkMs(WEDNESDAY, '10:00'), 16);
    await go(WEDNESDAY, '16:50');
    expectAlarm('day-run-late', newYorkMs(WEDNESDAY, '16:45'), 1);
    expect(inAlarm()).toEqual(['auction-late', 'posting-behind', 'day-run-late']);

    expect(await venue.second.get('/v1/operator/venue')).toMatchObject({ halted: { reason: 'a drill' } });
    await venue.second.post('/v1/operator/venue/resume', {});
    await sweepByHand();
    await cloud.quiet();
    const repaired = now();
    await go(WEDNESDAY, '17:16');
    for (const alarm of ['auction-late', 'posting-behind', 'day-run-late']) expectOk(alarm, repaired, 26);
    expect(await venue.stepOf(WEDNESDAY)).toBe('done');
  });

  test('auction-late: an auction whose schedule never fired is held by hand', async () => {
    const { cloud, faults } = venue;
    await go(THURSDAY, '09:50');
    await trade('thursday');
    faults.firings = ({ queue }) => (queue === 'closings' ? 'never' : undefined);
    await go(THURSDAY, '10:16');
    expectAlarm('auction-late', newYorkMs(THURSDAY, '10:15'), 1);
    faults.firings = undefined;
    const slot = newYork(THURSDAY, '10:00');
    await venue.sendMessage('closings', { v: 1, product: PRODUCT, slot });
    await cloud.quiet();
    const repaired = now();
    expect((await auctions())[0]).toMatchObject({ slot });
    await go(THURSDAY, '10:31');
    expectOk('auction-late', repaired, 15);
  });

  test('venue-out-of-balance: lots are written into an account by hand; the table is restored to before the write', async () => {
    const { cloud, table } = venue;
    await go(THURSDAY, '15:59');
    await venue.publishIndex(THURSDAY);
    await cloud.quiet();
    const before = await Array.fromAsync(table.scan());
    const account = before.find(({ sk }) => sk?.S === 'ACCOUNT#fund')!;
    const forged = account.products!.S!.replace(/"lots":\{"(\d+)":/, '"lots":{"$1":1');
    expect(forged).not.toBe(account.products!.S);
    await table.put(itemOf({ ...account, products: { S: forged } }));
    await go(THURSDAY, '16:01');
    expectAlarm('venue-out-of-balance', newYorkMs(THURSDAY, '16:00'), 1);
    const { halted } = (await venue.operator.get('/v1/operator/venue')) as { halted: { reason: string; by: string } };
    expect(halted).toMatchObject({ by: 'post-events', reason: expect.stringContaining('out of balance') });

    expect((await venue.audit()).differences[0]).toContain('ACCOUNT#fund');
    await go(THURSDAY, '16:05');
    await restore(before);
    const repaired = now();
    expect(await venue.operator.get('/v1/operator/venue')).toMatchObject({ halted: null });
    await go(THURSDAY, '17:01');
    expect(await venue.stepOf(THURSDAY)).toBe('done');
    expect((await venue.audit()).differences).toEqual([]);
    expect(inAlarm()).toEqual(['venue-out-of-balance']);
    // `aws cloudwatch set-alarm-state`, when the value that caused it is out of sight.
    cloud.alarms.set('venue-out-of-balance', 'OK', 'lots of fund were written by hand; the table was restored');
    await go(THURSDAY, '17:30');
    expectOk('venue-out-of-balance', repaired, 60);
  });
});

describe('the sweep', () => {
  test('sweep-missing: the sweep is started by hand', async () => {
    const { cloud, faults } = venue;
    await go(FRIDAY, '09:00');
    expect(inAlarm()).toEqual([]);
    faults.firings = ({ schedule }) => (schedule === 'sweep' ? 'never' : undefined);
    // The sweep of nine o'clock has come.
    await go(FRIDAY, '10:31');
    expectAlarm('sweep-missing', newYorkMs(FRIDAY, '09:15'), 75);
    const repaired = now();
    await sweepByHand();
    await cloud.quiet();
    await pass(1);
    expectOk('sweep-missing', repaired, 1);
    faults.firings = undefined;
    await go(FRIDAY, '12:00');
    expect(inAlarm()).toEqual([]);
  });

  test('day-run-late goes into ALARM on a day whose run is begun and can not end', async () => {
    const { cloud, faults } = venue;
    const from = now();
    faults.proxy = ({ function: name, service }) => (name === 'roll-positions' && service === 'dynamodb' ? DENIED : undefined);
    await venue.publishIndex(FRIDAY);
    await go(FRIDAY, '16:46');
    expectAlarm('day-run-late', newYorkMs(FRIDAY, '16:45'), 1);
    expect(cloud.alarms.changes('day-run-late').filter(({ to, atMs }) => to === 'ALARM' && atMs > from)).toHaveLength(1);
    faults.proxy = undefined;
    cloud.redrive('rolls-dlq');
    await cloud.quiet();
    await go(FRIDAY, '17:20');
    expect(inAlarm()).toEqual([]);
    expect(await venue.stepOf(FRIDAY)).toBe('done');
  });

  test('sweep-missing goes into ALARM on every day without a day run: neither it nor the sweep that would begin it comes', async () => {
    const { cloud, faults } = venue;
    // The last sweep of the week has come.
    await go(FRIDAY, '19:50');
    faults.firings = ({ queue }) => (queue === 'rolls' || queue === 'sweeps' ? 'never' : undefined);
    const from = now();
    for (const date of [NEXT_MONDAY, NEXT_TUESDAY]) await go(date, '18:00');
    const inAlarmOn = cloud.alarms
      .changes('sweep-missing')
      .filter(({ to, atMs }) => to === 'ALARM' && atMs > from)
      .map(({ atMs }) => new Date(atMs).toISOString().slice(0, 10));
    expect(inAlarmOn).toEqual([NEXT_MONDAY, NEXT_TUESDAY]);
    faults.firings = undefined;
    await venue.publishIndex(NEXT_MONDAY);
    await venue.publishIndex(NEXT_TUESDAY);
    await go(NEXT_TUESDAY, '18:50');
    expect(inAlarm()).toEqual([]);
    expect(await venue.stepOf(NEXT_TUESDAY)).toBe('done');
  });
});

describe('risk', () => {
  const change = async (parameters: object, expectedVersion: number): Promise<void> => {
    await venue.both.put(`/v1/operator/products/${PRODUCT}`, {
      expectedVersion,
      parameters: { ...PARAMETERS, indexValuesMin: 1, ...parameters },
    });
  };

  test('locked-at-stop: more is bid beyond the only band than is offered, until two operators give it a second width', async () => {
    await go(NEXT_WEDNESDAY, '09:30');
    await change({ bands: ['0.005'] }, 1);
    const crowd = async (name: string): Promise<void> => {
      await venue.submit('fund', PRODUCT, [outright(PRODUCT, `crowd-${name}`, 'buy', 20, '2.490')]);
      await venue.submit('maker', PRODUCT, [outright(PRODUCT, `far-${name}`, 'sell', 5, '2.480')]);
    };
    await crowd('first');
    await go(NEXT_WEDNESDAY, '10:01');
    expectAlarm('locked-at-stop', newYorkMs(NEXT_WEDNESDAY, '10:00'), 1);
    const { items } = (await venue.as.maker.get(`/v1/auctions?product=${PRODUCT}&limit=1`)) as {
      items: { months: { contract: string; locked: object | null; volume: number }[] }[];
    };
    const december = items[0]!.months.find(({ contract }) => contract.endsWith('2025-12'));
    expect(december).toMatchObject({ locked: { state: 'limit-bid', crowd: 20, kept: 0 }, volume: 0 });
    await change({ bands: ['0.005', '0.150'] }, 2);
    const repaired = now();
    await crowd('second');
    await go(NEXT_WEDNESDAY, '13:01');
    await pass(6);
    expectOk('locked-at-stop', repaired, 240);
  });

  test('calls-overdue: an account that lacks margin pays after it was due', async () => {
    await venue.publishIndex(NEXT_WEDNESDAY);
    const moves = (move: string): string[] => Array.from({ length: 12 }, () => move);
    const margin = { ...PARAMETERS.margin, scenarios: [moves('90.000'), moves('-90.000')] };
    await change({ margin, creditUsd: 0 }, 3);
    await go(NEXT_WEDNESDAY, '17:00');
    expect(await venue.stepOf(NEXT_WEDNESDAY)).toBe('done');
    const calls = await venue.calls();
    expect(calls.map(({ account, overdue }) => [account, overdue])).toEqual([
      ['fund', false],
      ['maker', false],
    ]);
    await go(NEXT_THURSDAY, '10:31');
    expectAlarm('calls-overdue', newYorkMs(NEXT_THURSDAY, '10:00'), 31);
    for (const { account } of calls) await venue.deposit(account, '9000000.00', 'after-it-was-due');
    await sweepByHand();
    await venue.cloud.quiet();
    const repaired = now();
    await go(NEXT_THURSDAY, '11:16');
    expectOk('calls-overdue', repaired, 46);
    expect(await venue.calls()).toEqual([]);
  });
});

test('after all of it the books are right, and nothing is left over', async () => {
  const audit = await venue.audit();
  expect(audit.differences).toEqual([]);
  expect([audit.lotsSum, audit.centsSum, audit.identical]).toEqual([0, 0n, true]);
  expect(venue.cloud.deadLetters()).toEqual([]);
});

test('no alarm of the template is without a case', () => {
  expect([...carriedOut].sort()).toEqual([...venue.cloud.alarms.names].sort());
});

const itemOf = ({ pk, sk, ...attributes }: Attributes) => ({ pk: pk!.S!, sk: sk!.S!, attributes });

/** What a restore to a point in time comes to, and the deployment that points the functions at the restored table. */
async function restore(rows: readonly Attributes[]): Promise<void> {
  const { table, cloud } = venue;
  const kept = new Set(rows.map(({ pk, sk }) => `${pk!.S} ${sk!.S}`));
  for await (const { pk, sk } of table.scan()) if (!kept.has(`${pk!.S} ${sk!.S}`)) await table.delete({ pk: pk!.S!, sk: sk!.S! });
  for (const row of rows) await table.put(itemOf(row));
  for (const name of FUNCTIONS) cloud.kill(name);
}
