/** Posts the whole log to the accounts of a test, by the domain's own fold: what the shards would have written. */
import { type AccountState, addFills, applyEvent, emptyAccount } from '../../lib/domain/clearing/account.ts';
import { BANK } from '../../lib/domain/clearing/events.ts';
import { writeAccount } from '../../lib/store/accounts.ts';
import { writeJournal } from '../../lib/store/journal.ts';
import { readEvents } from '../../lib/store/log.ts';
import { readFills } from '../../lib/store/results.ts';
import type { Table } from '../../lib/store/table.ts';

export async function postAll(table: Table, accounts: readonly string[], shards: number): Promise<void> {
  for (const account of [...accounts, BANK]) {
    let state: AccountState = emptyAccount(account);
    for (const { seq, event } of await readEvents(table, 0, 1000)) {
      const cleared = event.kind === 'auction-cleared' ? event : undefined;
      const fills = cleared ? await readFills(table, cleared) : [];
      const own = fills.filter((fill) => fill.account === account);
      const applied = applyEvent(state, seq, event, addFills([], own), () => 100n);
      if (!applied) continue;
      state = applied.state;
      await writeJournal(table, [applied.entry]);
    }
    if (state.applied > 0) await writeAccount(table, shards, state);
  }
}
