/**
 * What operators did that is no event of the log: proposals and what became of them, halts, and the switches of accounts. Each is noted
 * together with what it changes, so a change without its note, or a note without its change, can't be. What the log holds is not noted: the
 * two lists make one, and say together who did what.
 */
import type { ClearingEvent } from './events.ts';

/** What was done. `held` is an id, `revision` the one that it has since. */
export type Noting =
  | { readonly kind: 'proposed' | 'amended'; readonly held: string; readonly revision: number }
  /** `agreed`: with this name two operators agree. */
  | { readonly kind: 'approved'; readonly held: string; readonly revision: number; readonly agreed: boolean }
  | { readonly kind: 'declined'; readonly held: string; readonly revision: number; readonly reason: string }
  | { readonly kind: 'halted'; readonly reason: string }
  /** `halt` is the reason of the halt that it ended. */
  | { readonly kind: 'resumed'; readonly halt: string; readonly reason?: string }
  /** `of` is `*` for the whole owner, or an account of it. */
  | { readonly kind: 'stopped' | 'released'; readonly owner: string; readonly of: string; readonly reason: string };

export interface NotedAct {
  /** When the request came, ISO 8601 in UTC. */
  readonly at: string;
  readonly by: string;
  /** Of the request: with `at` it names the note. */
  readonly request: string;
  readonly what: Noting;
}

/** An event that operators brought about, with its number. */
export type LoggedAct = Extract<ClearingEvent, { readonly by: string }>;
export const isLoggedAct = (event: ClearingEvent): event is LoggedAct => 'by' in event;

/** One of the two lists, the newest first, as far as it was read. */
export interface Newest<Row> {
  readonly rows: readonly Row[];
  /** Whether more may stand behind what was read. */
  readonly more: boolean;
}

/**
 * The newest of two lists together, at most `limit`, by their instants; of the same instant what is logged comes first. It ends where either list
 * was not read further: what stands there may be newer than what the other still has.
 */
export function newestOf<Logged extends { readonly at: string }, Noted extends { readonly at: string }>(
  logged: Newest<Logged>,
  noted: Newest<Noted>,
  limit: number,
): { readonly logged: number; readonly noted: number; readonly order: readonly ('logged' | 'noted')[]; readonly more: boolean } {
  const order: ('logged' | 'noted')[] = [];
  const taken = { logged: 0, noted: 0 };
  while (order.length < limit) {
    const [event, note] = [logged.rows[taken.logged], noted.rows[taken.noted]];
    if ((!event && logged.more) || (!note && noted.more) || (!event && !note)) break;
    const next = event && (!note || event.at >= note.at) ? 'logged' : 'noted';
    taken[next] += 1;
    order.push(next);
  }
  const left = taken.logged < logged.rows.length || taken.noted < noted.rows.length;
  return { ...taken, order, more: left || logged.more || noted.more };
}
