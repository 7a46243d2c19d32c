/**
 * The body of a submission, from JSON to instructions. Each entry says by its own fields what it is: a cancel, an outright
 * order or a calendar spread, the latter two new or in place of another. Every fault of every entry is reported at once.
 */
import * as z from 'zod';
import { type Instruction, type Order, TIMES_IN_FORCE } from '../../lib/domain/auction/orders.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { CASH, type ContractMonth, parseContractCode } from '../../lib/domain/contract/months.ts';
import { formatPrice, parsePrice } from '../../lib/domain/contract/product.ts';
import { lots, MAX_LOTS, MAX_TICKS, type Ticks, ticks } from '../../lib/domain/contract/units.ts';
import { type FieldError, Problem } from '../http/problems.ts';
import { pathText, rule } from '../http/request.ts';

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
const outright = z.strictObject({ ...common, side: z.enum(['buy', 'sell'], rule('must be buy or sell')), contract: code });
const spread = z.strictObject({ ...common, buy: code, sell: code });
type Entry = z.infer<typeof cancel> | z.infer<typeof outright> | z.infer<typeof spread>;

/** An entry is judged as what its fields make it, so that its faults are those of one shape and not of three. */
const entry = z.record(z.string(), z.unknown(), rule('must be an object')).transform((value, context): Entry => {
  const shape =
    'cancel' in value
      ? cancel
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

/** The instructions, on the product's grid. Whether their months are listed is asked later: it may change, a repeat may not. */
export function instructionsOf(entries: readonly Entry[], state: ProductState): Instruction[] | Problem {
  const faults: FieldError[] = [];
  const instructions = entries.flatMap((each, index): Instruction[] => {
    if ('cancel' in each) return [{ kind: 'cancel', clientOrderId: each.cancel }];
    const reading = new EntryReading(state, index);
    const order = 'contract' in each ? reading.outright(each) : reading.spread(each);
    faults.push(...reading.faults);
    if (!order) return [];
    return [each.replaces === undefined ? { kind: 'new', order } : { kind: 'replace', replaces: each.replaces, order }];
  });
  return faults.length ? new Problem('invalid-submission', 'see errors for each field', faults) : instructions;
}

/** The contracts that are not listed, each with the field that names it. */
export function unlistedOf(entries: readonly Entry[], { listed }: ProductState): FieldError[] {
  return entries.flatMap((each, index) =>
    (['contract', 'buy', 'sell'] as const).flatMap((field): FieldError[] => {
      const named = (each as Partial<Record<typeof field, string>>)[field];
      return named === undefined || listed.includes(parseContractCode(named)!.month)
        ? []
        : [{ path: pathText(['orders', index, field]), rule: 'must be a listed contract' }];
    }),
  );
}

class EntryReading {
  readonly faults: FieldError[] = [];
  readonly #state: ProductState;
  readonly #index: number;

  constructor(state: ProductState, index: number) {
    this.#state = state;
    this.#index = index;
  }

  outright(each: z.infer<typeof outright>): Order | undefined {
    const month = this.#month('contract', each.contract);
    const price = this.#price(each.price);
    if (price !== undefined && price <= 0) return this.#fault('price', 'must be more than zero');
    if (month === undefined || price === undefined) return undefined;
    return each.side === 'buy' ? this.#order(each, month, CASH, price) : this.#order(each, CASH, month, ticks(-price));
  }

  spread(each: z.infer<typeof spread>): Order | undefined {
    const buy = this.#month('buy', each.buy);
    const sell = this.#month('sell', each.sell);
    const price = this.#price(each.price);
    if (buy !== undefined && buy === sell) return this.#fault('sell', 'must be another month than buy');
    return buy === undefined || sell === undefined || price === undefined ? undefined : this.#order(each, buy, sell, price);
  }

  #order(
    { clientOrderId, lots: quantity, timeInForce }: z.infer<typeof spread | typeof outright>,
    buy: ContractMonth,
    sell: ContractMonth,
    limit: Ticks,
  ): Order {
    return { clientOrderId, buy, sell, limit, lots: lots(quantity), timeInForce };
  }

  #month(field: string, text: string): ContractMonth | undefined {
    const parsed = parseContractCode(text);
    if (parsed?.product === this.#state.product) return parsed.month;
    return this.#fault(field, `must be a contract of ${this.#state.product}, such as ${this.#state.product}-2025-12`);
  }

  #price(text: string): Ticks | undefined {
    const { parameters } = this.#state;
    const most = formatPrice(ticks(MAX_TICKS), parameters);
    return (
      parsePrice(text, parameters) ??
      this.#fault('price', `must be decimal text with at most ${parameters.priceDecimals} decimals, from -${most} to ${most}`)
    );
  }

  #fault(field: string, broken: string): undefined {
    this.faults.push({ path: pathText(['orders', this.#index, field]), rule: broken });
    return undefined;
  }
}
