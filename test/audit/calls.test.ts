/** Calls in the audit: each is made, met and overdue by the rules, or its event is named. */
import { beforeAll, describe, expect, test } from 'vitest';
import { auditVenue } from '../../lib/audit/audit.ts';
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import { cents, type Micros } from '../../lib/domain/contract/units.ts';
import { publishIndex } from '../../lib/store/index-values.ts';
import { shortKey } from '../../lib/store/keys.ts';
import { readShort, shortItem } from '../../lib/store/short.ts';
import { moved } from '../venue/events.ts';
import { newYork, on, RISKY } from '../venue/h100.ts';
import { record } from '../venue/records.ts';
import { deliver, openWorkerVenue } from '../venue/worker-venue.ts';

const venue = await openWorkerVenue();
const PRODUCT = 'CALL';
const [MONDAY, TUESDAY] = [on('2025-10-20'), on('2025-10-21')];
const DUE = newYork(TUESDAY, '10:00');

const post = async (): Promise<void> => {
  for (const shard of [0, 1]) expect(await deliver('postings', { v: 1, shard })).toEqual([]);
};
/** The product was listed by one operator alone, which is a finding of its own. */
const audit = async () => {
  const found = await auditVenue(venue.table, 2);
  return { ...found, differences: found.differences.filter((what) => !what.endsWith('by op alone')) };
};

beforeAll(async () => {
  await venue.list(PRODUCT, { parameters: RISKY });
  for (const date of [MONDAY, TUESDAY]) await publishIndex(venue.table, PRODUCT, date, 2_400_000n as Micros, ['op']);
  const accounts = ['ann', 'bob', 'cat'].map((account) => ({ account, name: account, product: PRODUCT }));
  await venue.commit({ kind: 'accounts-opened', accounts, by: 'op', at: '' });
  for (const account of ['ann', 'bob']) await venue.commit(moved(account, -100n));
  await venue.commit(moved('cat', 100n));
  await post();
  await venue.runDay(PRODUCT, MONDAY);
  await venue.commit(moved('ann', 100n));
  await post();
  await deliver('day-runs', record('day-runs', { v: 1, product: PRODUCT }, { sentAt: newYork(TUESDAY, '10:15') }));
  await venue.work();
});

test('calls that were made, met and overdue by the rules are right', async () => {
  const { differences, checks, events } = await audit();
  expect(differences).toEqual([]);
  expect(checks.find(({ name }) => name === 'calls')?.checked).toBe(2);
  expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['margin-called', 'calls-met', 'calls-overdue']));
});

test('a row from which calls are made, and open ones found, is named when it is gone or another', async () => {
  const [, bob] = await readShort(venue.table, PRODUCT, 9);
  const { pk, sk } = shortKey(PRODUCT, 'bob');
  await venue.table.delete({ pk, sk });
  expect((await audit()).differences).toEqual([`${pk} ${sk} is missing`]);
  await venue.table.put(shortItem(PRODUCT, { ...bob!, cents: cents(1n) }));
  expect((await audit()).differences[0]).toContain(`${pk} ${sk} is not what the log gives`);
  await venue.table.put(shortItem(PRODUCT, bob!));
  await venue.table.put(shortItem(PRODUCT, { ...bob!, account: 'cat' }));
  expect((await audit()).differences).toEqual([`SHORT#${PRODUCT} cat is stored and does not follow from the log`]);
  await venue.table.delete(shortKey(PRODUCT, 'cat'));
});

describe('an event that is appended by hand is named:', () => {
  test.each<[string, ClearingEvent, RegExp]>([
    [
      'a call met of an account that lacks as much',
      { kind: 'calls-met', product: PRODUCT, accounts: ['bob'] },
      /the call of bob is met.*stands/,
    ],
    ['a call of an account that lacks nothing', called('cat', 5n), /calls .*cat/],
    [
      'an overdue call that is none',
      { kind: 'calls-overdue', product: PRODUCT, at: DUE, accounts: ['ann'] },
      /a call of ann.*has none/,
    ],
  ])('%s', async (_, event, says) => {
    const seq = await venue.commit(event);
    await post();
    const { checks } = await audit();
    const faults = checks.find(({ name }) => name === 'calls')!.faults;
    expect(faults.filter(({ row }) => row.endsWith(`${seq}`)).map(({ what }) => what)).toEqual([expect.stringMatching(says)]);
  });
});

function called(account: string, amount: bigint): ClearingEvent {
  return { kind: 'margin-called', product: PRODUCT, date: MONDAY, due: DUE, calls: [{ account, cents: cents(amount) }] };
}
