/** A venue built again in an empty table goes on as if nothing had happened, and one that can't be proved is not built. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auditRows } from '../../../lib/audit/audit.ts';
import { writeExport } from '../../../lib/audit/export.ts';
import { VenueRows } from '../../../lib/audit/rows.ts';
import type { BusinessDate } from '../../../lib/domain/contract/calendar.ts';
import { type Market, openMarket, play, playDay, ROLL, SHARDS } from '../../../lib/faults/scripted-market.ts';
import { openVirtualMarket } from '../../../lib/faults/virtual-market.ts';
import { rebuild } from '../../../lib/operations/recovery/rebuild.ts';
import { salvage } from '../../../lib/operations/recovery/salvage.ts';
import { readIdKey } from '../../../lib/store/id-key.ts';
import { type Attributes, S, Table } from '../../../lib/store/table.ts';
import { runCommand } from '../../venue/command.ts';

const LAST_DAY = '2025-11-07' as BusinessDate;
/** After the first day, in the middle of the second with orders in the open auction, and at the end. */
let first: Attributes[] = [];
let middle: Attributes[] = [];
let last: Attributes[] = [];
let other: Market;
let client: DynamoDBClient;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rebuild-'));
  const market = openVirtualMarket(ROLL);
  const seen: Attributes[][] = [];
  await play(market, ROLL, async () => void seen.push(await Array.fromAsync(market.table.scan())));
  [first, middle, last] = [seen[3]!, seen[6]!, seen[7]!];
  other = await openMarket({ ...ROLL, listed: '2025-11-06' });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new DynamoDBClient({ endpoint: other.cloud.dynamodbEndpoint, region: 'us-east-1', credentials });
});
afterAll(async () => {
  client.destroy();
  await other[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const nameOf = (item: Attributes): string => `${item.pk!.S} ${item.sk!.S}`;
const rowsOf = (items: readonly Attributes[]): Promise<VenueRows> => VenueRows.from(items);
const hashOf = async (items: readonly Attributes[]): Promise<string> => (await auditRows(await rowsOf(items), SHARDS)).stateHash;
const find = (items: readonly Attributes[], name: RegExp): Attributes => items.find((item) => name.test(nameOf(item)))!;
const edited = (items: readonly Attributes[], name: RegExp, change: (item: Attributes) => Attributes): Attributes[] => {
  const found = find(items, name);
  return items.map((item) => (item === found ? { ...item, ...change(item) } : item));
};
const without = (items: readonly Attributes[], name: RegExp): Attributes[] => {
  const found = find(items, name);
  return items.filter((item) => item !== found);
};
const richer = (item: Attributes): Attributes => ({ cash: S(`${BigInt(item.cash!.S!) + 1n}`) });

async function emptyTable(name: string): Promise<Table> {
  const keys = { pk: 'HASH', sk: 'RANGE' } as const;
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: Object.entries(keys).map(([AttributeName, KeyType]) => ({ AttributeName, KeyType })),
      AttributeDefinitions: Object.keys(keys).map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    }),
  );
  return new Table(name, client);
}

