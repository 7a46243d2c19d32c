/**
 * What a route is: declared once, and all else follows from it: what a function takes and answers, the gateway's routes, the
 * typed client, the OpenAPI document and the reference.
 */
import type * as z from 'zod';
import type { TAGS } from './about.ts';
import type { ProblemCode } from './problems.ts';

/** What a person may be on the operator's side; one person may be several (docs/decisions/0025). */
export const ROLES = ['viewer', 'operator', 'approver'] as const;
export type Role = (typeof ROLES)[number];

/** Which roles the routes of the operator's side are for: any of these will do. */
export const ROLES_FOR = {
  viewer: ROLES,
  operator: ['operator'],
  approver: ['approver'],
  'operator-or-approver': ['operator', 'approver'],
} as const satisfies Record<string, readonly Role[]>;

/** Which callers a route is for. `anyone` needs no token. */
export type Access = 'anyone' | 'participant' | keyof typeof ROLES_FOR;

export type Status = 200 | 201 | 202 | 204;

export interface AnswerShape {
  readonly description: string;
  /** JSON unless `type` says otherwise. An answer of another type has no schema here: it is a document. */
  readonly body?: z.ZodType;
  readonly type?: 'text/csv' | 'application/pdf' | 'text/html' | 'application/json';
  readonly example?: unknown;
}

export interface RouteShape {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: `/${string}`;
  readonly for: Access;
  /** The heading that it stands under in the reference. */
  readonly tag: (typeof TAGS)[number]['name'];
  /** What it does, in a few words. */
  readonly summary: string;
  /** All that a caller has to know, in Markdown. */
  readonly description: string;
  /** The parameters in the path, each a text. */
  readonly params?: z.ZodObject;
  /** A strict object of texts; a route without it takes no query parameter. */
  readonly query?: z.ZodObject;
  /** By their names in lower case. */
  readonly headers?: z.ZodObject;
  /** One that takes `undefined` may be left out. */
  readonly body?: z.ZodType;
  /** The code of a body of another shape, unless it is `invalid-body`. */
  readonly invalid?: ProblemCode;
  /** A body. */
  readonly example?: unknown;
  /** By status. Called by what documents and checks, never by a function, whose start it costs nothing. */
  readonly answers: () => Readonly<Partial<Record<Status, AnswerShape>>>;
  /** Besides those that every route of its kind has. */
  readonly problems: readonly ProblemCode[];
}

export const route = <const Shape extends RouteShape>(shape: Shape): Shape => shape;

/** Routes by what they do, which is the id of the operation in the document and the name of the client's method. */
export type Routes = Readonly<Record<string, RouteShape>>;

/** As the gateway names it: `GET /v1/products`. */
export const routeKeyOf = ({ method, path }: RouteShape): string => `${method} ${path}`;

/** What stands in the way of every caller of a kind. */
const OF_CALLER: Readonly<Record<Access, readonly ProblemCode[]>> = {
  anyone: [],
  participant: ['token-refused', 'no-account', 'account-not-open'],
  viewer: ['token-refused', 'not-an-operator'],
  operator: ['token-refused', 'not-an-operator', 'role-needed'],
  approver: ['token-refused', 'not-an-operator', 'role-needed'],
  'operator-or-approver': ['token-refused', 'not-an-operator', 'role-needed'],
};

/** Every code that a route may answer with. */
export function problemsOf(shape: RouteShape): ProblemCode[] {
  const ofBody = ['malformed-json', 'too-large', shape.invalid ?? 'invalid-body'] as const;
  return [
    ...new Set<ProblemCode>([
      'invalid-request',
      ...OF_CALLER[shape.for],
      ...(shape.body ? ofBody : []),
      ...shape.problems,
      'too-many-requests',
      'internal-error',
      'try-again',
    ]),
  ];
}

type InputOf<Schema> = Schema extends z.ZodType ? z.input<Schema> : undefined;
type OutputOf<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;
type Part<Shape, Name extends string> = Shape extends { readonly [Each in Name]: infer Schema } ? Schema : undefined;

/** A request as a function gets it: every part read by its schema, or `undefined` where the route has none. */
export interface Read<Shape extends RouteShape> {
  readonly params: OutputOf<Part<Shape, 'params'>>;
  readonly query: OutputOf<Part<Shape, 'query'>>;
  readonly headers: OutputOf<Part<Shape, 'headers'>>;
  readonly body: OutputOf<Part<Shape, 'body'>>;
}

type PartName = 'params' | 'query' | 'headers' | 'body';
/** Whether a request may be made without this part. */
type IsOptional<Input> = undefined extends Input ? true : Record<never, never> extends Input ? true : false;
type Names<Shape, Optional extends boolean> = {
  [Name in PartName]: Part<Shape, Name> extends undefined
    ? never
    : IsOptional<InputOf<Part<Shape, Name>>> extends Optional
      ? Name
      : never;
}[PartName];

/** A request as a client makes it. */
export type RequestTo<Shape extends RouteShape> = {
  readonly [Name in Names<Shape, false>]: InputOf<Part<Shape, Name>>;
} & {
  readonly [Name in Names<Shape, true>]?: InputOf<Part<Shape, Name>>;
};

/** What is answered as it is: a document of some type. */
export interface DocumentBody {
  readonly type: string;
  readonly bytes: Uint8Array;
}

type AnswersOf<Shape extends RouteShape> = ReturnType<Shape['answers']>;
type BodyOf<Answer> = Answer extends { readonly body: infer Schema extends z.ZodType }
  ? z.input<Schema>
  : Answer extends { readonly type: string }
    ? DocumentBody
    : undefined;

/** What a route may answer, as a function gives it. */
export type AnswerOf<Shape extends RouteShape> = {
  [Code in keyof AnswersOf<Shape>]: { readonly status: Code; readonly body: BodyOf<AnswersOf<Shape>[Code]> };
}[keyof AnswersOf<Shape>];

/** The body of any answer that is not a refusal, as a client gets it; a document in bytes. */
export type AnsweredBody<Shape extends RouteShape> = {
  [Code in keyof AnswersOf<Shape>]: AnswersOf<Shape>[Code] extends { readonly body: infer Schema extends z.ZodType }
    ? z.output<Schema>
    : AnswersOf<Shape>[Code] extends { readonly type: string }
      ? Uint8Array
      : undefined;
}[keyof AnswersOf<Shape>];
