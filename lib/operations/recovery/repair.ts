/**
 * Puts right what follows from the log and was changed by other means: accounts, journals, statements and the totals
 * by which an event proves that it sums to zero. Meant for the halt that such a change causes: the first totals of an event
 * stand, so a day run would wait for them for ever. What is written comes out of the log alone; an event's totals are
 * replaced only when the journals that then stand add up to them and they sum to zero. Old and new are kept for auditors.
 */

import { provable } from '../../audit/audit.ts';
import { differences } from '../../audit/canonical.ts';
import { type Replay, replay } from '../../audit/replay.ts';
import { rowName, VenueRows } from '../../audit/rows.ts';
import { type EventTotals, imbalance, movedBy, type ShardTotals } from '../../domain/clearing/control-totals.ts';
import { encodeAccount } from '../../store/accounts.ts';
import { decodeTotals, totalsItem } from '../../store/control-totals.ts';
import { readCursor } from '../../store/cursors.ts';
import { readHalt } from '../../store/halt.ts';
import { readEntries } from '../../store/journal.ts';
import { ACCOUNT_PREFIX, accountOfSort, repairedKey, shardOf, shardPartition } from '../../store/keys.ts';
import { type Attributes, type Item, json, S, type Table } from '../../store/table.ts';
import { OperationsError } from '../error.ts';

/** A row that is not what the log gives, and what it should be. */
export interface Wrong {
  readonly row: string;
  /** As phrases, each an attribute with its stored and its replayed value. */
  readonly what: readonly string[];
  readonly due: Item;
  readonly stored: Attributes | undefined;
}

export interface Repairer {
  readonly by: string;
  readonly reason: string;
  /** ISO instant. */
  readonly at: string;
}

/** Rows of what has been posted that are not what the log gives. Throws OperationsError unless the venue is halted and its log replays. */
export async function findWrong(table: Table): Promise<Wrong[]> {
  if (!(await readHalt(table)))
    throw new OperationsError('The venue is not halted', 'Halt it first: nothing may be posted while rows are put right.');
  const rows = await VenueRows.from(table.scan());
  const shards = rows.shards();
  const cursors = await Promise.all(Array.from({ length: shards }, (_, shard) => readCursor(table, shard)));
  const replays = new Map<number, Replay>();
  for (const cursor of new Set(cursors)) replays.set(cursor, await replayUpTo(rows, cursor, shards));
  const due = new Map<string, Item>();
  cursors.forEach((cursor, shard) => {
    refuseIfPosting(rows, shard, cursor);
    for (const item of rowsDue(replays.get(cursor)!, shard, shards)) due.set(`${item.pk} ${item.sk}`, item);
  });
  for (const item of totalsDue(rows, cursors, replays.get(Math.max(...cursors))!)) due.set(`${item.pk} ${item.sk}`, item);
  const wrong: Wrong[] = [];
  for (const [row, item] of due) {
    const stored = await rows.get(item);
    const what = differences(provable(stored ?? {}), provable({ pk: S(item.pk), sk: S(item.sk), ...item.attributes }));
    if (what.length) wrong.push({ row, what, due: item, stored });
  }
  // Totals last: they are checked against the journals that stand by then.
  return wrong.sort((a, b) => Number(isTotals(a)) - Number(isTotals(b)) || (a.row < b.row ? -1 : 1));
}

/** Writes what is due where it is wrong. Throws OperationsError when a row has changed since, or totals don't prove themselves. */
export async function repair(table: Table, wrong: readonly Wrong[], { by, reason, at }: Repairer): Promise<void> {
  for (const { row, due, stored } of wrong) {
    if (due.pk === 'TOTALS') await checkTotals(table, due);
    // The note first: a change without one must not be possible, a note of a change that a repeat then makes may be.
    const old = stored ? Object.fromEntries(Object.entries(stored).filter(([name]) => name !== 'pk' && name !== 'sk')) : null;
    await table.put({ ...repairedKey(at, row), attributes: { data: json({ row, by, reason, at, old, new: due.attributes }) } });
    if (!(await replaceSeen(table, due, stored)))
      throw new OperationsError(
        `${row} has changed while it was put right`,
        'Another program is writing to the table; find out which.',
      );
  }
}

