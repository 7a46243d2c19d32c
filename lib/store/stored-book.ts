/**
 * The stored bytes of a frozen book, as they were read: submissions, and rows of carried and of roll orders, one behind the
 * other in one memory, with a note of what is which account's. The orders of an account are read from here into columns; and a
 * check finds each order here again, byte for byte, at the place that its row names.
 */
import { AccountRows, type Arrival } from '../domain/auction/account-rows.ts';
import { type BookColumns, BookWriter } from '../domain/auction/book-columns.ts';
import { compareBytes, countedEnd, textOf } from '../domain/auction/bytes.ts';
import { PackingError, Reader } from './packed-bytes.ts';
import { readInstructionsInto, readOrdersInto, skipOrder } from './packed-columns.ts';
import { openPacked } from './packing.ts';

/** A submission as it is stored. */
export interface SentBytes {
  /** Its account, #, and its key. */
  readonly name: string;
  readonly sequence: string;
  readonly sender: string;
  readonly instructions: Uint8Array;
  readonly outcomes: Uint8Array;
}

/** A part is a submission, or rows of orders of one account. In the order in which they take effect. */
const [CARRIED, SENT, ROLLS] = [0, 1, 2] as const;
/**
 * What is noted of a part: its account, as a stretch of the names; its kind; where its bytes begin and end; and of a
 * submission where what belongs to it begins: its outcomes stand behind its sender, and that behind its length.
 */
const [ACCOUNT, ACCOUNT_LENGTH, KIND, AT, END, KEY, SEQUENCE, SENDER] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
/** Fields of a part, as a power of two. */
const FIELDS_SHIFT = 3;

/** As many bytes as a number holds exactly. */
const BEGIN_BYTES = 6;
const BYTES_AT_FIRST = 1 << 16;
/** More than a subject of a token has. */
const SENDER_BYTES_MAX = 1024;
const PARTS_AT_FIRST = 256;

/** Where a part of an account's begins and ends. */
export interface StoredPart {
  at: number;
  end: number;
  isSubmission: boolean;
  /** Its account, as a stretch of the names. */
  account: number;
  accountLength: number;
}

export class StoredBook {
  #bytes = Buffer.allocUnsafeSlow(BYTES_AT_FIRST);
  #length = 0;
  /** Accounts, each once where its parts come together. */
  #names = Buffer.allocUnsafeSlow(BYTES_AT_FIRST);
  #named = 0;
  #newestLength = 0;
  #parts = new Uint32Array(PARTS_AT_FIRST << FIELDS_SHIFT);
  #partCount = 0;
  /** Rows that the book has at most. */
  #rows = 0;
  #ordered: OrderedParts | undefined;
  readonly #reader = new Reader(this.#bytes);
  readonly #decided = new Reader(this.#bytes);

  addSubmission({ name, sequence, sender, instructions, outcomes }: SentBytes): void {
    const accountLength = name.indexOf('#');
    if (accountLength < 0) throw new PackingError(`a submission is of no account: ${name}`);
    const nameAt = this.#addText(name);
    const sequenceAt = this.#addText(sequence);
    const senderAt = this.#addCounted(sender);
    this.#addBytes(outcomes);
    const at = this.#addBytes(instructions);
    const part = this.#note(nameAt, accountLength, SENT, at, this.#length);
    this.#parts[part + KEY] = nameAt + accountLength + 1;
    this.#parts[part + SEQUENCE] = sequenceAt;
    this.#parts[part + SENDER] = senderAt;
    this.#rows += openPacked(this.#reader.moveTo(this.#bytes, at, this.#length));
  }

  /** Takes rows of orders that the auction before has carried, as a chunk holds them. */
  addCarried(rows: Uint8Array): void {
    this.#addOrders(CARRIED, rows);
  }

