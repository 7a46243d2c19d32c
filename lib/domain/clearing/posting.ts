/**
 * Posting, the rule of it: one event applied to some accounts of one shard, and what that adds to the shard's control totals.
 * A run that was interrupted is repeated, so an account may stand at the event or past it already; then its journal says
 * what the event did to it, and the totals come out the same however often and wherever the run was interrupted.
 */

import type { ContractMonth } from '../contract/months.ts';
import { ownerOf } from '../contract/owner.ts';
import { cents, type Lots, lots } from '../contract/units.ts';
import { type AccountState, applyEvent, type JournalEntry, type Traded } from './account.ts';
import { marginOf } from './account-risk.ts';
import type { Call } from './calls.ts';
import { holdingsOf, movedBy, type ShardTotals, statementTotals } from './control-totals.ts';
import { BANK, type ClearingEvent, type DayClosed } from './events.ts';
import { type Statement, statementOf } from './statement.ts';
import type { ProductState } from './venue.ts';

/** The accounts that an event may touch: those it names, or all there are. */
export function accountsTouched(event: ClearingEvent, tradedBy: ReadonlyMap<string, unknown>): readonly string[] | 'all' {
  switch (event.kind) {
    case 'accounts-opened':
      return event.accounts.map(({ account }) => account);
    case 'cash-moved':
      return [...event.movements.map(({ account }) => account), BANK];
    case 'auction-cleared':
      return [...tradedBy.keys()];
    case 'prices-settled':
    case 'month-expired':
    case 'day-closed':
      return 'all';
    case 'margin-called':
      return event.calls.map(({ account }) => account);
    case 'calls-met':
    case 'calls-overdue':
      return event.accounts;
    case 'parameters-changed':
    case 'trading-stopped':
    case 'trading-resumed':
      return [];
  }
}

export interface Posting {
  /** What is to be written: each account that the event moves now, with the journal entry that leads to it. */
  readonly applied: readonly { readonly state: AccountState; readonly entry: JournalEntry }[];
  readonly totals: ShardTotals;
}

/**
 * Applies event `seq` to accounts. `posted` are the journal entries that it has left already, by account: of those among
 * `states` that stand at the event or past it.
 */
export function postEvent(
  seq: number,
  event: ClearingEvent,
  states: readonly AccountState[],
  tradedBy: ReadonlyMap<string, readonly Traded[]>,
  posted: ReadonlyMap<string, JournalEntry>,
  centsPerTick: (product: string) => bigint,
): Posting {
  const after: AccountState[] = [];
  const applied: Posting['applied'][number][] = [];
  for (const state of states) {
    const traded = tradedBy.get(state.account) ?? [];
    const moved = state.applied >= seq ? undefined : applyEvent(state, seq, event, traded, centsPerTick);
    if (moved) applied.push(moved);
    after.push(moved?.state ?? state);
  }
  const moved = movedBy([...posted.values(), ...applied.map(({ entry }) => entry)]);
  const isHeldCounted = event.kind === 'prices-settled' || event.kind === 'month-expired';
  return { applied, totals: isHeldCounted ? { ...moved, held: holdingsOf(after, event.product) } : moved };
}

/** The positions that were to roll: the near month, and the accounts with an instruction. */
export interface Rolling {
  readonly near: ContractMonth;
  readonly accounts: ReadonlySet<string>;
}

/** What the books of a day close on, besides the accounts. */
export interface Closing {
  /** The product, as of the event. */
  readonly product: ProductState;
  /** The product that an account trades. */
  readonly productOf: (state: AccountState) => string | undefined;
  readonly rolling: Rolling | undefined;
  /** The lots of each owner at the last settlement, over all its accounts. */
  readonly ownerLots: ReadonlyMap<string, number>;
}

export interface ClosedBooks {
  readonly statements: readonly Statement[];
  /** The accounts that trade the product and whose requirement is beyond their cover. */
  readonly short: readonly Call[];
  readonly totals: ShardTotals;
}

/**
 * Closes a day's books, by event `seq`, for some accounts: a statement for each that holds or moved something, what they add up to, and
 * which of them are short of margin. An account that a later event has moved is left out: its statement and its shard's totals have been
 * written, or that event could not have been posted.
 */
export function closeBooks(seq: number, event: DayClosed, states: readonly AccountState[], closing: Closing): ClosedBooks {
  const { product, rolling } = closing;
  const statements: Statement[] = [];
  const short: Call[] = [];
  for (const state of states) {
    if (state.applied > seq) continue;
    const margin = marginOf(product, state, closing.ownerLots.get(ownerOf(state.account)) ?? 0);
    const statement = statementOf(state, seq, event, margin);
    if (statement) statements.push(statement);
    const lacking = cents(margin.requirement - margin.cover);
    const isOwn = state.account !== BANK && closing.productOf(state) === event.product;
    if (isOwn && lacking > 0n) short.push({ account: state.account, cents: lacking });
  }
  const left = rolling ? longsLeft(states, event.product, rolling) : lots(0);
  const totals = {
    ...movedBy([]),
    accounts: statements.length,
    held: holdingsOf(states, event.product),
    day: statementTotals(statements, left),
  };
  return { statements, short, totals };
}

const longsLeft = (states: readonly AccountState[], product: string, { near, accounts }: Rolling): Lots =>
  lots(
    states
      .filter(({ account }) => accounts.has(account))
      .reduce((left, { products }) => left + Math.max(0, products[product]?.lots[near] ?? 0), 0),
  );
