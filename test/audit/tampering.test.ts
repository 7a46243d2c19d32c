/** The audit end to end: a venue that traded and rolled is right, each kind of tampering is named, and so it is in an export. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Audit, auditRows } from '../../lib/audit/audit.ts';
import { readExport, writeExport } from '../../lib/audit/export.ts';
import { recordFindings } from '../../lib/audit/records.ts';
import type { Replay } from '../../lib/audit/replay.ts';
import { VenueRows } from '../../lib/audit/rows.ts';
import { type Market, openMarket, play, ROLL, SHARDS } from '../../lib/faults/scripted-market.ts';
import { chain } from '../../lib/store/log.ts';
import { type Attributes, B, S } from '../../lib/store/table.ts';
import { runCommand } from '../venue/command.ts';

let market: Market;
let items: Attributes[];
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'audit-'));
  market = await openMarket(ROLL);
  await play(market, ROLL);
  items = await Array.fromAsync(market.table.scan());
}, 60_000);
afterAll(async () => {
  await market[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const nameOf = (item: Attributes): string => `${item.pk!.S} ${item.sk!.S}`;
const first = (name: RegExp): Attributes => {
  const found = items.filter((item) => name.test(nameOf(item))).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))[0];
  if (!found) throw new Error(`no row is named ${name}`);
  return found;
};
const auditOf = async (changed: readonly Attributes[]): Promise<Audit> => auditRows(await VenueRows.from(changed), SHARDS);
const without = (gone: Attributes): Attributes[] => items.filter((item) => item !== gone);
const changedTo = (was: Attributes, is: Attributes): Attributes[] => [...without(was), { ...was, ...is }];
const flipped = (body: Uint8Array): Uint8Array => body.map((byte, at) => (at === body.length - 1 ? byte ^ 1 : byte));

describe('the audit', () => {
  test('finds a venue right that has traded, rolled and settled', async () => {
    const audit = await auditOf(items);
    expect(audit.differences).toEqual([]);
    expect(audit.identical).toBe(true);
    // It gives credit without end: test/audit/calls.test.ts has calls.
    expect(audit.checks.filter(({ name, checked }) => !checked && name !== 'calls')).toEqual([]);
    expect(audit.checks.find(({ name }) => name === 'auctions')?.checked).toBe(6);
  });

  test('finds out how many shards there are', async () => expect((await VenueRows.from(items)).shards()).toBe(SHARDS));

  const EDITED: [what: string, row: RegExp, change: (item: Attributes) => Attributes][] = [
    ['an event', /^LOG 0+5$/, (item) => ({ data: S(item.data!.S!.replace('"', ' "')) })],
    ['the hash of an event', /^LOG 0+7$/, () => ({ hash: S('0'.repeat(64)) })],
    [
      'a journal entry',
      /^JOURNAL#fund 0+\d+$/,
      (item) => ({ data: S(item.data!.S!.replace(/"cents":"(-?\d+)"/, '"cents":"1$1"')) }),
    ],
    ['a balance', /^SHARD#\d ACCOUNT#hedger$/, (item) => ({ cash: S(`${BigInt(item.cash!.S!) + 1n}`) })],
    [
      'a position',
      /^SHARD#\d ACCOUNT#maker$/,
      (item) => ({ products: S(item.products!.S!.replace(/"lots":\{"(\d+)":/, '"lots":{"$1":1')) }),
    ],
    ['a statement', /^STATEMENT#fund /, (item) => ({ data: S(item.data!.S!.replace('"balance":"', '"balance":"1')) })],
    ['totals', /^TOTALS 0+9$/, (item) => ({ 'shard#0': S(item['shard#0']!.S!.replace('"accounts":', '"accounts":1')) })],
    ['fills', /^RESULT#\S+ fills#/, (item) => ({ body: B(flipped(item.body!.B!)) })],
    ['carried orders', /^CARRIED#/, (item) => ({ body: B(flipped(item.body!.B!)) })],
    ['the depth', /^RESULT#\S+ depth#/, (item) => ({ body: B(flipped(item.body!.B!)) })],
    ['the state', /^VENUE STATE$/, () => ({ products: S('{}') })],
    ['a cursor', /^SHARD#1 CURSOR$/, () => ({ seq: { N: '3' } })],
    ['an auction', /^AUCTION#/, () => ({ closing: { BOOL: true } })],
    ['what a submission says', /^BOOK#\S+ maker#/, (item) => ({ instructions: B(flipped(item.instructions!.B!)) })],
    ['what was decided on a submission', /^BOOK#\S+ fund#/, (item) => ({ outcomes: B(flipped(item.outcomes!.B!)) })],
    ['the auction of a submission', /^BOOK#\S+ seller#/, () => ({ auction: { N: '1' }, sequence: S('1') })],
    ['a slot', /^SLOT#/, () => ({ auction: { N: '5' } })],
    ['the number of a day’s closing', /^CLOSING#/, () => ({ auction: { N: '1' } })],
    ['an intake', /^INTAKE#/, () => ({ open: { N: '2' } })],
    ['the dates of an intake', /^INTAKE#/, () => ({ 'passed#1': { L: [] } })],
    ['a done-once mark', /^ONCE#cash#/, () => ({ seq: { N: '14' } })],
    ['the event that settled a day', /^DAY#/, () => ({ settledBy: { N: '3' } })],
    ['the number of a day’s auction', /^DAY#/, () => ({ auction: { N: '1' } })],
    ['the near month that a day reports', /^DAY#/, (item) => ({ report: S(item.report!.S!.replace('"near":"', '"near":"X')) })],
    ['the report of a day', /^DAY#/, (item) => ({ report: S(item.report!.S!.replace(/"collected":"/, '"collected":"1')) })],
    [
      'the open interest of a day',
      /^DAY#/,
      (item) => ({ report: S(item.report!.S!.replace(/("openInterest":\{"[^"]+":)/, '$19')) }),
    ],
  ];
  test.each(EDITED)('names %s that was edited', async (_, row, change) => {
    const item = first(row);
    const audit = await auditOf(changedTo(item, change(item)));
    expect(audit.identical).toBe(false);
    expect(audit.differences[0]).toContain(nameOf(item));
  });

  test.each([
    /^LOG 0+6$/,
    /^JOURNAL#/,
    /^SHARD#\d ACCOUNT#/,
    /^STATEMENT#/,
    /^TOTALS /,
    /^RESULT#\S+ fills#/,
    /^CARRIED#/,
    /^AUCTION#/,
    /^SLOT#/,
    /^CLOSING#/,
    /^DAY#/,
    /^ONCE#cash#/,
  ])('names a row that was deleted: %s', async (row) => {
    const item = first(row);
    const audit = await auditOf(without(item));
    expect(audit.identical).toBe(false);
    expect(audit.differences[0]).toContain(nameOf(item));
  });

  test('names the end of the log when it was cut off', async () => {
    const last = items.filter((item) => item.pk!.S === 'LOG').sort((a, b) => (a.sk!.S! < b.sk!.S! ? 1 : -1))[0]!;
    expect((await auditOf(without(last))).differences[0]).toContain(`${nameOf(last)} is missing`);
  });

  test('names two events that were exchanged', async () => {
    const [a, b] = [first(/^LOG 0+8$/), first(/^LOG 0+9$/)];
    const audit = await auditOf([...without(a).filter((item) => item !== b), { ...a, sk: b.sk! }, { ...b, sk: a.sk! }]);
    expect(audit.differences[0]).toContain('LOG 000000000008');
  });

  test.each([/^JOURNAL#/, /^SHARD#\d ACCOUNT#/, /^STATEMENT#/])('names a row too many: %s', async (row) => {
    const extra = { ...first(row), sk: S(row.source.includes('SHARD') ? 'ACCOUNT#stranger' : '9999') };
    const audit = await auditOf([...items, extra]);
    expect(audit.differences[0]).toBe(`${nameOf(extra)} is stored and does not follow from the log`);
  });

  test.each([/^BOOK#\S+ maker#/, /^ROLL#/])('names the auction whose book was changed: %s', async (row) => {
    const audit = await auditOf(without(first(row)));
    expect(audit.differences[0]).toMatch(/^AUCTION#H100-SXM \d{12} /);
  });
});

describe('the chain of statements and reports', () => {
  const chainOf = async (changed: readonly Attributes[]) => {
    const { checks } = await auditOf(changed);
    return checks.find(({ name }) => name === 'chain')!.faults;
  };
  const cent = (item: Attributes, name: string): Attributes => ({
    data: S(item.data!.S!.replace(new RegExp(`"${name}":"(-?\\d+)"`), (_, value: string) => `"${name}":"${BigInt(value) + 1n}"`)),
  });
  const statement = (date: string): Attributes => first(new RegExp(`^STATEMENT#fund ${date}`));
  const dates = (): string[] => items.flatMap(({ pk, sk }) => (pk?.S === 'STATEMENT#fund' ? [sk!.S!.slice(0, 10)] : [])).sort();

  test.each(['balance', 'deposited', 'variation'])('names a statement whose %s is a cent off', async (name) => {
    const item = statement(dates()[1]!);
    const faults = await chainOf(changedTo(item, cent(item, name)));
    expect(faults[0]).toMatchObject({ row: nameOf(item), what: expect.stringContaining(`states ${name} `) });
    expect(faults.filter(({ row }) => row.startsWith('STATEMENT'))).toHaveLength(1);
  });

  test('names a statement that does not begin where the one before it ends', async () => {
    const item = statement(dates()[1]!);
    const moved = { data: S(item.data!.S!.replace(/"after":\d+/, '"after":1')) };
    expect(await chainOf(changedTo(item, moved))).toMatchObject([
      { row: nameOf(item), what: expect.stringMatching(/states after 1,/) },
    ]);
  });

  test('names a posting that is in no statement: one is missing', async () => {
    const item = statement(dates()[0]!);
    expect(await chainOf(without(item))).toContainEqual({
      row: nameOf(item),
      what: 'is missing: the journal has moved the account, or it holds lots',
    });
  });

  test('names the statement that a journal entry a cent off does not lead to, and those that follow from it', async () => {
    const item = items.find(({ pk, data }) => pk?.S === 'JOURNAL#fund' && data!.S!.includes('"kind":"cash-moved"'))!;
    const faults = await chainOf(changedTo(item, cent(item, 'cents')));
    const rows = new Set(faults.map(({ row }) => row));
    expect([...rows].sort()).toEqual(dates().map((date) => nameOf(statement(date))));
  });

  test('names the report of a day that its statements do not add up to', async () => {
    const item = first(/^DAY#/);
    const collected = /"collected":"(\d+)\.(\d\d)"/.exec(item.report!.S!)!;
    const report = S(item.report!.S!.replace(collected[0], `"collected":"${collected[1]}.99"`));
    expect(await chainOf(changedTo(item, { report }))).toMatchObject([
      { row: nameOf(item), what: expect.stringMatching(/^reports collected /) },
    ]);
  });

  test('is checked for every statement there is', async () => {
    const { checks } = await auditOf(items);
    const stored = items.filter(({ pk }) => pk!.S!.startsWith('STATEMENT#'));
    expect(checks.find(({ name }) => name === 'chain')).toEqual({ name: 'chain', checked: stored.length, faults: [] });
  });
});

test('a submission in the partition of another date is named, also when nothing else is wrong', async () => {
  const item = first(/^BOOK#\S+ maker#/);
  const moved = { ...item, pk: S(item.pk!.S!.replace(/\d{4}-\d{2}-\d{2}$/, '2025-11-01')) };
  expect((await auditOf([...items, moved])).differences).toEqual([
    `${nameOf(moved)} is not in the partition of its key (${moved.pk.S!.split('#')[2]})`,
  ]);
});

test('what was settled on approval must be what was held, approved by the same operators', async () => {
  const data = { proposal: { kind: 'settlement', curve: { 1: 5 } }, approvals: ['op-1', 'op-2'] };
  const key = { pk: S('HELD'), sk: S('settlement.P.2025-11-06') };
  const event = { kind: 'prices-settled', product: 'P', date: '2025-11-06', settled: { 1: 5 }, approvedBy: ['op-1', 'op-2'] };
  const faults = async (held: object[], settled: object) =>
    (await recordFindings(await VenueRows.from(held as Attributes[]), { events: [settled] } as unknown as Replay)).faults;
  const held = (change: object) => [{ ...key, data: S(JSON.stringify({ ...data, ...change })) }];
  expect(await faults(held({}), event)).toEqual([]);
  const wrong = { row: 'HELD settlement.P.2025-11-06', what: 'is not what LOG 000000000001 was approved as' };
  expect(await faults(held({ approvals: ['op-1', 'op-3'] }), event)).toEqual([wrong]);
  expect(await faults(held({}), { ...event, settled: { 1: 6 } })).toEqual([wrong]);
  expect(await faults([], event)).toEqual([{ ...wrong, what: 'is missing: LOG 000000000001 was approved' }]);
});

test('what two operators did must be what one proposed and the other approved, and parameters are not changed by one alone', async () => {
  const act = { kind: 'parameters-changed', product: 'P', version: 2, parameters: { lotGpuHours: 1 } };
  const event = { ...act, by: 'op-1', at: 'then', approval: { by: 'op-2', held: 'parameters.P.2' } };
  const ended = { kind: 'committed', seq: 1 };
  const key = { pk: S('HELD'), sk: S('parameters.P.2') };
  const held = (change: object = {}) => [
    { ...key, data: S(JSON.stringify({ proposal: act, approvals: ['op-1', 'op-2'], at: 'then', ended, ...change })) },
  ];
  const mark = { pk: S('ONCE#parameters#P#2'), sk: S('EVENT'), seq: { N: '1' } };
  const faults = async (rows: object[], logged: object = event) =>
    (await recordFindings(await VenueRows.from([mark, ...rows] as Attributes[]), { events: [logged] } as unknown as Replay))
      .faults;
  expect(await faults(held())).toEqual([]);
  const wrong = [{ row: 'HELD parameters.P.2', what: 'is not what event 1 was approved as' }];
  expect(await faults([])).toEqual(wrong);
  expect(
    await faults(held({ approvals: ['op-1', 'op-1'] }), { ...event, approval: { by: 'op-1', held: 'parameters.P.2' } }),
  ).toEqual(wrong);
  expect(await faults(held({ approvals: ['op-1', 'op-3'] }))).toEqual(wrong);
  expect(await faults(held(), { ...event, parameters: { lotGpuHours: 2 } })).toEqual(wrong);
  expect(await faults(held({ ended: { kind: 'declined', by: 'op-2', reason: 'no' } }))).toEqual(wrong);
  expect(await faults(held(), { ...act, by: 'op-1', at: 'then' })).toEqual([
    { row: 'LOG 000000000001', what: 'was changed by op-1 alone' },
  ]);
});

describe('an export', () => {
  test('has the same bytes each time, whatever the order in which rows are read', async () => {
    writeExport(join(folder, 'a'), await VenueRows.from(items));
    writeExport(join(folder, 'b'), await VenueRows.from(items.toReversed()));
    const files = readdirSync(join(folder, 'a'));
    expect(files).toContain('manifest.json');
    for (const file of files)
      expect(readFileSync(join(folder, 'b', file)).equals(readFileSync(join(folder, 'a', file))), file).toBe(true);
  });

  test('is audited without the table, and the command ends with a code when a line of it was changed', async () => {
    const dir = join(folder, 'c');
    await exportByCommand(dir);
    const right = await runCommand('audit', ['--export', dir]);
    expect(right.stderr + right.stdout).toContain('Everything holds.');
    expect(right.status).toBe(0);

    const file = join(dir, 'journal.jsonl');
    writeFileSync(file, readFileSync(file, 'utf8').replace('\\"cents\\":\\"', '\\"cents\\":\\"9'));
    const wrong = await runCommand('audit', ['--export', dir, '--json']);
    expect(wrong.status).toBe(1);
    const report = JSON.parse(wrong.stdout);
    expect(report.firstFault.row).toBe('journal.jsonl');
    expect(report.checks.find(({ name }: { name: string }) => name === 'journal').first.row).toMatch(/^JOURNAL#/);
  });

  test('shows by a head noted earlier that its log was computed anew', async () => {
    const dir = join(folder, 'e');
    const log = items.filter((item) => item.pk!.S === 'LOG').sort((a, b) => (a.sk!.S! < b.sk!.S! ? -1 : 1));
    const [noted, head] = [log[9]!.hash!.S!, log.at(-1)!.hash!.S!];
    // An operator's name in the first event is changed, and in what was held for it, and the chain made to fit all the way.
    const renamed = (data: string): string => data.replaceAll('op-1', 'op-9');
    let hash = '';
    const forged = log.map((item, at) => {
      const data = at === 0 ? renamed(item.data!.S!) : item.data!.S!;
      hash = chain(hash, data);
      return { ...item, data: S(data), hash: S(hash) };
    });
    const others = items
      .filter((item) => item.pk!.S !== 'LOG' && nameOf(item) !== 'VENUE STATE')
      .map((item) => (nameOf(item).startsWith('HELD parameters.') ? { ...item, data: S(renamed(item.data!.S!)) } : item));
    writeExport(dir, await VenueRows.from([...others, ...forged]));
    expect((await runCommand('audit', ['--export', dir])).stdout).toContain('Everything holds.');
    const held = await runCommand('audit', ['--export', dir, '--head', noted]);
    expect([held.status, held.stdout]).toEqual([1, expect.stringContaining(`has no event with the hash ${noted}`)]);
    expect((await runCommand('audit', ['--export', dir, '--head', hash])).status).toBe(0);
    expect(hash).not.toBe(head);
  });

  test('names a file that is gone', async () => {
    const dir = join(folder, 'd');
    writeExport(dir, await VenueRows.from(items));
    rmSync(join(dir, 'totals.jsonl'));
    expect((await readExport(dir)).faults).toEqual([{ row: 'totals.jsonl', what: 'is missing' }]);
  });

  async function exportByCommand(dir: string): Promise<void> {
    const { tableName, dynamodbEndpoint } = market.cloud;
    const done = await runCommand('export', ['--table', tableName, '--endpoint', dynamodbEndpoint, '--out', dir]);
    expect(done.stderr).toBe('');
    expect(done.status).toBe(0);
  }
});

test.each([
  [['--bogus'], 2, 'npm run audit -- --help'],
  [['--data', 'a', '--table', 'b'], 2, '--data and --table exclude each other'],
  [['--data', '/nowhere/at/all'], 1, 'There is no market'],
  [['--export', '/nowhere/at/all'], 1, 'There is no export'],
])('audit %j ends with %i', async (args, code, says) => {
  const { status, stderr } = await runCommand('audit', args);
  expect(status).toBe(code);
  expect(stderr).toContain(says);
});
