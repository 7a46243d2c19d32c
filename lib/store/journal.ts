/** The journal of an account: for each event that touched it one entry, which says what moved. */

import type { JournalEntry } from '../domain/clearing/account.ts';
import { amount, amountsToJson } from './amounts.ts';
import { journalKey, journalPartition, ordered } from './keys.ts';
import { type Item, S, type Table, text } from './table.ts';

export async function writeJournal(table: Table, entries: readonly JournalEntry[]): Promise<void> {
  await table.putAll(entries.map(journalItem));
}

export const journalItem = (entry: JournalEntry): Item => ({
  ...journalKey(entry.account, entry.seq),
  attributes: { data: S(amountsToJson(entry)) },
});

/** The entries that an event has left in the journals of these accounts, in no order. */
export async function readEntries(table: Table, seq: number, accounts: readonly string[]): Promise<JournalEntry[]> {
  const items = await table.getMany(accounts.map((account) => journalKey(account, seq)));
  return items.map((item) => decodeEntry(text(item, 'data')));
}

export async function readJournal(
  table: Table,
  account: string,
  range: { before?: number; limit: number },
): Promise<JournalEntry[]> {
  const items = await table.queryAll(journalPartition(account), {
    newestFirst: true,
    limit: range.limit,
    ...(range.before === undefined ? {} : { to: ordered(range.before - 1) }),
  });
  return items.map((item) => decodeEntry(text(item, 'data')));
}

/** The entries of the events behind one number, up to another, in order: as many as auctions, settlements and operators have left. */
export async function readJournalOf(table: Table, account: string, after: number, through: number): Promise<JournalEntry[]> {
  const items = await table.queryAll(journalPartition(account), { from: ordered(after + 1), to: ordered(through) });
  return items.map((item) => decodeEntry(text(item, 'data')));
}

export function decodeEntry(data: string): JournalEntry {
  const { call, ...entry } = JSON.parse(data);
  const own = { ...entry, cents: amount(entry.cents), balance: amount(entry.balance) };
  return call ? { ...own, call: { ...call, cents: amount(call.cents) } } : own;
}
