/**
 * Day runs held against the log: the machine that moves a day is run again over the log's events, and each stored day must
 * have come as far as they say at most, by those events, and report what they give.
 */
import { DAY_STEPS, type Day, evolveDay } from '../domain/clearing/day.ts';
import { type DayReport, dayReport } from '../domain/clearing/day-report.ts';
import type { AuctionCleared, ClearingEvent, DayClosed } from '../domain/clearing/events.ts';
import { decodeTotals } from '../store/control-totals.ts';
import { decodeDay } from '../store/days.ts';
import { dayKey } from '../store/keys.ts';
import { canonical } from './canonical.ts';
import type { Finding } from './finding.ts';
import type { Replay } from './replay.ts';
import { rowName, type VenueRows } from './rows.ts';

export function dayFindings(rows: VenueRows, replayed: Replay): Finding[] {
  const replayedDays = daysOf(replayed);
  const stored = rows.ofKind('DAY');
  const names = new Set(stored.map(rowName));
  const faults = stored.flatMap((item): Finding[] => {
    const row = rowName(item);
    try {
      const day = decodeDay(item.pk!.S!.slice('DAY#'.length), item);
      return dayFaults(day, replayedDays.get(row)).map((what) => ({ row, what }));
    } catch (error) {
      return [{ row, what: `can't be read: ${(error as Error).message}` }];
    }
  });
  for (const [row, { step }] of replayedDays)
    if (step === 'done' && !names.has(row)) faults.push({ row, what: 'is missing: its books are closed in the log' });
  return faults;
}

/** The days of which the log has the closing auction, by row: how far each has come. */
function daysOf(replayed: Replay): Map<string, Day> {
  const days = new Map<string, Day>();
  for (const [at, event] of replayed.events.entries()) {
    const row = 'date' in event ? nameOf(event) : undefined;
    const day = row === undefined ? undefined : days.get(row);
    const next = day
      ? after(day, at + 1, event, replayed)
      : event.kind === 'auction-cleared' && event.closing && begun(event, at + 1);
    if (row !== undefined && next) days.set(row, next);
  }
  return days;
}

/** A day whose closing auction has cleared. */
function begun({ product, date, slot, auction }: AuctionCleared, seq: number): Day {
  const closed = evolveDay(evolveDay({ step: 'roll', product, date, slot }, { kind: 'rolled', auction }), { kind: 'closed' });
  return evolveDay(closed, { kind: 'cleared', event: seq });
}

function after(day: Day, seq: number, event: ClearingEvent, replayed: Replay): Day {
  switch (event.kind) {
    case 'prices-settled':
      return evolveDay(day, { kind: 'settled', event: seq });
    case 'month-expired':
      return evolveDay(day, { kind: 'expired', event: seq });
    case 'day-closed': {
      const expired = day.step === 'expire' ? evolveDay(day, { kind: 'expired', event: null }) : day;
      return evolveDay(expired, { kind: 'reported', event: seq, report: reportOf(event, seq, replayed) });
    }
    default:
      return day;
  }
}

function reportOf({ product, date, after }: DayClosed, seq: number, { events, venues, totals, called }: Replay): DayReport {
  const ofDay = events.slice(after, seq).filter((event) => 'product' in event && event.product === product);
  const { shards } = decodeTotals(seq, totals[seq - 1]!.attributes);
  const own = { ...venues[seq - 1]!.products[product]!, called: called.get(seq)! };
  return dayReport(own, date, ofDay, [...shards.values()]);
}

/** What is wrong with a stored day; `replayed` is `undefined` until the log has its closing auction. */
function dayFaults(stored: Day, replayed: Day | undefined): string[] {
  const reached = replayed?.step ?? 'clear';
  if (DAY_STEPS.indexOf(stored.step) > DAY_STEPS.indexOf(reached))
    return [`has come to ${stored.step}, and the log no further than ${reached}`];
  if (!replayed) return [];
  const { step: _, ...known } = stored;
  return Object.entries(known).flatMap(([name, value]) => {
    const due = replayed[name as keyof Day] as unknown;
    if (name === 'report') return reportFaults(value as unknown as DayReport, due as DayReport);
    return value === due ? [] : [`has ${name} ${value}, the log gives ${due}`];
  });
}

const reportFaults = (stored: DayReport, due: DayReport): string[] =>
  Object.entries(provable(due))
    .filter(([name, value]) => canonical(provable(stored)[name as keyof DayReport]) !== canonical(value))
    .map(([name, value]) => `reports ${name} ${canonical(stored[name as keyof DayReport])}, the log gives ${canonical(value)}`);

/** A report without what can't be replayed: lots left to roll depend on instructions that may have changed since. */
const provable = (report: DayReport): DayReport => (report.roll ? { ...report, roll: { ...report.roll, longsLeft: 0 } } : report);

const nameOf = (event: Extract<ClearingEvent, { date: unknown }>): string => {
  const { pk, sk } = dayKey(event.product, event.date);
  return `${pk} ${sk}`;
};
