/**
 * What a route is given, and how it reads it: parse once, refuse, never repair. Fields, parameters and headers come out
 * of here with their types, or as a Problem that names each fault and the rule it broke.
 */
import type { APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda';
import * as z from 'zod';
import type { FieldError, ProblemCode } from '../../lib/api/problems.ts';
import type { Read, RouteShape } from '../../lib/api/route.ts';
import type { Violation } from '../../lib/domain/contract/violation.ts';
import type { Backends } from '../backends.ts';
import { Problem } from './problems.ts';
import { parseStrictJson, StrictJsonError } from './strict-json.ts';

export interface Request<Caller> {
  readonly caller: Caller;
  readonly event: APIGatewayProxyEventV2WithJWTAuthorizer;
  readonly backends: Backends;
  /** When the gateway received it, milliseconds since 1970: the only clock a route has. */
  readonly time: number;
}

export const receivedAt = ({ time }: Request<unknown>): string => new Date(time).toISOString();

const NO_QUERY = z.strictObject({});

/** Every part of a request by its schema, or the Problem that refuses it: parameters first, the body last. */
export function readRequest<Shape extends RouteShape>(request: Request<unknown>, shape: Shape): Read<Shape> | Problem {
  const { params: ofPath, query: ofQuery = NO_QUERY, headers: ofHeaders, body: ofBody } = shape;
  const query = readQuery(request, ofQuery);
  const params = ofPath && readPath(request, ofPath);
  const wrong = [params, query].flatMap((part) => (part instanceof Problem ? part.errors : []));
  if (wrong.length > 0) return new Problem('invalid-request', 'see errors for each parameter', wrong);
  const body = ofBody && readOptionalBody(request, ofBody, shape.invalid);
  if (body instanceof Problem) return body;
  return { params, query, headers: ofHeaders?.parse(request.event.headers), body } as Read<Shape>;
}

function readPath({ event }: Request<unknown>, schema: z.ZodType): unknown {
  const parsed = schema.safeParse({ ...event.pathParameters });
  if (parsed.success) return parsed.data;
  const errors = errorsOf(parsed.error).map(({ path, rule }) => ({ path: path.replace(/^\$\.(\w+)/, '{$1}'), rule }));
  return new Problem('invalid-request', 'see errors for each parameter', errors);
}

const readOptionalBody = (request: Request<unknown>, schema: z.ZodType, invalid?: ProblemCode): unknown =>
  request.event.body === undefined && schema.safeParse(undefined).success ? undefined : readBody(request, schema, invalid);

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

const NAME_SHOWN_MAX = 64;

function errorsOf(error: z.ZodError): FieldError[] {
  return error.issues.flatMap((issue): FieldError[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((name) => ({ path: pathText([...issue.path, name]), rule: 'is not a field here' }))
      : [{ path: pathText(issue.path), rule: issue.message }],
  );
}

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
