/** The audit of a venue's books: what it accepts, and that it sees a book that was tampered with. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postToShard } from '../../lambdas/post-events/post-event.ts';
import { auditVenue } from '../../lib/audit/audit.ts';
import { BANK } from '../../lib/domain/clearing/events.ts';
import { cents } from '../../lib/domain/contract/units.ts';
import { readAccount, writeAccount } from '../../lib/store/accounts.ts';
import { recordTotals } from '../../lib/store/control-totals.ts';
import { moveCursor } from '../../lib/store/cursors.ts';
import { logKey } from '../../lib/store/keys.ts';
import { append, loadVenue, readEvents } from '../../lib/store/log.ts';
import { shardsTouched } from '../../lib/store/posted.ts';
import { S, Table } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';
import { moved, opened } from '../venue/events.ts';

const SHARDS = 2;
let engine: Engine;
let table: Table;

beforeAll(async () => {
  engine = await startEngine(SHARDS);
  table = new Table();
  for (const account of ['acme', 'nimbus']) {
    await append(table, await loadVenue(table), opened(account));
    await append(table, await loadVenue(table), moved(account, 500_00n));
  }
  for (let shard = 0; shard < SHARDS; shard++)
    for (const entry of await readEvents(table, 0, 10)) {
      const product = () => expect.unreachable('no product is listed');
      const of = {
        table,
        shard,
        shards: SHARDS,
        product,
        centsPerTick: () => 100n,
        productOf: () => undefined,
        cancelOrders: async () => {},
      };
      if (shardsTouched(entry.event, SHARDS).includes(shard)) {
        const totals = await postToShard(of, entry, undefined, async () => true);
        await recordTotals(table, entry.seq, shard, SHARDS, totals!);
      }
      await moveCursor(table, shard, entry.seq);
    }
});
afterAll(() => engine.stop());

describe('the audit', () => {
  test('finds the books right when every account is what the log says', async () => {
    const audit = await auditVenue(table, SHARDS);
    expect(audit).toMatchObject({ identical: true, differences: [], lotsSum: 0, centsSum: 0n });
    expect([...audit.accounts.keys()].sort()).toEqual([BANK, 'acme', 'nimbus']);
    expect(audit.events).toHaveLength(4);
  });

  test('gives the same hash of the same state', async () => {
    const [first, second] = [await auditVenue(table, SHARDS), await auditVenue(table, SHARDS)];
    expect(first.stateHash).toBe(second.stateHash);
    expect(first.stateHash).toMatch(/^[0-9a-f]{64}$/);
  });

  test('names an account that holds a cent too much, and misses that cent in the sum', async () => {
    const before = await auditVenue(table, SHARDS);
    const right = (await readAccount(table, 'acme', SHARDS))!;
    await writeAccount(table, SHARDS, { ...right, cash: cents(500_01n), applied: right.applied + 1 });
    const audit = await auditVenue(table, SHARDS);
    expect(audit.identical).toBe(false);
    expect(audit.differences[0]).toMatch(
      /^SHARD#\d ACCOUNT#acme is not what the log gives: .*cash is stored as 50001 and replays as 50000/,
    );
    expect(audit.centsSum).toBe(1n);
    expect(audit.stateHash).not.toBe(before.stateHash);
  });

  test('will not read a log whose events were changed', async () => {
    await table.update(logKey(2), { expression: 'SET #data = :data', names: { '#data': 'data' }, values: { ':data': S('{}') } });
    const audit = await auditVenue(table, SHARDS);
    expect(audit.identical).toBe(false);
    expect(audit.differences[0]).toBe('LOG 000000000002 event 2 is not the event that was written');
  });
});
