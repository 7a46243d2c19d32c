/** What is held for approval, in the table: one row for each, replaced only at the revision that was read. */
import { createHash } from 'node:crypto';
import { HELD_KINDS, type Held, heldId, isApproved } from '../domain/clearing/approval.ts';
import type { NotedAct } from '../domain/clearing/noted-acts.ts';
import type { HeldAct, OperatorAct } from '../domain/clearing/operator-acts.ts';
import type { BusinessDate } from '../domain/contract/calendar.ts';
import { HELD_PARTITION, heldKey, PROPOSED_PARTITION, proposedKey } from './keys.ts';
import { jsonOf, withCents } from './log.ts';
import { notedItem, putNoted } from './noted-acts.ts';
import { type Attributes, type ConditionalPut, type Item, integer, json, N, type Rows, S, type Table, text } from './table.ts';

/** A price or value of a product and day, or an act that would be an event of the log. */
export type AnyHeld = Held | HeldAct;
export const isAct = (held: AnyHeld): held is HeldAct => 'at' in held;

/** Holds what the system proposes. False when something is held under its id already. */
export async function hold(table: Table, held: AnyHeld): Promise<boolean> {
  return table.create(itemOf(held));
}

export async function readHeld(table: Rows, id: string): Promise<Held | undefined> {
  const held = await readAnyHeld(table, id);
  return held && !isAct(held) ? held : undefined;
}

export async function readAnyHeld(table: Rows, id: string): Promise<AnyHeld | undefined> {
  const item = await table.get(heldKey(id));
  return item && decodeAnyHeld(item);
}

/** So many of all that was ever held at most, approved or not, in order of id: those after an id. */
export async function pageOfHeld(table: Table, limit: number, after?: string): Promise<AnyHeld[]> {
  return (await table.queryAll(HELD_PARTITION, { limit, ...(after === undefined ? {} : { after }) })).map(decodeAnyHeld);
}

/** No date is later. */
export const LAST_DATE = '9999-12-31' as BusinessDate;

/** What was held of a product for a date from `from` on, approved or not. */
export async function heldSince(table: Rows, product: string, from: BusinessDate): Promise<Held[]> {
  const ranges = HELD_KINDS.map((kind) => ({ from: heldId(kind, product, from), to: heldId(kind, product, LAST_DATE) }));
  return (await Promise.all(ranges.map((range) => table.queryAll(HELD_PARTITION, range)))).flat().map(decodeHeld);
}

/** Puts `next` in the place of what was read, noted when an operator does. False when it is no longer at the revision that was read. */
export const changeHeld = (table: Table, seen: AnyHeld, next: AnyHeld, noted?: NotedAct): Promise<boolean> =>
  putNoted(table, heldChange(seen, next), noted);

/** The same, to be written together with an event. */
export const heldChange = (seen: AnyHeld, next: AnyHeld): ConditionalPut => ({
  item: itemOf(next),
  condition: 'revision = :seen',
  values: { ':seen': N(seen.revision) },
});

/** The same act has one id, of whichever operator; parameters have that of the version they would become. */
export function actId(act: OperatorAct): string {
  if (act.kind === 'parameters-changed') return `parameters.${act.product}.${act.version}`;
  const digest = createHash('sha256').update(jsonOf(act)).digest('hex').slice(0, 32);
  return `${act.kind === 'cash-moved' ? 'cash' : 'accounts'}.${digest}`;
}

/** The ids of what an operator has proposed, as last written: of what has ended some may still be among them. */
export interface Proposed {
  readonly operator: string;
  readonly ids: readonly string[];
  /** 0 before the first. */
  readonly revision: number;
}

export async function readProposed(table: Rows, operator: string): Promise<Proposed> {
  const item = await table.get(proposedKey(operator));
  return item ? decodeProposed(item) : { operator, ids: [], revision: 0 };
}

/**
 * Holds what an operator proposes, and notes its id with the operator's others, and the act: all or nothing. `ids` are those that are to be noted.
 * False when the list is no longer as it was read, or the row: `before` is what stood there, if anything.
 */
export async function holdProposal(
  table: Table,
  held: AnyHeld,
  before: AnyHeld | undefined,
  list: Proposed,
  ids: readonly string[],
  act: NotedAct,
): Promise<boolean> {
  const attributes = { ids: json(ids), revision: N(list.revision + 1) };
  const noted: ConditionalPut = {
    item: { ...proposedKey(list.operator), attributes },
    condition: 'attribute_not_exists(pk) OR revision = :seen',
    values: { ':seen': N(list.revision) },
  };
  const note = notedItem(act);
  return before
    ? table.createTogether([note], [heldChange(before, held), noted])
    : table.createTogether([itemOf(held), note], [noted]);
}

/** What is held under these ids; one that is not there is absent. */
export const readManyHeld = async (table: Rows, ids: readonly string[]): Promise<AnyHeld[]> =>
  (await table.getMany(ids.map(heldKey))).map(decodeAnyHeld);

/** What operators have proposed and that has not ended: what waits, and what is approved and has not taken effect. So many an operator at most. */
export async function openProposals(table: Rows): Promise<AnyHeld[]> {
  const lists = (await table.queryAll(PROPOSED_PARTITION)).map(decodeProposed);
  const ids = new Set(lists.flatMap((list) => list.ids));
  const held = ids.size === 0 ? [] : await readManyHeld(table, [...ids]);
  return held.filter(({ ended }) => ended === null);
}

/** Of these, what would be events of the log. */
export const openActs = async (table: Rows): Promise<HeldAct[]> => (await openProposals(table)).filter(isAct);

/** Of these, what two operators have agreed to: its worker crashed before it could commit it. */
export const approvedActs = async (table: Rows): Promise<HeldAct[]> => (await openActs(table)).filter(isApproved);

const decodeProposed = (item: Attributes): Proposed => ({
  operator: text(item, 'sk'),
  ids: JSON.parse(text(item, 'ids')),
  revision: integer(item, 'revision'),
});

const itemOf = (held: AnyHeld): Item => ({
  ...heldKey(held.id),
  attributes: { data: S(jsonOf(held)), revision: N(held.revision) },
});

export const decodeHeld = (item: Attributes): Held => JSON.parse(text(item, 'data'));
export function decodeAnyHeld(item: Attributes): AnyHeld {
  const held = JSON.parse(text(item, 'data')) as AnyHeld;
  return isAct(held) ? { ...held, proposal: withCents(held.proposal) } : held;
}
