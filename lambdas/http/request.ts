/**
 * What a route is given, and how it reads it: parse once, refuse, never repair. Fields, parameters and headers come out
 * of here with their types, or as a Problem that names each fault and the rule it broke.
 */
import type { APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda';
import * as z from 'zod';
import { type BusinessDate, parseDate } from '../../lib/domain/contract/calendar.ts';
import type { Violation } from '../../lib/domain/contract/violation.ts';
import type { Backends } from '../backends.ts';
import { type FieldError, Problem, type ProblemCode } from './problems.ts';
import { parseStrictJson, StrictJsonError } from './strict-json.ts';

export interface Request<Caller> {
  readonly caller: Caller;
  readonly event: APIGatewayProxyEventV2WithJWTAuthorizer;
  readonly backends: Backends;
  /** When the gateway received it, milliseconds since 1970: the only clock a route has. */
  readonly time: number;
}

export const receivedAt = ({ time }: Request<unknown>): string => new Date(time).toISOString();

const BODY_BYTES_MAX = 256 * 1024;

/** The body by a schema, or the Problem that refuses it. `invalid` is the code for a body that is JSON of another shape. */
export function readBody<Schema extends z.ZodType>(
  { event }: Request<unknown>,
  schema: Schema,
  invalid: ProblemCode = 'invalid-body',
): z.infer<Schema> | Problem {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > BODY_BYTES_MAX)
    return new Problem('too-large', `the body has ${bytes.length} bytes and may have ${BODY_BYTES_MAX}`);
  const text = decodeUtf8(bytes);
  const json = text === undefined ? new StrictJsonError('it is not UTF-8') : parseStrictJson(text);
  if (json instanceof StrictJsonError) return new Problem('malformed-json', `the body is refused: ${json.rule}`);
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  return new Problem(invalid, 'see errors for each field', errorsOf(parsed.error));
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The query by a schema of texts, every parameter of it known and given once: the gateway joins repeated ones by a comma. */
export function readQuery<Schema extends z.ZodType>({ event }: Request<unknown>, schema: Schema): z.infer<Schema> | Problem {
  const parsed = schema.safeParse({ ...event.queryStringParameters });
  const errors = [
    ...repeated([...new URLSearchParams(event.rawQueryString).keys()]).map((name) => ({
      path: pathText([name]),
      rule: 'is given twice',
    })),
    ...(parsed.success ? [] : errorsOf(parsed.error)),
  ].map(({ path, rule }) => ({ path: path.replace(/^\$\.?/, '?'), rule }));
  return parsed.success && errors.length === 0
    ? parsed.data
    : new Problem('invalid-request', 'see errors for each parameter', errors);
}

function repeated(names: readonly string[]): string[] {
  const seen = new Set<string>();
  const again = new Set<string>();
  for (const name of names) (seen.has(name) ? again : seen).add(name);
  return [...again];
}

/** A parameter of the path; the gateway sets every one that the route names. */
export const pathOf = ({ event }: Request<unknown>, name: string): string => event.pathParameters?.[name] ?? '';

export function datePath(request: Request<unknown>, name: string): BusinessDate | Problem {
  const date = parseDate(pathOf(request, name));
  if (date) return date;
  return new Problem('invalid-request', 'see errors', [{ path: `{${name}}`, rule: DATE_RULE }]);
}

const DATE_RULE = 'must be a date, such as 2025-10-17';
export const dateText = (): z.ZodType<BusinessDate, unknown> =>
  z.string(rule(DATE_RULE)).transform((value, context) => {
    const date = parseDate(value);
    if (date) return date;
    context.addIssue({ code: 'custom', message: DATE_RULE });
    return z.NEVER;
  });

/** What is said of a value that breaks a rule: the rule itself, or that the field is missing. */
export const rule = (text: string): { error: (issue: { readonly input?: unknown }) => string } => ({
  error: ({ input }) => (input === undefined ? 'is required' : text),
});

const NAME_SHOWN_MAX = 64;

function errorsOf(error: z.ZodError): FieldError[] {
  return error.issues.flatMap((issue): FieldError[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((name) => ({ path: pathText([...issue.path, name]), rule: 'is not a field here' }))
      : [{ path: pathText(issue.path), rule: issue.message }],
  );
}

/** A schema of what the domain reads: `read` gives the value, or what is wrong with it as a list. */
export const readBy = <Value extends object>(read: (written: unknown) => Value | Violation[]): z.ZodType<Value, unknown> =>
  z.unknown().transform((written, context) => {
    const value = read(written);
    if (!Array.isArray(value)) return value;
    for (const { path, rule } of value) context.addIssue({ code: 'custom', path: [...path], message: rule });
    return z.NEVER;
  });

/** The domain's violations as errors of the body. */
export const bodyErrors = (violations: readonly Violation[]): FieldError[] =>
  violations.map(({ path, rule }) => ({ path: pathText(path), rule }));

/** As in `$.orders[3].price` (RFC 9535). */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = String(part).slice(0, NAME_SHOWN_MAX);
    return /^[A-Za-z_]\w*$/.test(name) ? `${text}.${name}` : `${text}[${JSON.stringify(name)}]`;
  }, '$');
}
