/**
 * Numbers and texts as bytes, one behind the other. Numbers are LEB128 varints, signed ones zigzagged; a text has its length before it. What
 * a value is made of is said in packing.ts.
 */
import { type Order, TIMES_IN_FORCE } from '../domain/auction/orders.ts';
import type { ContractMonth } from '../domain/contract/months.ts';
import { lots, ticks } from '../domain/contract/units.ts';

/** Packed bytes that are not what this code writes: another version, or damaged. */
export class PackingError extends Error {
  override name = 'PackingError';
}

/** Bytes at a time, at most, unless a value is longer. */
const GROWN_TO = 1 << 20;

/** Bytes that grow as values are written. */
export class Writer {
  #bytes = new Uint8Array(256);
  /** Where what has not been taken out begins, and where it ends. */
  #start = 0;
  #length = 0;

  number(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new PackingError(`can't pack ${value}`);
    this.#room(8);
    const bytes = this.#bytes;
    let [at, rest] = [this.#length, value];
    for (; rest >= 2 ** 31; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 128;
    for (; rest >= 128; rest >>>= 7) bytes[at++] = (rest & 127) | 128;
    bytes[at++] = rest;
    this.#length = at;
  }

  signed(value: number): void {
    this.number(value < 0 ? -value * 2 - 1 : value * 2);
  }

  text(value: string): void {
    if (this.#plain(value)) return;
    const encoded = Buffer.from(value, 'utf8');
    this.number(encoded.length);
    this.#room(encoded.length);
    this.#bytes.set(encoded, this.#length);
    this.#length += encoded.length;
  }

  order({ clientOrderId, buy, sell, limit, lots, timeInForce }: Order): void {
    this.text(clientOrderId);
    this.terms(buy, sell, limit, lots, TIMES_IN_FORCE.indexOf(timeInForce));
  }

  /** What an order has besides its name; the time in force by its place in TIMES_IN_FORCE. */
  terms(buy: number, sell: number, limit: number, lots: number, timeInForce: number): void {
    this.number(buy);
    this.number(sell);
    this.signed(limit);
    this.number(lots);
    this.number(timeInForce);
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  get length(): number {
    return this.#length - this.#start;
  }

  done(): Uint8Array {
    return this.#bytes.slice(this.#start, this.#length);
  }

  /** Takes out what was written: it stays where it stands, and what is written next comes behind it. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(this.#start, this.#length);
    this.#start = this.#length;
    return taken;
  }

  /** A text that is there as bytes, a stretch of others. */
  stretch(from: Uint8Array, begin: number, end: number): void {
    this.number(end - begin);
    this.copy(from, begin, end);
  }

  /** A stretch of other bytes as they are. */
  copy(from: Uint8Array, begin: number, end: number): void {
    this.#room(end - begin);
    const bytes = this.#bytes;
    let to = this.#length;
    for (let at = begin; at < end; at++) bytes[to++] = from[at]!;
    this.#length = to;
  }

  /** Short plain text, as names are, without a buffer of its own for each. False when it is not that; nothing is written then. */
  #plain(value: string): boolean {
    if (value.length > 127) return false;
    this.#room(value.length + 1);
    for (let at = 0; at < value.length; at++) {
      const code = value.charCodeAt(at);
      if (code > 127) return false;
      this.#bytes[this.#length + 1 + at] = code;
    }
    this.#bytes[this.#length] = value.length;
    this.#length += value.length + 1;
    return true;
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const least = 2 * (this.length + count);
    const larger = new Uint8Array(Math.max(least, Math.min(this.#bytes.length * 2, GROWN_TO)));
    larger.set(this.#bytes.subarray(this.#start, this.#length));
    this.#length -= this.#start;
    this.#start = 0;
    this.#bytes = larger;
  }
}

/** Reads values in the order in which they were written. Throws PackingError where the bytes are not such values. */
export class Reader {
  #bytes: Uint8Array;
  #at: number;
  #end: number;

  /** Of all the bytes, or of a stretch of them. */
  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  /** Reads another stretch from here on. */
  moveTo(bytes: Uint8Array, at: number, end: number): this {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
    return this;
  }

  /** Where the next value begins in the bytes. */
  get at(): number {
    return this.#at;
  }

  number(): number {
    const bytes = this.#bytes;
    const at = this.#at;
    // Up to three bytes, as nearly all have, where there are as many left: without a loop.
    if (at + 3 <= this.#end) {
      const first = bytes[at]!;
      if (first < 128) {
        this.#at = at + 1;
        return first;
      }
      const second = bytes[at + 1]!;
      if (second < 128) {
        this.#at = at + 2;
        return (first & 127) | (second << 7);
      }
      const third = bytes[at + 2]!;
      if (third < 128) {
        this.#at = at + 3;
        return (first & 127) | ((second & 127) << 7) | (third << 14);
      }
    }
    return this.#longNumber();
  }

  #longNumber(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (this.#at >= this.#end || scale > 2 ** 49) throw new PackingError('the packed bytes end or overflow inside a number');
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  /** Passes as many bytes: where they begin. */
  pass(count: number): number {
    const from = this.#at;
    if (from + count > this.#end) throw new PackingError('the packed bytes end inside a text');
    this.#at = from + count;
    return from;
  }

  signed(): number {
    const coded = this.number();
    return coded % 2 === 1 ? -(coded + 1) / 2 : coded / 2;
  }

  text(): string {
    const length = this.number();
    const from = this.pass(length);
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + from, length).toString('utf8');
  }

  bytes(count: number): Uint8Array {
    const from = this.pass(count);
    return this.#bytes.subarray(from, from + count);
  }

  /** The bytes that are left. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at, this.#end);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  order(): Order {
    const clientOrderId = this.text();
    const buy = this.number() as ContractMonth;
    const sell = this.number() as ContractMonth;
    const limit = ticks(this.signed());
    return { clientOrderId, buy, sell, limit, lots: lots(this.number()), timeInForce: pick(TIMES_IN_FORCE, this.number()) };
  }

  end(): void {
    if (this.#at !== this.#end) throw new PackingError('bytes are left over after the last value');
  }
}

/** What a code stands for. Throws PackingError when it stands for nothing. */
export function pick<T>(from: readonly T[], index: number): T {
  const value = from[index];
  if (value === undefined) throw new PackingError(`code ${index} is not known here`);
  return value;
}
