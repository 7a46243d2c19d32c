/** Names as bytes: in a column of names no name is a text of its own, and a stretch of bytes stands for it. */

/**
 * The order of two names, each a stretch of `one` and of `other`: below zero, zero, above zero. Byte by byte, which for UTF-8
 * is the order of code points; names are plain, so it is that of their texts.
 */
export function compareBytes(
  one: Uint8Array,
  oneAt: number,
  oneLength: number,
  other: Uint8Array,
  otherAt: number,
  otherLength: number,
): number {
  const length = oneLength < otherLength ? oneLength : otherLength;
  for (let at = 0; at < length; at++) {
    const difference = one[oneAt + at]! - other[otherAt + at]!;
    if (difference !== 0) return difference;
  }
  return oneLength - otherLength;
}

/**
 * A text that stands behind its length, as packed bytes have it (LEB128; at most 2^14 bytes): where the text begins, and where
 * it ends. Such a text can be named by the one number at which its length stands.
 */
export const countedBegin = (bytes: Uint8Array, at: number): number => (bytes[at]! < 128 ? at + 1 : at + 2);
export const countedEnd = (bytes: Uint8Array, at: number): number => {
  const first = bytes[at]!;
  return first < 128 ? at + 1 + first : at + 2 + ((first & 127) | (bytes[at + 1]! << 7));
};

const DECODER = new TextDecoder();

/** A stretch of bytes as text. */
export const textOf = (bytes: Uint8Array, from: number, to: number): string =>
  bytes instanceof Buffer ? bytes.toString('utf8', from, to) : DECODER.decode(bytes.subarray(from, to));
