import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import {
  type AccountsOpened,
  type AuctionCleared,
  type CashMoved,
  LISTED_MAX,
  NO_REFERENCES,
  type ParametersChanged,
} from '../../lib/domain/clearing/events.ts';
import { openingOf } from '../../lib/domain/clearing/once.ts';
import { EMPTY_VENUE, LogOrderError, type VenueState } from '../../lib/domain/clearing/venue.ts';
import { listedMonths } from '../../lib/domain/contract/months.ts';
import { ticks } from '../../lib/domain/contract/units.ts';
import { logKey, onceKey, venueKey } from '../../lib/store/keys.ts';
import {
  append,
  claimedBy,
  decodeEvent,
  encodeEvent,
  LogDamagedError,
  loadVenue,
  readEvent,
  readEvents,
  readEventsAt,
  readLog,
} from '../../lib/store/log.ts';
import { integer, S, Table, text } from '../../lib/store/table.ts';
import { type Engine, startEngine } from '../venue/engine.ts';
import { moved as movedOf, opened } from '../venue/events.ts';
import { H100, on } from '../venue/h100.ts';

let engine: Engine;
let table: Table;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.stop());
/** Each test starts with an empty log; a new `Table` remembers nothing of the one before. */
beforeEach(async () => {
  table = new Table();
  for (const { sk } of await table.queryAll('LOG')) await table.delete({ pk: 'LOG', sk: sk!.S! });
  await table.delete(venueKey);
  table = new Table();
});

const moved = (amount: bigint, reference?: string): CashMoved => movedOf('a', amount, reference);
const CURVE = Object.fromEntries(listedMonths('NYSE', on('2025-10-20'), 12).map((month) => [month, ticks(2400)]));
const LISTED: ParametersChanged = {
  kind: 'parameters-changed',
  product: 'P',
  version: 1,
  parameters: H100,
  listing: { date: on('2025-10-17'), curve: CURVE },
  by: 'op',
  at: '',
};
/** What a worker commits: it claims no name. */
const CLEARED: AuctionCleared = {
  kind: 'auction-cleared',
  product: 'P',
  auction: 1,
  slot: '',
  date: on('2025-10-20'),
  books: on('2025-10-20'),
  closing: false,
  marks: CURVE,
  months: {},
  orders: 0,
  fills: NO_REFERENCES,
  carried: NO_REFERENCES,
  depth: null,
  surplus: '0',
};
const grow = async (count: number): Promise<VenueState> => {
  let state = await loadVenue(table);
  for (let at = 0; at < count; at++) state = (await append(table, state, moved(BigInt(at)))) as VenueState;
  return state;
};
const readAll = (): Promise<unknown[]> => Array.fromAsync(readLog(table, EMPTY_VENUE));
const raw = async (seq: number) => (await table.get(logKey(seq)))!;

