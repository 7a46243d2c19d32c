/** Every command says what it does and refuses what it does not know, and package.json, the catalogue and the README say the same. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CATALOGUE, type CommandName, LISTED, listed, USES, type Use } from '../../lib/commands/catalogue.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
/** Those with a file of this project behind them; the others are tools, which have a help of their own. */
const commands = LISTED.filter(({ entry }) => entry !== undefined);

let folder: string;
/** Node keeps here what it has compiled: the next command loads many of the same files. */
let compiled: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'commands-'));
  compiled = mkdtempSync(join(tmpdir(), 'compiled-'));
});
afterAll(() => {
  for (const dir of [folder, compiled]) rmSync(dir, { recursive: true, force: true });
});

/** As npm runs it, but in an empty folder, and with nothing in the environment that names a table or an engine. */
function call(script: string, ...args: string[]) {
  const [program, file] = scripts[script]!.split(' ');
  expect(program).toBe('node');
  const env = { PATH: process.env.PATH, NODE_COMPILE_CACHE: compiled };
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, file!), ...args], {
    cwd: folder,
    encoding: 'utf8',
    env,
  });
  return { status, stdout, stderr };
}

/** By script. */
const helps = new Map<string, ReturnType<typeof call>>();
function helpOf(script: string) {
  const help = helps.get(script) ?? call(script, '--help');
  helps.set(script, help);
  return help;
}

