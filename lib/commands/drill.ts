/**
 * `npm run drill`: the recovery drill. A small market trades a day and half of another; then its table is damaged, and its region
 * lost. What each way back brings with it, how many accepted submissions it lacks and how long it takes is measured, and
 * the venue built by the recommended one has to trade its next auction and close its day.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readExport, writeExport } from '../audit/export.ts';
import { rowName, VenueRows } from '../audit/rows.ts';
import { openMarket, play, ROLL } from '../faults/scripted-market.ts';
import { rebuild } from '../operations/recovery/rebuild.ts';
import { salvage } from '../operations/recovery/salvage.ts';
import { type Attributes, S } from '../store/table.ts';

const DAY_ENDS = '2025-11-07T21:05:00Z';
/** Pictures of the table by `play`: after the first day, and in the second with orders in its open auction. */
const [BACKUP_AT, DAMAGED_AT] = [3, 6];

const dir = mkdtempSync(join(tmpdir(), 'drill-'));
try {
  process.exitCode = await main();
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function main(): Promise<number> {
  const pictures: Attributes[][] = [];
  {
    await using market = await openMarket(ROLL);
    await play(market, ROLL, async () => void pictures.push(await Array.fromAsync(market.table.scan())));
  }
  const [backup, whole] = [await VenueRows.from(pictures[BACKUP_AT]!), await VenueRows.from(pictures[DAMAGED_AT]!)];
  const damaged = await VenueRows.from(damage(pictures[DAMAGED_AT]!));
  console.log(`accepted submissions: ${whole.ofKind('BOOK').length}, ${backup.ofKind('BOOK').length} of them in the backup\n`);
  let lost = 0;
  const ways: [name: string, source: () => Promise<VenueRows>, recommended: boolean][] = [
    ['backup alone', async () => backup, false],
    ['backup joined with the damaged table', async () => (await salvage(backup, damaged)).rows, true],
    ['another region, from an export of the last moment', async () => exported(whole), true],
    ['another region, from the export of the day before', async () => exported(backup), false],
  ];
  for (const [name, source, recommended] of ways) {
    const started = performance.now();
    await using other = await openMarket({ ...ROLL, listed: '2025-11-06' });
    const opened = performance.now();
    const result = await rebuild(await source(), other.table);
    const built = performance.now();
    const missing = missingFrom(whole, await VenueRows.from(other.table.scan()));
    await other.cloud.advanceTo(DAY_ENDS);
    const audit = await other.audit();
    const seconds = (from: number, to: number): string => `${((to - from) / 1000).toFixed(1)} s`;
    console.log(`${name}: ${missing} accepted submissions lost`);
    console.log(
      `  ${seconds(started, opened)} to start an empty cloud, ${seconds(opened, built)} to build ${result.copied + result.recomputed} rows and verify`,
    );
    console.log(
      `  next auctions and day runs ${seconds(built, performance.now())}; audit ${audit.identical ? 'holds' : `fails: ${audit.differences[0]}`}`,
    );
    if (!audit.identical || (recommended && missing > 0)) lost += 1;
  }
  return lost === 0 ? 0 : 1;
}

async function exported(rows: VenueRows): Promise<VenueRows> {
  const to = mkdtempSync(join(dir, 'export-'));
  writeExport(to, rows);
  return (await readExport(to)).rows;
}

/** Somebody at the table: a balance changed, an event edited, submissions and results deleted, all older than the backup. */
function damage(items: readonly Attributes[]): Attributes[] {
  const gone = [/^BOOK#\S+2025-11-06 fund#/, /^RESULT#\S+ carried#/, /^JOURNAL#maker /].map((kind) =>
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
  const there = new Set(built.ofKind('BOOK').map(rowName));
  return whole.ofKind('BOOK').filter((row) => !there.has(rowName(row))).length;
}
