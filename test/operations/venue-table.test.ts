/** A market is read from its folder, whichever engine it was started on, and from nowhere else. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { type DynamoDb, startDynamoDb } from '../../lib/local/dynamodb/dynamodb.ts';
import { tablesFileOf } from '../../lib/local/host/data-folder.ts';
import { OperationsError } from '../../lib/operations/error.ts';
import { MarketFolder } from '../../lib/operations/market-folder.ts';
import { readVenue, withTable } from '../../lib/operations/venue-table.ts';
import { halt } from '../../lib/store/halt.ts';
import { switchKey } from '../../lib/store/keys.ts';
import { Table } from '../../lib/store/table.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'market-'));
  vi.stubEnv('DYNAMODB_ENDPOINT', '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

/** An engine that others use too. */
async function outsideEngine(): Promise<DynamoDb> {
  const engine = await startDynamoDb({ onExit: () => {} });
  onTestFinished(() => engine.stop());
  vi.stubEnv('DYNAMODB_ENDPOINT', engine.endpoint);
  return engine;
}

/** What a market leaves in its folder: one table, in it a row with the reason. */
async function leaveMarket(folder: string, reason: string): Promise<void> {
  const engine = await startDynamoDb({ file: tablesFileOf(folder), onExit: () => {} });
  const name = engine.tableName('venue');
  const definition = {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
  };
  await engine.createTable({ name, definition, expiresAtAttribute: undefined }, false);
  await halt(new Table(name, engine.client), { reason, by: 'op-1', at: '2025-11-14T15:30:00Z' });
  await engine.stop();
}

const reasonIn = async (folder: string): Promise<string> => {
  const row = await (await readVenue({ data: folder })).get(switchKey);
  return JSON.parse(row!.data!.S!).reason;
};

test('one of the default engine is in its own file, and an engine that is named now does not change that', async () => {
  await leaveMarket(dir, 'here');
  expect(await reasonIn(dir)).toBe('here');
  await outsideEngine();
  expect(await reasonIn(dir)).toBe('here');
});

test('one of another engine is found there, beside the tables of others', async () => {
  await outsideEngine();
  const other = mkdtempSync(join(tmpdir(), 'market-'));
  onTestFinished(() => rmSync(other, { recursive: true, force: true }));
  await leaveMarket(dir, 'there');
  await leaveMarket(other, 'elsewhere');
  expect(existsSync(tablesFileOf(dir))).toBe(false);
  expect(await reasonIn(dir)).toBe('there');
  expect(await reasonIn(other)).toBe('elsewhere');
});

test('one of another engine that is not named is not taken for an empty one', async () => {
  await outsideEngine();
  await leaveMarket(dir, 'there');
  vi.stubEnv('DYNAMODB_ENDPOINT', '');
  await expect(readVenue({ data: dir })).rejects.toThrow(OperationsError);
  await expect(readVenue({ data: dir })).rejects.toThrow('Set DYNAMODB_ENDPOINT to its address');
});

test('one that runs is read where it says, although others have tables there too', async () => {
  const { endpoint } = await outsideEngine();
  const other = mkdtempSync(join(tmpdir(), 'market-'));
  onTestFinished(() => rmSync(other, { recursive: true, force: true }));
  await leaveMarket(dir, 'running');
  await leaveMarket(other, 'elsewhere');
  const name = await withTable({ data: dir }, async (table) => table.name);
  const running = {
    url: '',
    product: '',
    timeZone: '',
    closings: '',
    aheadMs: 0,
    tokensFile: '',
    control: { url: '', secret: '' },
  };
  new MarketFolder(dir).noteRunning({ ...running, pid: process.pid, table: { name, endpoint } });
  expect(await reasonIn(dir)).toBe('running');
});

test('none is an error that says how to name one', async () => {
  await expect(readVenue({ data: dir })).rejects.toThrow('There is no market in');
  await expect(readVenue({ table: 'venue', endpoint: 'http://127.0.0.1:1' })).rejects.toThrow(
    'Check its name, its region or endpoint',
  );
});
