/**
 * The books themselves: a journal is tampered with, the table is restored elsewhere, and the code is replaced while its messages are under way.
 * That every kind of row is proved is enumerated in `test/audit/tampering.test.ts`; here it is the running venue's own table.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { auditVenue } from '../../lib/audit/audit.ts';
import { bundleFunctions, PROJECT } from '../../lib/infra/bundle.ts';
import { type Attributes, S } from '../../lib/store/table.ts';
import { SHARDS } from '../venue/accounts.ts';
import { runCommand } from '../venue/command.ts';
import { holdAt } from '../venue/faults.ts';
import { type LocalVenue, openLocalVenue } from '../venue/local-venue.ts';
import { outright } from '../venue/whole-venue.ts';

const DATES = { listed: '2025-10-17', limits: { redeliveryMs: 5 } } as const;
const PRODUCT = 'BOOKS';
let venue: LocalVenue;
beforeAll(async () => {
  venue = await openLocalVenue(DATES);
  await venue.list(PRODUCT);
  await venue.publishIndex('2025-10-20', '2.410', PRODUCT);
  await trade(venue, PRODUCT, '1', 5);
  await venue.submit('hedger', PRODUCT, [outright(PRODUCT, 'rest', 'buy', 4, '2.300', { timeInForce: 'gtc' })]);
  await venue.auction(PRODUCT);
  venue.cloud.send('rolls', { v: 1, product: PRODUCT, slot: '2025-10-20T20:00:00Z' });
  await venue.cloud.quiet();
});
afterAll(async () => {
  await venue.expectSound();
  await venue[Symbol.asyncDispose]();
});

async function trade(at: LocalVenue, product: string, id: string, lots: number): Promise<void> {
  await at.submit('fund', product, [outright(product, `b${id}`, 'buy', lots, '2.430')]);
  await at.submit('maker', product, [outright(product, `s${id}`, 'sell', lots, '2.430')]);
}

/** The table as a writer with rights on it can change it. */
function writer({ cloud }: LocalVenue) {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: cloud.dynamodbEndpoint, region: 'us-east-1', credentials });
  return {
    put: (Item: Attributes) => client.send(new PutItemCommand({ TableName: cloud.tableName, Item })),
    delete: ({ pk, sk }: Attributes) =>
      client.send(new DeleteItemCommand({ TableName: cloud.tableName, Key: { pk: pk!, sk: sk! } })),
  };
}

