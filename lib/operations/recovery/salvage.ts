/**
 * Two sources of one venue made into one: a backup that is older and sound, and a table (or export) that is newer and
 * damaged. What the backup has, it says; what came after it is taken from the newer one and has to prove itself: events by
 * the chain that goes on from the backup's last, results by the hashes in their keys, books by clearing to the logged
 * results. Where a row changes with time the one that is further wins. Nothing here decides what is right: `rebuild` does,
 * which replays the joined rows from the first event and refuses them if they don't lead to what was committed.
 */

import { canonical } from '../../audit/canonical.ts';
import { rowName, VenueRows } from '../../audit/rows.ts';
import { DAY_STEPS } from '../../domain/clearing/day.ts';
import { chain } from '../../store/log.ts';
import type { Attributes } from '../../store/table.ts';
import { followsFromLog } from './rebuild.ts';

export interface Salvaged {
  readonly rows: VenueRows;
  /** Rows that only the newer source has. */
  readonly added: number;
  /** Rows that stand in both and are further in the newer one, by name. */
  readonly moved: readonly string[];
  /** Rows of the backup that the newer source has otherwise or has lost, by name: its damage. */
  readonly repaired: readonly string[];
}

/** How far a row has come, for those that change; of two, the further one holds all that the other does. */
const PROGRESS: readonly (readonly [kind: RegExp, progress: (row: Attributes) => number])[] = [
  [/^INTAKE#/, (row) => Number(row.open?.N ?? 0) * 1_000 + (row.dates?.SS?.length ?? 0)],
  [/^AUCTION#/, (row) => Object.keys(row.closed?.M ?? {}).length * 4 + (row.marked?.BOOL ? 2 : 0) + (row.clearedBy ? 1 : 0)],
  [/^DAY#/, (row) => DAY_STEPS.indexOf(row.step?.S as (typeof DAY_STEPS)[number])],
  [/^(HELD|PROPOSED) /, (row) => Number(row.revision?.N ?? 0)],
  [/^(STOPS|DEADMAN)#/, (row) => Number(row.version?.N ?? 0)],
];
/** What its owner changes at will and nothing else depends on: the newer source's, as it has it. */
const AT_WILL: readonly RegExp[] = [/^VENUE SWITCH$/, /^SHARD#\d+ ROLL#/, /^RATE#/, /^IDS /];

/** Joins the two. Nothing is written: the answer is rows in memory, with the names of what was added, moved or repaired. */
export async function salvage(backup: VenueRows, newer: VenueRows): Promise<Salvaged> {
  const rows = new Map(backup.all().map((row) => [rowName(row), row]));
  const own = new Set(rows.keys());
  const seen = new Set<string>();
  const moved: string[] = [];
  const repaired: string[] = [];
  let added = 0;
  const log = chainedEvents(backup, newer);
  for (const row of newer.all()) {
    const name = rowName(row);
    seen.add(name);
    if (name.startsWith('LOG ') && !own.has(name) && !log.has(name)) continue;
    const kept = rows.get(name);
    if (!kept) {
      rows.set(name, row);
      added += 1;
    } else if (canonical(kept) !== canonical(row) && !followsFromLog(name)) {
      if (is(AT_WILL, name) || isFurther(name, row, kept)) {
        rows.set(name, row);
        moved.push(name);
      } else repaired.push(name);
    }
  }
  for (const name of own) if (!seen.has(name) && !is(AT_WILL, name) && !followsFromLog(name)) repaired.push(name);
  return { rows: await VenueRows.from(rows.values()), added, moved, repaired };
}

/** Names of the newer source's events that follow the backup's last one, each chained to the one before. */
function chainedEvents(backup: VenueRows, newer: VenueRows): Set<string> {
  const last = backup.ofKind('LOG').at(-1);
  let [seq, hash] = [Number(last?.sk?.S ?? 0), last?.hash?.S ?? ''];
  const chained = new Set<string>();
  for (const row of newer.ofKind('LOG')) {
    if (Number(row.sk?.S) <= seq) continue;
    if (Number(row.sk?.S) !== seq + 1 || chain(hash, row.data?.S ?? '') !== row.hash?.S) break;
    [seq, hash] = [seq + 1, row.hash.S!];
    chained.add(rowName(row));
  }
  return chained;
}

const is = (kinds: readonly RegExp[], name: string): boolean => kinds.some((kind) => kind.test(name));

function isFurther(name: string, row: Attributes, kept: Attributes): boolean {
  const progress = PROGRESS.find(([kind]) => kind.test(name))?.[1];
  return progress !== undefined && progress(row) > progress(kept);
}
