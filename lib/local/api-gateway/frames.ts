/**
 * The sizes of WebSocket frames. API Gateway bounds each frame and not only the message, which a WebSocket library puts together before
 * it shows it; so the heads of the frames are read beside the library, from the same bytes.
 *
 * Source: RFC 6455, section 5.2.
 */

/** Takes the bytes of one direction of a connection as they come, and calls once when a frame's payload is longer than `bytesMax`. */
export function watchFrames(bytesMax: number, onTooLong: () => void): (bytes: Uint8Array) => void {
  let head: number[] = [];
  /** Of the frame whose head has been read. */
  let payloadLeft = 0;
  let found = false;
  return (bytes) => {
    for (let at = 0; at < bytes.length && !found; ) {
      if (payloadLeft > 0) {
        const skipped = Math.min(payloadLeft, bytes.length - at);
        payloadLeft -= skipped;
        at += skipped;
        continue;
      }
      head.push(bytes[at++]!);
      if (head.length < headLength(head)) continue;
      payloadLeft = payloadLength(head);
      head = [];
      if (payloadLeft > bytesMax) {
        found = true;
        onTooLong();
      }
    }
  };
}

const MASKED = 0x80;
/** Of these lengths in the second byte the length itself stands in the bytes that follow, and in how many. */
const EXTENDED: Readonly<Record<number, number>> = { 126: 2, 127: 8 };

/** How long a head is, as far as its first bytes say so. */
function headLength([, second]: readonly number[]): number {
  if (second === undefined) return 2;
  return 2 + (EXTENDED[second & ~MASKED] ?? 0) + (second & MASKED ? 4 : 0);
}

function payloadLength([, second = 0, ...more]: readonly number[]): number {
  const short = second & ~MASKED;
  const bytes = EXTENDED[short];
  return bytes === undefined ? short : more.slice(0, bytes).reduce((length, byte) => length * 256 + byte, 0);
}
