/** Opening and paying accounts, however many: requests of as many as one may carry, one after the other, as they all go into one log. */
import type { Caller } from './exchange.ts';

/** Accounts, or movements, of one request at most. */
export const LISTED_MAX = 98;

export interface NewAccount {
  readonly account: string;
  readonly name: string;
}

/** `amount` in dollars, as decimal text; a negative one is paid out. An account moves it once under `reference`. */
export interface CashMovement {
  readonly account: string;
  readonly reference: string;
  readonly amount: string;
}

export async function openAccounts(operator: Caller, accounts: readonly NewAccount[]): Promise<void> {
  for (const part of parts(accounts)) await operator.post('/v1/operator/accounts', { accounts: part });
}

/** No account may be among the movements twice. */
export async function moveCash(operator: Caller, movements: readonly CashMovement[]): Promise<void> {
  for (const part of parts(movements)) await operator.post('/v1/operator/cash-movements', { movements: part });
}

function* parts<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += LISTED_MAX) yield items.slice(at, at + LISTED_MAX);
}
