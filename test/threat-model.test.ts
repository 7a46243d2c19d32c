/** The threat model names tests that are there, and every attack in it has one. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FUNCTIONS } from '../lib/store/names.ts';

const ROOT = join(import.meta.dirname, '..');
const page = readFileSync(join(ROOT, 'docs/threat-model.md'), 'utf8');

/** `file` "title", "title"; a title may be broken over lines on the page. */
const NAMED = /`(test\/[^`]+\.ts)`\s+((?:"[^"]+"(?:,\s*)?)+)/g;
const named = (text: string): [file: string, title: string][] =>
  [...text.matchAll(NAMED)].flatMap(([, file, titles]) =>
    [...titles!.matchAll(/"([^"]+)"/g)].map(([, title]): [string, string] => [file!, title!.replaceAll(/\s+/g, ' ')]),
  );

it.each(named(page))('%s has a test "%s"', (file, title) => {
  expect(existsSync(join(ROOT, file))).toBe(true);
  expect(readFileSync(join(ROOT, file), 'utf8').replaceAll("\\'", "'")).toContain(title);
});

describe('every attack', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && !/^\| (attack|function) \|/.test(line));

  it('is shown to be stopped, or found, by a test', () => {
    expect(rows.length).toBeGreaterThan(50);
    expect(rows.filter((row) => named(row).length === 0)).toEqual([]);
  });

  it('by a function that was taken over has a row for each function', () => {
    expect(rows.flatMap((row) => /^\| `([a-z-]+)` \|/.exec(row)?.[1] ?? [])).toEqual([...FUNCTIONS]);
  });

  it('section says what is not stopped', () => {
    const sections = page.split('\n## ').slice(1);
    expect(sections.filter((section) => !/Not stopped/.test(section)).map((section) => section.split('\n')[0])).toEqual([]);
  });
});

it('a name that is not there would be seen', () => {
  expect(named('| a | b | `test/x.test.ts` "one", "two\nlines"; `test/y.test.ts` "three" |')).toEqual([
    ['test/x.test.ts', 'one'],
    ['test/x.test.ts', 'two lines'],
    ['test/y.test.ts', 'three'],
  ]);
});