  /** Takes packed roll orders. */
  addRolls(packed: Uint8Array): void {
    const from = new Reader(packed);
    const count = openPacked(from);
    if (this.#addOrders(ROLLS, from.rest()) !== count) throw new PackingError('roll orders are not as many as they say');
  }

  /** The orders of every account, folded, in order of account and name. */
  columns(): BookColumns {
    const { accounts, firstPart } = this.#inOrder();
    const writer = new BookWriter(this.#rows, accounts.length, this.#length);
    const rows = new AccountRows();
    const arrivalOf = (part: number): Arrival => this.#arrival(part);
    for (let at = 0; at < accounts.length; at++) {
      rows.clear(this.#bytes);
      this.#readAccount(firstPart[at]!, firstPart[at + 1]!, rows);
      const open = rows.fold(arrivalOf);
      writer.account(accounts[at]!, rows, rows.open, open);
    }
    return writer.done();
  }

  /** Calls for the key of each submission, in order of account and key: its bytes are those of the book from `at` to `end`. */
  eachKey(call: (account: string, bytes: Uint8Array, at: number, end: number) => void): void {
    const { accounts, firstPart, parts } = this.#inOrder();
    const bytes = this.#bytes;
    const byKey = (one: number, other: number): number => {
      const [from, to] = [this.#field(one, KEY), this.#field(other, KEY)];
      return compareBytes(bytes, from, this.#field(one, SEQUENCE) - from, bytes, to, this.#field(other, SEQUENCE) - to);
    };
    for (let at = 0; at < accounts.length; at++) {
      const [from, to] = [firstPart[at]!, firstPart[at + 1]!];
      let isSorted = true;
      for (let place = from + 1; place < to; place++) isSorted &&= byKey(parts[place - 1]!, parts[place]!) <= 0;
      const own = isSorted ? undefined : parts.slice(from, to).sort(byKey);
      for (let place = from; place < to; place++) {
        const part = own?.[place - from] ?? parts[place]!;
        if (this.#field(part, KIND) === SENT) call(accounts[at]!, bytes, this.#field(part, KEY), this.#field(part, SEQUENCE));
      }
    }
  }

  /** The bytes that a stored order's name is a stretch of. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** The bytes that accounts are stretches of. */
  get names(): Uint8Array {
    return this.#names;
  }

  /** Notes the part that has a place in it, and whose it is. False when none has. */
  partAt(source: number, part: StoredPart): boolean {
    let [low, high] = [0, this.#partCount];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#field(middle, AT) <= source) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return false;
    part.at = this.#field(low - 1, AT);
    part.end = this.#field(low - 1, END);
    part.isSubmission = this.#field(low - 1, KIND) === SENT;
    part.account = this.#field(low - 1, ACCOUNT);
    part.accountLength = this.#field(low - 1, ACCOUNT_LENGTH);
    return source < part.end;
  }

  #readAccount(from: number, to: number, rows: AccountRows): void {
    const { parts } = this.#inOrder();
    for (let kind: number = CARRIED; kind <= ROLLS; kind++) {
      if (kind === ROLLS) rows.beginRolls();
      for (let at = from; at < to; at++) {
        const part = parts[at]!;
        if (this.#field(part, KIND) !== kind) continue;
        const [start, end] = [this.#field(part, AT), this.#field(part, END)];
        this.#reader.moveTo(this.#bytes, start, end);
        if (kind === SENT) {
          const sender = this.#field(part, SENDER);
          rows.beginSubmission(part, sender);
          const outcomes = countedEnd(this.#bytes, sender);
          readInstructionsInto(this.#reader, this.#decided.moveTo(this.#bytes, outcomes, start), rows);
        } else readOrdersInto(this.#reader, kind === CARRIED, rows);
      }
    }
  }

  #arrival(part: number): Arrival {
    const [key, sequence, end] = [this.#field(part, KEY), this.#field(part, SEQUENCE), this.#field(part, SENDER)];
    return { key: textOf(this.#bytes, key, sequence), sequence: textOf(this.#bytes, sequence, end) };
  }

  /** Notes the stretches of rows that are of one account. The answer is the number of rows. */
  #addOrders(kind: number, rows: Uint8Array): number {
    let count = 0;
    const start = this.#addBytes(rows);
    const bytes = this.#bytes;
    const reader = this.#reader.moveTo(bytes, start, this.#length);
    let [from, nameFrom, nameLength] = [start, start, -1];
    const note = (to: number): void => {
      if (nameLength >= 0) this.#note(nameFrom, nameLength, kind, from, to);
    };
    while (!reader.isAtEnd) {
      const at = reader.at;
      const length = reader.number();
      const name = reader.pass(length);
      if (length === 0 && nameLength < 0) throw new PackingError('a row is of no account');
      const senderLength = reader.number();
      reader.pass(senderLength);
      if (length !== 0 && compareBytes(bytes, nameFrom, nameLength, bytes, name, length) !== 0) {
        note(at);
        if (senderLength === 0) throw new PackingError('a row is of no sender');
        [from, nameFrom, nameLength] = [at, name, length];
      }
      skipOrder(reader);
      count += 1;
    }
    note(this.#length);
    this.#rows += count;
    return count;
  }

  /** Notes a part of the account that is a stretch of the bytes. The answer is where its fields begin. */
  #note(accountAt: number, accountLength: number, kind: number, at: number, end: number): number {
    if (this.#partCount << FIELDS_SHIFT === this.#parts.length) {
      const longer = new Uint32Array(this.#parts.length * 2);
      longer.set(this.#parts);
      this.#parts = longer;
    }
    const newest = this.#named - this.#newestLength;
    const isNew = compareBytes(this.#bytes, accountAt, accountLength, this.#names, newest, this.#newestLength) !== 0;
    const fields = this.#partCount << FIELDS_SHIFT;
    this.#parts[fields + ACCOUNT] = isNew ? this.#name(accountAt, accountLength) : newest;
    this.#parts[fields + ACCOUNT_LENGTH] = accountLength;
    this.#parts[fields + KIND] = kind;
    this.#parts[fields + AT] = at;
    this.#parts[fields + END] = end;
    this.#partCount += 1;
    this.#ordered = undefined;
    return fields;
  }

  #name(at: number, length: number): number {
    if (this.#named + length > this.#names.length) this.#names = longerThan(this.#names, this.#named, length);
    const begin = this.#named;
    for (let each = 0; each < length; each++) this.#names[begin + each] = this.#bytes[at + each]!;
    this.#named += length;
    this.#newestLength = length;
    return begin;
  }

  #field(part: number, field: number): number {
    return this.#parts[(part << FIELDS_SHIFT) + field]!;
  }

  #inOrder(): OrderedParts {
    this.#ordered ??= this.#order();
    return this.#ordered;
  }

  #order(): OrderedParts {
    const names = this.#names;
    const fields = this.#parts;
    const begins = this.#begins();
    const compareAlike = (one: number, other: number): number => {
      const [first, second] = [one << FIELDS_SHIFT, other << FIELDS_SHIFT];
      const [from, to] = [fields[first + ACCOUNT]!, fields[second + ACCOUNT]!];
      // Parts that come together share their name.
      return from === to
        ? 0
        : compareBytes(names, from, fields[first + ACCOUNT_LENGTH]!, names, to, fields[second + ACCOUNT_LENGTH]!);
    };
    const parts = mergeSorted(begins, compareAlike);
    const accounts: string[] = [];
    const firstPart: number[] = [];
    for (let place = 0; place < parts.length; place++) {
      const part = parts[place]!;
      const before = place > 0 ? parts[place - 1]! : part;
      if (before !== part && begins[before] === begins[part] && compareAlike(before, part) === 0) continue;
      const from = this.#field(part, ACCOUNT);
      accounts.push(textOf(names, from, from + this.#field(part, ACCOUNT_LENGTH)));
      firstPart.push(place);
    }
    firstPart.push(parts.length);
    return { accounts, firstPart: Uint32Array.from(firstPart), parts };
  }

  /** Of each part six bytes of its account as a number, behind what all accounts begin with: most comparisons need no more. */
  #begins(): Float64Array {
    const [names, first] = [this.#names, this.#field(0, ACCOUNT)];
    let alike = this.#field(0, ACCOUNT_LENGTH);
    for (let part = 1; part < this.#partCount; part++) {
      const from = this.#field(part, ACCOUNT);
      alike = Math.min(alike, this.#field(part, ACCOUNT_LENGTH));
      let same = 0;
      while (same < alike && names[first + same] === names[from + same]) same++;
      alike = same;
    }
    const begins = new Float64Array(this.#partCount);
    for (let part = 0; part < this.#partCount; part++) {
      const from = this.#field(part, ACCOUNT) + alike;
      const left = this.#field(part, ACCOUNT_LENGTH) - alike;
      let value = 0;
      for (let at = 0; at < BEGIN_BYTES; at++) value = value * 256 + (at < left ? names[from + at]! : 0);
      begins[part] = value;
    }
    return begins;
  }

  #addText(text: string): number {
    this.#room(text.length * 3);
    const at = this.#length;
    this.#length += this.#bytes.write(text, at);
    return at;
  }

  /** A text behind its length. */
  #addCounted(text: string): number {
    const length = Buffer.byteLength(text);
    if (length === 0 || length > SENDER_BYTES_MAX) throw new PackingError('a submission is of no sender');
    this.#room(length + 2);
    const at = this.#length;
    if (length >= 128) this.#bytes[this.#length++] = (length & 127) | 128;
    this.#bytes[this.#length++] = length < 128 ? length : length >> 7;
    this.#length += this.#bytes.write(text, this.#length);
    return at;
  }

  #addBytes(bytes: Uint8Array): number {
    this.#room(bytes.length);
    const at = this.#length;
    this.#bytes.set(bytes, at);
    this.#length += bytes.length;
    return at;
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    this.#bytes = longerThan(this.#bytes, this.#length, count);
  }
}

interface OrderedParts {
  /** In order. */
  readonly accounts: readonly string[];
  /** Where the parts of each begin in `parts`, and at last where those of the last one end. */
  readonly firstPart: Uint32Array;
  /** Of each account in the order in which they were read. */
  readonly parts: Uint32Array;
}

/** The same bytes, with room for more. */
function longerThan(bytes: Buffer<ArrayBuffer>, length: number, more: number): Buffer<ArrayBuffer> {
  const longer = Buffer.allocUnsafeSlow(Math.max(bytes.length * 2, length + more));
  bytes.copy(longer, 0, 0, length);
  return longer;
}

/**
 * The places of some numbers in their order; where numbers are equal, `compareAlike` tells, and where that can't, they stay as they
 * are. Stretches that are in order already, as shards are, are merged.
 */
function mergeSorted(numbers: Float64Array, compareAlike: (one: number, other: number) => number): Uint32Array {
  const count = numbers.length;
  let [from, to] = [Uint32Array.from(numbers.keys()), new Uint32Array(count)];
  let begins = [0];
  for (let at = 1; at < count; at++) {
    const difference = numbers[at - 1]! - numbers[at]!;
    if (difference > 0 || (difference === 0 && compareAlike(at - 1, at) > 0)) begins.push(at);
  }
  for (; begins.length > 1; begins = begins.filter((_, at) => at % 2 === 0)) {
    for (let at = 0; at < begins.length; at += 2) {
      const [middle, end] = [begins[at + 1] ?? count, begins[at + 2] ?? count];
      let [one, other, place] = [begins[at]!, middle, begins[at]!];
      while (one < middle && other < end) {
        const [first, second] = [from[one]!, from[other]!];
        const difference = numbers[first]! - numbers[second]!;
        const takesFirst = difference < 0 || (difference === 0 && compareAlike(first, second) <= 0);
        to[place++] = takesFirst ? first : second;
        if (takesFirst) one++;
        else other++;
      }
      while (one < middle) to[place++] = from[one++]!;
      while (other < end) to[place++] = from[other++]!;
    }
    [from, to] = [to, from];
  }
  return from;
}
