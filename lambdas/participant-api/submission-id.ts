/**
 * The id of a submission: product, idempotency key, digest of its instructions, and a check over the three and the account
 * that only the venue can make. An id that was made up or altered, or is another account's, is told from one whose submission
 * is still in the queue before anything is read.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readIdKey } from '../../lib/store/id-key.ts';
import type { Backends } from '../backends.ts';

export interface SubmissionName {
  readonly product: string;
  readonly key: string;
  readonly digest: string;
}

const ID = /^([A-Z0-9-]{1,32})\.([0-9a-f-]{36})\.([0-9a-f]{16})\.([0-9a-f]{24})$/;
const CHECK_BYTES = 12;

let known: Promise<Uint8Array> | undefined;

/** Gives and reads ids under the venue's key, which a process asks the table for once. */
export async function submissionIds({ table }: Pick<Backends, 'table'>): Promise<SubmissionIds> {
  known ??= readIdKey(table).catch((error: unknown) => {
    known = undefined;
    throw error;
  });
  return new SubmissionIds(await known);
}

export class SubmissionIds {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  idOf(account: string, { product, key, digest }: SubmissionName): string {
    return `${product}.${key}.${digest}.${this.#check(account, product, key, digest).toString('hex')}`;
  }

  /** `undefined` for a text that is not the id of a submission of this account. */
  parse(account: string, id: string): SubmissionName | undefined {
    const [, product, key, digest, check] = ID.exec(id) ?? [];
    if (product === undefined || key === undefined || digest === undefined || check === undefined) return undefined;
    const isOurs = timingSafeEqual(Buffer.from(check, 'hex'), this.#check(account, product, key, digest));
    return isOurs ? { product, key, digest } : undefined;
  }

  #check(...named: string[]): Buffer {
    return createHmac('sha256', this.#key).update(named.join('#')).digest().subarray(0, CHECK_BYTES);
  }
}
