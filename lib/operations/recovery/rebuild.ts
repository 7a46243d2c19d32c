/**
 * Builds a venue again in an empty table. What callers sent and what was decided is copied: the log, the books, results,
 * auctions, index values, approvals, instructions. What follows from it is not: accounts, journals, statements, totals,
 * cursors and the snapshot come out of the replayed log by the venue's own fold, whatever the source has in their place. So
 * damage to those is repaired, and a source whose log or books don't replay is refused. The new table may have another number of shards.
 */

import { auditRows, hashOf, provable } from '../../audit/audit.ts';
import { shortRows } from '../../audit/calls.ts';
import { differences } from '../../audit/canonical.ts';
import { replay } from '../../audit/replay.ts';
import { rowName, VenueRows } from '../../audit/rows.ts';
import { lots } from '../../domain/contract/units.ts';
import { decodeAccount, encodeAccount } from '../../store/accounts.ts';
import { decodeTotals, encodeTotals } from '../../store/control-totals.ts';
import { cursorItem } from '../../store/cursors.ts';
import { ACCOUNT_PREFIX } from '../../store/keys.ts';
import { snapshotItem } from '../../store/log.ts';
import { type Attributes, type Item, S, type Table } from '../../store/table.ts';
import { OperationsError } from '../error.ts';
import { intoShards } from './into-shards.ts';

export interface Rebuilt {
  /** Of the new table. */
  readonly shards: number;
  readonly copied: number;
  readonly recomputed: number;
  readonly events: number;
  readonly head: string;
  /** Of the source as it stands, by its stored accounts. */
  readonly before: string;
  /** Of the new table, read back from it. */
  readonly after: string;
  readonly seconds: number;
}

/** Follows from the log, and is never copied. */
const DERIVED = /^(JOURNAL#|STATEMENT#|SHORT#|TOTALS |SHARD#\d+ (CURSOR$|ACCOUNT#)|VENUE STATE$)/;
export const followsFromLog = (row: string): boolean => DERIVED.test(row);

/**
 * `shards` is how many the new table has; those of the source unless given. Throws OperationsError when the target is not empty, when
 * the source does not replay or can't be moved into other shards as it stands, or when the new table does not verify.
 */
export async function rebuild(source: VenueRows, target: Table, shards = source.shards()): Promise<Rebuilt> {
  const started = performance.now();
  if (!(await isEmpty(target)))
    throw new OperationsError(`The table ${target.name} is not empty`, 'A venue is only ever built in a new table.');
  const rows = shards === source.shards() ? source : await intoShards(source, shards);
  const items = await itemsOf(rows, shards, rows !== source);
  await target.putAll(items.copied);
  await target.putAll(items.recomputed);
  const audit = await auditRows(await VenueRows.from(target.scan()), shards);
  if (!audit.identical)
    throw new OperationsError(
      `The new table does not verify: ${audit.differences[0]}`,
      'Do not use it; begin again with an empty one.',
    );
  return {
    shards,
    copied: items.copied.length,
    recomputed: items.recomputed.length,
    events: audit.events.length,
    head: audit.venue.hash,
    before: hashOf(audit.venue, storedAccounts(source)),
    after: audit.stateHash,
    seconds: (performance.now() - started) / 1000,
  };
}

/** What the new table holds. Throws OperationsError on a source that does not replay from its first event to its last. */
async function itemsOf(source: VenueRows, shards: number, isSplitAnew: boolean): Promise<{ copied: Item[]; recomputed: Item[] }> {
  const { complete, faults, accounts, short, journal, statements, totals, venue } = await replay(source, shards);
  const [fault] = [...faults.log, ...faults.auctions, ...faults.prices, ...faults.calls];
  if (fault || !complete)
    throw new OperationsError(
      `The source does not replay: ${fault?.row} ${fault?.what}`,
      'Take the row from a backup or an export that has it; npm run rebuild -- --salvage joins two sources.',
    );
  return {
    copied: source
      .all()
      .filter((row) => !followsFromLog(rowName(row)))
      .map(itemOf),
    recomputed: [
      ...[...accounts.values()].map((state) => encodeAccount(state, shards)),
      ...journal,
      ...statements,
      ...shortRows(venue, accounts, short),
      ...(await Promise.all(totals.map(async (item) => keptTotals(item, await source.get(item), isSplitAnew)))),
      ...Array.from({ length: shards }, (_, shard) => cursorItem(shard, venue.seq)),
      ...(venue.seq > 0 ? [snapshotItem(venue)] : []),
    ],
  };
}

/**
 * Totals as stored where they agree with the log: lots left to roll depend on instructions as they stood then. Where they are split
 * into other shards, those lots stand in the first.
 */
function keptTotals(item: Item, stored: Attributes | undefined, isSplitAnew: boolean): Item {
  if (!stored) return item;
  if (isSplitAnew) return withLongsLeft(item, stored);
  const due = provable({ pk: { S: item.pk }, sk: { S: item.sk }, ...item.attributes });
  return differences(provable(stored), due).length === 0 ? itemOf(stored) : item;
}

function withLongsLeft(item: Item, stored: Attributes): Item {
  const seq = Number(item.sk);
  const left = [...decodeTotals(seq, stored).shards.values()].reduce((sum, { day }) => sum + (day?.longsLeft ?? 0), 0);
  const [first] = decodeTotals(seq, item.attributes).shards;
  if (!first?.[1].day) return item;
  const [shard, totals] = first;
  const own = { ...totals, day: { ...first[1].day, longsLeft: lots(left) } };
  return { ...item, attributes: { ...item.attributes, [`shard#${shard}`]: S(encodeTotals(own)) } };
}

function storedAccounts(source: VenueRows) {
  return source
    .ofKind('SHARD')
    .filter(({ sk }) => sk!.S!.startsWith(ACCOUNT_PREFIX))
    .flatMap((item) => {
      try {
        return [decodeAccount(item)];
      } catch {
        return [];
      }
    });
}

async function isEmpty(table: Table): Promise<boolean> {
  for await (const _ of table.scan()) return false;
  return true;
}

const itemOf = ({ pk, sk, ...attributes }: Attributes): Item => ({ pk: pk!.S!, sk: sk!.S!, attributes });
