/**
 * The release gate: before a version goes live it works the venue's last days again, with the very bundles that would be
 * deployed, and must come to the same prices, fills, carried orders and balances. One side of the comparison is what the
 * venue's log says, the other what the candidate computes.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../audit/finding.ts';
import type { VenueRows } from '../../audit/rows.ts';
import type { DayEvent } from '../../domain/clearing/day.ts';
import type { AuctionCleared, ClearingEvent } from '../../domain/clearing/events.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import { planOf } from '../../local/template/planner.ts';
import type { LogEntry } from '../../store/log.ts';
import { ENV } from '../../store/names.ts';
import { OperationsError } from '../error.ts';
import { type Candidate, startCandidate } from './candidate.ts';
import { auctionDiffers, compareRows, eventDiffers, isAccount, isAfter } from './compare.ts';
import { lastDays } from './window.ts';

export interface GateCheck {
  readonly name: 'auctions' | 'settlements' | 'journal' | 'accounts' | 'statements';
  /** `null` when it was not made, because an earlier one failed. */
  readonly checked: number | null;
  readonly faults: readonly Finding[];
}

export interface Verdict {
  /** SHA-256 over the candidate's bundles. */
  readonly candidate: string;
  readonly dates: readonly string[];
  /** First and last event that was worked again. */
  readonly events: readonly [first: number, last: number];
  readonly checks: readonly GateCheck[];
  readonly passes: boolean;
}

/** Throws OperationsError when there is nothing to compare, or the candidate can't run. */
export async function gate(assembly: string, rows: VenueRows, days: number): Promise<Verdict> {
  const shards = rows.shards();
  const candidate = candidateOf(assembly, shards);
  const window = await lastDays(rows, shards, days);
  const { entries, before } = window;
  const from = before.venue.seq;
  const running = await startCandidate(assembly, rows, window, shards);
  try {
    const decided = await decide(running, rows, entries);
    const wrong = decided.some(({ faults }) => faults.length > 0);
    const checks = [...decided, ...(wrong ? NOT_MADE : await postAndCompare())];
    const passes = checks.every(({ checked, faults }) => checked !== null && faults.length === 0);
    return { candidate, dates: window.dates, events: [from + 1, from + entries.length], checks, passes };
  } finally {
    await running.stop();
  }

  async function postAndCompare(): Promise<GateCheck[]> {
    await running.post();
    const theirs = await running.rows();
    const closed = new Set(
      entries.flatMap(({ event }) => (event.kind === 'day-closed' ? [`${event.date}#${event.product}`] : [])),
    );
    return [
      { name: 'journal', ...compareRows(rows, theirs, 'JOURNAL', isAfter(from)) },
      { name: 'accounts', ...compareRows(rows, theirs, 'SHARD', isAccount) },
      { name: 'statements', ...compareRows(rows, theirs, 'STATEMENT', ({ sk }) => closed.has(sk!.S!)) },
    ];
  }
}

/** Lets the candidate decide what the venue decided without an operator, up to the first difference, on which the rest builds. */
async function decide(running: Candidate, rows: VenueRows, entries: readonly LogEntry[]): Promise<GateCheck[]> {
  const auctions = { name: 'auctions' as const, checked: 0, faults: [] as Finding[] };
  const settlements = { name: 'settlements' as const, checked: 0, faults: [] as Finding[] };
  const closings = new Map<string, AuctionCleared>();
  const reason = (what: string, written: unknown): string => {
    const trouble = written === undefined ? running.trouble() : undefined;
    return trouble ? `${what}: ${trouble}` : what;
  };
  for (let at = 0; at < entries.length; at++) {
    const { event } = entries[at]!;
    const day = unattendedDay(entries, at);
    const closing = day && closings.get(day[0]!.product);
    if (event.kind === 'auction-cleared') {
      if (event.closing) closings.set(event.product, event);
      const written = await running.clear(event);
      const what = await auctionDiffers(rows, running.table, event, written);
      auctions.checked += 1;
      if (what) auctions.faults.push({ row: nameOf(event), what: reason(what, written) });
    } else if (day && closing) {
      const written = await running.settle(closing);
      for (const [step, due] of day.entries()) {
        const what = eventDiffers(due, written[step]);
        settlements.checked += 1;
        if (what)
          settlements.faults.push({ row: `${due.kind} of ${due.product} on ${due.date}`, what: reason(what, written[step]) });
        if (what) break;
      }
      at += day.length - 1;
    } else await running.follow(event);
    if (auctions.faults.length + settlements.faults.length) break;
  }
  return [auctions, settlements];
}

/** The events that settle and close a day and call for it, from here on, if nothing came between them and no operator had a say in them. */
function unattendedDay(entries: readonly LogEntry[], at: number): DayEvent[] | undefined {
  const day: DayEvent[] = [];
  const isClosed = (): boolean => day.some(({ kind }) => kind === 'day-closed');
  for (const { event } of entries.slice(at)) {
    const isNext = day.length === 0 ? event.kind === 'prices-settled' : 'product' in event && event.product === day[0]!.product;
    const isAttended = 'approvedBy' in event && event.approvedBy.length > 0;
    if (!isNext || !isOfDay(event) || isAttended || isClosed() !== (event.kind === 'margin-called')) break;
    day.push(event);
  }
  const [first] = day;
  const isLater = ({ event }: LogEntry): boolean =>
    event.kind === 'margin-called' && event.product === first?.product && event.date === first.date;
  return isClosed() && !entries.slice(at + day.length).some(isLater) ? day : undefined;
}

const isOfDay = (event: ClearingEvent): event is DayEvent =>
  event.kind === 'prices-settled' ||
  event.kind === 'month-expired' ||
  event.kind === 'day-closed' ||
  event.kind === 'margin-called';

const NOT_MADE: GateCheck[] = (['journal', 'accounts', 'statements'] as const).map((name) => ({
  name,
  checked: null,
  faults: [],
}));

const nameOf = ({ product, auction, slot }: AuctionCleared): string => `auction ${auction} of ${product} (${slot})`;

/** What would be deployed, by its content. Throws OperationsError when it is not for this venue. */
function candidateOf(assembly: string, shards: number): string {
  const { functions } = planOf(readAssembly(assembly), { queueUrl: (name) => name, apiUrl: '' });
  const other = functions.find(({ environment }) => environment[ENV.shards] !== `${shards}`);
  if (other)
    throw new OperationsError(
      `The candidate keeps accounts in ${other.environment[ENV.shards]} shards, the venue in ${shards}`,
      'Give it the number of the table, -c shards=N; another needs another table: see More shards in docs/runbook.md.',
    );
  const hash = createHash('sha256');
  for (const { name, codeDir } of functions.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
    for (const file of readdirSync(codeDir).sort()) hash.update(`${name}/${file}\n`).update(readFileSync(join(codeDir, file)));
  return hash.digest('hex');
}
