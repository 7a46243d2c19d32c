/**
 * The shape of a submission's body. Each entry says by its own fields what it is: a cancel of one order or of all, an outright order
 * or a calendar spread, the latter two new or in place of another. Every error of every entry is reported at once.
 */
import * as z from 'zod';
import { rule } from '../../lib/api/written.ts';
import { TIMES_IN_FORCE } from '../../lib/domain/auction/orders.ts';
import type { WrittenEntry } from '../../lib/domain/auction/written-orders.ts';
import { MAX_LOTS } from '../../lib/domain/contract/units.ts';

export const ORDERS_MAX = 500;

const NAME_RULE = 'must be 1 to 36 of the characters A-Z a-z 0-9 . _ : -';
const name = z.string(rule(NAME_RULE)).regex(/^[A-Za-z0-9._:-]{1,36}$/, NAME_RULE);
const code = z.string(rule('must be text, such as "H100-SXM-2025-12"'));
const LOTS_RULE = `must be a whole number, 1 to ${MAX_LOTS}`;
const IN_FORCE_RULE = `must be one of ${TIMES_IN_FORCE.join(', ')}`;

const common = {
  replaces: name.optional(),
  clientOrderId: name,
  price: z.string(rule('must be decimal text, such as "2.350"')),
  lots: z.int(rule(LOTS_RULE)).min(1, LOTS_RULE).max(MAX_LOTS, LOTS_RULE),
  timeInForce: z.enum(TIMES_IN_FORCE, IN_FORCE_RULE).default('auction'),
};
const cancel = z.strictObject({ cancel: name });
const cancelAll = z.strictObject({ cancelAll: z.literal(true, rule('must be true')) });
const outright = z.strictObject({ ...common, side: z.enum(['buy', 'sell'], rule('must be buy or sell')), contract: code });
const spread = z.strictObject({ ...common, buy: code, sell: code });

/** An entry is judged as what its fields make it, so that its errors are those of one shape and not of three. */
const entry = z.record(z.string(), z.unknown(), rule('must be an object')).transform((value, context): WrittenEntry => {
  const shape =
    'cancel' in value
      ? cancel
      : 'cancelAll' in value
        ? cancelAll
        : !('contract' in value || 'side' in value) && ('buy' in value || 'sell' in value)
          ? spread
          : outright;
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  context.issues.push(...parsed.error.issues.map((issue) => ({ ...issue, input: value }) as z.core.$ZodRawIssue));
  return z.NEVER;
});

const COUNT_RULE = `must have 1 to ${ORDERS_MAX} entries`;
export const SUBMISSION_BODY = z.strictObject(
  {
    product: z.string(rule('must be text, such as "H100-SXM"')),
    orders: z.array(entry, rule('must be an array')).min(1, COUNT_RULE).max(ORDERS_MAX, COUNT_RULE),
  },
  'must be an object',
);
