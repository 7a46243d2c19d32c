/**
 * JSON with exactly one meaning (I-JSON, RFC 7493). What two parsers could read differently is refused and never
 * repaired: a name given twice, a `__proto__`, a number that a double can't hold as written, half a character.
 */

/** Why a text is not acceptable, as one sentence about it. */
export class StrictJsonError {
  readonly rule: string;

  constructor(rule: string) {
    this.rule = rule;
  }
}

/** The value of a JSON text, or why it is refused. */
export function parseStrictJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return new StrictJsonError('it does not parse as JSON (RFC 8259)');
  }
  const rule = ambiguity(text);
  return rule === undefined ? value : new StrictJsonError(rule);
}

/** The tokens of a text that is known to be JSON. Strings are unrolled, so that a long one needs no backtracking. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|[{}[\]:]/g;

function ambiguity(text: string): string | undefined {
  if (!text.isWellFormed()) return 'it has half of a surrogate pair';
  const objects: (Set<string> | null)[] = [];
  let latest = '';
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{') objects.push(new Set());
    else if (token === '[') objects.push(null);
    else if (token === '}' || token === ']') objects.pop();
    else if (token === ':') {
      const names = objects.at(-1)!;
      if (latest === '__proto__') return 'it has a field named __proto__';
      if (names.has(latest)) return 'an object has the same field twice';
      names.add(latest);
    } else if (token.startsWith('"')) {
      latest = token.includes('\\') ? JSON.parse(token) : token.slice(1, -1);
      if (!latest.isWellFormed()) return 'it has half of a surrogate pair';
    } else if (!isExact(token)) return 'it has a number that is too large or too precise to be held as written';
  }
  return undefined;
}

/** Fifteen significant digits are what every double holds and gives back. */
const DIGITS_MAX = 15;

function isExact(number: string): boolean {
  const digits = number
    .replace(/[eE].*$/, '')
    .replace(/[-.]/g, '')
    .replace(/^0+/, '')
    .replace(/0+$/, '');
  const value = Number(number);
  return Number.isFinite(value) && digits.length <= DIGITS_MAX && (value !== 0 || digits === '');
}
