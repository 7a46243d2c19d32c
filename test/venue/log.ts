/** An event in its place in the log, whatever stands before it. */
import type { ClearingEvent } from '../../lib/domain/clearing/events.ts';
import { logKey } from '../../lib/store/keys.ts';
import { encodeEvent } from '../../lib/store/log.ts';
import { N, S, type Table } from '../../lib/store/table.ts';

export async function logEvent(table: Table, seq: number, event: ClearingEvent): Promise<void> {
  await table.put({ ...logKey(seq), attributes: { data: S(encodeEvent(event)), hash: S(''), v: N(1) } });
}
