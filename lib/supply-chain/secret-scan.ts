/**
 * Secrets in a text: what secretlint's recommended rules know by its form (keys, tokens, private keys, addresses with a
 * password), and what has no known form but looks drawn by lot.
 */
import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';
import { SECRET_EXCEPTIONS, type SecretException } from './exceptions.ts';

export interface Found {
  /** Repository path. */
  readonly file: string;
  readonly line: number;
  readonly kind: string;
  readonly text: string;
}

const PRESET = '@secretlint/secretlint-rule-preset-recommend';
const RULES = {
  rules: [
    {
      id: PRESET,
      rule: creator,
      rules: [
        // Key ids without their secrets, too: they say whose account this is.
        { id: '@secretlint/secretlint-rule-aws', options: { enableIDScanRule: true } },
      ],
    },
  ],
};

/** The logical id of a function's version, as the CDK makes it: its path, and a hash of the path and of what it runs. */
const VERSION_ID = /^[A-Za-z0-9]+CurrentVersion[0-9A-F]{8}[0-9a-f]{32}$/;
/** Letters and digits as in base64, hexadecimal or a token; shorter ones can't be told from words. */
const RUN = /[A-Za-z0-9+/_-]{32,}={0,2}/g;
/** Bits a character. Drawn by lot, 32 characters of base64 have about 4.6 and 32 of hexadecimal 3.6; words have less. */
const BASE64_BITS_MIN = 4.1;
const HEX_BITS_MIN = 3.2;
/** Places at which a text goes from small letter to capital, digit or mark, by its length. */
const CHANGES_MIN = 0.35;
/** Separate numbers within it; 32 characters of base64 have five. */
const NUMBERS_MIN = 3;
const MARKS_MAX = 0.12;

/** Every secret in a text, or what looks like one. */
export async function secretsIn(file: string, text: string): Promise<Found[]> {
  const ext = /\.[^./]+$/.exec(file)?.[0] ?? '';
  // Exceptions are argued in one place: a comment beside a secret does not excuse it.
  const content = text.replaceAll(/secretlint-(dis|en)able/g, (word) => 'x'.repeat(word.length));
  const { messages } = await lintSource({
    source: { filePath: file, content, ext, contentType: 'text' },
    options: { config: RULES },
  });
  const known = messages.map(
    ({ range: [from, to], ruleId }): Found => ({
      file,
      line: lineOf(text, from),
      kind: ruleId.replace(/^.*rule-/, ''),
      text: text.slice(from, to),
    }),
  );
  const random = [...text.matchAll(RUN)]
    .filter(([run]) => !VERSION_ID.test(run) && looksRandom(run))
    .map((match): Found => ({ file, line: lineOf(text, match.index), kind: 'random', text: match[0] }));
  return [...known, ...random.filter(({ text: run }) => !known.some((each) => each.text.includes(run)))];
}

/** Those without an exception, and one line an exception that nothing needs. */
export function secretFaults(found: readonly Found[], exceptions: readonly SecretException[] = SECRET_EXCEPTIONS): string[] {
  const excuses = (each: Found) => exceptions.find(({ file, looksLike }) => file === each.file && looksLike.test(each.text));
  return [
    ...found
      .filter((each) => excuses(each) === undefined)
      // Not shown whole: this line ends in a log.
      .map(({ file, line, kind, text }) => `${file}:${line} ${kind}: ${text.slice(0, 6)}... (${text.length} characters)`),
    ...exceptions
      .filter((exception) => !found.some((each) => excuses(each) === exception))
      .map(({ file, looksLike }) => `the exception for ${looksLike} in ${file} is not needed`),
  ];
}

function looksRandom(run: string): boolean {
  if (/^[0-9a-f]+$/i.test(run)) return /\d/.test(run) && /\D/.test(run) && bitsPerCharacter(run) >= HEX_BITS_MIN;
  // Names and paths are words, whose digits, if any, stand together at an end; marks stand between them.
  const kinds = [...run].map(kindOf);
  const changes = kinds.filter((kind, at) => at > 0 && kind !== kinds[at - 1]).length;
  const numbers = run.match(/\d+/g)?.length ?? 0;
  const marks = run.match(/[+/_-]/g)?.length ?? 0;
  return (
    changes / run.length >= CHANGES_MIN &&
    numbers >= NUMBERS_MIN &&
    marks / run.length <= MARKS_MAX &&
    bitsPerCharacter(run) >= BASE64_BITS_MIN
  );
}

const kindOf = (character: string): string =>
  /[a-z]/.test(character) ? 'small' : /[A-Z]/.test(character) ? 'capital' : /\d/.test(character) ? 'digit' : 'mark';

/** Shannon's entropy of a text's own characters. */
function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => bits - (count / text.length) * Math.log2(count / text.length), 0);
}

const lineOf = (text: string, index: number): number => text.slice(0, index).split('\n').length;
