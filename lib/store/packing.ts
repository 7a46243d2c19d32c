/**
 * Orders and fills in binary. A write unit is a kilobyte, so a packed order (about 25 bytes) is what makes a submission
 * of five hundred orders cost what one costs. Numbers are LEB128 varints, signed ones zigzagged; every packing starts
 * with its version, and a reader refuses a version it does not know.
 */
import type { BookOrder, DepthLevel, Fill } from '../domain/auction/book.ts';
import {
  INSTRUCTION_KINDS,
  type Instruction,
  type Order,
  OUTCOMES,
  type Outcome,
  TIMES_IN_FORCE,
} from '../domain/auction/orders.ts';
import type { Figures } from '../domain/clearing/owner-intake.ts';
import type { ContractMonth } from '../domain/contract/months.ts';
import { cents, lots, ticks } from '../domain/contract/units.ts';

const VERSION = 1;
/** What a book order carries besides the order, by code: made by the roll, filled in part. */
const FLAGS = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

/** Packed bytes that are not what this code writes: another version, or damaged. */
export class PackingError extends Error {
  override name = 'PackingError';
}

/** Values as bytes, and back, for submissions, outcomes, orders and fills. Unpacking throws PackingError on other bytes. */
export const packInstructions = (instructions: readonly Instruction[]): Uint8Array =>
  pack(instructions, (out, instruction) => {
    out.number(INSTRUCTION_KINDS.indexOf(instruction.kind));
    if (instruction.kind === 'cancel-all') return;
    if (instruction.kind === 'cancel') return out.text(instruction.clientOrderId);
    if (instruction.kind === 'replace') out.text(instruction.replaces);
    out.order(instruction.order);
  });

export const unpackInstructions = (packed: Uint8Array): Instruction[] =>
  unpack(packed, (from): Instruction => {
    const kind = pick(INSTRUCTION_KINDS, from.number());
    if (kind === 'cancel-all') return { kind };
    if (kind === 'cancel') return { kind, clientOrderId: from.text() };
    if (kind === 'replace') return { kind, replaces: from.text(), order: from.order() };
    return { kind, order: from.order() };
  });

export const packOutcomes = (outcomes: readonly Outcome[]): Uint8Array =>
  pack(outcomes, (out, outcome) => out.number(OUTCOMES.indexOf(outcome)));

export const unpackOutcomes = (packed: Uint8Array): Outcome[] => unpack(packed, (from) => pick(OUTCOMES, from.number()));

/** By the codes that are stored: new ones go to the end. */
const FIGURE_REASONS = ['margin', 'order-too-large', 'position-limit'] as const satisfies readonly Figures['reason'][];

/** Cents as text: a worst case may be more than a number holds. A limit over all months has no month, which is written as zero. */
export const packFigures = (figures: readonly Figures[]): Uint8Array =>
  pack(figures, (out, each) => {
    out.number(FIGURE_REASONS.indexOf(each.reason));
    if (each.reason === 'margin') {
      for (const amount of [each.before, each.would, each.cover]) out.text(`${amount}`);
      return;
    }
    out.number(each.allowed);
    out.number(each.would);
    out.number(each.month ?? 0);
  });

export const unpackFigures = (packed: Uint8Array): Figures[] =>
  unpack(packed, (from): Figures => {
    const reason = pick(FIGURE_REASONS, from.number());
    if (reason === 'margin') {
      const [before, would, cover] = [from.text(), from.text(), from.text()].map((text) => cents(BigInt(text)));
      return { reason, before: before!, would: would!, cover: cover! };
    }
    const [allowed, would, month] = [from.number(), from.number(), from.number()];
    return { reason, allowed, would, ...(month === 0 ? {} : { month: month as ContractMonth }) };
  });

/** An order of a book, with whose it is. */
const ORDER = {
  write: (out: Writer, order: BookOrder): void => {
    out.text(order.account);
    out.text(order.sender);
    out.number(flagsOf(order.rolls, order.partlyFilled));
    out.order(order);
  },
  read: (from: Reader, before?: BookOrder): BookOrder => {
    const { account, sender } = whoseIn(from, before);
    const [rolls, partlyFilled] = pick(FLAGS, from.number());
    return { account, sender, rolls, partlyFilled, ...from.order() };
  },
};
export const readOrder = ORDER.read;

