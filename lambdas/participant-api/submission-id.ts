/**
 * The id of a submission: product, idempotency key, digest of its instructions, and a check that ties the three to the
 * account. With the check, the id of another account's submission is told from one whose submission is still in the queue,
 * without reading any account's data but the caller's. It protects nothing: the account comes from the token alone.
 */
import { createHash } from 'node:crypto';
import { KEY_FORM } from './idempotency-key.ts';

export interface SubmissionName {
  readonly product: string;
  readonly key: string;
  readonly digest: string;
}

const DIGEST_FORM = /^[0-9a-f]{16}$/;

/** Of the packed instructions: the same orders, however their JSON is written, have the same digest. */
export const digestOf = (packed: Uint8Array): string => createHash('sha256').update(packed).digest('hex').slice(0, 16);

export const submissionId = (account: string, { product, key, digest }: SubmissionName): string =>
  `${product}.${key}.${digest}.${check(account, { product, key, digest })}`;

/** `undefined` for a text that is not an id of a submission of this account. */
export function parseSubmissionId(account: string, id: string): SubmissionName | undefined {
  const [product, key, digest, checked, ...rest] = id.split('.');
  if (!product || !key || !digest || rest.length > 0 || !KEY_FORM.test(key) || !DIGEST_FORM.test(digest)) return undefined;
  return checked === check(account, { product, key, digest }) ? { product, key, digest } : undefined;
}

const check = (account: string, { product, key, digest }: SubmissionName): string =>
  createHash('sha256').update(`${account}#${product}#${key}#${digest}`).digest('hex').slice(0, 8);
