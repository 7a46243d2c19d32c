/**
 * The key that makes a submission safe to repeat: a UUIDv7 (RFC 9562), whose own time must be fresh when the venue first sees
 * it. So a key can neither be kept for later nor outlive what is stored under it.
 */

/** How far the time of a new key may be behind and ahead of the gateway's clock, milliseconds. */
export const KEY_AGE_MS_MAX = 10 * 60_000;
export const KEY_AHEAD_MS_MAX = 60_000;

/** The time in a key, milliseconds since 1970 (RFC 9562, section 5.7). */
export const keyTime = (key: string): number => Number.parseInt(key.slice(0, 8) + key.slice(9, 13), 16);

/** A key of a time, milliseconds since 1970, with 74 of the bits of 16 bytes, random ones or a hash (RFC 9562, section 5.7). */
export function uuidv7Of(timeMs: number, bits: Uint8Array): string {
  const bytes = [...bits];
  for (let at = 5, rest = timeMs; at >= 0; at--, rest = Math.floor(rest / 256)) bytes[at] = rest % 256;
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The date of that time in UTC, ISO. */
export const keyDate = (key: string): string => new Date(keyTime(key)).toISOString().slice(0, 10);
