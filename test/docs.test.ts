/**
 * The docs and the code say the same. Every path and test that a page or a comment names exists, every room has its place on
 * the map, every queue and command of the glossary is there, and the words that docs/glossary.md has replaced are not used
 * again. What breaks this is listed as file:line.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
});
const files = listed.split('\0').filter((file) => file !== '' && existsSync(join(ROOT, file)));
const pages = files.filter((file) => file.endsWith('.md'));
const code = files.filter((file) => /\.[cm]?[jt]sx?$/.test(file));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const at = (file: string, text: string, index: number): string => `${file}:${text.slice(0, index).split('\n').length}`;

/** Only the comments of a source; all else is blanked out, line by line. */
function comments(source: string): string {
  const tokens = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|./g;
  return source.replace(tokens, (token) => (/^\/[/*]/.test(token) ? token : token.replace(/[^\n]/g, ' ')));
}

/** Paths of this repository in a text: in backticks on a page, with their ending in a comment. */
const PATH = /(?<![\w./-])(?:lib|lambdas|test|bench|docs|data|\.ci)\/[\w./#-]*[\w/]/g;
/** A path may be that of a folder, or the number of a decision. */
const isThere = (path: string): boolean =>
  existsSync(join(ROOT, path)) || (/^docs\/decisions\/\d{4}$/.test(path) && files.some((file) => file.startsWith(`${path}-`)));

function missingPaths(file: string, text: string): string[] {
  return [...text.matchAll(PATH)]
    .filter(([path]) => !isThere(path.replace(/#.*$/, '')))
    .map(({ 0: path, index }) => `${at(file, text, index)} names ${path}`);
}

/** Links to other pages and files, relative to the page. */
function deadLinks(page: string, text: string): string[] {
  return [...text.matchAll(/\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/g)]
    .filter(([, target]) => !existsSync(join(ROOT, normalize(join(dirname(page), target!)))))
    .map(({ 1: target, index }) => `${at(page, text, index)} links to ${target}`);
}

describe('what the docs name', () => {
  it.each(pages)('%s names only paths that exist', (page) => {
    expect([...missingPaths(page, read(page)), ...deadLinks(page, read(page))]).toEqual([]);
  });

  it('comments name only files that exist', () => {
    expect(code.flatMap((file) => missingPaths(file, comments(read(file))))).toEqual([]);
  });

  it('tests named by file and title are there', () => {
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/`([\w-]+\.test\.ts)`,\s+"([^"]+)"/g)].map(([, name, title]) => ({
        page,
        name: name!,
        title: title!,
      })),
    );
    expect(named.length).toBeGreaterThan(3);
    const wrong = named.filter(({ name, title }) => {
      const test = files.find((file) => basename(file) === name);
      return test === undefined || !read(test).replaceAll("\\'", "'").includes(title.replaceAll(/\s+/g, ' '));
    });
    expect(wrong).toEqual([]);
  });

  it('every room of lib is in the README and on the map, and so is every folder of tests that mirrors none', () => {
    const rooms = readdirSync(join(ROOT, 'lib'));
    const [readme, map] = [read('README.md'), read('docs/architecture.md')];
    const folders = readdirSync(join(ROOT, 'test'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const unmirrored = folders.map(({ name }) => name).filter((name) => !rooms.includes(name) && name !== 'lambdas');
    expect(rooms.filter((room) => !readme.includes(`\`lib/${room}/\``))).toEqual([]);
    expect(rooms.filter((room) => !new RegExp(`\`lib/${room}[\`/]`).test(map))).toEqual([]);
    expect(unmirrored.filter((folder) => !readme.includes(`\`${folder}/\``))).toEqual([]);
  });

  it('every page of docs is in the README', () => {
    const readme = read('README.md');
    expect(pages.filter((page) => /^docs\/[\w-]+\.md$/.test(page) && !readme.includes(`](${page})`))).toEqual([]);
  });

  it('every command that a page names is an entry of npm run', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const wrong = pages
      .filter((page) => page !== 'CHANGELOG.md')
      .flatMap((page) => [...read(page).matchAll(/npm run ([a-z][\w:-]*)/g)].map(([, name]) => [page, name!] as const))
      .filter(([, name]) => !Object.hasOwn(scripts, name));
    expect(wrong).toEqual([]);
  });

  it('a path, a link and a test that are not there would be seen', () => {
    expect(missingPaths('a.md', 'see `lib/store/log.ts`,\n`lib/store/nothing.ts` and docs/decisions/9999')).toEqual([
      'a.md:2 names lib/store/nothing.ts',
      'a.md:2 names docs/decisions/9999',
    ]);
    expect(deadLinks('docs/a.md', '[x](api.md#errors) [y](nothing.md)')).toEqual(['docs/a.md:1 links to nothing.md']);
    expect(missingPaths('a.ts', comments("const x = 'lib/a.ts'; // as lib/b.ts"))).toEqual(['a.ts:1 names lib/b.ts']);
  });
});

/** A word that is not used, what to say, and the contexts in which it means something else. */
type Replaced = readonly [word: RegExp, instead: string, allowed?: RegExp];

const REPLACED: readonly Replaced[] = [
  [
    /\b(?:ring|rings|rang|rung|ringing)\b|\b(?:ring|rung)[A-Z]|[a-z](?:Ring|Rang|Rung)(?![a-z])/g,
    'notify; an alarm goes into ALARM',
    /ring of spreads/,
  ],
  [/\b(?:door)?bells?\b|\bbell[A-Z]|[a-z]Bell(?![a-z])/gi, 'wake-up'],
  [/\b(?:dies|died|dying|deaths?|the dead)\b(?![\s-]letters?|-man's switch)|[a-z]Deaths?(?![a-z])/gi, 'crash, or be killed'],
  [/\bkills\b/gi, 'crashes', /kills (?:the market|it|a worker)/],
  [/\bmend(?:s|ed|ing)?\b/gi, 'repair'],
  [/\breckon(?:s|ed|ing)?\b/gi, 'compute; reconcile'],
  [/\bwires?\b/gi, 'proxy'],
  [/\b(?:signboard|misfortunes?|stubborn(?:ly)?)\b/gi, 'banner; fault; until answered'],
  [/\b(?:whoever|nobody|somebody|anybody|everybody|someone)\b/gi, 'the part that acts', /'(?:nobody|someone)'/],
  [/\b(?:Limit|Published)Curve\b|\b(?:read|limit)Curves?\b|aggregate curves?/g, 'LimitDemand; Depth'],
  [/\b(?:read|move|admit)Gate\b|\bGATE#|\bMENDED\b/g, 'intake; REPAIRED'],
  [/\b(?:AUCTIONS|CLEARING)_QUEUE_URL\b|\bdead-letters-(?:auctions|clearing)\b(?!s)/g, 'clearings; day-runs'],
  [/\bnpm run (?:verify|change|mend|kills)\b/g, 'audit; parameters; repair; crashes'],
];
/** Where a replaced word is named on purpose. */
const NAMES_THEM = new Set(['docs/glossary.md', 'test/docs.test.ts', 'CHANGELOG.md']);

function replacedWords(file: string, text: string): string[] {
  const lines = text.split('\n');
  return REPLACED.flatMap(([word, instead, allowed]) =>
    [...text.matchAll(word)].flatMap(({ 0: found, index }) => {
      const place = at(file, text, index);
      const line = lines[Number(place.slice(file.length + 1)) - 1]!;
      return allowed?.test(line) ? [] : [`${place} says "${found}", not: ${instead}`];
    }),
  );
}

describe('the words', () => {
  const texts = files.filter((file) => /\.([cm]?[jt]sx?|md|ya?ml)$|^package\.json$|^\.ci\//.test(file) && !NAMES_THEM.has(file));

  it('that the glossary has replaced are not used', () => {
    expect(texts.length).toBeGreaterThan(300);
    expect(texts.flatMap((file) => replacedWords(file, read(file)))).toEqual([]);
  });

  it('are found where they stand, and not where they mean something else', () => {
    expect(replacedWords('a.ts', '\nqueue.ringAgain(); // nobody hears the bell')).toEqual([
      'a.ts:2 says "ringA", not: notify; an alarm goes into ALARM',
      'a.ts:2 says "bell", not: wake-up',
      'a.ts:2 says "nobody", not: the part that acts',
    ]);
    expect(replacedWords('a.ts', 'engine.onDeath(); the worker died')).toHaveLength(2);
    for (const fine of [
      'a ring of spreads',
      'dead letters',
      'the dead letters',
      "the dead-man's switch",
      'during a string',
      "{ sub: 'nobody' }",
      'kills the market',
    ])
      expect(replacedWords('a.ts', fine)).toEqual([]);
  });
});