describe('a journal row edited, deleted or reordered', () => {
  const ROWS: [what: string, says: RegExp, tamper: (rows: Attributes[]) => Attributes[]][] = [
    [
      'edited',
      /is not what the log gives/,
      ([row]) => [{ ...row!, data: S(row!.data!.S!.replace(/"cents":"(-?)/, '"cents":"$19')) }],
    ],
    ['deleted', /is missing/, () => []],
    [
      'reordered',
      /is not what the log gives/,
      ([first, second]) => [
        { ...first!, sk: second!.sk! },
        { ...second!, sk: first!.sk! },
      ],
    ],
  ];

  it.each(ROWS)('%s: the audit names the row, and holds again when it is put back', async (what, says, tamper) => {
    const { put, delete: remove } = writer(venue);
    const rows = (await venue.table.queryAll('JOURNAL#fund')).slice(1, what === 'reordered' ? 3 : 2);
    for (const row of rows) await remove(row);
    for (const row of tamper(rows)) await put(row);
    const audit = await auditVenue(venue.table, SHARDS);
    expect(audit.identical).toBe(false);
    for (const row of rows)
      expect(audit.differences.some((line) => line.startsWith(`JOURNAL#fund ${row.sk!.S}`) && says.test(line))).toBe(true);
    // Balances are folds over the log and not over journals: nothing else is wrong, but that the statements do not follow from these.
    expect(audit.checks.filter(({ faults }) => faults.length > 0).map(({ name }) => name)).toEqual(
      // Two entries of one day that changed places add up to the same.
      what === 'reordered' ? ['journal'] : ['journal', 'chain'],
    );
    if (what === 'edited') {
      const at = ['--table', venue.cloud.tableName, '--endpoint', venue.cloud.dynamodbEndpoint];
      const { status, stdout } = await runCommand('audit', at);
      expect([status, stdout]).toEqual([1, expect.stringContaining(`JOURNAL#fund ${rows[0]!.sk!.S}`)]);
    }
    for (const row of rows) await put(row);
    await venue.expectSound();
  });
});

describe('restore into a fresh table', () => {
  it('gives the same venue, which trades on where it stood; only what was in the queues has to be sent again', async () => {
    const before = await auditVenue(venue.table, SHARDS);
    // Copied row by row, as a point-in-time restore gives them: the queues beside the new table are empty.
    const restored = await openLocalVenue({ ...DATES, accounts: false });
    onTestFinished(() => restored[Symbol.asyncDispose]());
    const { put } = writer(restored);
    for await (const row of venue.table.scan()) await put(row);
    const after = await auditVenue(restored.table, SHARDS);
    expect([after.identical, after.stateHash, after.venue.hash]).toEqual([true, before.stateHash, before.venue.hash]);
    for (const account of ['fund', 'maker', 'hedger'] as const) {
      expect(await restored.fills(account, PRODUCT)).toEqual(await venue.fills(account, PRODUCT));
      expect(await restored.cash(account)).toBe(await venue.cash(account));
      expect(await restored.as[account].get('/v1/orders')).toEqual(await venue.as[account].get('/v1/orders'));
    }
    await restored.cloud.advanceTo('2025-10-21T14:00:00Z');
    await restored.submit('maker', PRODUCT, [outright(PRODUCT, 's2', 'sell', 4, '2.290')]);
    await restored.auction(PRODUCT);
    expect(await restored.fills('hedger', PRODUCT)).toMatchObject([{ clientOrderId: 'rest', lots: 4, auction: 3 }]);
    await restored.expectSound();
  });
});

describe('an update deployed while old messages are in flight', () => {
  it('works what the code before it has sent, in order, and once', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'update-'));
    const product = 'UPDATE';
    const taken = [];
    {
      await using old = await openLocalVenue({ ...DATES, dataDir });
      await old.list(product);
      await old.cloud.quiet();
      // The first order is written and not answered when the old code ends; others, and the markers behind them, wait in the queue.
      const stuck = holdAt(old, 'accept-orders', 'PutItem BOOK');
      taken.push(await old.submit('fund', product, [outright(product, 'b1', 'buy', 3, '2.430')]));
      await stuck.reached;
      taken.push(await old.submit('fund', product, [{ cancel: 'b1' }, outright(product, 'b2', 'buy', 2, '2.430')]));
      await old.submit('maker', product, [outright(product, 's1', 'sell', 9, '2.410')]);
      old.notifyClosing(product);
      const none = { ready: 0, delayed: 0, inflight: 0 };
      await expect.poll(() => old.cloud.depths().closings, { timeout: 60_000 }).toEqual(none);
      old.cloud.kill('accept-orders');
      old.faults.proxy = (request) => (request.function === 'accept-orders' ? 'kill-before' : 'pass');
      stuck.release();
    }
    const updated = await openLocalVenue({ ...DATES, dataDir, accounts: false, bundles: nextVersion() });
    onTestFinished(async () => {
      await updated[Symbol.asyncDispose]();
      rmSync(dataDir, { recursive: true, force: true });
    });
    await updated.cloud.quiet();
    const lines = updated.cloud.logs.recent('clear-auction').map(({ text }) => text);
    expect(lines.some((text) => text.includes('auction cleared by the next version'))).toBe(true);
    expect(await updated.auctions(product)).toMatchObject([{ auction: 1 }]);
    for (const answer of taken) expect(await updated.outcome('fund', answer)).toMatchObject({ auction: 1, state: 'decided' });
    expect((await updated.fills('fund', product)).map(({ clientOrderId, lots }) => [clientOrderId, lots])).toEqual([['b2', 2]]);
    expect(updated.cloud.deadLetters()).toEqual([]);
    await updated.expectSound();
  });

  /** Bundles of these sources with one line changed, so that the new code can be told from the old. */
  function nextVersion(): string {
    const tree = mkdtempSync(join(tmpdir(), 'next-'));
    onTestFinished(() => rmSync(tree, { recursive: true, force: true }));
    for (const folder of ['lambdas', 'lib/api', 'lib/store', 'lib/domain'])
      cpSync(join(PROJECT, folder), join(tree, folder), { recursive: true });
    symlinkSync(join(PROJECT, 'node_modules'), join(tree, 'node_modules'));
    const file = join(tree, 'lambdas/clear-auction/index.ts');
    const source = readFileSync(file, 'utf8');
    expect(source).toContain("'auction cleared'");
    writeFileSync(file, source.replace("'auction cleared'", "'auction cleared by the next version'"));
    return bundleFunctions({ sources: join(tree, 'lambdas'), into: join(tree, 'bundles') });
  }
});
