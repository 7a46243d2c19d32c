/** Each submission as a row: it is where its key says, sealed as it was written, and says something of every order. */

import { isOneTooMany } from '../domain/auction/account-intake.ts';
import { keyDate } from '../domain/auction/idempotency-key.ts';
import { bookPartition, shardOf } from '../store/keys.ts';
import { unpackInstructions, unpackOutcomes } from '../store/packing.ts';
import { sealOf } from '../store/submissions.ts';
import { type Attributes, bytes } from '../store/table.ts';
import type { Finding } from './finding.ts';
import { rowName, type VenueRows } from './rows.ts';

/** What is wrong with the submissions, in order of key. */
export function bookFindings(rows: VenueRows, shards: number): Finding[] {
  return rows.ofKind('BOOK').flatMap((item) => {
    const what = faultOf(item, shards);
    return what === undefined ? [] : [{ row: rowName(item), what }];
  });
}

function faultOf(item: Attributes, shards: number): string | undefined {
  const [pk, sk] = [item.pk!.S!, item.sk!.S!];
  const [account = '', key = ''] = sk.split('#');
  const [, product = '', shard] = pk.split('#');
  if (pk !== bookPartition(product, shardOf(account, shards), keyDate(key)))
    return `is not in the partition of its key (${shard})`;
  const { pk: _, sk: __, seal, ...attributes } = item;
  // Written before there were seals; its auction still has to clear as it did.
  if (seal !== undefined && seal.S !== sealOf({ pk, sk, attributes })) return 'is not the submission that was written';
  try {
    const [said, decided] = [unpackInstructions(bytes(item, 'instructions')), unpackOutcomes(bytes(item, 'outcomes'))];
    const isBare = said.length === 0 && decided.length === 1 && isOneTooMany(decided);
    if (said.length !== decided.length && !isBare) return `has ${said.length} instructions and ${decided.length} outcomes`;
  } catch (error) {
    return `can't be read: ${(error as Error).message}`;
  }
  return undefined;
}
