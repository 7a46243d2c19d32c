/**
 * The key that makes a submission safe to repeat: a UUIDv7 (RFC 9562), whose own time must be fresh when the venue first sees
 * it. So a key can neither be kept for later nor outlive what is stored under it.
 */

/** How far the time of a new key may be behind and ahead of the gateway's clock, milliseconds. */
export const KEY_AGE_MS_MAX = 10 * 60_000;
export const KEY_AHEAD_MS_MAX = 60_000;

/** The time in a key, milliseconds since 1970 (RFC 9562, section 5.7). */
export const keyTime = (key: string): number => Number.parseInt(key.slice(0, 8) + key.slice(9, 13), 16);

/** The date of that time in UTC, ISO. */
export const keyDate = (key: string): string => new Date(keyTime(key)).toISOString().slice(0, 10);
