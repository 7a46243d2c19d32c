/**
 * The recovery drill. A small market trades a day and half of another; then its table is damaged, and its region lost, or it has outgrown
 * its shards. What each way back, or on, brings with it, how many accepted submissions it lacks and how long it takes is measured, and
 * the venue that was built has to trade its next auction and close its day.
 */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { readExport, writeExport } from '../audit/export.ts';
import { rowName, VenueRows } from '../audit/rows.ts';
import { rebuild } from '../operations/recovery/rebuild.ts';
import { salvage } from '../operations/recovery/salvage.ts';
import { type Attributes, S } from '../store/table.ts';
import { openMarket, play, ROLL, SHARDS } from './scripted-market.ts';

export interface WayBack {
  readonly name: string;
  /** One that must lose nothing. */
  readonly recommended: boolean;
  /** Accepted submissions that it lacks. */
  readonly missing: number;
  /** Rows of the new table. */
  readonly rows: number;
  readonly seconds: { readonly open: number; readonly build: number; readonly trade: number };
  /** What the audit says after the next day; empty when it holds. */
  readonly differences: readonly string[];
}

export interface Drill {
  readonly accepted: { readonly inAll: number; readonly inBackup: number };
  readonly ways: readonly WayBack[];
  /** Every venue holds, and no recommended way has lost anything. */
  readonly holds: boolean;
}

const DAY_ENDS = '2025-11-07T21:05:00Z';
/** Pictures of the table by `play`: after the first day, and in the second with orders in its open auction. */
const [BACKUP_AT, DAMAGED_AT] = [3, 6];
/** More shards than the market begins with, and not a multiple of them. */
const MORE_SHARDS = 7;

/** Goes every way back; `dir` is an empty folder for exports. */
export async function drill(dir: string, onWay: (way: WayBack) => void = () => {}): Promise<Drill> {
  const pictures: Attributes[][] = [];
  let halted = await VenueRows.from([]);
  {
    await using market = await openMarket(ROLL);
    const picture = (): Promise<Attributes[]> => Array.fromAsync(market.table.scan());
    await play(market, ROLL, async () => {
      if (pictures.length === DAMAGED_AT) {
        await market.operator.post('/v1/operator/venue/halt', { reason: 'a move' });
        halted = await VenueRows.from(await picture());
        await market.operator.post('/v1/operator/venue/resume', { reason: 'drilled' });
      }
      pictures.push(await picture());
    });
  }
  const [backup, whole] = [await VenueRows.from(pictures[BACKUP_AT]!), await VenueRows.from(pictures[DAMAGED_AT]!)];
  const damaged = await VenueRows.from(damage(pictures[DAMAGED_AT]!));
  const sources: readonly [name: string, source: () => Promise<VenueRows>, recommended: boolean, shards?: number][] = [
    ['backup alone', async () => backup, false],
    ['backup joined with the damaged table', async () => (await salvage(backup, damaged)).rows, true],
    ['another region, from an export of the last moment', async () => exported(dir, whole), true],
    ['another region, from the export of the day before', async () => exported(dir, backup), false],
    [`a move from ${SHARDS} shards to ${MORE_SHARDS}`, async () => halted, true, MORE_SHARDS],
    [`a move from ${SHARDS} shards to one`, async () => halted, true, 1],
  ];
  const ways: WayBack[] = [];
  for (const [name, source, recommended, shards] of sources) {
    const way = { name, recommended, ...(await goBack(source, whole, shards)) };
    ways.push(way);
    onWay(way);
  }
  const accepted = { inAll: whole.ofKind('BOOK').length, inBackup: backup.ofKind('BOOK').length };
  const holds = ways.every(({ differences, recommended, missing }) => !differences.length && !(recommended && missing));
  return { accepted, ways, holds };
}

/** Builds the venue in an empty cloud, and lets it trade until its day has closed. */
async function goBack(
  source: () => Promise<VenueRows>,
  whole: VenueRows,
  shards = SHARDS,
): Promise<Pick<WayBack, 'missing' | 'rows' | 'seconds' | 'differences'>> {
  const times = [performance.now()];
  await using market = await openMarket({ ...ROLL, listed: '2025-11-06' }, { shards });
  times.push(performance.now());
  const { copied, recomputed } = await rebuild(await source(), market.table, shards);
  await market.operator.post('/v1/operator/venue/resume', { reason: 'drilled' });
  times.push(performance.now());
  const missing = missingFrom(whole, await VenueRows.from(market.table.scan()));
  await market.cloud.advanceTo(DAY_ENDS);
  const { identical, differences } = await market.audit();
  times.push(performance.now());
  const [open, build, trade] = times.slice(1).map((at, index) => (at - times[index]!) / 1000) as [number, number, number];
  const wrong = identical ? [] : differences.length ? differences : ['a check could not be made'];
  return { missing, rows: copied + recomputed, seconds: { open, build, trade }, differences: wrong };
}

async function exported(dir: string, rows: VenueRows): Promise<VenueRows> {
  const to = mkdtempSync(join(dir, 'export-'));
  writeExport(to, rows);
  return (await readExport(to)).rows;
}

/** What a hand at the table does: a balance changed, an event edited, a submission and a result deleted, all older than the backup. */
function damage(items: readonly Attributes[]): Attributes[] {
  const gone = [/^BOOK#\S+2025-11-06 fund#/, /^RESULT#\S+#0+1 fills#/, /^JOURNAL#maker /].map((kind) =>
    items.find((row) => kind.test(rowName(row))),
  );
  return items
    .filter((row) => !gone.includes(row))
    .map((row) => {
      if (/ACCOUNT#hedger$/.test(rowName(row))) return { ...row, cash: S('1') };
      return rowName(row) === 'LOG 000000000006' ? { ...row, data: S('{}') } : row;
    });
}

function missingFrom(whole: VenueRows, built: VenueRows): number {
  const there = new Set(built.ofKind('BOOK').map(submissionIn));
  return whole.ofKind('BOOK').filter((row) => !there.has(submissionIn(row))).length;
}

/** A submission's name, in whichever shard it lies. */
const submissionIn = (row: Attributes): string => row.sk!.S!;
