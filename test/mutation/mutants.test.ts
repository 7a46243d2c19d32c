/** The list is up to date: every mutant can be made, and every test file that is to notice it is there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mutated } from './mutant.ts';
import { MUTATED } from './mutants.ts';

const ROOT = join(import.meta.dirname, '..', '..');

test.each(MUTATED)('every mutant of $file applies exactly once and changes something', ({ file, mutants }) => {
  const source = readFileSync(join(ROOT, file), 'utf8');
  for (const mutant of mutants) expect(mutated(source, mutant)).not.toBe(source);
});

test.each(MUTATED)('the tests of $file are there', ({ tests }) => {
  expect(tests.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('names and files stand once each', () => {
  const names = MUTATED.flatMap(({ mutants }) => mutants.map(({ name }) => name));
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  expect(new Set(MUTATED.map(({ file }) => file)).size).toBe(MUTATED.length);
});

test('a mutant whose text has gone, or stands twice, is an error', () => {
  const mutant = { name: 'gone', wrong: '', text: 'a', becomes: 'b' };
  expect(mutated('x a x', mutant)).toBe('x b x');
  expect(() => mutated('x', mutant)).toThrow('mutant gone stands 0 times');
  expect(() => mutated('a a', mutant)).toThrow('mutant gone stands 2 times');
});
