/**
 * The halt switch. An operator turns it on, or post-events does when an event does not sum to zero; while it is on nothing
 * clears, settles or posts. Only an operator turns it off again.
 */
import { switchKey } from './keys.ts';
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

/** Halts the venue. False when it is halted already: the first reason stays, so that a second halt does not hide it. */
export async function halt(table: Table, reason: Halt): Promise<boolean> {
  return table.putIf(
    { ...switchKey, attributes: { data: json(reason), halted: N(1) } },
    'attribute_not_exists(pk) OR halted = :no',
    { ':no': N(0) },
  );
}

/** Ends the halt that the operator has read. False when another stands: no operator resumes over a reason they did not read. */
export async function resume(table: Table, seen: Halt): Promise<boolean> {
  return table.putIf(
    { ...switchKey, attributes: { data: json(null), halted: N(0) } },
    '#data = :seen',
    { ':seen': json(seen) },
    { '#data': 'data' },
  );
}
