/**
 * The halt switch. An operator turns it on, or post-events does when an event does not sum to zero; while it is on nothing
 * clears, settles or posts. Only an operator turns it off again.
 */
import type { NotedAct } from '../domain/clearing/noted-acts.ts';
import { switchKey } from './keys.ts';
import { putNoted } from './noted-acts.ts';
import { json, N, type Rows, type Table, text } from './table.ts';

export interface Halt {
  readonly reason: string;
  readonly by: string;
  /** ISO instant when an operator halted; the event that was being posted when a function did. */
  readonly at: string;
}

/** The halt that stands; `undefined` while the venue runs. */
export async function readHalt(table: Rows): Promise<Halt | undefined> {
  const item = await table.get(switchKey);
  const halt = item && (JSON.parse(text(item, 'data')) as Halt | null);
  return halt ?? undefined;
}

/** Halts the venue, noted when an operator does. False when it is halted already: the first reason stays, so that a second halt does not hide it. */
export const halt = (table: Table, reason: Halt, noted?: NotedAct): Promise<boolean> =>
  putNoted(
    table,
    {
      item: { ...switchKey, attributes: { data: json(reason), halted: N(1) } },
      condition: 'attribute_not_exists(pk) OR halted = :no',
      values: { ':no': N(0) },
    },
    noted,
  );

/** Ends the halt that the operator has read. False when another stands: no operator resumes over a reason they did not read. */
export const resume = (table: Table, seen: Halt, noted?: NotedAct): Promise<boolean> =>
  putNoted(
    table,
    {
      item: { ...switchKey, attributes: { data: json(null), halted: N(0) } },
      condition: '#data = :seen',
      values: { ':seen': json(seen) },
      names: { '#data': 'data' },
    },
    noted,
  );
