/**
 * Reads a trading day that is written as Markdown: a title, days (`## Monday 2025-10-20`), times of day (`### 10:00`) and
 * tables, with prose between them for the reader. A table is known by its header, and every cell has a form. What is
 * not known or not in its form is an error that names the line, so that nothing that is written is passed over.
 */
import { isBusinessDay, parseDate } from '../../lib/domain/contract/calendar.ts';

/** A cell's form: the pattern it must match, and how to say so. */
export interface Form {
  readonly pattern: RegExp;
  readonly says: string;
}
/** The tables that may be written: by header, as `account | deposit`, the form of each column. */
export type Forms = Readonly<Record<string, readonly Form[]>>;

export interface Written {
  readonly title: string;
  readonly tables: readonly WrittenTable[];
}

/** A table, where and when it stands. One before the first day has no date, one before a day's first time no time. */
export interface WrittenTable {
  readonly line: number;
  readonly date: string | undefined;
  readonly time: string | undefined;
  readonly header: string;
  readonly rows: readonly (readonly string[])[];
}

export class TableError extends Error {
  override name = 'TableError';

  constructor(line: number, says: string) {
    super(`line ${line}: ${says}`);
  }
}

/** Throws TableError on what is no title, day, time or table of one of the forms, or is out of order. */
export function readTables(text: string, forms: Forms): Written {
  const lines = text.split('\n');
  let title: string | undefined;
  let date: string | undefined;
  let time: string | undefined;
  const tables: WrittenTable[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const number = at + 1;
    if (line.startsWith('|')) {
      const end = lines.findIndex((each, place) => place > at && !each.startsWith('|'));
      const rows = lines.slice(at, end < 0 ? lines.length : end).map((each, place) => cellsOf(number + place, each));
      tables.push({ line: number, date, time, ...checkedTable(number, rows, forms) });
      at += rows.length - 1;
    } else if (line.startsWith('#')) {
      const [, marks, words] = /^(#{1,3}) (\S.*)$/.exec(line) ?? [];
      if (marks === '#' && title === undefined) title = words;
      else if (title === undefined) throw new TableError(number, 'a title must come first, as # and the rule that is proved');
      else if (marks === '##') [date, time] = [dayAfter(number, words!, date), undefined];
      else if (marks === '###' && date !== undefined) time = timeAfter(number, words!, time);
      else throw new TableError(number, 'must be a day, as ## Monday 2025-10-20, or a time of it, as ### 10:00');
    } else if (/^\s+[|#]/.test(line)) throw new TableError(number, 'a table or heading must begin its line');
  }
  if (title === undefined) throw new TableError(1, 'has no title');
  return { title, tables };
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

function dayAfter(line: number, words: string, before: string | undefined): string {
  const [, weekday, text = ''] = /^(\w+day) (\S+)$/.exec(words) ?? [];
  const date = parseDate(text);
  if (!date || WEEKDAYS[new Date(`${date}T00:00:00Z`).getUTCDay()] !== weekday)
    throw new TableError(line, `${words} is not a weekday and its date, as Monday 2025-10-20`);
  if (before === undefined && !isBusinessDay('NYSE', date)) throw new TableError(line, 'the first day must be a business day');
  if (before !== undefined && date <= before) throw new TableError(line, `${date} is not after ${before}`);
  return date;
}

function timeAfter(line: number, words: string, before: string | undefined): string {
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(words)) throw new TableError(line, `${words} is not a time, as 09:30`);
  if (before !== undefined && words <= before) throw new TableError(line, `${words} is not after ${before}`);
  return words;
}

function cellsOf(line: number, row: string): string[] {
  if (!row.endsWith('|') || row.length < 2) throw new TableError(line, 'a row must end with |');
  return row
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
}

function checkedTable(
  line: number,
  [head, rule, ...rows]: readonly string[][],
  forms: Forms,
): Pick<WrittenTable, 'header' | 'rows'> {
  const header = head!.join(' | ');
  const columns = Object.hasOwn(forms, header) ? forms[header] : undefined;
  if (!columns) throw new TableError(line, `no table is headed ${header}; there are: ${Object.keys(forms).join('; ')}`);
  if (rule?.length !== columns.length || rule.some((cell) => !/^-{3,}:?$/.test(cell)))
    throw new TableError(line + 1, `the header must be followed by a rule of ${columns.length} cells, as |---|`);
  rows.forEach((row, at) => {
    const place = line + 2 + at;
    if (row.length !== columns.length) throw new TableError(place, `has ${row.length} cells, not ${columns.length}`);
    for (const [column, { pattern, says }] of columns.entries())
      if (!pattern.test(row[column]!)) throw new TableError(place, `${JSON.stringify(row[column])} is not ${says}`);
  });
  return { header, rows };
}
