/** Which shards an event touches, and what that makes of "posted" and "behind". */
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { BANK, type ClearingEvent } from '../../lib/domain/clearing/events.ts';
import { lots, NO_CENTS } from '../../lib/domain/contract/units.ts';
import { recordTotals } from '../../lib/store/control-totals.ts';
import { cursorItem } from '../../lib/store/cursors.ts';
import { shardOf } from '../../lib/store/keys.ts';
import { isPosted, postedThrough, readBehind, shardsTouched } from '../../lib/store/posted.ts';
import { Table } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';
import { moved, opened as openedOf } from '../venue/events.ts';
import { on } from '../venue/h100.ts';
import { logEvent } from '../venue/log.ts';

const SHARDS = 4;
const date = on('2025-10-20');
const BANKS = shardOf(BANK, SHARDS);
const nameIn = (shard: number): string =>
  Array.from({ length: 100 }, (_, at) => `a${at}`).find((name) => shardOf(name, SHARDS) === shard)!;
const cleared = (...shards: number[]) =>
  ({
    kind: 'auction-cleared',
    product: 'P',
    fills: { shards: SHARDS, roots: Object.fromEntries(shards.map((shard) => [shard, 'hash'])) },
  }) as ClearingEvent;
const closed: ClearingEvent = { kind: 'day-closed', product: 'P', date, after: 0 };
const opened = (shard: number): ClearingEvent => openedOf(nameIn(shard));

describe('an event touches', () => {
  it.each<[string, ClearingEvent, readonly number[]]>([
    ['the shard of an account that it opens', opened(3), [3]],
    ['the shard of an account that is paid, and the bank’s', moved(nameIn(2), 1n), [...new Set([2, BANKS])].sort()],
    ['the shards in which an auction has fills', cleared(3, 1), [1, 3]],
    ['the bank’s shard, when an auction has none', cleared(), [BANKS]],
    ['the bank’s shard, when parameters change', { kind: 'parameters-changed' } as ClearingEvent, [BANKS]],
    ['every shard, when prices settle', { kind: 'prices-settled' } as ClearingEvent, [0, 1, 2, 3]],
    ['every shard, when a month expires', { kind: 'month-expired' } as ClearingEvent, [0, 1, 2, 3]],
    ['every shard, when books close', closed, [0, 1, 2, 3]],
  ])('%s', (_, event, shards) => {
    expect(shardsTouched(event, SHARDS)).toEqual(shards);
  });
});

let engine: Engine;
let table: Table;
beforeAll(async () => {
  engine = await startEngine(SHARDS);
  table = new Table();
});
afterAll(() => engine.stop());
beforeEach(async () => {
  for await (const { pk, sk } of table.scan()) await table.delete({ pk: pk!.S!, sk: sk!.S! });
});

async function log(...events: ClearingEvent[]): Promise<void> {
  for (const [at, event] of events.entries()) await logEvent(table, at + 1, event);
}
const cursors = async (...seqs: number[]): Promise<void> => {
  for (const [shard, seq] of seqs.entries()) await table.put(cursorItem(shard, seq));
};
const NOTHING = { accounts: 0, cents: NO_CENTS, lots: {} };
const record = (seq: number, ...shards: number[]): Promise<unknown> =>
  Promise.all(shards.map((shard) => recordTotals(table, seq, shard, SHARDS, NOTHING)));
const posted = (lastEvent: number): Promise<boolean> => isPosted(table, { product: 'P', lastEvent }, SHARDS);

describe('a product is posted', () => {
  it('before its first event', async () => {
    expect(await posted(0)).toBe(true);
  });

  it('when every shard that its last event touches has recorded it, though no cursor has moved', async () => {
    await log(cleared(1, 2));
    await record(1, 1);
    expect(await posted(1)).toBe(false);
    await record(1, 2);
    expect(await posted(1)).toBe(true);
  });

  it('not while a shard is behind at an earlier event of it that the last one does not reach', async () => {
    await log(cleared(1, 2), cleared(1));
    await record(1, 1);
    await record(2, 1);
    expect(await posted(2)).toBe(false);
    await record(1, 2);
    expect(await posted(2)).toBe(true);
  });

  it('when a cursor has passed an event, whatever its totals say by then', async () => {
    await log(cleared(1, 2), cleared(1));
    await record(2, 1);
    await cursors(0, 2, 1, 0);
    expect(await posted(2)).toBe(true);
  });

  it('whatever of others is not', async () => {
    await log(opened(0), { ...cleared(3), product: 'Q' } as ClearingEvent, cleared(1));
    await record(3, 1);
    expect(await posted(3)).toBe(true);
  });

  it('not by an event that does not sum to zero', async () => {
    await log(closed);
    await record(1, 0, 1, 2);
    await recordTotals(table, 1, 3, SHARDS, { ...NOTHING, lots: { 24300: lots(1) } });
    expect(await posted(1)).toBe(false);
  });
});

test('shards are behind from the first event that touches one of them and that it has not posted', async () => {
  await log(opened(0), opened(1), opened(0), opened(1));
  expect(await readBehind(table, 4, SHARDS)).toEqual({ events: 4, shards: [0, 1, 2, 3] });
  await cursors(3, 1, 0, 0);
  expect(await readBehind(table, 4, SHARDS)).toEqual({ events: 3, shards: [0, 1, 2, 3] });
  await cursors(3, 4, 0, 4);
  expect(await readBehind(table, 4, SHARDS)).toEqual({ events: 0, shards: [0, 2] });
  await cursors(4, 4, 4, 4);
  expect(await readBehind(table, 4, SHARDS)).toEqual({ events: 0, shards: [] });
});

test('what a shard shows goes up to the event before the next that touches it, or to the last that was looked at', async () => {
  await log(opened(0), opened(1), opened(1), opened(0), opened(1));
  const through = () => Promise.all([0, 1, 2].map((shard) => postedThrough(table, shard, SHARDS)));
  expect(await through()).toEqual([0, 1, 5]);
  await cursors(1, 3, 5);
  expect(await through()).toEqual([3, 4, 5]);
  for (let seq = 6; seq <= 60; seq++) await logEvent(table, seq, opened(3));
  expect(await through()).toEqual([3, 4, 55]);
});
