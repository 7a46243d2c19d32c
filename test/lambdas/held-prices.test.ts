/** What is held rests on what its operators were shown: when that changes they are asked anew. And what they approved is done. */
import { beforeEach, describe, expect, it, test, vi } from 'vitest';
import { openBackends } from '../../lambdas/backends.ts';
import { handler as operatorApi } from '../../lambdas/operator-api/index.ts';
import { type Held, heldId } from '../../lib/domain/clearing/approval.ts';
import type { MonthExpired } from '../../lib/domain/clearing/events.ts';
import type { Micros } from '../../lib/domain/contract/units.ts';
import { readDay } from '../../lib/store/days.ts';
import { readHeld } from '../../lib/store/held.ts';
import { publishIndex, readIndexValue } from '../../lib/store/index-values.ts';
import { newestEvents } from '../../lib/store/log.ts';
import { newYork, newYorkMs, on } from '../venue/h100.ts';
import { type Answered, ask, askByTwo, codeOf, operator } from '../venue/requests.ts';
import { crashOnce, deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(openBackends().logger, level).mockImplementation(() => {});

let product: string;
beforeEach(async () => {
  product = venue.nextProduct();
});

const EXPIRY = on('2025-10-31');
const NOW = newYorkMs(EXPIRY, '17:00');
const publish = (date: string, micros: bigint): Promise<boolean> =>
  publishIndex(venue.table, product, on(date), micros as Micros, ['op']);
const call = (route: string, sub: string, path: Record<string, string>, body?: unknown): Promise<Answered> =>
  ask(operatorApi, route, { claims: operator(sub), at: NOW, path, ...(body === undefined ? {} : { body }) });
const put = (sub: string, date: string, value: string): Promise<Answered> =>
  call('PUT /v1/operator/index/{product}/{date}', sub, { product, date }, { value });
/** By two, the second being oscar. */
const publishByTwo = (sub: string, date: string, value: string): Promise<Answered> =>
  askByTwo(operatorApi, 'PUT /v1/operator/index/{product}/{date}', {
    claims: operator(sub),
    at: NOW,
    path: { product, date },
    body: { value },
  });
const approve = (sub: string, held: string, revision: number): Promise<Answered> =>
  call('POST /v1/operator/held/{held}/approve', sub, { held }, { revision });
const amend = (sub: string, held: string, revision: number, price: string): Promise<Answered> =>
  call('POST /v1/operator/held/{held}/amend', sub, { held }, { revision, price });
const shown = async (held: string) =>
  (await call('GET /v1/operator/held', 'olga', {})).body.items.find((each: { held: string }) => each.held === held);
const stepOf = async (date: string) => (await readDay(venue.table, product, on(date)))?.step;
async function expired(): Promise<MonthExpired | undefined> {
  for await (const { event } of newestEvents(venue.table))
    if (event.kind === 'month-expired' && event.product === product) return event;
  return undefined;
}

describe('a final price held for a missing index value', () => {
  const id = (): string => heldId('final-price', product, EXPIRY);
  const held = async (): Promise<Held> => (await readHeld(venue.table, id()))!;

  /** October has its values of the 30th and the 31st, 2.400 and 2.410, and needs a third: the mean of two is held. */
  beforeEach(async () => {
    await venue.list(product, { date: '2025-10-30', parameters: { indexValuesMin: 3 } });
    await publish('2025-10-30', 2_400_000n);
    await publish(EXPIRY, 2_410_000n);
    await venue.runDay(product, EXPIRY);
    expect(await held()).toMatchObject({ proposal: { price: 2405 }, revision: 1 });
  });

  it('is computed again when the value comes, and the operators approve the right mean', async () => {
    expect((await approve('olga', id(), 1)).body).toMatchObject({ approved: false, revision: 2 });
    expect((await publishByTwo('oda', '2025-10-29', '2.42')).status).toBe(200);
    await venue.work();
    expect(await shown(id())).toMatchObject({
      reasons: [],
      proposal: { month: '2025-10', price: '2.410' },
      basis: {
        proposal: { month: '2025-10', price: '2.410' },
        index: { '2025-10-29': '2.420000', '2025-10-30': '2.400000', '2025-10-31': '2.410000' },
      },
      revised: `the index value of 2025-10-29 was missing and is 2420000; no longer: ${product}-2025-10 has 2 index values of the 3 it needs`,
      proposedBy: 'system',
      approvals: [],
      revision: 3,
    });
    // What was read before is not what is approved now.
    expect(codeOf(await approve('omar', id(), 2))).toBe('version-conflict');
    await approve('omar', id(), 3);
    await approve('olga', id(), 4);
    await venue.work();
    expect(await expired()).toMatchObject({
      finalPrice: 2410,
      index: { '2025-10-29': '2420000', '2025-10-30': '2400000', '2025-10-31': '2410000' },
      approvedBy: ['omar', 'olga'],
    });
    expect(await stepOf(EXPIRY)).toBe('done');
  });

  it('that two have approved is held anew when the value comes before it is committed', async () => {
    await approve('olga', id(), 1);
    await approve('omar', id(), 2);
    // The day run has not been worked yet.
    expect((await publishByTwo('oda', '2025-10-29', '2.42')).status).toBe(200);
    await venue.work();
    expect(await expired()).toBeUndefined();
    expect(await held()).toMatchObject({ proposal: { price: 2410 }, approvals: [], revision: 4 });
  });

  it('that an operator amended keeps the amended value, shows the new mean beside it, and needs both names anew', async () => {
    await amend('olga', id(), 1, '2.407');
    await publishByTwo('oda', '2025-10-29', '2.42');
    await venue.work();
    expect(await shown(id())).toMatchObject({
      proposal: { price: '2.407' },
      basis: { proposal: { price: '2.410' } },
      proposedBy: 'olga',
      approvals: [],
      revision: 3,
    });
    expect(codeOf(await approve('omar', id(), 2))).toBe('version-conflict');
    await approve('omar', id(), 3);
    await approve('olga', id(), 4);
    await venue.work();
    expect(await expired()).toMatchObject({ finalPrice: 2407, approvedBy: ['omar', 'olga'] });
  });

  it('is held anew once, however often it is looked at, and not for a value of another month', async () => {
    await publishByTwo('oda', '2025-10-29', '2.42');
    for (let at = 0; at < 3; at++) await deliver('day-runs', { v: 1, product });
    expect(await held()).toMatchObject({ revision: 2 });
    await publish('2025-09-30', 2_000_000n);
    await deliver('day-runs', { v: 1, product });
    expect(await held()).toMatchObject({ revision: 2 });
  });

  it('by a worker that an operator overtakes is looked at again, and nothing of either is lost', async () => {
    await publish('2025-10-29', 2_420_000n);
    const putIf = venue.table.putIf.bind(venue.table);
    vi.spyOn(venue.table, 'putIf').mockImplementationOnce(async (...given) => {
      expect((await approve('olga', id(), 1)).status).toBe(200);
      return putIf(...given);
    });
    await deliver('day-runs', { v: 1, product });
    expect(await held()).toMatchObject({ proposal: { price: 2410 }, approvals: [], revision: 3 });
  });

  it('is proved by the values that it was made of, also when another comes after the month has expired', async () => {
    await approve('olga', id(), 1);
    await approve('omar', id(), 2);
    await venue.work();
    expect(await expired()).toMatchObject({ finalPrice: 2405, index: { '2025-10-30': '2400000', '2025-10-31': '2410000' } });
    expect((await publishByTwo('oda', '2025-10-29', '2.42')).status).toBe(200);
    await venue.work();
    expect(await stepOf(EXPIRY)).toBe('done');
  });
});

describe('an approved index value whose worker crashed before it was published', () => {
  const DATE = on('2025-10-20');
  const id = (): string => heldId('index', product, DATE);
  beforeEach(async () => {
    await venue.list(product);
    expect((await put('olga', DATE, '9.9')).status).toBe(202);
    crashOnce(venue.table, 'create', 'before', ({ pk }: { pk: string }) => pk === `INDEX#${product}`);
    await expect(approve('omar', id(), 1)).resolves.toMatchObject({ status: 500 });
    expect(await readHeld(venue.table, id())).toMatchObject({ approvals: ['olga', 'omar'] });
    expect(await readIndexValue(venue.table, product, DATE)).toBeUndefined();
    venue.engine.drain();
  });
  const published = () => readIndexValue(venue.table, product, DATE);

  it('is published by the next sweep, though no day is open', async () => {
    await deliver('sweeps', { v: 1, at: newYork('2025-10-20', '10:15') });
    await venue.work();
    expect(await published()).toEqual({ date: DATE, value: 9_900_000n, by: ['olga', 'omar'] });
    venue.engine.drain();
    await deliver('sweeps', { v: 1, at: newYork('2025-10-20', '10:30') });
    expect(venue.engine.messages('day-runs')).not.toContainEqual({ v: 1, product });
  });

  it('is published by the approval when it is repeated', async () => {
    expect((await approve('omar', id(), 1)).status).toBe(200);
    expect(await published()).toMatchObject({ by: ['olga', 'omar'] });
  });
});

test('what is held and not approved is published by no sweep', async () => {
  await venue.list(product);
  await put('olga', '2025-10-20', '9.9');
  venue.engine.drain();
  await deliver('sweeps', { v: 1, at: newYork('2025-10-20', '10:15') });
  await venue.work();
  expect(await readIndexValue(venue.table, product, on('2025-10-20'))).toBeUndefined();
});