async function replayUpTo(rows: VenueRows, seq: number, shards: number): Promise<Replay> {
  const posted = await VenueRows.from(rows.all().filter(({ pk, sk }) => pk!.S !== 'LOG' || Number(sk!.S) <= seq));
  const result = await replay(posted, shards);
  const [fault] = [...result.faults.log, ...result.faults.auctions];
  if (fault || !result.complete)
    throw new OperationsError(
      `The log does not replay: ${fault?.row} ${fault?.what}`,
      'Restore the table; see docs/recovery.md.',
    );
  return result;
}

/** A shard in the middle of an event has accounts on both sides of it: what is due is then not known. */
function refuseIfPosting(rows: VenueRows, shard: number, cursor: number): void {
  for (const item of rows.ofKind('SHARD'))
    if (item.pk!.S === shardPartition(shard) && item.sk!.S!.startsWith(ACCOUNT_PREFIX) && Number(item.applied?.N) > cursor)
      throw new OperationsError(
        `${rowName(item)} is at event ${item.applied?.N}, its shard at ${cursor}`,
        'The shard is posting, or the row was changed: try again in a minute, then restore the table.',
      );
}

function rowsDue({ accounts, journal, statements }: Replay, shard: number, shards: number): Item[] {
  const own = (account: string): boolean => shardOf(account, shards) === shard;
  return [
    ...[...accounts.values()].filter(({ account }) => own(account)).map((state) => encodeAccount(state, shards)),
    ...[...journal, ...statements].filter(({ pk }) => own(pk.slice(pk.indexOf('#') + 1))),
  ];
}

/** Totals of the shards that have posted an event; lots left to roll stay as they were recorded. */
function totalsDue(rows: VenueRows, cursors: readonly number[], { totals }: Replay): Item[] {
  const recorded = new Map(rows.ofKind('TOTALS').map((item) => [item.sk!.S!, item]));
  return totals.flatMap((item) => {
    const seq = Number(item.sk);
    const posted = [...decodeTotals(seq, item.attributes).shards].filter(([shard]) => cursors[shard]! >= seq);
    if (posted.length === 0) return [];
    const due = totalsItem(seq, new Map(posted), cursors.length);
    const attributes = Object.entries(due.attributes).map(([name, value]) => [
      name,
      value.S === undefined ? value : S(withLongsLeft(value.S, recorded.get(item.sk)?.[name]?.S)),
    ]);
    return [{ ...due, attributes: Object.fromEntries(attributes) }];
  });
}

function withLongsLeft(due: string, recorded: string | undefined): string {
  const left = /"longsLeft":(\d+)/.exec(recorded ?? '')?.[1];
  return left === undefined ? due : due.replace(/"longsLeft":\d+/, `"longsLeft":${left}`);
}

const isTotals = ({ due }: Wrong): boolean => due.pk === 'TOTALS';

/** The totals to be written sum to zero, and are what the stored journals of the event add up to. */
async function checkTotals(table: Table, due: Item): Promise<void> {
  const seq = Number(due.sk);
  const totals: EventTotals = decodeTotals(seq, due.attributes);
  const off = imbalance(totals);
  if (off) throw new OperationsError(`The log itself is out of balance: ${off}`, 'Do not resume; the fault is in the rules.');
  for (const [shard, { cents, lots }] of totals.shards) {
    const stored = await journalTotals(table, shard, seq);
    if (stored.cents !== cents || JSON.stringify(stored.lots) !== JSON.stringify(lots))
      throw new OperationsError(`The journals of event ${seq} in shard ${shard} do not add up to its totals`, 'Run it again.');
  }
}

async function journalTotals(table: Table, shard: number, seq: number): Promise<Pick<ShardTotals, 'cents' | 'lots'>> {
  const stored = await table.queryAll(shardPartition(shard), { prefix: ACCOUNT_PREFIX });
  const accounts = stored.map((item) => accountOfSort(item.sk!.S!));
  return movedBy(await readEntries(table, seq, accounts));
}

/** Replaces a row if it still is what was seen. */
async function replaceSeen(table: Table, due: Item, stored: Attributes | undefined): Promise<boolean> {
  if (!stored) return table.create(due);
  const seen = Object.entries(stored).filter(([name]) => name !== 'pk' && name !== 'sk');
  return table.putIf(
    due,
    ['attribute_exists(pk)', ...seen.map((_, at) => `#seen${at} = :seen${at}`)].join(' AND '),
    Object.fromEntries(seen.map(([, value], at) => [`:seen${at}`, value])),
    Object.fromEntries(seen.map(([name], at) => [`#seen${at}`, name])),
  );
}
