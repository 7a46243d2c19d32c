/** What operators did that is no event of the log, in the table: a row an act, written together with what the act changes. */
import type { NotedAct } from '../domain/clearing/noted-acts.ts';
import { NOTED_PARTITION, notedKey } from './keys.ts';
import { type Attributes, type ConditionalPut, type Item, json, N, type Rows, type Table, text } from './table.ts';

/** The row of an act. An act is noted once: under the same name there is none. */
export const notedItem = (act: NotedAct): Item => ({
  ...notedKey(act.at, act.request, nameOf(act)),
  attributes: { data: json(act), v: N(1) },
});

/** One request may do several of a kind. */
function nameOf({ what }: NotedAct): string {
  if ('held' in what) return `${what.kind}#${what.held}#${what.revision}`;
  return 'of' in what ? `${what.kind}#${what.of}` : what.kind;
}

/** Writes a row on its condition, and the note of the operator who does so, if one does: both or neither. False when the condition does not hold. */
export const putNoted = (table: Table, put: ConditionalPut, act: NotedAct | undefined): Promise<boolean> =>
  act ? table.createTogether([notedItem(act)], [put]) : table.putIf(put.item, put.condition, put.values, put.names);

export interface NotedRow {
  readonly act: NotedAct;
  /** The row itself: a list that goes on with it names it by this. */
  readonly name: string;
}

/** At most so many, the newest first; `from` is the first to come, itself included. */
export const newestNoted = async (table: Rows, limit: number, from?: string): Promise<NotedRow[]> =>
  (await table.queryAll(NOTED_PARTITION, { newestFirst: true, limit, ...(from === undefined ? {} : { to: from }) })).map(
    decodeNoted,
  );

const decodeNoted = (item: Attributes): NotedRow => ({ act: JSON.parse(text(item, 'data')), name: text(item, 'sk') });
