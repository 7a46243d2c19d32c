/** The list of cases: all are there, and each has its tests, under its own words. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const CASES =
  `message delivered 2 to 10 times; client retry after 6 and 11 minutes; same key with another body; two first requests at
once; crash after commit before delete; crash between any two writes of clearing; lost commit response; 30% conflicts; five minutes
of throttling; poison message in a group; one bad of ten in mixed groups; dead-letter redrive after the auction closed; function
time-out mid-batch; settle fired twice and concurrently; a missed day; roll before settle ended; an order one millisecond either
side of the cut; daylight saving, leap day, holiday, month end; every order cancelled; permuted arrival; bad index values; table
unreachable for hours, then the backlog; an update deployed while old messages are in flight; a journal row edited, deleted or
reordered; restore into a fresh table`
    .replaceAll('\n', ' ')
    .split('; ');

const DOCS = join(import.meta.dirname, '../../docs');
const rows = readFileSync(join(DOCS, 'cases.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .slice(1);

it('holds each of the 25 cases once, with what is expected', () => {
  expect(CASES).toHaveLength(25);
  expect(rows.map(([, name]) => name)).toEqual(CASES);
  for (const [, name, expected] of rows) expect(expected, name).toMatch(/\.$/);
});

it.each(rows.map(([, name, , test]) => [name!, test!]))('names the tests of: %s', (name, test) => {
  const [, link] = /\]\((.+)\)$/.exec(test)!;
  const source = readFileSync(resolve(DOCS, link!), 'utf8');
  const [, block] = source.split(`\ndescribe('${name}', () => {\n`);
  expect(block?.split('\n});')[0]).toMatch(/^ {2}it(\.each\(|\()/m);
});
