/** The Idempotency-Key header of a submission. */
import { Problem } from '../http/problems.ts';

const KEY_FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The key in lower case, which is how UUIDs are compared. */
export function idempotencyKey(header: string | undefined): string | Problem {
  if (header === undefined || header === '')
    return new Problem('idempotency-key-missing', 'send a new UUIDv7 with each submission and the same one with a repeat of it');
  const key = header.toLowerCase();
  return KEY_FORM.test(key) ? key : new Problem('idempotency-key-malformed', 'the Idempotency-Key must be one UUID of version 7');
}
