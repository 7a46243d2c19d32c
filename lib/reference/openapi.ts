/**
 * The OpenAPI 3.1 document of the declared routes: what they take, each answer and each problem code, with examples. Nothing is said
 * here that a declaration does not say, but for what holds for every route.
 */
import * as z from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiResponseObject } from 'zod-openapi';
import { ABOUT, TAGS } from '../api/about.ts';
import { PROBLEM_TYPE, PROBLEMS, type ProblemCode, problemBody } from '../api/problems.ts';
import { type Access, type AnswerShape, problemsOf, ROLES_FOR, type RouteShape } from '../api/route.ts';
import { ROUTES } from '../api/routes.ts';

const JSON_TYPE = 'application/json';
const PROBLEM_JSON = 'application/problem+json';

type Document = ReturnType<typeof createDocument>;
type Responses = ZodOpenApiOperationObject['responses'];

const HEADERS = z.object({
  'request-id': z
    .string()
    .meta({ header: { id: 'request-id' }, description: 'What the operator finds the request by', example: 'Rk3aMgfqoAMEJ1g=' }),
  'venue-time': z.string().meta({
    header: { id: 'venue-time' },
    description: 'When the gateway received it',
    format: 'date-time',
    example: '2025-10-20T14:00:00.000Z',
  }),
  'ratelimit-policy': z.string().meta({
    header: { id: 'ratelimit-policy' },
    description: 'Requests that a caller may send in a minute',
    example: '"caller";q=1200;w=60',
  }),
  ratelimit: z.string().meta({
    header: { id: 'ratelimit' },
    description: 'Requests left, and seconds until the minute ends',
    example: '"caller";r=1187;t=23',
  }),
});
const RETRY = HEADERS.extend({
  'retry-after': z
    .string()
    .meta({ header: { id: 'retry-after' }, description: 'Seconds until it makes sense to send it again', example: '1' }),
});
const READ = HEADERS.extend({
  etag: z.string().meta({
    header: { id: 'etag' },
    description: 'Send it as `if-none-match`, and what has not changed is not sent again',
    example: '"2b9f1c0aE4"',
  }),
  'cache-control': z.string().meta({ header: { id: 'cache-control' }, example: 'private, no-cache' }),
});
const CONDITIONAL = z.object({
  'if-none-match': z
    .string()
    .optional()
    .meta({ param: { id: 'if-none-match' }, description: 'The `etag` of what the caller has' }),
});
/** What the gateway says itself, before any function is asked. */
const OF_GATEWAY = z.object({ message: z.string() }).meta({ id: 'GatewayRefusal', description: 'Said by the gateway itself' });

const UNCHANGED: ZodOpenApiResponseObject = {
  id: 'Unchanged',
  description: 'What the caller has is what there is',
  headers: READ,
};
const NOT_KNOWN: ZodOpenApiResponseObject = {
  id: 'NotKnown',
  description: 'The token is missing, forged, expired or for others',
  content: { [JSON_TYPE]: { schema: OF_GATEWAY } },
};

/** The document; `version` is the project's. */
export function openApiDocument(version: string): Document {
  const shapes = Object.entries(ROUTES as Record<string, RouteShape>);
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const [id, shape] of shapes) {
    paths[shape.path] ??= {};
    paths[shape.path]![shape.method.toLowerCase()] = operation(id, shape);
  }
  const used = new Set(shapes.map(([, { tag }]) => tag));
  const tags = TAGS.filter(({ name }) => used.has(name));
  return createDocument(
    {
      openapi: '3.1.1',
      info: {
        title: 'Compute exchange',
        version,
        description: ABOUT,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'The deployment that serves this document' }],
      tags,
      paths,
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The ID token of the issuer' },
        },
      },
    },
    // What a client is sent may come to have more fields.
    { allowEmptySchema: { unknown: true } },
  );
}

/** Of a route on the operator's side: whom it is for. */
const rolesLine = (access: Access): string =>
  Object.hasOwn(ROLES_FOR, access) ? `\n\nFor the roles: ${ROLES_FOR[access as keyof typeof ROLES_FOR].join(', ')}.` : '';

function operation(id: string, shape: RouteShape): ZodOpenApiOperationObject {
  const { tag, summary, description, params, query, headers, body, example, method } = shape;
  const header = method === 'GET' ? CONDITIONAL.extend(headers?.shape ?? {}) : headers;
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: `${description}${rolesLine(shape.for)}`,
    ...(shape.for === 'anyone' ? { security: [] } : { security: [{ token: [] }] }),
    requestParams: {
      ...(params ? { path: params } : {}),
      ...(query ? { query } : {}),
      ...(header ? { header } : {}),
    },
    ...(body
      ? {
          requestBody: {
            required: !body.safeParse(undefined).success,
            content: { [JSON_TYPE]: { schema: body, ...(example === undefined ? {} : { example }) } },
          },
        }
      : {}),
    responses: { ...answers(shape), ...problems(shape) } as Responses,
  };
}

function answers(shape: RouteShape): Record<string, ZodOpenApiResponseObject> {
  const own = Object.entries(shape.answers()).map(([status, answer]) => [status, response(shape, answer)] as const);
  return { ...Object.fromEntries(own), ...(shape.method === 'GET' ? { 304: UNCHANGED } : {}) };
}

function response(shape: RouteShape, { description, body, type, example }: AnswerShape): ZodOpenApiResponseObject {
  const headers = shape.method === 'GET' ? READ : HEADERS;
  if (!body && !type) return { description, headers };
  const schema = body ?? z.string().meta(type === 'application/pdf' ? { format: 'binary' } : {});
  return { description, headers, content: { [type ?? JSON_TYPE]: { schema, ...(example === undefined ? {} : { example }) } } };
}

/** By status: the codes that the route has there, and what the gateway itself answers. */
function problems(shape: RouteShape): Record<string, ZodOpenApiResponseObject> {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of problemsOf(shape))
    byStatus.set(PROBLEMS[code].status, [...(byStatus.get(PROBLEMS[code].status) ?? []), code]);
  const own = [...byStatus].map(([status, codes]) => [status, refusal(status, codes)] as const);
  return { ...(shape.for === 'anyone' ? {} : { 401: NOT_KNOWN }), ...Object.fromEntries(own) };
}

/** By their names, so that the same refusal is one response of the document. */
const refusals = new Map<string, ZodOpenApiResponseObject>();
const MAY_COME_AGAIN = new Set([429, 503]);

function refusal(status: number, codes: readonly ProblemCode[]): ZodOpenApiResponseObject {
  const id = `${status}-${codes.join('-or-')}`;
  const known = refusals.get(id);
  if (known) return known;
  const [first] = codes as [ProblemCode];
  const { title, when } = PROBLEMS[first];
  const example = { type: `${PROBLEM_TYPE}${first}`, title, status, detail: when };
  const made: ZodOpenApiResponseObject = {
    id,
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].when}`).join('\n\n'),
    headers: MAY_COME_AGAIN.has(status) ? RETRY : HEADERS,
    content: { [PROBLEM_JSON]: { schema: problemBody(codes), example } },
  };
  refusals.set(id, made);
  return made;
}
