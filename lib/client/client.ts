/**
 * The exchange as a program uses it: a method for each route that is declared, with what it takes and answers as types. What comes
 * back is read by the route's own schema; a refusal is thrown as an error that holds the problem.
 */
import * as z from 'zod';
import { FIELD_ERROR, PROBLEM_TYPE } from '../api/problems.ts';
import type { AnsweredBody, RequestTo, RouteShape, Routes, Status } from '../api/route.ts';
import { ROUTES } from '../api/routes.ts';
import { type Answer, type Exchange, UnexpectedAnswerError } from './exchange.ts';

type Method<Shape extends RouteShape> =
  Record<never, never> extends RequestTo<Shape>
    ? (request?: RequestTo<Shape>) => Promise<AnsweredBody<Shape>>
    : (request: RequestTo<Shape>) => Promise<AnsweredBody<Shape>>;

/** A method for each of these routes, named by its operation. */
export type ClientOf<Declared extends Routes> = { readonly [Id in keyof Declared]: Method<Declared[Id]> };
export type Client = ClientOf<typeof ROUTES>;

const PROBLEM = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(FIELD_ERROR).default([]),
});

/** The venue has refused, and says why. */
export class RefusedError extends Error {
  override name = 'RefusedError';
  readonly status: number;
  /** Stable, such as `unknown-contract`; of what the gateway refused itself, `gateway`. */
  readonly code: string;
  readonly detail: string;
  /** Each field at fault, and the rule it broke. */
  readonly errors: readonly z.infer<typeof FIELD_ERROR>[];
  /** What the operator finds it by in the venue's log. */
  readonly requestId: string | undefined;
  /** Seconds to wait before it is sent again; `undefined` where that does not help. */
  readonly retryAfter: number | undefined;

  constructor({ status, body, headers }: Answer) {
    const { data } = PROBLEM.safeParse(body);
    const detail = data?.detail ?? z.object({ message: z.string() }).safeParse(body).data?.message ?? `HTTP ${status}`;
    super(data ? `${data.title}: ${detail}` : detail);
    this.status = status;
    this.code = data?.type.startsWith(PROBLEM_TYPE) ? data.type.slice(PROBLEM_TYPE.length) : 'gateway';
    this.detail = detail;
    this.errors = data?.errors ?? [];
    this.requestId = headers['request-id'] ?? headers['apigw-requestid'];
    this.retryAfter = headers['retry-after'] === undefined ? undefined : Number(headers['retry-after']);
  }
}

/**
 * A client that calls with this token; without one only what is public answers. Methods throw RefusedError, UnexpectedAnswerError
 * when the answer is none that the route declares, and the errors of `fetch`-like connections as they are.
 */
export function clientOf(exchange: Exchange, token?: string): Client {
  const methods = Object.entries(ROUTES as Routes).map(([id, shape]) => [
    id,
    async (request: Parts = {}) => readAnswer(id, shape, await exchange.send(asRequest(shape, request, token))),
  ]);
  return Object.fromEntries(methods) as Client;
}

interface Parts {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

function asRequest({ method, path }: RouteShape, { params = {}, query = {}, headers = {}, body }: Parts, token?: string) {
  const named = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const chosen = Object.entries(query).filter((each): each is [string, string] => each[1] !== undefined);
  const search = new URLSearchParams(chosen).toString();
  const own = Object.entries(headers).filter((each): each is [string, string] => each[1] !== undefined);
  return { method, path: search ? `${named}?${search}` : named, headers: Object.fromEntries(own), body, token };
}

function readAnswer(id: string, { answers }: RouteShape, answer: Answer): unknown {
  const declared = answers()[answer.status as Status];
  if (declared === undefined) {
    if (answer.status >= 400) throw new RefusedError(answer);
    throw new UnexpectedAnswerError(`${id} answered ${answer.status}`);
  }
  if (declared.body === undefined) return answer.bytes.length > 0 ? answer.bytes : undefined;
  const read = declared.body.safeParse(answer.body);
  if (read.success) return read.data;
  throw new UnexpectedAnswerError(`${id} answered what it does not declare: ${z.prettifyError(read.error)}`);
}