describe.each(commands)('$call', ({ script, call: line, does }) => {
  test('--help says what it does, with an example and the exit codes, and does nothing', () => {
    const market = existsSync(join(ROOT, '.market'));
    const { status, stdout, stderr } = helpOf(script);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^Usage: ${line} -- \\[options\\]`));
    expect(stdout.replace(/\s+/g, ' ').toLowerCase()).toContain(does.toLowerCase());
    expect(stdout).toMatch(new RegExp(`^Examples:\n {2}${line}( |$)`, 'm'));
    expect(stdout).toContain('\nExit codes: 0 fine; 1 ');
    expect(readdirSync(folder)).toEqual([]);
    expect(existsSync(join(ROOT, '.market'))).toBe(market);
  });

  test('an option it does not know is refused in a line that leads to --help, and nothing is done', () => {
    const { status, stdout, stderr } = call(script, '--halp');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toBe(`unknown option '--halp' (Did you mean --help?)\n  ${line} -- --help says how it is called.\n`);
    expect(readdirSync(folder)).toEqual([]);
  });
});

test.each([
  ['a mistyped option', 'audit', ['--tabel', 'x'], "unknown option '--tabel' (Did you mean --table?)"],
  ['what is no number', 'faults', ['--seeds', 'ten'], 'It must be a whole number from 1 to 999999999.'],
  ['a number out of range', 'start', ['--port', '65536'], 'It must be a whole number from 0 to 65535.'],
  ['an instant without a zone', 'start', ['--until', '2026-11-23T14:30'], 'It must be an instant with its zone'],
  ['an option without its value', 'export', ['--out'], "option '--out <dir>' argument missing"],
  ['an option that is missing', 'export', [], '--out is missing'],
  ['two venues', 'repair', ['--data', 'a', '--table', 'b'], '--data and --table exclude each other: name one'],
  ['none of what one is needed of', 'rebuild', ['--export', 'a'], 'name one of --to-data and --to-table'],
  ['what is no option', 'key', ['now'], 'too many arguments. Expected 0 arguments but got 1: now.'],
  [
    'a word that is not one of a few',
    'bench',
    ['--only', 'all'],
    'Allowed choices are auction, clear, accept, billing, listening.',
  ],
  ['a file that is not there', 'simulate', ['--spot', 'nowhere.csv'], "--spot can't be read: ENOENT"],
])('%s is refused in one line: %s %j', (_, script, args, says) => {
  const { status, stdout, stderr } = call(script, ...args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain(says);
  expect(stderr.split('\n')).toEqual([
    expect.anything(),
    `  ${listed(script as CommandName).call} -- --help says how it is called.`,
    '',
  ]);
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['export', ['--out', 'there', '--data', 'nowhere'], 'There is no market in nowhere\n  Name its folder with --data,'],
  ['gate', ['--export', 'nowhere'], 'There is no export in nowhere\n  Name a folder that `npm run export` wrote.'],
  ['auction', ['--data', 'nowhere'], 'No market is running here\n  Start it in another terminal: npm start'],
  ['simulate', ['--product', 'X1'], 'has no prices of X1; it has A100-SXM, B200, H100-SXM, H200\n  Put the file right,'],
])('what fails is told as the fact and then what to do: %s %j', (script, args, says) => {
  const { status, stdout, stderr } = call(script, ...args);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain(says);
  expect(stderr).not.toContain('    at ');
});

/** Calls in a text, `npm run NAME -- ARGUMENTS`, up to what ends one in prose, in a table or in a shell. */
const calls = (text: string): { script: string; options: string[] }[] =>
  [...text.matchAll(/\bnpm (?:run (?:-s |--silent )?([a-z][\w:-]*)|(start|test))\b((?: -- )?[^`|\n#)]*)/g)].map(
    ([, name, alone, rest]) => ({
      script: (name ?? alone)!,
      options: rest!.startsWith(' -- ') ? (rest!.match(/(?<=\s)--[a-z][\w-]*/g) ?? []) : [],
    }),
  );

describe('the docs, and what the code says to its reader,', () => {
  const inside = (folder: string): string[] =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`);
  const files = ['README.md', 'CONTRIBUTING.md', '.ci/run', ...inside('docs'), ...inside('lib')].filter((file) =>
    /\.(md|ts)$|run$/.test(file),
  );

  test('call commands that there are, with options that they have', () => {
    const wrong = files.flatMap((file) =>
      calls(read(file)).flatMap(({ script, options }) => {
        if (!(script in scripts)) return [`${file}: npm run ${script}`];
        return options
          .filter((option) => !helpOf(script).stdout.includes(`${option} `))
          .map((option) => `${file}: ${script} ${option}`);
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('of which a call is read with its options, and not what follows it', () => {
    const text = 'Run `npm run audit -- --table NAME --head HASH`, or --other; `npm start -- --until X` | `npm test`.';
    expect(calls(text)).toEqual([
      { script: 'audit', options: ['--table', '--head'] },
      { script: 'start', options: ['--until'] },
      { script: 'test', options: [] },
    ]);
  });
});

test('package.json, the catalogue and the README list the same commands, in the same order and words', () => {
  expect(Object.keys(scripts)).toEqual(LISTED.map(({ script }) => script));
  const readme = read('README.md');
  const section = readme.slice(readme.indexOf('\n## Commands\n'), readme.indexOf('\n## Deploying\n'));
  const groups = section.split('\n### ').slice(1);
  expect(groups.map((group) => group.split('\n')[0])).toEqual(Object.values(USES));
  const rows = groups.map((group) => [...group.matchAll(/^\| `(.+)` \| (.+) \|$/gm)].map(([, line, does]) => [line, does]));
  expect(rows).toEqual(Object.keys(USES).map((use) => CATALOGUE[use as Use].map(({ call: line, does }) => [line, does])));
});

test('every file of a command is in the catalogue, and every script of the catalogue is that file', () => {
  const files = readdirSync(join(ROOT, 'lib/commands')).filter((name) => /^await command\(/m.test(read(`lib/commands/${name}`)));
  const entries = commands.map(({ script }) => scripts[script]!.replace(/^node /, ''));
  expect(entries.filter((file) => file !== 'bench/run.ts').sort()).toEqual(files.map((name) => `lib/commands/${name}`).sort());
});

test('the list of commands shows each with its line', () => {
  const { status, stdout } = call('commands');
  expect(status).toBe(0);
  for (const { call: line, does } of LISTED)
    expect(stdout).toMatch(new RegExp(`^  ${line} +${does.replace(/[()?]/g, '.')}$`, 'm'));
  expect([...stdout.matchAll(/^\S.*$/gm)].map(([head]) => head).slice(0, -1)).toEqual(Object.values(USES));
});
