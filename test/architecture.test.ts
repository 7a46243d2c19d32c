/**
 * The rooms and the arrows between them, kept by reading the import statements, and the words that may not stand in the
 * repository. What breaks them is listed as file:line.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAst } from 'vitest/node';

const ROOT = join(import.meta.dirname, '..');

interface Arrow {
  /** Rooms whose files a file of this room may import; its own it always may. */
  readonly rooms: readonly string[];
  /** Files of other rooms that it may import besides. */
  readonly files?: readonly string[];
  /** Packages and Node modules that it may import. */
  readonly packages: RegExp;
}

const NOTHING = /^$(?!)/;
const ANYTHING = /./;
const SDK = /^(@aws-sdk\/.+|node:.+)$/;
const SIMULATION = ['lib/client', 'lib/local', 'lib/audit', 'lib/infra', 'lib/store', 'lib/domain'];
const FAULTS = ['lib/simulation', 'lib/virtual', 'lib/operations', ...SIMULATION];
/** The layout: each room, and what it may stand on. A room that is not here is an error, and so is an arrow that is not. */
const ARROWS: Record<string, Arrow> = {
  'lib/domain/contract': { rooms: [], packages: NOTHING },
  'lib/domain/auction': { rooms: ['lib/domain/contract'], packages: NOTHING },
  'lib/domain/risk': { rooms: ['lib/domain/contract', 'lib/domain/auction'], packages: NOTHING },
  'lib/domain/clearing': { rooms: ['lib/domain/contract', 'lib/domain/auction', 'lib/domain/risk'], packages: NOTHING },
  'lib/store': { rooms: ['lib/domain'], packages: /^(@aws-sdk\/.+|@smithy\/.+|zod|node:crypto|node:zlib)$/ },
  'lib/api': { rooms: ['lib/domain'], packages: /^zod$/ },
  lambdas: {
    rooms: ['lib/api', 'lib/store', 'lib/domain'],
    packages:
      /^(@aws-lambda-powertools\/.+|@cantoo\/pdf-lib|marked|zod|jose|aws-lambda|node:crypto|node:net|node:util|node:zlib)$/,
  },
  'lib/infra': {
    rooms: ['lib/api'],
    files: ['lib/store/names.ts'],
    packages: /^(aws-cdk-lib(\/.+)?|constructs|esbuild|cdk-nag|node:.+)$/,
  },
  'lib/local': { rooms: [], packages: /^(@aws-sdk\/.+|aws-lambda|croner|fauxqs|jose|ws|node:.+)$/ },
  'lib/virtual': { rooms: ['lib/local'], packages: /^(aws-lambda|esbuild|node:.+)$/ },
  'lib/client': { rooms: ['lib/api'], packages: /^(zod|node:.+)$/ },
  'lib/cli': {
    rooms: ['lib/client', 'lib/api'],
    packages: /^(@modelcontextprotocol\/server(\/.+)?|commander|csv-parse\/sync|openid-client|zod|node:.+)$/,
  },
  'lib/audit': { rooms: ['lib/store', 'lib/domain'], packages: SDK },
  'lib/operations': { rooms: ['lib/audit', 'lib/local', 'lib/store', 'lib/domain'], packages: SDK },
  'lib/simulation': { rooms: SIMULATION, packages: SDK },
  'lib/faults': { rooms: FAULTS, packages: SDK },
  'lib/reference': { rooms: ['lib/api'], files: ['package.json'], packages: /^(zod|zod-openapi)$/ },
  'lib/supply-chain': { rooms: [], packages: /^(@secretlint\/.+|node:.+)$/ },
  'lib/commands': {
    rooms: ['lib/faults', 'lib/supply-chain', 'lib/reference', 'lib/cli', ...FAULTS],
    files: ['test/mutation/measure.ts', 'test/mutation/report.ts'],
    packages: ANYTHING,
  },
};

const roomOf = (file: string): string | undefined => Object.keys(ARROWS).find((room) => file.startsWith(`${room}/`));

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

/** The file that an import of another file names, as a path of the repository. */
const targetOf = (file: string, name: string): string => normalize(join(dirname(file), name));

function mayImport(file: string, name: string): boolean {
  const room = roomOf(file)!;
  const { rooms, files = [], packages } = ARROWS[room]!;
  if (!name.startsWith('.')) return packages.test(name);
  const target = targetOf(file, name);
  return files.includes(target) || [room, ...rooms].some((allowed) => target.startsWith(`${allowed}/`));
}

