/** The open margin calls. They are looked for among the accounts that were short when books closed, so that the list costs what is on it. */
import * as z from 'zod';
import { isProductCode } from '../../lib/domain/contract/product.ts';
import { readAccounts } from '../../lib/store/accounts.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { readShort } from '../../lib/store/short.ts';
import { ACCOUNT_ID, callJson } from '../http/accounts.ts';
import { limitText } from '../http/paging.ts';
import type { Problem } from '../http/problems.ts';
import { type Answer, ok, withQuery } from '../http/routes.ts';
import type { OperatorRequest } from './operator.ts';

/** A product and an account, with a stroke between them. */
const isCursor = (text: string): boolean => {
  const [product = '', account = '', ...more] = text.split('/');
  return isProductCode(product) && ACCOUNT_ID.test(account) && more.length === 0;
};
const QUERY = z.strictObject({
  limit: limitText,
  after: z.string().refine(isCursor, 'must be a cursor').optional(),
  overdue: z.literal('true', 'must be true').optional(),
});

/** Rows that one request looks at. Not each has an open call, and a page may end early. */
const ROWS_MAX = 500;

/** Product by product, each in order of account. */
export const listCalls = withQuery(QUERY, async (request: OperatorRequest, query): Promise<Answer | Problem> => {
  const { table, shards } = request.backends;
  const [from = '', behind = ''] = query.after?.split('/') ?? [];
  const rows: { product: string; account: string }[] = [];
  for (const product of Object.keys((await loadVenue(table)).products).sort()) {
    if (product < from || rows.length === ROWS_MAX) continue;
    const short = await readShort(table, product, ROWS_MAX - rows.length, product === from ? behind : '');
    rows.push(...short.map(({ account }) => ({ product, account })));
  }
  const states = await readAccounts(
    table,
    rows.map(({ account }) => account),
    shards,
  );
  const calls = rows.flatMap((row) => {
    const call = states.get(row.account)?.call;
    return call && (query.overdue === undefined || call.overdue) ? [{ ...row, ...callJson(call) }] : [];
  });
  const last = calls.length > query.limit ? calls[query.limit - 1] : rows.length === ROWS_MAX ? rows.at(-1) : undefined;
  return ok({ items: calls.slice(0, query.limit), ...(last ? { next: `${last.product}/${last.account}` } : {}) });
});
