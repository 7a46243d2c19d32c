/**
 * The stored bytes of a frozen book, as they were read: submissions, and rows of carried and of roll orders, one behind the
 * other in one memory, with a note of what is which account's. The orders of an account are read from here into columns; and
 * whoever doubts an order finds it here again, byte for byte, at the place that its row names.
 */
import { AccountRows, type Arrival } from '../domain/auction/account-rows.ts';
import { type BookColumns, BookWriter } from '../domain/auction/book-columns.ts';
import { compareBytes, textOf } from '../domain/auction/bytes.ts';
import { readInstructionsInto, readOrdersInto, skipOrder } from './packed-columns.ts';
import { openPacked, PackingError, Reader } from './packing.ts';

/** A submission as it is stored. */
export interface SentBytes {
  readonly account: string;
  readonly key: string;
  readonly sequence: string;
  readonly instructions: Uint8Array;
  readonly outcomes: Uint8Array;
}

/** A part is a submission, or rows of orders of one account. In the order in which they take effect. */
const [CARRIED, SENT, ROLLS] = [0, 1, 2] as const;
/** What is noted of a part: its account, its kind, where its bytes begin and end, and of a submission where what belongs to it begins. */
const [ACCOUNT, KIND, AT, END, KEY, SEQUENCE, OUTCOMES, FIELDS] = [0, 1, 2, 3, 4, 5, 6, 7] as const;

const BYTES_AT_FIRST = 1 << 16;
const PARTS_AT_FIRST = 256;

/** Where a part of an account's begins and ends. */
export interface StoredPart {
  at: number;
  end: number;
  isSubmission: boolean;
}

export class StoredBook {
  #bytes = Buffer.allocUnsafeSlow(BYTES_AT_FIRST);
  #length = 0;
  #parts = new Uint32Array(FIELDS * PARTS_AT_FIRST);
  #partCount = 0;
  /** Rows that the book has at most. */
  #rows = 0;
  readonly #numbers = new Map<string, number>();
  #newest = { account: '', number: -1 };
  #ordered: OrderedParts | undefined;
  readonly #reader = new Reader(this.#bytes);
  readonly #decided = new Reader(this.#bytes);

  addSubmission({ account, key, sequence, instructions, outcomes }: SentBytes): void {
    const keyAt = this.#addText(key);
    const sequenceAt = this.#addText(sequence);
    const outcomesAt = this.#addBytes(outcomes);
    const at = this.#addBytes(instructions);
    this.#note(account, SENT, at, this.#length, keyAt, sequenceAt, outcomesAt);
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

  /** The parts of an account, as `partAt` takes them; none where it has none. */
  partsOf(account: string): readonly [from: number, to: number] {
    const { placeOf, firstPart } = this.#inOrder();
    const place = placeOf.get(account);
    return place === undefined ? [0, 0] : [firstPart[place]!, firstPart[place + 1]!];
  }

  /** Notes where the part of an account's begins and ends that has a place in it. False when none has. */
  partAt([from, to]: readonly [from: number, to: number], source: number, part: StoredPart): boolean {
    const { parts } = this.#inOrder();
    let [low, high] = [from, to];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#field(parts[middle]!, AT) <= source) low = middle + 1;
      else high = middle;
    }
    if (low === from) return false;
    const found = parts[low - 1]!;
    part.at = this.#field(found, AT);
    part.end = this.#field(found, END);
    part.isSubmission = this.#field(found, KIND) === SENT;
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
          rows.beginSubmission(part);
          readInstructionsInto(this.#reader, this.#decided.moveTo(this.#bytes, this.#field(part, OUTCOMES), start), rows);
        } else readOrdersInto(this.#reader, kind === CARRIED, rows);
      }
    }
  }

  #arrival(part: number): Arrival {
    const [key, sequence, end] = [this.#field(part, KEY), this.#field(part, SEQUENCE), this.#field(part, OUTCOMES)];
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
      if (nameLength >= 0) this.#note(textOf(bytes, nameFrom, nameFrom + nameLength), kind, from, to, 0, 0, 0);
    };
    while (!reader.isAtEnd) {
      const at = reader.at;
      const length = reader.number();
      const name = reader.skip(length);
      if (length !== nameLength || compareBytes(bytes, nameFrom, length, bytes, name, length) !== 0) {
        note(at);
        [from, nameFrom, nameLength] = [at, name, length];
      }
      skipOrder(reader);
      count += 1;
    }
    note(this.#length);
    this.#rows += count;
    return count;
  }

  #note(account: string, kind: number, at: number, end: number, key: number, sequence: number, outcomes: number): void {
    if (this.#partCount * FIELDS === this.#parts.length) {
      const longer = new Uint32Array(this.#parts.length * 2);
      longer.set(this.#parts);
      this.#parts = longer;
    }
    const field = this.#partCount * FIELDS;
    const parts = this.#parts;
    parts[field + ACCOUNT] = this.#numberOf(account);
    parts[field + KIND] = kind;
    parts[field + AT] = at;
    parts[field + END] = end;
    parts[field + KEY] = key;
    parts[field + SEQUENCE] = sequence;
    parts[field + OUTCOMES] = outcomes;
    this.#partCount += 1;
    this.#ordered = undefined;
  }

  /** What is an account's comes together, mostly. */
  #numberOf(account: string): number {
    if (this.#newest.account === account && this.#newest.number >= 0) return this.#newest.number;
    const number = this.#numbers.get(account) ?? this.#numbers.size;
    this.#numbers.set(account, number);
    this.#newest = { account, number };
    return number;
  }

  #field(part: number, field: number): number {
    return this.#parts[part * FIELDS + field]!;
  }

  #inOrder(): OrderedParts {
    this.#ordered ??= orderParts([...this.#numbers.keys()], this.#partCount, (part) => this.#field(part, ACCOUNT));
    return this.#ordered;
  }

  #addText(text: string): number {
    this.#room(text.length * 3);
    const at = this.#length;
    this.#length += this.#bytes.write(text, at);
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
    const longer = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + count));
    this.#bytes.copy(longer, 0, 0, this.#length);
    this.#bytes = longer;
  }
}

interface OrderedParts {
  /** In order. */
  readonly accounts: readonly string[];
  readonly placeOf: ReadonlyMap<string, number>;
  /** Where the parts of each begin in `parts`, and at last where those of the last one end. */
  readonly firstPart: Uint32Array;
  /** Of each account in the order in which they were read. */
  readonly parts: Uint32Array;
}

/** Sorts parts by account: `names` are the accounts by number. */
function orderParts(names: readonly string[], count: number, accountOf: (part: number) => number): OrderedParts {
  const accounts = names.toSorted(byCodeUnits);
  const placeOf = new Map(accounts.map((account, place) => [account, place]));
  const places = Uint32Array.from(names, (account) => placeOf.get(account)!);
  const firstPart = new Uint32Array(names.length + 1);
  for (let part = 0; part < count; part++) firstPart[places[accountOf(part)]! + 1]! += 1;
  for (let place = 0; place < names.length; place++) firstPart[place + 1]! += firstPart[place]!;
  const next = firstPart.slice();
  const parts = new Uint32Array(count);
  for (let part = 0; part < count; part++) parts[next[places[accountOf(part)]!]!++] = part;
  return { accounts, placeOf, firstPart, parts };
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