/** What is wrong with the imports of one file, as file:line and the name. */
function wrongArrows(file: string, source: string): string[] {
  if (roomOf(file) === undefined) return [`${file}:1 is in no room of the layout`];
  return imports(source)
    .filter(({ name }) => !mayImport(file, name))
    .map(({ line, name }) => `${file}:${line} imports ${name}`);
}

/** The imports as arrows: from each file, or from each folder, to the others that it names. */
function graph(files: readonly [file: string, source: string][], nodeOf: (file: string) => string): Map<string, Set<string>> {
  const arrows = new Map<string, Set<string>>();
  for (const [file, source] of files)
    for (const { name } of imports(source).filter(({ name }) => name.startsWith('.'))) {
      const [from, to] = [nodeOf(file), nodeOf(targetOf(file, name))];
      if (from !== to) arrows.set(from, (arrows.get(from) ?? new Set()).add(to));
    }
  return arrows;
}

/** Ways along the arrows that come back to where they began. Empty only if there is none. */
function circles(arrows: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): void => {
    const at = path.indexOf(node);
    if (at >= 0) found.push([...path.slice(at), node].join(' > '));
    if (at >= 0 || done.has(node)) return;
    for (const next of arrows.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of [...arrows.keys()].sort()) visit(node, []);
  return found;
}

/** Every file of a folder and of those in it, as a path of the repository. */
const filesIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));

const sources = ['lib', 'lambdas'].flatMap(filesIn).sort();
const code = sources.filter((file) => /\.[cm]?[jt]sx?$/.test(file));

const read = (file: string): [file: string, source: string] => [file, readFileSync(join(ROOT, file), 'utf8')];

