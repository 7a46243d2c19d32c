/** What is done in a small market and when: the acts of honest, hostile and clumsy ones, put in order of time and played. */
import { type BusinessDate, instantOf } from '../../domain/contract/calendar.ts';
import type { Random } from '../../local/host/random.ts';
import { type SmallMarket, ZONE } from './market.ts';

/** The days of a script: the evening on which the product is listed, and two trading days after it. */
export interface Days {
  readonly listed: BusinessDate;
  readonly trading: readonly [BusinessDate, BusinessDate];
  /** A day near them on which no market is open. */
  readonly closed: string;
}

export interface Act {
  /** Which trading day, 0 or 1, and when on it, `HH:MM`. */
  readonly day: 0 | 1;
  readonly time: string;
  /** Goes on while the clock moves to the next act, so that it meets the work of an auction or a day run. */
  readonly alongside?: true;
  readonly act: (market: SmallMarket) => Promise<unknown>;
}

/** A kind of script: gives its acts, drawn from its own stream of chance. */
export interface Part {
  readonly name: string;
  acts(random: Random, days: Days): Act[];
}

/**
 * Plays acts in order of time; those of one time at once. `between` is called when everything is quiet after them, and says
 * whether to go on.
 */
export async function playActs(
  market: SmallMarket,
  { trading }: Days,
  acts: readonly Act[],
  between: () => Promise<boolean>,
): Promise<void> {
  const { cloud } = market;
  const atMs = ({ day, time }: Act): number => instantOf(trading[day], time, ZONE);
  const times = Map.groupBy(acts, atMs);
  let going: Promise<unknown>[] = [];
  for (const at of [...times.keys()].sort((a, b) => a - b)) {
    await Promise.all([cloud.advanceTo(at), ...going]);
    const due = times.get(at)!;
    await Promise.all(due.filter(({ alongside }) => !alongside).map(({ act }) => act(market)));
    await cloud.quiet();
    if (!(await between())) return;
    going = due.filter(({ alongside }) => alongside).map(({ act }) => act(market));
    // One that fails is heard of when it is waited for, and not before.
    for (const one of going) one.catch(() => {});
  }
  await Promise.all(going);
  await cloud.quiet();
}

/** Does all of them, a few at a time, as callers with a few connections do. */
export async function fewAtATime<T>(all: readonly T[], call: (one: T) => Promise<unknown>, most = 6): Promise<void> {
  for (let at = 0; at < all.length; at += most) await Promise.all(all.slice(at, at + most).map(call));
}

export const price = (ticks: number): string => (ticks / 1000).toFixed(3);
