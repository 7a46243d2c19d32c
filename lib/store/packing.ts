/**
 * Orders and fills in binary. A write unit is a kilobyte, so a packed order (about 25 bytes) is what makes a submission
 * of five hundred orders cost what one costs. Numbers are LEB128 varints, signed ones zigzagged; every packing starts
 * with its version, and a reader refuses a version it does not know.
 */
import type { BookOrder, DepthLevel, Fill } from '../domain/auction/book.ts';
import { type Instruction, type Order, type Outcome, REFUSALS, TIMES_IN_FORCE } from '../domain/auction/orders.ts';
import type { ContractMonth } from '../domain/contract/months.ts';
import { lots, ticks } from '../domain/contract/units.ts';

const VERSION = 1;
const KINDS = ['new', 'cancel', 'replace'] as const;
/** What a book order carries besides the order, by code: made by the roll, filled in part. */
const FLAGS = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;
const OUTCOMES: readonly Outcome[] = ['accepted', 'deferred', ...REFUSALS];

/** Packed bytes that are not what this code writes: another version, or damaged. */
export class PackingError extends Error {
  override name = 'PackingError';
}

/** Values as bytes, and back, for submissions, outcomes, orders and fills. Unpacking throws PackingError on other bytes. */
export const packInstructions = (instructions: readonly Instruction[]): Uint8Array =>
  pack(instructions, (out, instruction) => {
    out.number(KINDS.indexOf(instruction.kind));
    if (instruction.kind === 'cancel') return out.text(instruction.clientOrderId);
    if (instruction.kind === 'replace') out.text(instruction.replaces);
    out.order(instruction.order);
  });

export const unpackInstructions = (packed: Uint8Array): Instruction[] =>
  unpack(packed, (from): Instruction => {
    const kind = pick(KINDS, from.number());
    if (kind === 'cancel') return { kind, clientOrderId: from.text() };
    if (kind === 'replace') return { kind, replaces: from.text(), order: from.order() };
    return { kind, order: from.order() };
  });

export const packOutcomes = (outcomes: readonly Outcome[]): Uint8Array =>
  pack(outcomes, (out, outcome) => out.number(OUTCOMES.indexOf(outcome)));

export const unpackOutcomes = (packed: Uint8Array): Outcome[] => unpack(packed, (from) => pick(OUTCOMES, from.number()));

/** How rows of one kind are written into bytes and read from them. */
export interface RowCodec<T> {
  readonly write: (out: Writer, row: T) => void;
  readonly read: (from: Reader) => T;
}

export const ORDER_ROW: RowCodec<BookOrder> = {
  write: (out, order) => {
    out.text(order.account);
    out.number((order.rolls ? 1 : 0) + (order.partlyFilled ? 2 : 0));
    out.order(order);
  },
  read: (from) => {
    const account = from.text();
    const [rolls, partlyFilled] = pick(FLAGS, from.number());
    return { account, rolls, partlyFilled, ...from.order() };
  },
};

export const FILL_ROW: RowCodec<Fill> = {
  write: (out, fill) => {
    out.text(fill.account);
    out.text(fill.clientOrderId);
    out.number(fill.buy);
    out.number(fill.sell);
    out.number(fill.lots);
    out.number(fill.rolls ? 1 : 0);
  },
  read: (from) => {
    const account = from.text();
    const clientOrderId = from.text();
    const buy = from.number() as ContractMonth;
    const sell = from.number() as ContractMonth;
    return { account, clientOrderId, buy, sell, lots: lots(from.number()), rolls: pick([false, true], from.number()) };
  },
};

export const DEPTH_ROW: RowCodec<DepthLevel> = {
  write: (out, { buy, sell, limit, traded, lapsed }) => {
    out.number(buy);
    out.number(sell);
    out.signed(limit);
    out.number(traded);
    out.number(lapsed);
  },
  read: (from) => {
    const buy = from.number() as ContractMonth;
    const sell = from.number() as ContractMonth;
    const limit = ticks(from.signed());
    return { buy, sell, limit, traded: lots(from.number()), lapsed: lots(from.number()) };
  },
};

export const packOrders = (orders: readonly BookOrder[]): Uint8Array => pack(orders, ORDER_ROW.write);
export const unpackOrders = (packed: Uint8Array): BookOrder[] => unpack(packed, ORDER_ROW.read);

function pack<T>(values: readonly T[], write: (out: Writer, value: T) => void): Uint8Array {
  const out = new Writer();
  out.number(VERSION);
  out.number(values.length);
  for (const value of values) write(out, value);
  return out.done();
}

function unpack<T>(packed: Uint8Array, read: (from: Reader) => T): T[] {
  const from = new Reader(packed);
  const version = from.number();
  if (version !== VERSION) throw new PackingError(`packing version ${version} is not known here`);
  const values = Array.from({ length: from.number() }, () => read(from));
  from.end();
  return values;
}

/** Bytes that grow as values are written. */
export class Writer {
  #bytes = new Uint8Array(256);
  #length = 0;

  number(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new PackingError(`can't pack ${value}`);
    this.#room(8);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
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

  order(order: Order): void {
    this.text(order.clientOrderId);
    this.number(order.buy);
    this.number(order.sell);
    this.signed(order.limit);
    this.number(order.lots);
    this.number(TIMES_IN_FORCE.indexOf(order.timeInForce));
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  get length(): number {
    return this.#length;
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** The first bytes, taken out; what follows them stays. */
  take(count: number): Uint8Array {
    const taken = this.#bytes.slice(0, count);
    this.#bytes.copyWithin(0, count, this.#length);
    this.#length -= count;
    return taken;
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
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Reads values in the order in which they were written. Throws PackingError where the bytes are not such values. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || scale > 2 ** 49) throw new PackingError('the packed bytes end or overflow inside a number');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  signed(): number {
    const coded = this.number();
    return coded % 2 === 1 ? -(coded + 1) / 2 : coded / 2;
  }

  text(): string {
    const length = this.number();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new PackingError('the packed bytes end inside a text');
    const value = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, length).toString('utf8');
    this.#at = end;
    return value;
  }

  bytes(count: number): Uint8Array {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new PackingError('the packed bytes end inside a value');
    const value = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return value;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  order(): Order {
    const clientOrderId = this.text();
    const buy = this.number() as ContractMonth;
    const sell = this.number() as ContractMonth;
    const limit = ticks(this.signed());
    return { clientOrderId, buy, sell, limit, lots: lots(this.number()), timeInForce: pick(TIMES_IN_FORCE, this.number()) };
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new PackingError('bytes are left over after the last value');
  }
}

function pick<T>(from: readonly T[], index: number): T {
  const value = from[index];
  if (value === undefined) throw new PackingError(`code ${index} is not known here`);
  return value;
}