describe('the log', () => {
  it('is numbered without gaps, and a new process folds it to the same state', async () => {
    const state = await grow(40);
    expect((await readEvents(table, 0, 100)).map(({ seq }) => seq)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
    expect(await loadVenue(new Table())).toEqual(state);
    expect(await readAll()).toHaveLength(40);
  });

  it('keeps cents beyond what a number holds', async () => {
    const event = moved(-(2n ** 80n) - 1n);
    expect(decodeEvent(encodeEvent(event))).toEqual(event);
    await append(table, EMPTY_VENUE, event);
    expect(await readEvent(table, 1)).toEqual(event);
    expect(await readEventsAt(table, [1, 1, 2])).toEqual(new Map([[1, event]]));
  });

  it('refuses an event of a kind it does not know', () => {
    expect(() => decodeEvent('{"kind":"gift"}')).toThrow();
  });

  test.each<[what: string, says: string, damage: () => Promise<void>]>([
    [
      'an event was edited',
      'event 2 is not the event that was written',
      async () => {
        const item = await raw(2);
        await table.put({ ...logKey(2), attributes: { ...item, data: S(text(item, 'data').replace('"1"', '"100"')) } });
      },
    ],
    [
      'an event was edited with a hash to match',
      'event 2 is not the event that was written',
      async () => {
        const [item, other] = [await raw(2), await raw(3)];
        await table.put({ ...logKey(2), attributes: { ...item, data: other.data!, hash: other.hash! } });
      },
    ],
    ['an event was deleted', 'event 2 is missing from the log', () => table.delete(logKey(2))],
    ['the first event was deleted', 'event 1 is missing from the log', () => table.delete(logKey(1))],
    [
      'two events were swapped',
      'event 2 is not the event that was written',
      async () => {
        const [two, three] = [await raw(2), await raw(3)];
        await table.put({ ...logKey(2), attributes: { data: three.data!, hash: three.hash! } });
        await table.put({ ...logKey(3), attributes: { data: two.data!, hash: two.hash! } });
      },
    ],
    [
      'an event was put between',
      'event 3 is missing from the log',
      async () => {
        const item = await raw(2);
        await table.put({ pk: 'LOG', sk: `${logKey(2).sk}x`, attributes: { data: item.data!, hash: item.hash! } });
      },
    ],
  ])('says that it is damaged when %s: %s', async (_, says, damage) => {
    await grow(4);
    await damage();
    await expect(readAll()).rejects.toThrow(says);
    await expect(loadVenue(new Table())).rejects.toThrow(LogDamagedError);
  });
});

describe('append', () => {
  it('answers nothing when another event has taken the place, and writes nothing', async () => {
    const first = moved(1n);
    await append(table, EMPTY_VENUE, first);
    expect(await append(new Table(), EMPTY_VENUE, moved(2n))).toBeUndefined();
    expect(await readEvent(table, 1)).toEqual(first);
    expect(await readEvent(table, 2)).toBeUndefined();
  });

  it.each([
    ['alone', 'create', CLEARED],
    ['with a name', 'createTogether', moved(7n)],
  ] as const)('counts an event as ours when the answer to its write was lost, %s', async (_, write, event) => {
    await table.delete(onceKey('parameters#P#1'));
    const venue = (await append(table, EMPTY_VENUE, LISTED)) as VenueState;
    const original = table[write].bind(table) as (written: unknown) => Promise<boolean>;
    table[write] = async (written: unknown) => {
      await original(written);
      return original(written);
    };
    expect(await append(table, venue, event)).toMatchObject({ seq: 2 });
    expect(await readAll()).toHaveLength(2);
  });

  it('claims a name once, for good, together with its event', async () => {
    const first = (await append(table, EMPTY_VENUE, moved(1n, 'deposit'))) as VenueState;
    expect(await claimedBy(table, ['cash#a#deposit', 'cash#b#deposit'])).toEqual(new Map([['cash#a#deposit', 1]]));
    expect(await append(table, first, moved(1n, 'deposit'))).toBeUndefined();
    expect(await readEvent(table, 2)).toBeUndefined();
    expect(await append(table, EMPTY_VENUE, moved(3n, 'other'))).toBeUndefined();
    expect(await claimedBy(table, ['cash#a#other'])).toEqual(new Map());
  });

  it('claims as many names as a list may have, with the longest texts there may be, or none of them', async () => {
    const names = Array.from({ length: LISTED_MAX }, (_, at) => `${at}`.padStart(63, 'a'));
    const event: AccountsOpened = {
      ...opened(),
      accounts: names.map((account) => ({ account, name: '\u{1F600}'.repeat(100) })),
    };
    const state = (await append(table, EMPTY_VENUE, event)) as VenueState;
    expect((await claimedBy(table, names.map(openingOf))).size).toBe(LISTED_MAX);
    expect(await readEvent(table, 1)).toEqual(event);
    expect(await append(table, state, opened('new', names[7]!))).toBeUndefined();
    expect(await claimedBy(table, [openingOf('new')])).toEqual(new Map());
  });

  it('never writes an event that the venue could not fold', async () => {
    const closed = { kind: 'day-closed', product: 'NONE', date: on('2025-10-20'), after: 0 } as const;
    await expect(append(table, EMPTY_VENUE, closed)).rejects.toThrow(LogOrderError);
    expect(await readEvents(table, 0, 1)).toEqual([]);
  });

  it('writes nothing behind an event that is gone, or is another, though this process still remembers it', async () => {
    const state = await grow(3);
    const newest = await raw(3);
    await table.delete(logKey(3));
    await expect(append(table, state, moved(9n))).rejects.toThrow('event 3 is no longer the event that was written');
    await table.put({ ...logKey(3), attributes: { data: newest.data!, hash: S('0'.repeat(64)) } });
    await expect(append(table, state, moved(9n, 'name'))).rejects.toThrow(LogDamagedError);
    expect(await readEvents(table, 3, 1)).toEqual([]);
    expect(await claimedBy(table, ['cash#a#name'])).toEqual(new Map());
  });

  it('writes no other event in the place of one that shards have posted', async () => {
    const two = await grow(2);
    await grow(1);
    await table.put({ pk: 'TOTALS', sk: logKey(3).sk, attributes: { 'shard#0': S('{}') } });
    // Only late: the event is there, and the place is taken.
    expect(await append(table, two, moved(9n))).toBeUndefined();
    await table.delete(logKey(3));
    await expect(append(table, two, moved(9n))).rejects.toThrow('event 3 has been posted and is missing from the log');
    const cold = new Table();
    await expect(append(cold, await loadVenue(cold), moved(9n))).rejects.toThrow(LogDamagedError);
    expect(await readEvents(table, 2, 1)).toEqual([]);
    await table.delete({ pk: 'TOTALS', sk: logKey(3).sk });
  });

  it('lets many appenders at once commit all their events, one after another', async () => {
    const appender = async (own: Table, reference: string): Promise<number[]> => {
      const seqs: number[] = [];
      while (seqs.length < 5) {
        const next = await append(own, await loadVenue(own), moved(1n, `${reference}.${seqs.length}`));
        if (next) seqs.push(next.seq);
      }
      return seqs;
    };
    const seqs = await Promise.all(['x', 'y', 'z'].map((name) => appender(new Table(), name)));
    expect(seqs.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, at) => at + 1));
    expect(await readAll()).toHaveLength(15);
  });
});

test('a snapshot that a slow process writes late does not replace a newer one', async () => {
  await grow(15);
  const slow = new Table();
  let late: (() => Promise<boolean>) | undefined;
  slow.putIf = async (...written) => {
    if (written[0].pk !== venueKey.pk) return table.putIf(...written);
    late = () => table.putIf(...written);
    return true;
  };
  expect(await append(slow, await loadVenue(slow), moved(1n))).toMatchObject({ seq: 16 });
  await grow(16);
  const newest = (await table.get(venueKey))!;
  expect(integer(newest, 'seq')).toBe(32);
  expect(await late!()).toBe(false);
  expect(await table.get(venueKey)).toEqual(newest);
});

test('a snapshot that is behind is made good from the log', async () => {
  const state = await grow(33);
  const snapshot = (await table.get(venueKey))!;
  expect(integer(snapshot, 'seq')).toBeGreaterThan(0);
  expect(integer(snapshot, 'seq')).toBeLessThanOrEqual(33);
  engine.requests.length = 0;
  expect(await loadVenue(new Table())).toEqual(state);
  expect(engine.requests).toEqual(['GetItem', 'Query']);
});
