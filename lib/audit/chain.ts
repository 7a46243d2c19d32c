/**
 * Statements and day reports held against the journals, by addition alone: none of the rules that wrote them is used. An
 * account's opening balance and what its journal moved make its closing balance, each closing is the next day's opening, every
 * posting is in exactly one statement of a product, and a day's statements add up to its report.
 */
import type { JournalEntry } from '../domain/clearing/account.ts';
import type { DayReport } from '../domain/clearing/day-report.ts';
import type { ClearingEvent, DayClosed } from '../domain/clearing/events.ts';
import type { Statement } from '../domain/clearing/statement.ts';
import { addCents, type Cents, formatCents, NO_CENTS } from '../domain/contract/units.ts';
import { decodeEntry } from '../store/journal.ts';
import { dayKey, statementKey } from '../store/keys.ts';
import { decodeStatement } from '../store/statements.ts';
import { type Attributes, text } from '../store/table.ts';
import type { Finding } from './finding.ts';
import { rowName, type VenueRows } from './rows.ts';

/** A day's books of a product: they hold the events behind `closed.after`, up to `seq`. */
interface Books {
  readonly seq: number;
  readonly closed: DayClosed;
}

/** How many statements there are, and what does not add up. */
export function chainFindings(rows: VenueRows, events: readonly ClearingEvent[]): { checked: number; faults: Finding[] } {
  const faults: Finding[] = [];
  const journals = byAccount(read(rows, 'JOURNAL', (item) => decodeEntry(text(item, 'data')), faults));
  const all = read(rows, 'STATEMENT', decodeStatement, faults);
  const statements = new Map(all.map((each) => [nameOf(each.account, each.date, each.product), each]));
  const ofDay = Map.groupBy(all, ({ product, date }) => dayName(product, date));
  const days = new Map(rows.ofKind('DAY').map((item) => [rowName(item), item]));
  const booksOf = Map.groupBy(
    events.flatMap((event, at): Books[] => (event.kind === 'day-closed' ? [{ seq: at + 1, closed: event }] : [])),
    ({ closed }) => closed.product,
  );
  for (const books of booksOf.values()) {
    for (const [account, journal] of journals) faults.push(...accountFindings(account, journal, books, statements));
    for (const { closed } of books) {
      const row = dayName(closed.product, closed.date);
      faults.push(...reportFindings(row, days.get(row), ofDay.get(row) ?? []));
    }
  }
  return { checked: statements.size, faults };
}

const MOVES_NOTHING: ReadonlySet<JournalEntry['kind']> = new Set(['margin-called', 'calls-met', 'calls-overdue']);

/** Nor does an auction that only took lots out of an account's orders. */
const movesNothing = ({ kind, lots }: JournalEntry): boolean =>
  MOVES_NOTHING.has(kind) || (kind === 'auction-cleared' && Object.keys(lots).length === 0);

/** The statements of one account in one product, from the first books to the last. */
function accountFindings(
  account: string,
  journal: readonly JournalEntry[],
  books: readonly Books[],
  statements: ReadonlyMap<string, Statement>,
): Finding[] {
  const faults: Finding[] = [];
  let [balance, deposited, at] = [NO_CENTS, NO_CENTS, 0];
  const positions = new Map<number, number>();
  for (const { seq, closed } of books) {
    const { product, date, after } = closed;
    let variation = NO_CENTS;
    let isDue = false;
    for (let entry = journal[at]; entry && entry.seq <= seq; entry = journal[++at]) {
      const isOwn = entry.product === product;
      balance = addCents(balance, entry.cents);
      if (entry.kind === 'cash-moved') deposited = addCents(deposited, entry.cents);
      if (isOwn) variation = addCents(variation, entry.cents);
      if (isOwn) for (const [month, lots] of Object.entries(entry.lots)) move(positions, Number(month), lots);
      isDue ||= entry.kind === 'cash-moved' || (isOwn && !movesNothing(entry));
    }
    const row = nameOf(account, date, product);
    const found = statements.get(row);
    if (!found) {
      if (isDue || positions.size > 0)
        faults.push({ row, what: 'is missing: the journal has moved the account, or it holds lots' });
      continue;
    }
    const due = { after, through: seq, balance, deposited, variation, positions: Object.fromEntries(positions) };
    for (const [name, value] of Object.entries(due)) {
      const stated = shown(found[name as keyof typeof due]);
      if (stated !== shown(value))
        faults.push({ row, what: `states ${name} ${stated}, and the journal leads to ${shown(value)}` });
    }
  }
  return faults;
}

/** What the statements of a day collect, pay and roll is what its report says. A day that is gone is a finding of the records. */
function reportFindings(row: string, item: Attributes | undefined, statements: readonly Statement[]): Finding[] {
  if (item?.step?.S !== 'done') return [];
  const { variation, roll } = JSON.parse(text(item, 'report')) as DayReport;
  let [collected, paid, rolled] = [NO_CENTS, NO_CENTS, 0];
  for (const each of statements) {
    if (each.variation > 0n) collected = addCents(collected, each.variation);
    else paid = addCents(paid, -each.variation as Cents);
    if (each.rolledLots > 0) rolled += each.rolledLots;
  }
  const due = { collected: formatCents(collected), paid: formatCents(paid), rolled };
  const said = { ...variation, rolled: roll?.longsRolled ?? rolled };
  return Object.entries(due).flatMap(([name, value]) => {
    const reported = said[name as keyof typeof said];
    return reported === value ? [] : [{ row, what: `reports ${name} ${reported}, and its statements sum to ${value}` }];
  });
}

function move(positions: Map<number, number>, month: number, lots: number): void {
  const held = (positions.get(month) ?? 0) + lots;
  if (held === 0) positions.delete(month);
  else positions.set(month, held);
}

/** The rows of a kind, decoded; one that can't be read is a finding. */
function read<T>(rows: VenueRows, kind: string, decode: (item: Attributes) => T, faults: Finding[]): T[] {
  return rows.ofKind(kind).flatMap((item) => {
    try {
      return [decode(item)];
    } catch (error) {
      faults.push({ row: rowName(item), what: `can't be read: ${(error as Error).message}` });
      return [];
    }
  });
}

/** Rows come in order of key, and so an account's entries in order of their events. */
const byAccount = (entries: readonly JournalEntry[]): Map<string, JournalEntry[]> =>
  Map.groupBy(entries, ({ account }) => account);

function dayName(product: string, date: DayClosed['date']): string {
  const { pk, sk } = dayKey(product, date);
  return `${pk} ${sk}`;
}

function nameOf(account: string, date: DayClosed['date'], product: string): string {
  const { pk, sk } = statementKey(account, date, product);
  return `${pk} ${sk}`;
}

/** As text that equal values share: months come in order of their numbers. */
const shown = (value: unknown): string => JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}` : inner));
