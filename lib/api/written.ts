/** How values are written in requests and answers: each schema once, with the rule that a refusal quotes. */
import * as z from 'zod';
import { type BusinessDate, parseDate } from '../domain/contract/calendar.ts';
import { ACCOUNT_ID } from '../domain/contract/owner.ts';
import { isProductCode } from '../domain/contract/product.ts';
import { MAX_LOTS } from '../domain/contract/units.ts';
import type { Violation } from '../domain/contract/violation.ts';

/** What is said of a value that breaks a rule: the rule itself, or that the field is missing. */
export const rule = (text: string): { error: (issue: { readonly input?: unknown }) => string } => ({
  error: ({ input }) => (input === undefined ? 'is required' : text),
});

/** A schema of what the domain reads: `read` gives the value, or what is wrong with it as a list. */
export const readBy = <Value extends object>(read: (written: unknown) => Value | Violation[]): z.ZodType<Value, unknown> =>
  z.unknown().transform((written, context) => {
    const value = read(written);
    if (!Array.isArray(value)) return value;
    for (const { path, rule } of value) context.addIssue({ code: 'custom', path: [...path], message: rule });
    return z.NEVER;
  });

const DATE_RULE = 'must be a date, such as 2025-10-17';
/** A business date of the product's calendar, in a request. */
export const dateText = z
  .string(rule(DATE_RULE))
  .meta({ format: 'date', example: '2025-10-17' })
  .transform((value, context): BusinessDate => {
    const date = parseDate(value);
    if (date) return date;
    context.addIssue({ code: 'custom', message: DATE_RULE });
    return z.NEVER;
  });

const PRODUCT_RULE = 'must be a product, such as H100-SXM';
/** A product's code in a request: any text, since of one that is not listed the answer is that it is not. */
export const productText = z.string(rule(PRODUCT_RULE)).meta({ example: 'H100-SXM' });
export const productCode = z.string(rule(PRODUCT_RULE)).refine(isProductCode, PRODUCT_RULE).meta({ example: 'H100-SXM' });

const ID_RULE = 'must be 1 to 63 of a-z 0-9 -, not starting with -, or two such parts, owner.name';
/** An account: an owner, or one of its further accounts. */
export const accountId = z.string(rule(ID_RULE)).regex(ACCOUNT_ID, ID_RULE).meta({ example: 'acme' });

const ORDER_RULE = 'must be 1 to 36 of the characters A-Z a-z 0-9 . _ : -';
/** An order's name, given by its participant. */
export const clientOrderId = z
  .string(rule(ORDER_RULE))
  .regex(/^[A-Za-z0-9._:-]{1,36}$/, ORDER_RULE)
  .meta({ example: 'b1' });

const LOTS_RULE = `must be a whole number, 1 to ${MAX_LOTS}`;
/** Lots of an order. */
export const orderLots = z.int(rule(LOTS_RULE)).min(1, LOTS_RULE).max(MAX_LOTS, LOTS_RULE);

const KEY_RULE = 'must be one UUID of version 7';
/** The header of everything that is sent to the book. What is wrong with it has codes of its own, so any text gets this far. */
export const idempotencyKey = z
  .string()
  .optional()
  .meta({ description: `A new UUIDv7 for each submission, the same one for a repeat: ${KEY_RULE}.`, format: 'uuid' });

const reasonRule = (most: number): string => `must be 1 to ${most} characters of text`;
/** The reason for an act, for others to read. */
export const reasonText = (most: number) =>
  z
    .string(rule(reasonRule(most)))
    .max(most, reasonRule(most))
    .regex(/\S/, reasonRule(most));

// In answers.

/** A price or a difference of two, on the product's grid. */
export const price = z.string().meta({ description: 'USD per GPU-hour, on the grid of the product', example: '2.350' });
/** An amount of money. */
export const money = z.string().meta({ description: 'USD, with two decimals', example: '250000.00' });
export const contract = z.string().meta({ description: 'A month of a product', example: 'H100-SXM-2025-12' });
export const product = z.string().meta({ example: 'H100-SXM' });
export const account = z.string().meta({ example: 'acme' });
export const businessDate = z.string().meta({ format: 'date', example: '2025-10-20' });
export const instant = z.string().meta({ format: 'date-time', example: '2025-10-20T14:00:00.000Z' });
export const lots = z.int().meta({ description: 'Long positive, short negative', example: 6 });
/** The number of an event of the clearing log. */
export const seq = z.int().meta({ description: 'The number of an event of the clearing log', example: 41 });
/** The operator id of a person or system: the subject of its token. */
export const sender = z.string().meta({ example: '0a1b2c3d-0000-4000-8000-000000000001' });

// Lists.

const LIMIT_MAX = 500;
const LIMIT_DEFAULT = 100;
const LIMIT_RULE = `must be 1 to ${LIMIT_MAX}`;
const limitText = z
  .string()
  .regex(/^[1-9]\d{0,2}$/, rule(LIMIT_RULE))
  .transform(Number)
  .refine((limit) => limit <= LIMIT_MAX, LIMIT_RULE)
  .default(LIMIT_DEFAULT)
  .meta({ description: `Items of a page, 1 to ${LIMIT_MAX}`, example: '100' });

const CURSOR_RULE = 'must be the `next` of a page of this list';
/** What stands in a cursor: its list alone reads it. */
export const inCursor = {
  number: z
    .string()
    .regex(/^[1-9]\d{0,11}$/, rule(CURSOR_RULE))
    .transform(Number),
  matching: (pattern: RegExp) => z.string().regex(pattern, rule(CURSOR_RULE)),
  account: z.string().regex(/^[@a-z0-9.-]{1,64}$/, rule(CURSOR_RULE)),
  date: z.string().transform((value, context): BusinessDate => {
    const date = parseDate(value);
    if (date) return date;
    context.addIssue({ code: 'custom', message: CURSOR_RULE });
    return z.NEVER;
  }),
};

/** The query parameters that every list has: `z.strictObject({ ...paged(inner) })`. `inner` reads what stands in the list's cursors. */
export const paged = <Inner extends z.ZodType<unknown, string>>(inner: Inner) => ({
  limit: limitText,
  cursor: cursorText(inner).optional(),
});

const cursorText = <Inner extends z.ZodType<unknown, string>>(inner: Inner) =>
  z
    .string()
    .regex(/^[\w-]{1,400}$/, rule(CURSOR_RULE))
    .meta({ description: 'The `next` of the page before' })
    .transform((text) => Buffer.from(text, 'base64url').toString('utf8'))
    .pipe(inner);

/** A cursor that starts behind this place of a list. */
export const cursorAt = (inner: string | number): string => Buffer.from(`${inner}`).toString('base64url');

/** A page of a list. */
export const page = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item).readonly(),
    next: z.string().optional().meta({ description: 'The cursor of the next page; not there on the last one' }),
  });
