/**
 * Margin calls held against the replayed accounts: who was called is who was short as the books closed, for as much and no other; a call is
 * met, or overdue, as the accounts stood at that event. The rows from which the venue makes its calls, and finds the open ones, follow from the same.
 */

import type { AccountState } from '../domain/clearing/account.ts';
import { excessOf, marginOf, ownerLotsOf, productOf } from '../domain/clearing/account-risk.ts';
import { type Call, decideCall, dueTime } from '../domain/clearing/calls.ts';
import type { CallsMet, CallsOverdue, ClearingEvent, MarginCalled } from '../domain/clearing/events.ts';
import type { Closing } from '../domain/clearing/posting.ts';
import { type Called, NONE_CALLED, type ProductState, type VenueState } from '../domain/clearing/venue.ts';
import { ownerOf } from '../domain/contract/owner.ts';
import { addCents, NO_CENTS } from '../domain/contract/units.ts';
import { shortKey } from '../store/keys.ts';
import { type Short, shortItem } from '../store/short.ts';
import type { Attributes, Item } from '../store/table.ts';
import { canonical, differences } from './canonical.ts';
import type { Finding } from './finding.ts';
import { rowName } from './rows.ts';

/** What accounts were short of when books last found them short, by product and account. */
export type ShortAccounts = Map<string, Map<string, Short>>;

export function noteShort(all: ShortAccounts, product: string, seq: number, short: readonly Call[]): void {
  const own = all.get(product) ?? new Map<string, Short>();
  for (const call of short) own.set(call.account, { ...call, seq });
  all.set(product, own);
}

/** The accounts that the books closed by event `seq` found short, in order of id. */
export const shortAt = (all: ShortAccounts, product: string, seq: number): Call[] =>
  [...(all.get(product)?.values() ?? [])]
    .filter((each) => each.seq === seq)
    .map(({ account, cents }) => ({ account, cents }))
    .sort((a, b) => (a.account < b.account ? -1 : 1));

/** The calls that these come to. */
export const calledFor = (short: readonly Call[]): Called => ({
  through: short.at(-1)?.account ?? '',
  accounts: short.length,
  cents: `${short.reduce((sum, call) => addCents(sum, call.cents), NO_CENTS)}`,
});

/** What the books of some accounts close on: all of their owners' accounts are among them. */
export const closingOf = (venue: VenueState, product: string, states: readonly AccountState[]): Omit<Closing, 'rolling'> => ({
  product: venue.products[product]!,
  productOf: (account) => productOf(account, venue),
  ownerLots: new Map(
    Array.from(
      Map.groupBy(states, ({ account }) => ownerOf(account)),
      ([owner, own]) => [owner, ownerLotsOf(own, product)],
    ),
  ),
});

/** What is wrong with an event about calls; `accounts` and `venue` are as of the event before it. */
export function callFaults(
  event: ClearingEvent,
  venue: VenueState,
  accounts: ReadonlyMap<string, AccountState>,
  short: ShortAccounts,
): string[] {
  if (!('product' in event)) return [];
  const product = venue.products[event.product];
  if (!product) return [];
  switch (event.kind) {
    case 'margin-called':
      return madeFaults(event, product, short);
    case 'calls-met':
    case 'calls-overdue':
      return becomeFaults(event, product, accounts);
    case 'day-closed':
      return leftFaults(product, short);
    default:
      return [];
  }
}

function madeFaults({ date, due, calls }: MarginCalled, product: ProductState, short: ShortAccounts): string[] {
  const { through } = product.called ?? NONE_CALLED;
  const next = shortAt(short, product.product, product.closedBy).filter(({ account }) => account > through);
  const dueBy = dueTime(product.parameters, date, product.tradedOn);
  return [
    ...(canonical(calls) === canonical(next.slice(0, calls.length))
      ? []
      : [`calls ${canonical(calls)}, and the books were short ${canonical(next.slice(0, calls.length))}`]),
    ...(due === dueBy ? [] : [`is due ${due} in the log and ${dueBy} by the rules`]),
  ];
}

function becomeFaults(
  event: CallsMet | CallsOverdue,
  product: ProductState,
  accounts: ReadonlyMap<string, AccountState>,
): string[] {
  const wanted = event.kind === 'calls-met' ? 'met' : 'overdue';
  const owners = new Set(event.accounts.map(ownerOf));
  const byOwner = Map.groupBy(
    [...accounts.values()].filter(({ account }) => owners.has(ownerOf(account))),
    ({ account }) => ownerOf(account),
  );
  return event.accounts.flatMap((account) => {
    const state = accounts.get(account);
    if (!state?.call) return [`says that a call of ${account} is ${wanted}, which has none`];
    const { requirement, cover } = marginOf(product, state, ownerLotsOf(byOwner.get(ownerOf(account)) ?? [], product.product));
    const at = event.kind === 'calls-overdue' ? Date.parse(event.at) : Number.NEGATIVE_INFINITY;
    const by = decideCall(state.call, excessOf(requirement, cover), at);
    return by === wanted
      ? []
      : [`says that the call of ${account} is ${wanted}, and by the rules it ${by === 'stands' ? by : `is ${by}`}`];
  });
}

/** The next books close once every account that the ones before found short is called. */
function leftFaults(product: ProductState, short: ShortAccounts): string[] {
  const { accounts } = product.called ?? NONE_CALLED;
  const all = shortAt(short, product.product, product.closedBy);
  return accounts === all.length
    ? []
    : [`closes books, and of ${all.length} accounts that were short ${accounts} were called before`];
}

/** The rows that must be there: of accounts that are to be called, and of those that have a call open. */
export function shortRows(venue: VenueState, accounts: ReadonlyMap<string, AccountState>, short: ShortAccounts): Item[] {
  return [...short].flatMap(([product, own]) =>
    [...own.values()]
      .filter(({ account, seq }) => seq === venue.products[product]!.closedBy || accounts.get(account)?.call)
      .map((each) => shortItem(product, each)),
  );
}

/** Rows that are missing, or not of what the books last found; one of an account whose call is over may stand for a while. */
export function shortFindings(
  stored: readonly Attributes[],
  venue: VenueState,
  accounts: ReadonlyMap<string, AccountState>,
  short: ShortAccounts,
): Finding[] {
  const found = new Map(stored.map((item) => [rowName(item), item]));
  const faults: Finding[] = [];
  for (const { pk, sk } of shortRows(venue, accounts, short))
    if (!found.has(`${pk} ${sk}`)) faults.push({ row: `${pk} ${sk}`, what: 'is missing' });
  const due = new Map<string, Item>(
    [...short].flatMap(([product, own]) =>
      [...own.values()].map((each) => {
        const { pk, sk } = shortKey(product, each.account);
        return [`${pk} ${sk}`, shortItem(product, each)] as const;
      }),
    ),
  );
  for (const [row, item] of found) {
    const own = due.get(row);
    const wrong = own && differences(item, { pk: { S: own.pk }, sk: { S: own.sk }, ...own.attributes });
    if (!wrong) faults.push({ row, what: 'is stored and does not follow from the log' });
    else if (wrong.length) faults.push({ row, what: `is not what the log gives: ${wrong.join('; ')}` });
  }
  return faults;
}

/** How many calls there are in events. */
export const countCalls = (events: readonly ClearingEvent[]): number =>
  events.reduce((sum, event) => sum + (event.kind === 'margin-called' ? event.calls.length : 0), 0);
