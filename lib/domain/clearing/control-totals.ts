/**
 * Control totals: what an event moved in one shard, and what the shard's accounts hold after it if the event makes the shard
 * read them all. Over all shards an event moves no cent and no lot, and leaves every month with as many lots short as long.
 * One that does not sum to zero is not posted: the venue halts.
 */

import { addCents, addLots, type Cents, type Lots, lots, NO_CENTS } from '../contract/units.ts';
import { type AccountState, type JournalEntry, positions } from './account.ts';
import type { Statement } from './statement.ts';

type LotsByMonth = Readonly<Record<number, Lots>>;

/** What some accounts hold in one product: their long lots by month, and all their lots, signed. */
export interface Holdings {
  readonly long: LotsByMonth;
  readonly net: LotsByMonth;
}

/** What the statements of a day add up to. */
export interface StatementTotals {
  /** Variation received. Over all shards as much is paid. */
  readonly collected: Cents;
  /** Lots rolled, unsigned. */
  readonly longsRolled: Lots;
  readonly shortsRolled: Lots;
  /** Lots with a roll instruction that are still in the near month. */
  readonly longsLeft: Lots;
  readonly longsRollCost: Cents;
}

export interface ShardTotals {
  /** Accounts that the event moved, or statements that it made. */
  readonly accounts: number;
  readonly cents: Cents;
  readonly lots: LotsByMonth;
  readonly held?: Holdings;
  readonly day?: StatementTotals;
}

/** The totals of the shards that have posted an event so far. */
export interface EventTotals {
  readonly seq: number;
  readonly shards: ReadonlyMap<number, ShardTotals>;
}

/** What an event moved, from the entries it left in the journals of some accounts. */
export const movedBy = (entries: readonly JournalEntry[]): ShardTotals => ({
  accounts: entries.length,
  cents: entries.reduce((sum, { cents }) => addCents(sum, cents), NO_CENTS),
  lots: sumByKey(entries.map((entry) => entry.lots)),
});

export function holdingsOf(states: readonly AccountState[], product: string): Holdings {
  const held = states.flatMap(({ products }) => (products[product] ? [positions(products[product])] : []));
  return {
    long: sumByKey(held.map((all) => Object.fromEntries(all.filter(([, quantity]) => quantity > 0)))),
    net: sumByKey(held.map((all) => Object.fromEntries(all))),
  };
}

/** `longsLeft` is not in the statements: it depends on roll instructions as they stand when the books close. */
export function statementTotals(statements: readonly Statement[], longsLeft: Lots): StatementTotals {
  let [collected, longsRollCost] = [NO_CENTS, NO_CENTS];
  let [longsRolled, shortsRolled] = [lots(0), lots(0)];
  for (const { variation, rolledLots, rollCost } of statements) {
    if (variation > 0n) collected = addCents(collected, variation);
    if (rolledLots > 0) [longsRolled, longsRollCost] = [addLots(longsRolled, rolledLots), addCents(longsRollCost, rollCost)];
    if (rolledLots < 0) shortsRolled = lots(shortsRolled - rolledLots);
  }
  return { collected, longsRolled, shortsRolled, longsLeft, longsRollCost };
}

/** The totals of two groups of accounts as those of one. */
export function addTotals(a: ShardTotals, b: ShardTotals): ShardTotals {
  const sum = { accounts: a.accounts + b.accounts, cents: addCents(a.cents, b.cents), lots: sumByKey([a.lots, b.lots]) };
  const held = a.held && b.held && { long: sumByKey([a.held.long, b.held.long]), net: sumByKey([a.held.net, b.held.net]) };
  const day = a.day &&
    b.day && {
      collected: addCents(a.day.collected, b.day.collected),
      longsRolled: addLots(a.day.longsRolled, b.day.longsRolled),
      shortsRolled: addLots(a.day.shortsRolled, b.day.shortsRolled),
      longsLeft: addLots(a.day.longsLeft, b.day.longsLeft),
      longsRollCost: addCents(a.day.longsRollCost, b.day.longsRollCost),
    };
  return { ...sum, ...(held ? { held } : {}), ...(day ? { day } : {}) };
}

/** Whether an event is posted: every shard that it touches has recorded its totals, and they sum to zero. */
export const isComplete = (totals: EventTotals, touched: readonly number[]): boolean =>
  touched.every((shard) => totals.shards.has(shard)) && imbalance(totals) === undefined;

/** What does not sum to zero over the shards of a posted event; `undefined` when everything does. */
export function imbalance({ seq, shards }: EventTotals): string | undefined {
  const all = [...shards.values()];
  const sum = all.reduce((total, { cents: moved }) => addCents(total, moved), NO_CENTS);
  if (sum !== 0n) return `event ${seq} moves ${sum} cents over all accounts`;
  for (const name of ['moves', 'leaves'] as const) {
    const byMonth = sumByKey(all.map(({ lots: moved, held }) => (name === 'moves' ? moved : (held?.net ?? {}))));
    const off = Object.entries(byMonth).find(([, quantity]) => quantity !== 0);
    if (off) return `event ${seq} ${name} ${off[1]} lots of month ${off[0]} over all accounts`;
  }
  return undefined;
}

/** Lots by month, added up over some parts. */
export function sumByKey(parts: readonly LotsByMonth[]): Record<number, Lots> {
  const sum: Record<number, Lots> = {};
  for (const part of parts)
    for (const [key, quantity] of Object.entries(part)) sum[Number(key)] = addLots(sum[Number(key)] ?? lots(0), quantity);
  return sum;
}
