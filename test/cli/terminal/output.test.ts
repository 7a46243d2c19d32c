/** What a terminal and what a program is given. */
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../lib/cli/terminal/failure.ts';
import { type Format, Output } from '../../../lib/cli/terminal/output.ts';
import { fieldLines, figure, tableLines, word } from '../../../lib/cli/terminal/table.ts';

interface Row {
  readonly contract: string;
  readonly lots: number | null;
}
const COLUMNS = [word<Row>('contract', ({ contract }) => contract), figure<Row>('lots', ({ lots }) => lots)];
const ROWS: Row[] = [
  { contract: 'H100-SXM-2025-12', lots: 6 },
  { contract: 'H100-SXM-2026-01', lots: -1200 },
  { contract: 'x', lots: null },
];

function output(format: Format, { isTTY = false, env = {} }: { isTTY?: boolean; env?: Record<string, string> } = {}) {
  const [printed, said]: [string[], string[]] = [[], []];
  const sink = (to: string[]) => ({ isTTY, write: (text: string) => to.push(text) });
  return { out: new Output({ format, stdout: sink(printed), stderr: sink(said), env }), printed, said };
}

test('numbers stand to the right under their heading, what is not there is a dash, no line ends in spaces', () => {
  expect(tableLines(COLUMNS, ROWS)).toEqual([
    'contract           lots',
    'H100-SXM-2025-12      6',
    'H100-SXM-2026-01  -1200',
    'x                     -',
  ]);
  expect(
    fieldLines([
      ['cash', '1.00'],
      ['call', null],
    ]),
  ).toEqual(['cash  1.00', 'call  -']);
});

test.each([
  ['a terminal sequence', 'a\u001b[2Jb', 'a\\u{1b}[2Jb'],
  ['a control of eight bits', 'a\u009b2Jb', 'a\\u{9b}2Jb'],
  ['an override of direction', 'a\u202eb', 'a\\u{202e}b'],
  ['a line of its own', 'a\nBUY 1000', 'a\\u{a}BUY 1000'],
])('%s in a name that another wrote is shown and not obeyed', (_, name, shown) => {
  expect(tableLines([word('name', (row: string) => row)], [name])).toEqual(['name', shown]);
});

test.each([
  ['a terminal', true, {}, true],
  ['a pipe', false, {}, false],
  ['a terminal that wants none', true, { NO_COLOR: '1' }, false],
  ['a terminal with an empty NO_COLOR', true, { NO_COLOR: '' }, true],
  ['a terminal that can not', true, { TERM: 'dumb' }, false],
])('%s has colours: %s', async (_, isTTY, env, coloured) => {
  const { out, printed } = output('text', { isTTY, env: env as Record<string, string> });
  await out.list([ROWS], COLUMNS, { empty: '' });
  expect(printed[0]!.includes('\u001b[')).toBe(coloured);
});

describe('a list', () => {
  const pages = function* (): Generator<Row[]> {
    yield ROWS.slice(0, 2);
    yield ROWS.slice(2);
    throw new Error('a page that was not wanted');
  };

  test('is one JSON document', async () => {
    const { out, printed } = output('json');
    await out.list([ROWS], COLUMNS, { empty: '' });
    expect(JSON.parse(printed.join(''))).toEqual({ items: ROWS, more: false });
  });

  test('is a JSON line an item, and the note that there is more stands elsewhere', async () => {
    const { out, printed, said } = output('ndjson');
    await out.list(pages(), COLUMNS, { empty: '', most: 1 });
    expect(printed).toEqual([`${JSON.stringify(ROWS[0])}\n`]);
    expect(said).toEqual(['There is more: --limit shows more than 1.\n']);
  });

  test('is read no further than it is shown', async () => {
    const { out, printed } = output('json');
    await out.list(pages(), COLUMNS, { empty: '', most: 2 });
    expect(JSON.parse(printed.join(''))).toEqual({ items: ROWS.slice(0, 2), more: true });
  });

  test('without items is a sentence, or an empty list', async () => {
    const text = output('text');
    await text.out.list([[]], COLUMNS, { empty: 'There is none.' });
    expect(text.printed).toEqual(['There is none.\n']);
    const json = output('ndjson');
    await json.out.list([[]], COLUMNS, { empty: 'There is none.' });
    expect([json.printed, json.said]).toEqual([[], []]);
  });
});

test('a failure names the fact, the fields, the request and what to do; for a program with its kind and exit code', () => {
  const failure = new Failure('refused', 'A field is not valid', 'Send another.', {
    code: 'invalid-body',
    status: 422,
    errors: [{ path: '$.lots', rule: 'must be a whole number' }],
    requestId: 'r-1',
  });
  const text = output('text');
  text.out.failure(failure);
  expect(text.said.join('')).toBe(
    'A field is not valid (invalid-body)\n  $.lots: must be a whole number\n  request r-1\n  Send another.\n',
  );
  const json = output('json');
  json.out.failure(failure);
  expect(json.printed).toEqual([]);
  expect(JSON.parse(json.said.join(''))).toEqual({
    error: {
      kind: 'refused',
      message: 'A field is not valid',
      hint: 'Send another.',
      code: 'invalid-body',
      status: 422,
      errors: [{ path: '$.lots', rule: 'must be a whole number' }],
      requestId: 'r-1',
    },
    exitCode: 1,
  });
});
