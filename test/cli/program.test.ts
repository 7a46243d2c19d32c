/** Every command says what it does, refuses what it does not know, and ends with a code that says how. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commandLinePage } from '../../lib/cli/page.ts';
import { parserOf } from '../../lib/cli/program.ts';
import { Home } from './surroundings.ts';

const ROOT = join(import.meta.dirname, '..', '..');

let home: Home;
beforeEach(() => {
  home = new Home();
});
afterEach(() => home[Symbol.dispose]());

const program = parserOf({
  env: {},
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: new AbortController().signal,
});
const verbs = (command: Command, path: string[] = []): [words: string[], command: Command][] =>
  command.commands.flatMap((each): [string[], Command][] =>
    each.commands.length > 0 ? verbs(each, [...path, each.name()]) : [[[...path, each.name()], each]],
  );

describe.each(verbs(program).map(([words]) => [words.join(' '), words] as const))('%s', (name, words) => {
  test('says what it does, with examples, and has the options that all have', async () => {
    const { code, out, err } = await home.run([...words, '--help']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(new RegExp(`^Usage: compute-exchange ${name} \\[options\\]`));
    expect(out).toMatch(new RegExp(`^Examples:\\n {2}compute-exchange ${name}( |$)`, 'm'));
    for (const option of ['--json', '--ndjson', '--profile', '--url', '--help']) expect(out).toContain(option);
  });

  test('refuses an option that it does not know, and nothing is done', async () => {
    const operands = verbs(program)
      .find(([found]) => found.join(' ') === name)![1]
      .registeredArguments.filter(({ required }) => required);
    const { code, out, err } = await home.run([...words, ...operands.map(({ argChoices }) => argChoices?.[0] ?? '1'), '--jsn']);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain("unknown option '--jsn' (Did you mean --json?)\n");
  });
});

test.each([
  [
    'a mistyped command',
    ['mraket'],
    "unknown command 'mraket' (Did you mean market?)\n  compute-exchange --help says how it is called.",
  ],
  [
    'one of the operator',
    ['operator', 'aprove'],
    "unknown command 'aprove' (Did you mean approve?)\n  compute-exchange operator --help",
  ],
  ['no command', [], 'There is no command\n  compute-exchange --help lists them.'],
  ['an operand that is missing', ['buy', '1'], "missing required argument 'contract'\n  compute-exchange buy --help"],
  ['one too many', ['fills', '1'], 'too many arguments'],
  ['a word that is not one of a few', ['roll', 'onn'], 'Allowed choices are show, on, off'],
  ['no limit', ['buy', '1', '2026-01'], '--at is missing\n  All orders have a limit'],
  ['lots with a fraction', ['buy', '1.5', '2026-01', '--at', '1'], 'Lots are a whole number'],
  ['two ways of printing', ['fills', '--json', '--ndjson'], "option '--json' cannot be used with option '--ndjson'"],
  ['a question without a terminal', ['submit', '-'], 'standard input, so there is none to ask at'],
  ['an agent with orders and without limits', ['mcp', '--orders'], '--orders needs --lots-a-day and --loss-a-day'],
  ['limits of an agent without orders', ['mcp', '--lots-a-day', '1'], 'Limits are for --orders'],
])('%s is called wrongly: code 2', async (_, words, says) => {
  const { code, out, err } = await home.run(words, {
    env: { COMPUTE_EXCHANGE_URL: 'http://127.0.0.1:9', COMPUTE_EXCHANGE_TOKEN: 'a.b.c' },
  });
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(says);
});

describe('the exit code', () => {
  let venue: Server;
  let answers: { status: number; body: object; headers?: Record<string, string> }[];
  let asked: string[];
  beforeEach(async () => {
    [answers, asked] = [[], []];
    venue = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`.trim());
      const { status, body, headers = {} } = answers.length > 1 ? answers.shift()! : answers[0]!;
      response.writeHead(status, { 'content-type': 'application/problem+json', ...headers }).end(JSON.stringify(body));
    });
    await new Promise<void>((listening) => venue.listen(0, '127.0.0.1', listening));
  });
  afterEach(() => new Promise<void>((closed) => venue.close(() => closed())));
  const url = (): string => `http://127.0.0.1:${(venue.address() as AddressInfo).port}`;
  const account = (words: readonly string[] = []) =>
    home.run(['account', ...words], { env: { COMPUTE_EXCHANGE_URL: url(), COMPUTE_EXCHANGE_TOKEN: 'a.b.c' } });
  const problem = (status: number, code: string) => ({
    status,
    body: { type: `urn:compute-exchange:${code}`, title: 'It is so', status, detail: 'more of it' },
    headers: { 'request-id': 'r-1' },
  });

  test.each([
    [
      'not signed in, 3: a token that is not good any more',
      { status: 401, body: { message: 'Unauthorized' } },
      3,
      'compute-exchange sign-in',
    ],
    ['not allowed, 3', problem(403, 'account-not-open'), 3, 'The operator opens accounts'],
    ['refused, 1', problem(404, 'not-found'), 1, 'It is so: more of it (not-found)\n  request r-1\n'],
    [
      'try again, 4: too many requests for long',
      { ...problem(429, 'too-many-requests'), headers: { 'retry-after': '31' } },
      4,
      'Try again in 31 s.',
    ],
    ["the venue's fault, 5", problem(500, 'internal-error'), 5, 'It is so'],
    [
      "the venue's fault, 5: an answer that it does not declare",
      { status: 200, body: { account: 1 } },
      5,
      'answered what it does not declare',
    ],
  ])('says %s', async (_, answer, code, says) => {
    answers = [answer];
    const ran = await account();
    expect([ran.code, ran.out]).toEqual([code, '']);
    expect(ran.err).toContain(says);
  });

  test('says not reachable, 4, at once when there is no venue', async () => {
    const env = { COMPUTE_EXCHANGE_URL: 'http://127.0.0.1:9', COMPUTE_EXCHANGE_TOKEN: 'a.b.c' };
    const { code, err } = await home.run(['account', '--json'], { env });
    expect(code).toBe(4);
    expect(JSON.parse(err)).toMatchObject({
      error: { kind: 'try-again', hint: expect.stringContaining('npm start') },
      exitCode: 4,
    });
  });

  test('is 0 when what was too busy answers on being asked again', async () => {
    const good = {
      account: 'acme',
      name: 'Acme',
      cash: '1.00',
      requirement: '0.00',
      excess: '1.00',
      call: null,
      applied: 1,
      asOf: 1,
      seq: 1,
    };
    answers = [{ ...problem(503, 'try-again') }, { status: 200, body: good }];
    const { code, out } = await account(['--json']);
    expect([code, JSON.parse(out)]).toEqual([0, good]);
    expect(asked).toEqual(['GET /v1/account Bearer a.b.c', 'GET /v1/account Bearer a.b.c']);
  });
});

test('a token is not taken from the command line but by an option that says so, and one that the venue refuses is not kept', async () => {
  const url = ['--url', 'http://127.0.0.1:9'];
  expect((await home.run(['sign-in', ...url, '--token', 'a.b.c'])).err).toContain("unknown option '--token'");
  expect((await home.run(['sign-in', ...url], { input: 'a.b.c' })).err).toContain('This asks for a secret');
  expect((await home.run(['sign-in', ...url, '--token-stdin'], { input: 'no token' })).err).toContain('no JSON web token');
  expect((await home.run(['sign-in', ...url, '--token-stdin'], { input: 'a.b.c\n' })).code).toBe(4);
  expect(JSON.parse((await home.run(['profiles', '--json'])).out)).toEqual({ items: [], more: false });
});

describe('completion', () => {
  /** What bash would offer for the last of these words. */
  async function offered(...words: string[]): Promise<string[]> {
    const { out } = await home.run(['completion', 'bash']);
    const script = join(home.dir, 'completion.bash');
    writeFileSync(script, out);
    const list = ['compute-exchange', ...words].map((word) => `'${word}'`).join(' ');
    const lines = `source ${script}; COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _compute_exchange; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', lines], { encoding: 'utf8' }).trim().split('\n');
  }

  test.each([
    ['commands', ['can'], ['cancel', 'cancel-all-after']],
    ['commands of the operator', ['operator', 'a'], ['acts', 'accounts', 'account', 'approve', 'amend']],
    ['choices', ['roll', 'o'], ['on', 'off']],
    ['options', ['buy', '5', 'H100', '--ti'], ['--time-in-force']],
  ])('offers %s in bash', async (_, words, words2) => {
    expect((await offered(...words)).sort()).toEqual([...words2].sort());
  });

  test.each(['zsh', 'fish'])('names every command in %s', async (shell) => {
    const { code, out } = await home.run(['completion', shell]);
    expect(code).toBe(0);
    for (const [words] of verbs(program)) expect(out).toContain(words.at(-1)!);
  });
});

test("the page of the docs is the program's own help", () => {
  expect(readFileSync(join(ROOT, 'docs', 'command-line.md'), 'utf8')).toBe(commandLinePage());
});

test('the entry runs as it stands, and says the version of the package', () => {
  const { bin, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
    version: string;
  };
  const entry = join(ROOT, bin['compute-exchange']!);
  expect(statSync(entry).mode & 0o111).not.toBe(0);
  expect(readFileSync(entry, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  mkdirSync(join(home.dir, 'config'), { mode: 0o700 });
  expect(execFileSync(process.execPath, [entry, '--version'], { encoding: 'utf8', env: { ...process.env, ...home.env } })).toBe(
    `${version}\n`,
  );
});
