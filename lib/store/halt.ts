/**
 * The halt switch. An operator throws it, or a posting run that does not sum to zero; while it is on nothing clears,
 * settles or posts. Only an operator turns it off again.
 */
import { switchKey } from './keys.ts';
import { json, N, type Rows, type Table, text } from './table.ts';

export interface Halt {
  readonly reason: string;
  readonly by: string;
  /** ISO instant, or what was being done, when it was not a person. */
  readonly at: string;
}

export async function readHalt(table: Rows): Promise<Halt | undefined> {
  const item = await table.get(switchKey);
  const halt = item && (JSON.parse(text(item, 'data')) as Halt | null);
  return halt ?? undefined;
}

/** The first reason stays: a second halt does not cover up why the first one came. */
export async function halt(table: Table, reason: Halt): Promise<boolean> {
  return table.putIf(
    { ...switchKey, attributes: { data: json(reason), halted: N(1) } },
    'attribute_not_exists(pk) OR halted = :no',
    { ':no': N(0) },
  );
}

/** Turns off the halt that was seen. False when it is not the one that stands: nobody resumes over what they did not read. */
export async function resume(table: Table, seen: Halt): Promise<boolean> {
  return table.putIf(
    { ...switchKey, attributes: { data: json(null), halted: N(0) } },
    '#data = :seen',
    { ':seen': json(seen) },
    { '#data': 'data' },
  );
}
