/**
 * The key of the checks in submission ids: random bytes that the first process to need them writes, and all others find. It
 * is in no export, so a venue that is built again from one makes another.
 */
import { randomBytes } from 'node:crypto';
import { idKeyKey } from './keys.ts';
import { B, bytes, type Table } from './table.ts';

const KEY_BYTES = 32;

export async function readIdKey(table: Table): Promise<Uint8Array> {
  const item = await table.update(idKeyKey, {
    expression: 'SET idKey = if_not_exists(idKey, :made)',
    values: { ':made': B(randomBytes(KEY_BYTES)) },
  });
  return bytes(item!, 'idKey');
}
