/** Laws of decimal text and of the one rounding: nothing is lost on the way in or out, and halves go to the even side. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { divideHalfEven, formatDecimal, parseDecimal } from '../../lib/domain/contract/units.ts';

const decimals = fc.integer({ min: 0, max: 12 });
const within = fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n });
const plain = fc
  .tuple(
    fc.boolean(),
    fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }),
    fc.option(fc.stringMatching(/^[0-9]{1,14}$/), { nil: undefined }),
  )
  .map(([negative, whole, fraction]) => `${negative ? '-' : ''}${whole}${fraction === undefined ? '' : `.${fraction}`}`);

test('what is written is read back as it was', () => {
  fc.assert(
    fc.property(within, decimals, (value, places) => {
      expect(parseDecimal(formatDecimal(value, places), places)).toBe(value);
    }),
    {
      numRuns: 1000,
    },
  );
});

test('what is written has all its decimals, one sign at most, and no exponent', () => {
  fc.assert(
    fc.property(fc.bigInt(), decimals, (value, places) => {
      expect(formatDecimal(value, places)).toMatch(places === 0 ? /^-?\d+$/ : new RegExp(`^-?\\d+\\.\\d{${places}}$`));
      expect(BigInt(formatDecimal(value, places).replace('.', ''))).toBe(value);
    }),
  );
});

test('plain decimal text is read exactly when it has no more decimals than the grid, and refused otherwise', () => {
  fc.assert(
    fc.property(plain, decimals, (text, places) => {
      const [whole = '', fraction = ''] = text.replace('-', '').split('.');
      const read = parseDecimal(text, places);
      if (fraction.length > places) {
        expect(read).toBeUndefined();
        return;
      }
      const magnitude = BigInt(whole) * 10n ** BigInt(places) + BigInt(fraction || '0') * 10n ** BigInt(places - fraction.length);
      expect(read).toBe(text.startsWith('-') ? -magnitude : magnitude);
    }),
    { numRuns: 1000 },
  );
});

test('any other text is refused, whatever a number parser would make of it', () => {
  const alphabet = [...'0123456789.-+eExX_, \t\n', '\u0661', '\uff11', '\u2212', 'NaN', 'Infinity', 'n'];
  const noise = fc.oneof(
    fc.string({ unit: 'binary-ascii', maxLength: 8 }),
    fc.array(fc.constantFrom(...alphabet), { maxLength: 8 }).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(noise, decimals, (text, places) => {
      const read = parseDecimal(text, places);
      if (read === undefined) return;
      // What was read must be the text again, but for trailing zeros and the sign of zero.
      const canonical = text.includes('.')
        ? text.padEnd(text.indexOf('.') + 1 + places, '0')
        : places === 0
          ? text
          : `${text}.${'0'.repeat(places)}`;
      expect(formatDecimal(read, places)).toBe(read === 0n ? canonical.replace('-', '') : canonical);
    }),
    { numRuns: 1500 },
  );
});

const denominator = fc.oneof(fc.bigInt({ min: 1n, max: 12n }), fc.bigInt({ min: 1n, max: 10n ** 12n }));

test('a rounded quotient is never more than half a unit off, and at exactly half it is even', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), denominator, (numerator, by) => {
      const rest = numerator - divideHalfEven(numerator, by) * by;
      const twice = 2n * (rest < 0n ? -rest : rest);
      expect(twice <= by).toBe(true);
      if (twice === by) expect(divideHalfEven(numerator, by) % 2n).toBe(0n);
    }),
    { numRuns: 1000 },
  );
});

test('exact halves of either sign go to the even neighbour', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), fc.bigInt({ min: 1n, max: 10n ** 6n }), (below, by) => {
      const rounded = divideHalfEven((2n * below + 1n) * by, 2n * by);
      expect(rounded).toBe(below % 2n === 0n ? below : below + 1n);
    }),
  );
});

test('rounding has no favourite side: a negated quotient is the quotient negated', () => {
  fc.assert(
    fc.property(fc.bigInt(), denominator, (numerator, by) => {
      expect(divideHalfEven(-numerator, by)).toBe(-divideHalfEven(numerator, by));
    }),
  );
});
