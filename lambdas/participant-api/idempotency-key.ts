/**
 * The key that makes a submission safe to repeat: a UUIDv7 (RFC 9562), whose own time must be fresh when the venue first
 * sees it. So a key can neither be kept for later nor outlive what is stored under it.
 */
import { KEY_AGE_MS_MAX, KEY_AHEAD_MS_MAX, keyTime } from '../../lib/store/submissions.ts';
import { Problem } from '../http/problems.ts';

export const KEY_FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The key in lower case, which is how UUIDs are compared. */
export function idempotencyKey(header: string | undefined): string | Problem {
  if (header === undefined || header === '')
    return new Problem('idempotency-key-missing', 'send a new UUIDv7 with each submission and the same one with a repeat of it');
  const key = header.toLowerCase();
  return KEY_FORM.test(key) ? key : new Problem('idempotency-key-malformed', 'the Idempotency-Key must be one UUID of version 7');
}

/** The refusal of a key that nothing is known by and whose time is not now. */
export function staleness(key: string, time: number): Problem | undefined {
  const age = time - keyTime(key);
  if (age > KEY_AGE_MS_MAX)
    return new Problem(
      'idempotency-key-stale',
      `nothing is known by this key, and its time is more than ${KEY_AGE_MS_MAX / 60_000} minutes ago`,
    );
  if (age < -KEY_AHEAD_MS_MAX)
    return new Problem('idempotency-key-stale', `the time of this key is more than ${KEY_AHEAD_MS_MAX / 1000} seconds ahead`);
  return undefined;
}
