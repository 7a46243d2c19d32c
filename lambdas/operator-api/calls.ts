/** The open margin calls. They are looked for among the accounts that were short when books closed, so that the list costs what is on it. */
import { readAccounts } from '../../lib/store/accounts.ts';
import { loadVenue } from '../../lib/store/log.ts';
import { readShort } from '../../lib/store/short.ts';
import type { Backends } from '../backends.ts';
import { callJson } from '../http/accounts.ts';
import { nextFrom } from '../http/paging.ts';
import { ok } from '../http/routes.ts';
import type { Answers } from './operator.ts';

/** Rows that one request looks at. Not each has an open call, and a page may end early. */
const ROWS_MAX = 500;

export const listMarginCalls: Answers['listMarginCalls'] = async ({ backends, query: { limit, cursor, overdue } }) => {
  const { calls, end } = await openCalls(backends, cursor, overdue !== undefined);
  const last = calls.length > limit ? calls[limit - 1] : end;
  return ok(nextFrom({ items: calls.slice(0, limit), ...(last ? { next: `${last.product}/${last.account}` } : {}) }));
};

/** Those behind a place, product by product, each in order of account; `end` is how far was looked, when there may be more. */
export async function openCalls({ table, shards }: Backends, behindPlace?: string, overdueOnly = false) {
  const [from = '', behind = ''] = behindPlace?.split('/') ?? [];
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
    return call && (call.overdue || !overdueOnly) ? [{ ...row, ...callJson(call) }] : [];
  });
  return { calls, end: rows.length === ROWS_MAX ? rows.at(-1) : undefined };
}
