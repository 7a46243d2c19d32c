/**
 * The arrows between folders, kept by reading the import statements, and the words that may not stand
 * in the repository. What breaks them is listed as file:line.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

interface Arrow {
  /** Repository paths (of files) that a file of the folder may import. */
  readonly files: RegExp;
  /** Packages and Node modules that it may import. */
  readonly packages: RegExp;
}

const NOTHING = /^$(?!)/;
const ARROWS: Record<string, Arrow> = {
  'lib/domain': { files: /^lib\/domain\//, packages: NOTHING },
  'lib/store': { files: /^lib\/(store|domain)\//, packages: /^(@aws-sdk\/.+|@smithy\/.+|zod|node:crypto|node:zlib)$/ },
  lambdas: {
    files: /^(lambdas|lib\/store|lib\/domain)\//,
    packages: /^(@aws-lambda-powertools\/.+|zod|aws-lambda|node:crypto|node:util)$/,
  },
  'lib/infra': {
    files: /^lib\/(infra\/|store\/names\.ts$)/,
    packages: /^(aws-cdk-lib(\/.+)?|constructs|esbuild|cdk-nag|node:.+)$/,
  },
  'lib/local': { files: /^lib\//, packages: /./ },
  'lib/supply': { files: /^lib\/(supply\/|infra\/synthesize\.ts$)/, packages: /^(@secretlint\/.+|node:.+)$/ },
};

interface Import {
  readonly line: number;
  readonly name: string;
}

/** Every module a source names: static, re-exported, for its effect, dynamic, required, or as a type. */
function imports(source: string): Import[] {
  const blanked = withoutComments(source);
  const forms = [
    /\b(?:import|export)\s[^;'"`()=]*?\bfrom\s*(['"])(.+?)\1/g,
    /\bimport\s*(['"])(.+?)\1/g,
    /\b(?:import|require|getBuiltinModule)\s*\(\s*(['"`])(.+?)\1/g,
  ];
  return forms
    .flatMap((form) => [...blanked.matchAll(form)])
    .map((match) => ({ line: lineOf(blanked, match.index + match[0].length), name: match[2]! }))
    .sort((a, b) => a.line - b.line);
}

/** The source with comments blanked out, lines and strings kept. A template's text is left as it is. */
function withoutComments(source: string): string {
  const tokens = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;
  return source.replace(tokens, (token) => (/^\/[/*]/.test(token) ? token.replace(/[^\n]/g, ' ') : token));
}

const lineOf = (text: string, index: number): number => text.slice(0, index).split('\n').length;

/** What is wrong with the imports of one file, as file:line and the name. */
function wrongArrows(file: string, source: string): string[] {
  const folder = Object.keys(ARROWS).find((name) => file.startsWith(`${name}/`));
  if (!folder) return [`${file}:1 is in no folder of the layout`];
  const { files, packages } = ARROWS[folder]!;
  return imports(source)
    .filter(({ name }) => (name.startsWith('.') ? !files.test(normalize(join(dirname(file), name))) : !packages.test(name)))
    .map(({ line, name }) => `${file}:${line} imports ${name}`);
}

const sources = ['lib', 'lambdas']
  .filter((folder) => existsSync(join(ROOT, folder)))
  .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
  .sort();
const code = sources.filter((file) => /\.[cm]?[jt]sx?$/.test(file));

describe('the arrows', () => {
  test.each(Object.keys(ARROWS))('%s imports only what it may', (folder) => {
    const files = code.filter((file) => file.startsWith(`${folder}/`));
    expect(files.flatMap((file) => wrongArrows(file, readFileSync(join(ROOT, file), 'utf8')))).toEqual([]);
  });

  test('every source is in a folder of the layout', () => {
    const folders = Object.keys(ARROWS).map((name) => `${name}/`);
    expect(code.filter((file) => !folders.some((folder) => file.startsWith(folder)))).toEqual([]);
  });

  test.each<[file: string, source: string]>([
    ['lib/domain/roll.ts', "import { readFileSync } from 'node:fs';"],
    ['lib/domain/roll.ts', "import type { Table } from '../store/table.ts';"],
    ['lib/domain/roll.ts', "import {\n  type Table,\n  keys,\n} from '../store/table.ts';"],
    ['lib/domain/roll.ts', "import { z } from 'zod';"],
    ['lib/domain/roll.ts', "export { table } from '../store/table.ts';"],
    ['lib/domain/roll.ts', "export * from '../store/table.ts';"],
    ['lib/domain/roll.ts', "import '../store/table.ts';"],
    ['lib/domain/roll.ts', "const table = await import('../store/table.ts');"],
    ['lib/domain/roll.ts', "let table: import('../store/table.ts').Table;"],
    ['lib/domain/roll.ts', "const fs = process.getBuiltinModule('node:fs');"],
    ['lib/domain/roll.ts', "const text = '//'; import '../store/table.ts';"],
    ['lib/store/log.ts', "import { route } from '../../lambdas/participant-api/index.ts';"],
    ['lib/store/log.ts', "import { Stack } from 'aws-cdk-lib';"],
    ['lib/store/log.ts', "import { readFileSync } from 'node:fs';"],
    ['lambdas/settle-day/index.ts', "import { DynamoDBClient } from '@aws-sdk/client-dynamodb';"],
    ['lambdas/settle-day/index.ts', "import { ROUTES } from '../../lib/infra/routes.ts';"],
    ['lib/infra/stack.ts', "import { key } from '../store/keys.ts';"],
    ['lib/infra/stack.ts', "import { ticks } from '../domain/units.ts';"],
    ['lib/infra/stack.ts', "import { handler } from '../../lambdas/settle-day/index.ts';"],
    ['lib/local/cloud.ts', "import { handler } from '../../lambdas/settle-day/index.ts';"],
    ['lib/elsewhere/cloud.ts', ''],
  ])('an arrow the wrong way is found: %s, %s', (file, source) => {
    expect(wrongArrows(file, source)).toHaveLength(1);
    expect(wrongArrows(file, `\n\n${source}`)[0]).toMatch(new RegExp(`^${file}:\\d+ `));
  });

  test.each<[file: string, source: string]>([
    ['lib/domain/roll.ts', "import { type Ticks, ticks } from './units.ts';"],
    ['lib/domain/roll.ts', "// import { z } from 'zod';\n/* import 'zod' */"],
    ['lib/store/log.ts', "import { createHash } from 'node:crypto';\nimport { ticks } from '../domain/units.ts';"],
    ['lambdas/settle-day/index.ts', "import type { SQSEvent } from 'aws-lambda';\nimport { log } from '../../lib/store/log.ts';"],
    ['lib/infra/stack.ts', "import { QUEUES } from '../store/names.ts';\nimport { Stack } from 'aws-cdk-lib/core';"],
    ['lib/local/cloud.ts', "import { Worker } from 'node:worker_threads';\nconst bundle = join(out, 'lambdas/settle-day');"],
  ])('an arrow the right way is none: %s, %s', (file, source) => expect(wrongArrows(file, source)).toEqual([]));
});

test('no file or folder of lib is named after a decision that was not made', () => {
  const vague = /(^|\/)(utils?|common|helpers?|types?|services?|shared|misc|index)(\.[^/]*)?(\/|$)/;
  expect(sources.filter((file) => file.startsWith('lib/') && vague.test(file))).toEqual([]);
  for (const name of ['lib/utils.ts', 'lib/store/types/key.ts', 'lib/domain/index.ts', 'lib/local/helpers.test.ts'])
    expect(name).toMatch(vague);
  for (const name of ['lib/store/index-values.ts', 'lib/local/serviceable.ts']) expect(name).not.toMatch(vague);
});

/** Words that switch off the compiler or a test, as file:line. Prose may say "as any other"; code may not. */
function switchedOff(file: string, source: string): string[] {
  const words = [
    ...source.matchAll(/@ts-(?:ignore|nocheck)|\.(?:only|skip)\(/g),
    ...withoutComments(source).matchAll(/\bas (?:any)\b/g),
  ];
  return words.map((match) => `${file}:${lineOf(source, match.index)} says ${match[0]}`);
}

test('nothing in the repository switches off the compiler or a test', () => {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const files = listed.split('\0').filter((file) => /\.([cm]?[jt]sx?|json|ya?ml)$/.test(file) && existsSync(join(ROOT, file)));
  expect(files).toContain('test/architecture.test.ts');
  expect(files.flatMap((file) => switchedOff(file, readFileSync(join(ROOT, file), 'utf8')))).toEqual([]);
});

test('what switches off the compiler or a test is found where it stands', () => {
  // In two pieces each, or this file would find itself.
  for (const pieces of [
    ['// @ts-', 'ignore'],
    ['// @ts-', 'nocheck'],
    ['x as ', 'any;'],
    ['test.only', '(1)'],
    ['describe.skip', '(1)'],
  ]) {
    expect(switchedOff('a.ts', `\n${pieces.join('')}`)).toHaveLength(1);
    expect(switchedOff('a.ts', `\n${pieces.join('')}`)[0]).toMatch(/^a\.ts:2 says /);
  }
  expect(switchedOff('a.ts', `// a name as ${'any'} other`)).toEqual([]);
});
