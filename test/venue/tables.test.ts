/** The reader of trading days is strict: what it does not know, it names, with the line. */
import { expect, test } from 'vitest';
import { type Forms, readTables } from './tables.ts';
import { readTradingDays } from './trading-tables.ts';

const FORMS: Forms = {
  'account | deposit': [
    { pattern: /^[a-z]+$/, says: 'an account' },
    { pattern: /^\d+\.\d\d$/, says: 'an amount' },
  ],
};
const TABLE = ['| account | deposit |', '|---|---|', '| acme | 10.00 |'];
const page = (...lines: string[]): string => ['# A rule', ...lines].join('\n');

test('a page is its title and its tables, each with its line, day and time', () => {
  const text = page('Why.', ...TABLE, '', '## Monday 2025-10-20', ...TABLE, '### 09:30', 'Prose.', ...TABLE, '| fund | 2.50 |');
  const header = 'account | deposit';
  const rows = [['acme', '10.00']];
  expect(readTables(text, FORMS)).toEqual({
    title: 'A rule',
    tables: [
      { line: 3, date: undefined, time: undefined, header, rows },
      { line: 8, date: '2025-10-20', time: undefined, header, rows },
      { line: 13, date: '2025-10-20', time: '09:30', header, rows: [...rows, ['fund', '2.50']] },
    ],
  });
});

test.each<[what: string, text: string, says: string]>([
  ['no title', TABLE.join('\n'), 'line 1: has no title'],
  ['a day before the title', '## Monday 2025-10-20', 'line 1: a title must come first'],
  ['two titles', page('# Another'), 'line 2: must be a day'],
  ['a heading deeper than a time', page('## Monday 2025-10-20', '#### 10:00'), 'line 3: must be a day'],
  ['a time before the first day', page('### 10:00'), 'line 2: must be a day'],
  ['a weekday that the date is not', page('## Tuesday 2025-10-20'), 'line 2: Tuesday 2025-10-20 is not a weekday and its date'],
  ['a date that is none', page('## Monday 2025-02-31'), 'line 2: Monday 2025-02-31 is not a weekday and its date'],
  ['a first day without trading', page('## Saturday 2025-10-18'), 'line 2: the first day must be a business day'],
  ['days out of order', page('## Monday 2025-10-20', '## Friday 2025-10-17'), 'line 3: 2025-10-17 is not after 2025-10-20'],
  ['a time that is none', page('## Monday 2025-10-20', '### 9:30'), 'line 3: 9:30 is not a time'],
  ['times out of order', page('## Monday 2025-10-20', '### 10:00', '### 09:59'), 'line 4: 09:59 is not after 10:00'],
  ['a table that is not known', page('| account | gift |', '|---|---|'), 'line 2: no table is headed account | gift'],
  ['a table of a name that all objects have', page('| constructor |', '|---|'), 'line 2: no table is headed constructor'],
  ['a header without a rule', page('| account | deposit |', '| acme | 10.00 |'), 'line 3: the header must be followed by a rule'],
  ['a cell too few', page(...TABLE, '| fund |'), 'line 5: has 1 cells, not 2'],
  ['a cell too many', page(...TABLE, '| fund | 1.00 | 2.00 |'), 'line 5: has 3 cells, not 2'],
  ['a cell that is not in its form', page(...TABLE, '| fund | 1,00 |'), 'line 5: "1,00" is not an amount'],
  ['an empty cell', page(...TABLE, '| | 1.00 |'), 'line 5: "" is not an account'],
  ['a row that does not end', page(...TABLE, '| fund | 1.00'), 'line 5: a row must end with |'],
  ['a row that does not begin its line', page(...TABLE, ' | fund | 1.00 |'), 'line 5: a table or heading must begin its line'],
])('%s is an error', (_, text, says) => {
  expect(() => readTables(text, FORMS)).toThrow(says);
});

const DAYS = ['## Monday 2025-10-20', '| account | cash | position |', '|---|---|---|'];
test.each<[what: string, text: string, says: string]>([
  ['a deposit before the first day', page(...TABLE, ...DAYS), 'line 2: must stand under a day'],
  ['a listing after it', page(...DAYS, '', '| contract | listed at |', '|---|---|'), 'line 6: must stand before the first day'],
  ['nothing that must come out', page('## Monday 2025-10-20', ...TABLE), 'line 1: nothing must come out of it'],
  ['a price off the tick', page('| contract | listed at |', '|---|---|', '| Dec 2025 | 2.4 |'), '"2.4" is not a price'],
])('in a trading day, %s is an error', (_, text, says) => {
  expect(() => readTradingDays(text)).toThrow(says);
});
