/** The trading days of `trading-days/`: each page is played as it is written, on the deployed template and bundles. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { playTradingDays } from '../venue/trading-days.ts';
import { OUTCOMES, readTradingDays } from '../venue/trading-tables.ts';

const FOLDER = join(import.meta.dirname, 'trading-days');
const pages = readdirSync(FOLDER).map((file) => {
  const text = readFileSync(join(FOLDER, file), 'utf8');
  return { file, text, ...readTradingDays(text) };
});

test.each(pages.map(({ title, file, text }) => [title, file, text] as const))('%s (%s)', (_, file, text) =>
  playTradingDays(text, file),
);

/** The first table of a kind that has rows, with its last row spoilt: a figure one off, or another word. */
function spoilt(header: string): { file: string; line: number; text: string } {
  for (const { file, text, tables } of pages) {
    const table = tables.find((each) => each.header === header && each.rows.length > 0);
    if (!table) continue;
    const lines = text.split('\n');
    const at = table.line + table.rows.length;
    lines[at] = /\d \|$/.test(lines[at]!)
      ? lines[at]!.replace(/(\d) \|$/, (_, digit: string) => `${(Number(digit) + 1) % 10} |`)
      : lines[at]!.replace(/[a-z]+ \|$/, header.startsWith('day run') ? 'report |' : 'other |');
    return { file, line: table.line, text: lines.join('\n') };
  }
  throw new Error(`no page has a table headed ${header}`);
}

test.each([...OUTCOMES])('a table that comes out otherwise is found where it stands: %s', async (header) => {
  const { file, line, text } = spoilt(header);
  await expect(playTradingDays(text, file)).rejects.toThrow(`${file}:${line}`);
});
