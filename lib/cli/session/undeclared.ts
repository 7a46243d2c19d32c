/** Routes that lib/api does not declare yet. */

import * as z from 'zod';
import { PARTICIPANT as trade } from '../../../../trade/lib/api/routes.ts';
import { route } from '../../api/route.ts';

const get = <const Path extends `/v1/${string}`, Body extends z.ZodType, Params extends z.ZodObject, Query extends z.ZodObject>(
  path: Path,
  body: Body,
  params: Params,
  query: Query,
) =>
  route({
    method: 'GET',
    path,
    for: 'participant',
    tag: 'Orders',
    summary: '',
    description: '',
    params,
    query,
    answers: () => ({ 200: { description: '', body } }),
    problems: [],
  });
const none = z.object({});
const t = z.string();
const n = z.int();
const paged = z.object({ limit: t.optional(), cursor: t.optional() });
const page = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item), next: t.optional() });

type Untagged<T> = {
  readonly [K in keyof T]: Omit<T[K], 'tag' | 'for' | 'problems' | 'invalid'> & {
    readonly tag: 'Orders';
    readonly for: 'participant';
    readonly problems: readonly [];
  };
};
const ALL = {
  ...trade,
  showPositions: get(
    '/v1/positions',
    z.object({
      account: t,
      cash: t,
      positions: z.array(z.object({ contract: t, lots: n, mark: t.nullable() })),
      asOf: n,
      seq: n,
    }),
    none,
    none,
  ),
  showAccount: get(
    '/v1/account',
    z.object({
      account: t,
      name: t,
      cash: t,
      requirement: t.nullable(),
      excess: t.nullable(),
      call: z.object({ date: t, amount: t, due: t, overdue: z.boolean() }).nullable(),
      applied: n,
      asOf: n,
      seq: n,
    }),
    none,
    none,
  ),
  listStatements: get(
    '/v1/statements',
    page(z.looseObject({ date: t, product: t, balance: t, variation: t, rolledLots: n, rollCost: t, requirement: t, excess: t })),
    none,
    paged,
  ),
};
export const UNDECLARED = ALL as unknown as Untagged<typeof ALL>;