describe('the arrows', () => {
  test.each(Object.keys(ARROWS))('%s imports only what it may', (room) => {
    const files = code.filter((file) => file.startsWith(`${room}/`));
    expect(files.flatMap((file) => wrongArrows(...read(file)))).toEqual([]);
  });

  test('every source is in a room of the layout', () => {
    expect(code.filter((file) => roomOf(file) === undefined)).toEqual([]);
  });

  test('no two files import each other, and neither do two folders', () => {
    const files = code.map(read);
    expect(circles(graph(files, (file) => file))).toEqual([]);
    expect(circles(graph(files, dirname))).toEqual([]);
  });

  test('a circle is found, between files and between folders', () => {
    const files: [file: string, source: string][] = [
      ['lib/store/log.ts', "import { key } from './keys.ts';"],
      ['lib/store/keys.ts', "import type { Entry } from './log.ts';\nimport { lots } from '../domain/contract/units.ts';"],
      ['lib/domain/contract/units.ts', "import { ROW } from '../../store/rows.ts';"],
    ];
    expect(circles(graph(files, (file) => file))).toEqual(['lib/store/keys.ts > lib/store/log.ts > lib/store/keys.ts']);
    expect(circles(graph(files, dirname))).toEqual(['lib/domain/contract > lib/store > lib/domain/contract']);
  });

  test.each<[file: string, source: string]>([
    ['lib/domain/clearing/roll.ts', "import { readFileSync } from 'node:fs';"],
    ['lib/domain/clearing/roll.ts', "import type { Table } from '../../store/table.ts';"],
    ['lib/domain/clearing/roll.ts', "import {\n  type Table,\n  keys,\n} from '../../store/table.ts';"],
    ['lib/domain/clearing/roll.ts', "import { z } from 'zod';"],
    ['lib/domain/clearing/roll.ts', "export { table } from '../../store/table.ts';"],
    ['lib/domain/clearing/roll.ts', "export * from '../../store/table.ts';"],
    ['lib/domain/clearing/roll.ts', "import '../../store/table.ts';"],
    ['lib/domain/clearing/roll.ts', "const table = await import('../../store/table.ts');"],
    ['lib/domain/clearing/roll.ts', "let table: import('../../store/table.ts').Table;"],
    ['lib/domain/clearing/roll.ts', "const fs = process.getBuiltinModule('node:fs');"],
    ['lib/domain/clearing/roll.ts', "const text = '//'; import '../../store/table.ts';"],
    ['lib/store/log.ts', "import { route } from '../../lambdas/participant-api/index.ts';"],
    ['lib/store/log.ts', "import { Stack } from 'aws-cdk-lib';"],
    ['lib/store/log.ts', "import { readFileSync } from 'node:fs';"],
    ['lambdas/settle-day/index.ts', "import { DynamoDBClient } from '@aws-sdk/client-dynamodb';"],
    ['lambdas/settle-day/index.ts', "import { ROUTES } from '../../lib/infra/routes.ts';"],
    ['lib/infra/stack.ts', "import { key } from '../store/keys.ts';"],
    ['lib/infra/stack.ts', "import { ticks } from '../domain/contract/units.ts';"],
    ['lib/infra/stack.ts', "import { handler } from '../../lambdas/settle-day/index.ts';"],
    ['lib/local/cloud.ts', "import { handler } from '../../lambdas/settle-day/index.ts';"],
    ['lib/local/cloud.ts', "import { QUEUES } from '../store/names.ts';"],
    ['lib/domain/auction/book.ts', "import type { ClearingEvent } from '../clearing/events.ts';"],
    ['lib/audit/audit.ts', "import { startCloud } from '../local/cloud.ts';"],
    ['lib/operations/release/gate.ts', "import { Exchange } from '../../client/exchange.ts';"],
    ['lib/virtual/cloud.ts', "import { bundleFunctions } from '../infra/bundle.ts';"],
    ['lib/simulation/report.ts', "import { runSeed } from '../faults/run.ts';"],
    ['lib/elsewhere/cloud.ts', ''],
  ])('an arrow the wrong way is found: %s, %s', (file, source) => {
    expect(wrongArrows(file, source)).toHaveLength(1);
    expect(wrongArrows(file, `\n\n${source}`)[0]).toMatch(new RegExp(`^${file}:\\d+ `));
  });

  test.each<[file: string, source: string]>([
    ['lib/domain/clearing/roll.ts', "import { type Ticks, ticks } from '../contract/units.ts';"],
    ['lib/domain/clearing/roll.ts', "// import { z } from 'zod';\n/* import 'zod' */"],
    ['lib/store/log.ts', "import { createHash } from 'node:crypto';\nimport { ticks } from '../domain/contract/units.ts';"],
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

/** Words of the exchange, as file:line. The emulator knows templates and nothing of what they are for. */
function wordsOfTheExchange(file: string, source: string): string[] {
  const words = /auction|venue|exchange|participant|settlement|\b(clearing|market|trad(e|er|ing)|lot|shard)s?\b/gi;
  return [...source.matchAll(words)].map((match) => `${file}:${lineOf(source, match.index)} says ${match[0]}`);
}

test('the local cloud and its models say no word of the exchange, so that they could be lifted out', () => {
  const files = code.filter((file) => /^lib\/(local|virtual)\//.test(file));
  expect(files.flatMap((file) => wordsOfTheExchange(...read(file)))).toEqual([]);
  expect(wordsOfTheExchange('lib/local/cloud.ts', 'a\n// until the auction\nconst venues = 1;')).toEqual([
    'lib/local/cloud.ts:2 says auction',
    'lib/local/cloud.ts:3 says venue',
  ]);
});

const FUNCTION_LINES_MAX = 70;

/** Functions longer than that, from their first line to the last, as file:line and their length. */
function longFunctions(file: string, source: string): string[] {
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, start, end } = node as { type?: string; start: number; end: number };
    if (type?.includes('Function')) {
      const [first, last] = [lineOf(source, start), lineOf(source, end)];
      if (last - first >= FUNCTION_LINES_MAX) found.push(`${file}:${first} has ${last - first + 1} lines`);
    }
    for (const part of Object.values(node)) visit(part);
  };
  visit(parseAst(source, { lang: 'ts' }));
  return found;
}

test('every function fits a screen, in the code and in what tests share', () => {
  const shared = ['test', 'bench']
    .flatMap((folder) => filesIn(folder))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  expect(shared).not.toEqual([]);
  expect([...code, ...shared].flatMap((file) => longFunctions(...read(file)))).toEqual([]);
});

test.each<[form: string, head: string, foot: string]>([
  ['a function', 'export async function* long<T>(a: T) {', '}'],
  ['one without a block', 'const long = () => [', '];'],
  ['one inside of another', 'export const of = () => () => {', '};'],
  ['a method', 'class A { override #long(this: A): void {', '} }'],
  ['a getter', 'const a = { get long() {', '} };'],
])('%s that is too long is found where it begins, and one a line shorter is not', (_, head, foot) => {
  const source = (lines: number) => ['', head, ...Array(lines - 2).fill("  // '{' `${'"), foot].join('\n');
  expect(longFunctions('a.ts', source(70))).toEqual([]);
  expect(new Set(longFunctions('a.ts', source(71)))).toEqual(new Set(['a.ts:2 has 71 lines']));
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
