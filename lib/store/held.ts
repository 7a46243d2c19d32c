/** What is held for approval, in the table: one row for each, replaced only at the revision that was read. */
import { HELD_KINDS, type Held, heldId } from '../domain/clearing/approval.ts';
import type { BusinessDate } from '../domain/contract/calendar.ts';
import { HELD_PARTITION, heldKey } from './keys.ts';
import { type Attributes, json, N, type Rows, type Table, text } from './table.ts';

/** Holds a proposal. False when something is held under its id already. */
export async function hold(table: Table, held: Held): Promise<boolean> {
  return table.create({ ...heldKey(held.id), attributes: encodeHeld(held) });
}

export async function readHeld(table: Table, id: string): Promise<Held | undefined> {
  const item = await table.get(heldKey(id));
  return item && decodeHeld(item);
}

/** So many of all that was ever held at most, approved or not, in order of id: those after an id. */
export async function pageOfHeld(table: Table, limit: number, after?: string): Promise<Held[]> {
  return (await table.queryAll(HELD_PARTITION, { limit, ...(after === undefined ? {} : { after }) })).map(decodeHeld);
}

/** No date is later. */
export const LAST_DATE = '9999-12-31' as BusinessDate;

/** What was held of a product for a date from `from` on, approved or not. */
export async function heldSince(table: Rows, product: string, from: BusinessDate): Promise<Held[]> {
  const ranges = HELD_KINDS.map((kind) => ({ from: heldId(kind, product, from), to: heldId(kind, product, LAST_DATE) }));
  return (await Promise.all(ranges.map((range) => table.queryAll(HELD_PARTITION, range)))).flat().map(decodeHeld);
}

/** Puts `next` in the place of what was read. False when it is no longer at the revision that was read. */
export async function changeHeld(table: Table, seen: Held, next: Held): Promise<boolean> {
  return table.putIf({ ...heldKey(seen.id), attributes: encodeHeld(next) }, 'revision = :seen', { ':seen': N(seen.revision) });
}

const encodeHeld = (held: Held): Attributes => ({ data: json(held), revision: N(held.revision) });
export const decodeHeld = (item: Attributes): Held => JSON.parse(text(item, 'data'));