type Whose = Pick<BookOrder, 'account' | 'sender'>;

/** Rows of one account that follow each other name it once, and each sender where it is another than that of the row before. */
function whoseIn(from: Reader, before: Whose | undefined): Whose {
  const [named, sent] = [from.text(), from.text()];
  const account = named || before?.account;
  if (account === undefined) throw new PackingError('a row is of no account');
  const sender = sent || (named === '' ? before?.sender : undefined);
  if (sender === undefined) throw new PackingError('a row is of no sender');
  return { account, sender };
}

/** What is said of an order besides itself, as its row holds it. */
export const flagsOf = (rolls: boolean, partlyFilled: boolean): number => (rolls ? 1 : 0) + (partlyFilled ? 2 : 0);

const [ROLLED, SELF_MATCHED] = [1, 2];

/** What a fill has besides its account, its sender and its order's name: at last, where its code says so, the lots taken out of the order. */
export function writeFillTerms(out: Writer, buy: number, sell: number, filled: number, rolls: boolean, taken: number): void {
  out.number(buy);
  out.number(sell);
  out.number(filled);
  out.number((rolls ? ROLLED : 0) + (taken !== 0 ? SELF_MATCHED : 0));
  if (taken !== 0) out.number(taken);
}

/** Reads what stands behind the lots of a fill: whether it rolled, and the lots taken out of its order. */
export function readFillCode(from: Reader): { readonly rolls: boolean; readonly selfMatched: number } {
  const [rolls, isTaken] = pick(FLAGS, from.number());
  return { rolls, selfMatched: isTaken ? from.number() : 0 };
}

export function readFill(from: Reader, before?: Fill): Fill {
  const { account, sender } = whoseIn(from, before);
  const clientOrderId = from.text();
  const buy = from.number() as ContractMonth;
  const sell = from.number() as ContractMonth;
  const filled = lots(from.number());
  const { rolls, selfMatched } = readFillCode(from);
  return {
    account,
    sender,
    clientOrderId,
    buy,
    sell,
    lots: filled,
    rolls,
    ...(selfMatched > 0 ? { selfMatched: lots(selfMatched) } : {}),
  };
}

export function writeLevel(out: Writer, buy: number, sell: number, limit: number, traded: number, lapsed: number): void {
  out.number(buy);
  out.number(sell);
  out.signed(limit);
  out.number(traded);
  out.number(lapsed);
}

export function readLevel(from: Reader): DepthLevel {
  const buy = from.number() as ContractMonth;
  const sell = from.number() as ContractMonth;
  const limit = ticks(from.signed());
  return { buy, sell, limit, traded: lots(from.number()), lapsed: lots(from.number()) };
}

export const packOrders = (orders: readonly BookOrder[]): Uint8Array => pack(orders, ORDER.write);
export const unpackOrders = (packed: Uint8Array): BookOrder[] => unpack(packed, ORDER.read);

function pack<T>(values: readonly T[], write: (out: Writer, value: T) => void): Uint8Array {
  const out = new Writer();
  out.number(VERSION);
  out.number(values.length);
  for (const value of values) write(out, value);
  return out.done();
}

/** Reads what packed values begin with: their version, which must be known here, and their number. */
export function openPacked(from: Reader): number {
  const version = from.number();
  if (version !== VERSION) throw new PackingError(`packing version ${version} is not known here`);
  return from.number();
}

function unpack<T>(packed: Uint8Array, read: (from: Reader) => T): T[] {
  const from = new Reader(packed);
  const values = Array.from({ length: openPacked(from) }, () => read(from));
  from.end();
  return values;
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

function pick<T>(from: readonly T[], index: number): T {
  const value = from[index];
  if (value === undefined) throw new PackingError(`code ${index} is not known here`);
  return value;
}
