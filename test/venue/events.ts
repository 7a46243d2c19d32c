/** Operators' events, short enough for tables. */
import type { AccountsOpened, CashMoved } from '../../lib/domain/clearing/events.ts';
import { cents } from '../../lib/domain/contract/units.ts';

const by = { by: 'op', at: '' };

export const opened = (...accounts: readonly string[]): AccountsOpened => ({
  kind: 'accounts-opened',
  accounts: accounts.map((account) => ({ account, name: account })),
  ...by,
});

let references = 0;
/** Cash of one account, under a reference of its own unless one is given. */
export const moved = (account: string, amount: bigint, reference = `r${++references}`): CashMoved => ({
  kind: 'cash-moved',
  movements: [{ account, cents: cents(amount), reference }],
  ...by,
});
