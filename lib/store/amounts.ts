/** Amounts in JSON: cents as decimal text, since a number in JSON would lose them beyond 53 bits. */

import { type Cents, cents } from '../domain/contract/units.ts';

/** JSON of a value, every amount in it as text. */
export const amountsToJson = (value: unknown): string =>
  JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}` : inner));

/** An amount out of JSON. Throws TypeError on what `amountsToJson` would not have written. */
export function amount(value: unknown): Cents {
  if (typeof value !== 'string' || !/^-?\d+$/.test(value)) throw new TypeError(`not an amount in cents: ${String(value)}`);
  return cents(BigInt(value));
}
