/** Who did what: the events of the log that name an operator, and what is noted beside the log, as one list. */

import { WHOLE_OWNER } from '../../lib/domain/auction/stops.ts';
import { isLoggedAct, type LoggedAct, type Newest, type NotedAct, newestOf } from '../../lib/domain/clearing/noted-acts.ts';
import { type Cents, formatCents } from '../../lib/domain/contract/units.ts';
import { newestEvents } from '../../lib/store/log.ts';
import { newestNoted } from '../../lib/store/noted-acts.ts';
import type { Table } from '../../lib/store/table.ts';
import { nextFrom } from '../http/paging.ts';
import { ok } from '../http/routes.ts';
import type { Answers } from './operator.ts';

/** Events that one request looks at. Most of the log are auctions and prices, and a page may end early. */
const EVENTS_MAX = 1000;

/** A cursor names the next of each list to be shown: the number of an event, and the name of a note. */
export const listActs: Answers['listActs'] = async ({ backends: { table }, query: { limit, cursor } }) => {
  const [, seq, name] = /^(\d+)\/(.*)$/s.exec(cursor ?? '') ?? [];
  const noted = name === '' ? [] : await newestNoted(table, limit + 1, name);
  const logged =
    seq === '0' ? { rows: [], next: 0 } : await loggedFrom(table, limit + 1, seq === undefined ? undefined : Number(seq));
  const notes: Newest<{ at: string }> = { rows: noted.slice(0, limit).map(({ act }) => act), more: noted.length > limit };
  const page = newestOf({ rows: logged.rows.map(({ event }) => event), more: logged.next > 0 }, notes, limit);
  let [l, n] = [0, 0];
  const items = page.order.map((of) =>
    of === 'logged' ? loggedJson(logged.rows[l]!.seq, logged.rows[l++]!.event) : notedJson(noted[n++]!.act),
  );
  const next = `${logged.rows[page.logged]?.seq ?? logged.next}/${noted[page.noted]?.name ?? ''}`;
  return ok(nextFrom({ items, ...(page.more ? { next } : {}) }));
};

/** The newest events of operators from one on; `next` is where to go on, 0 when the log is read to its beginning. */
async function loggedFrom(table: Table, limit: number, from?: number) {
  const rows: { seq: number; event: LoggedAct }[] = [];
  let next = 0;
  for await (const { seq, event } of newestEvents(table, from, EVENTS_MAX)) {
    next = seq - 1;
    if (isLoggedAct(event)) rows.push({ seq, event });
    if (rows.length === limit) break;
  }
  return { rows, next };
}

function loggedJson(seq: number, event: LoggedAct) {
  const common = { at: event.at, by: event.by, act: event.kind, seq };
  const approval = 'approval' in event && event.approval ? { second: event.approval.by, held: event.approval.held } : {};
  switch (event.kind) {
    case 'accounts-opened':
      return { ...common, ...approval, accounts: event.accounts.length };
    case 'cash-moved': {
      const sum = (sign: bigint): string =>
        formatCents(event.movements.reduce((all, { cents }) => (cents * sign > 0n ? all + cents * sign : all), 0n) as Cents);
      return { ...common, ...approval, accounts: event.movements.length, paidIn: sum(1n), paidOut: sum(-1n) };
    }
    case 'parameters-changed':
      return { ...common, ...approval, product: event.product, version: event.version };
    default:
      return { ...common, product: event.product, reason: event.reason };
  }
}

function notedJson({ at, by, what }: NotedAct) {
  const { kind: act, ...more } = what;
  if (!('of' in more)) return { at, by, act, ...more };
  const { of, owner, reason } = more;
  return { at, by, act, owner, ...(of === WHOLE_OWNER ? {} : { account: of }), reason };
}
