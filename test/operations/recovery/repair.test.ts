/** After a halt for imbalance: the rows that caused it are found, put right from the log, and the day run comes to its end. */
import { expect, test } from 'vitest';
import type { BusinessDate } from '../../../lib/domain/contract/calendar.ts';
import { instantOf } from '../../../lib/domain/contract/calendar.ts';
import { openMarket, PRODUCT, play, playDay, SHARDS } from '../../../lib/faults/scripted-market.ts';
import { openVirtualMarket } from '../../../lib/faults/virtual-market.ts';
import { findWrong, repair } from '../../../lib/operations/recovery/repair.ts';
import { readDay } from '../../../lib/store/days.ts';
import { readHalt } from '../../../lib/store/halt.ts';
import { accountKey } from '../../../lib/store/keys.ts';
import { loadVenue } from '../../../lib/store/log.ts';
import { S } from '../../../lib/store/table.ts';
import { runCommand } from '../../venue/command.ts';

const DAY = '2025-11-06' as BusinessDate;
const ONE_DAY = { listed: '2025-11-05', last: DAY };

test('a changed position halts the venue, is put right from the log, and the day run that waited ends', async () => {
  const undisturbed = openVirtualMarket(ONE_DAY);
  await play(undisturbed, ONE_DAY);
  await using market = await openMarket(ONE_DAY);
  const { cloud, table, operator } = market;
  let changed = false;
  await play(market, ONE_DAY, async () => {
    if (changed || cloud.clock.now() < instantOf(DAY, '15:00', 'America/New_York')) return;
    changed = true;
    const key = accountKey('maker', SHARDS);
    const products = (await table.get(key))!.products!.S!.replace(/("lots":\{"\d+":-?)(\d+)/, '$19$2');
    await table.update(key, { expression: 'SET products = :products', values: { ':products': S(products) } });
  });
  expect((await readHalt(table))?.reason).toMatch(/^out of balance: event \d+ /);

  // Resuming alone does not help: the totals stand, and the day waits for them.
  const resume = () => operator.post('/v1/operator/venue/resume', { reason: 'the test has looked into it' });
  const step = async () => (await readDay(table, PRODUCT, DAY))?.step;
  await resume();
  await cloud.quiet();
  expect(await step()).not.toBe('done');
  await expect(findWrong(table)).rejects.toThrow('The venue is not halted');
  await operator.post('/v1/operator/venue/halt', { reason: 'to put rows right' });

  const at = ['--table', cloud.tableName, '--endpoint', cloud.dynamodbEndpoint];
  const command = (...args: string[]) => runCommand('repair', [...at, ...args]);
  expect((await command('--write')).status).toBe(2);
  const found = await command();
  expect([found.stderr, found.status]).toEqual(['', 1]);
  expect(found.stdout).toMatch(/^SHARD#\d ACCOUNT#maker$/m);
  expect(found.stdout).toMatch(/^TOTALS \d+$/m);
  const done = await command('--write', '--by', 'op-1', '--reason', 'edited by hand');
  expect([done.stderr, done.status]).toEqual(['', 0]);

  const notes = (await table.queryAll('REPAIRED')).map((item) => JSON.parse(item.data!.S!));
  expect(notes.map(({ row }) => row)).toContain(`${accountKey('maker', SHARDS).pk} ACCOUNT#maker`);
  for (const note of notes) {
    expect(note).toMatchObject({ by: 'op-1', reason: 'edited by hand' });
    expect(note.old).not.toEqual(note.new);
  }
  await resume();
  await cloud.quiet();
  expect(await step()).toBe('done');
  const [audit, right] = [await market.audit(), await undisturbed.audit()];
  expect(audit.differences).toEqual([]);
  expect(audit.stateHash).toBe(right.stateHash);
});

test('rows are put right only while they are what was seen, and totals only with the journals they are made of', async () => {
  await using market = await openMarket(ONE_DAY);
  await play(market, { ...ONE_DAY, last: ONE_DAY.listed });
  await playDay(market, DAY);
  const { table, operator } = market;
  const { seq } = await loadVenue(table);
  const totals = (await Array.fromAsync(table.query('TOTALS'))).find((item) =>
    /"cents":"-?[1-9]/.test(item['shard#0']?.S ?? ''),
  )!;
  const wrong = totals['shard#0']!.S!.replace(/"cents":"-?/, '"cents":"7');
  await table.put({ pk: 'TOTALS', sk: totals.sk!.S!, attributes: { 'shard#0': S(wrong), 'shard#1': totals['shard#1']! } });
  await operator.post('/v1/operator/venue/halt', { reason: 'to put rows right' });
  const found = await findWrong(table);
  expect(found.map(({ row }) => row)).toEqual([`TOTALS ${totals.sk!.S}`]);
  const repairer = { by: 'op-1', reason: 'test', at: '2025-11-06T21:30:00.000Z' };

  const entry = (await table.queryAll('JOURNAL#maker', { from: totals.sk!.S!, to: totals.sk!.S! }))[0] ?? undefined;
  const holder = entry ? 'maker' : 'fund';
  const key = { pk: `JOURNAL#${holder}`, sk: totals.sk!.S! };
  const before = (await table.get(key))!;
  await table.put({ ...key, attributes: { data: S(before.data!.S!.replace(/"cents":"-?/, '"cents":"8')) } });
  await expect(repair(table, found, repairer)).rejects.toThrow('do not add up to its totals');
  await table.put({ ...key, attributes: { data: before.data! } });

  await table.put({ pk: 'TOTALS', sk: totals.sk!.S!, attributes: { 'shard#0': S('{}'), 'shard#1': totals['shard#1']! } });
  await expect(repair(table, found, repairer)).rejects.toThrow('has changed while it was put right');
  await repair(table, await findWrong(table), repairer);
  expect(await findWrong(table)).toEqual([]);
  expect((await loadVenue(table)).seq).toBe(seq);
});