describe('a venue built again', () => {
  test('heals what follows from the log, and the next day ends where it ends for the venue that never broke', async () => {
    const damaged = without(
      edited(edited(first, /ACCOUNT#fund$/, richer), /^SHARD#0 CURSOR$/, () => ({ seq: { N: '2' } })),
      /^JOURNAL#/,
    );
    const result = await rebuild(await rowsOf(damaged), other.table);
    expect(result.before).not.toBe(result.after);
    expect(result.after).toBe(await hashOf(first));
    await playDay(other, LAST_DAY);
    const audit = await other.audit();
    expect(audit.differences).toEqual([]);
    expect(audit.identical).toBe(true);
    expect(audit.stateHash).toBe(await hashOf(last));
    expect(other.cloud.deadLetters()).toEqual([]);
  });

  test('is refused in a table that is not empty', async () => {
    await expect(rebuild(await rowsOf(first), other.table)).rejects.toThrow('is not empty');
  });

  test.each([
    ['an event', /^LOG 0+5$/, 'LOG 000000000005'],
    ['a submission', /^BOOK#\S+ maker#/, 'AUCTION#H100-SXM 000000000001 orders'],
    ['fills', /^RESULT#\S+ fills#/, 'RESULT#'],
    ['carried orders', /^CARRIED#/, 'CARRIED#'],
  ])('is refused from a source that lacks %s', async (_, row, says) => {
    const table = await emptyTable(`lacks-${row.source.replace(/\W/g, '')}`);
    await expect(rebuild(await rowsOf(without(last, row)), table)).rejects.toThrow(says);
    expect(await Array.fromAsync(table.scan())).toEqual([]);
  });

  test('by command, from an export into a folder, passes the audit there', async () => {
    const [dir, to] = [join(folder, 'export'), join(folder, 'market')];
    writeExport(dir, await rowsOf(last));
    const done = await runCommand('rebuild', ['--export', dir, '--to-data', to]);
    expect(done.stderr).toBe('');
    expect(done.stdout).toContain('after, the same');
    expect((await runCommand('audit', ['--data', to])).stdout).toContain('Everything holds.');
    expect((await runCommand('rebuild', ['--export', dir, '--to-data', to])).stderr).toContain('There is a market in');
    expect((await runCommand('rebuild', ['--export', dir])).status).toBe(2);
  });

  test('has the key of ids with it from a table, and no export has it', async () => {
    const key = Buffer.from(find(last, /^IDS KEY$/).idKey!.B!);
    const table = await emptyTable('with-key');
    await rebuild(await rowsOf(last), table);
    expect(Buffer.from(await readIdKey(table))).toEqual(key);
    const dir = join(folder, 'without-key');
    writeExport(dir, await rowsOf(last));
    const files = readdirSync(dir).map((name) => readFileSync(join(dir, name), 'utf8'));
    expect(files.length).toBeGreaterThan(10);
    for (const form of ['hex', 'base64', 'base64url'] as const)
      expect(files.filter((text) => text.includes(key.toString(form)))).toEqual([]);
  });
});

describe('a backup joined with the damaged table that came after it', () => {
  test('loses no event and no submission, the ones of the open auction included', async () => {
    let damaged = edited(middle, /^LOG 0+6$/, () => ({ data: S('{"kind":"day-closed"}') }));
    damaged = without(edited(damaged, /ACCOUNT#hedger$/, richer), /^BOOK#\S+ fund#/);
    const carried = first.map(nameOf).find((name) => name.startsWith('CARRIED#'));
    damaged = without(damaged, new RegExp(`^${carried}$`));
    const { rows, repaired, added } = await salvage(await rowsOf(first), await rowsOf(damaged));
    expect(repaired.map((name) => name.split(/[# ]/)[0]).sort()).toEqual(['BOOK', 'CARRIED', 'LOG']);
    expect(added).toBeGreaterThan(10);
    const table = await emptyTable('salvaged');
    const result = await rebuild(rows, table);
    const books = (items: readonly Attributes[]) =>
      items
        .map(nameOf)
        .filter((name) => name.startsWith('BOOK#'))
        .sort();
    expect(books(await Array.fromAsync(table.scan()))).toEqual(books(middle));
    expect(result.after).toBe(await hashOf(middle));
  });

  test('has the key of ids, and no damage where requests were counted', async () => {
    const counted = (requests: string): Attributes => ({
      pk: S('RATE#participant#fund'),
      sk: S('2025-11-06T15:00'),
      requests: { N: requests },
    });
    const { rows, repaired } = await salvage(await rowsOf([...first, counted('20')]), await rowsOf([...middle, counted('40')]));
    expect(repaired).toEqual([]);
    expect(rows.ofKind('IDS')).toEqual([find(middle, /^IDS KEY$/)]);
  });

  test('is not built on an event that does not follow from the backup', async () => {
    const seq = first.filter((item) => item.pk!.S === 'LOG').length + 1;
    const damaged = edited(last, new RegExp(`^LOG 0+${seq}$`), (item) => ({ data: S(`${item.data!.S} `) }));
    const { rows } = await salvage(await rowsOf(first), await rowsOf(damaged));
    expect(rows.ofKind('LOG')).toHaveLength(seq - 1);
  });
});
