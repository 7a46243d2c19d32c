/**
 * What one account has in a book that is frozen, as columns: the orders carried to it, what the account sent, instruction by
 * instruction, and the orders of the roll. Where nothing that it sent names an order that was there before, and nothing waited
 * for an auction, the fold of it (`openOrders`) comes to all of these rows, and the rows are the answer. Everything else is
 * replayed by the fold itself.
 */
import type { ContractMonth } from '../contract/months.ts';
import { lots, ticks } from '../contract/units.ts';
import { type LooseRows, TIME_IN_FORCE_BITS } from './book-columns.ts';
import { compareBytes, textOf } from './bytes.ts';
import { type DecidedSubmission, openOrders } from './open-orders.ts';
import { INSTRUCTION_KINDS, type Instruction, type Order, OUTCOMES, TIMES_IN_FORCE } from './orders.ts';

const NEW = INSTRUCTION_KINDS.indexOf('new');
const CANCEL = INSTRUCTION_KINDS.indexOf('cancel');
const CANCEL_ALL = INSTRUCTION_KINDS.indexOf('cancel-all');
const ACCEPTED = OUTCOMES.indexOf('accepted');
const DEFERRED = OUTCOMES.indexOf('deferred');

/** Where in the order of arrival a submission stands; asked for only where it matters. */
export type Arrival = Pick<DecidedSubmission, 'key' | 'sequence'>;

const ROWS_AT_FIRST = 1024;
/** Rows sorted by insertion, before such stretches are merged. */
const SORTED_AT_ONCE = 8;

export class AccountRows implements LooseRows {
  /** The bytes that names are stretches of. */
  bytes = new Uint8Array(0) as Uint8Array;
  count = 0;
  nameAt = new Uint32Array(ROWS_AT_FIRST);
  nameLength = new Uint32Array(ROWS_AT_FIRST);
  buy = new Int32Array(ROWS_AT_FIRST);
  sell = new Int32Array(ROWS_AT_FIRST);
  limit = new Int32Array(ROWS_AT_FIRST);
  lots = new Int32Array(ROWS_AT_FIRST);
  terms = new Uint8Array(ROWS_AT_FIRST);
  /** Where the row was read from, as the reader counts. */
  source = new Uint32Array(ROWS_AT_FIRST);
  /** Where in the bytes the sender of the row stands, behind its length. */
  sender = new Uint32Array(ROWS_AT_FIRST);
  /** The rows that are open, in order of name, once `fold` has been called; the first of it. */
  open = new Uint32Array(ROWS_AT_FIRST);
  /** Of carried rows alone. */
  #partlyFilled = new Uint8Array(ROWS_AT_FIRST);
  #kind = new Uint8Array(ROWS_AT_FIRST);
  #outcome = new Uint8Array(ROWS_AT_FIRST);
  #targetAt = new Uint32Array(ROWS_AT_FIRST);
  #targetLength = new Uint32Array(ROWS_AT_FIRST);
  /** The first bytes of each row's name in which the names differ, as a number. */
  #begins = new Uint32Array(ROWS_AT_FIRST);
  #hasTwice = false;
  #merged = new Uint32Array(ROWS_AT_FIRST);
  /** Rows up to here are carried; from `#rollsFrom` on they are the roll's. */
  #carriedTo = 0;
  #rollsFrom = -1;
  #sender = 0;
  /** Where the rows of each submission begin, and what the reader calls it. */
  readonly #submissions: { readonly first: number; readonly called: number }[] = [];
  #isPlain = true;

  /** Forgets all rows: the next account's come. */
  clear(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.count = 0;
    this.#carriedTo = 0;
    this.#rollsFrom = -1;
    this.#submissions.length = 0;
    this.#isPlain = true;
  }

  /** Makes room for one more row, to be filled in by the caller and then counted. Carried rows come first, the roll's last. */
  next(): number {
    if (this.count === this.nameAt.length) this.#grow();
    this.#kind[this.count] = NEW;
    this.#outcome[this.count] = ACCEPTED;
    this.sender[this.count] = this.#sender;
    return this.count;
  }

  /** Of the row that is being filled in: the auction before has carried it. */
  carry(partlyFilled: boolean): void {
    this.#partlyFilled[this.count] = Number(partlyFilled);
    this.#carriedTo = this.count + 1;
  }

  /** The rows from here on are a submission's, up to the next. */
  beginSubmission(called: number, sender: number): void {
    this.sentBy(sender);
    this.#submissions.push({ first: this.count, called });
  }

  /** Where the sender of the rows from here on stands. */
  sentBy(sender: number): void {
    this.#sender = sender;
  }

  /** The rows from here on are the roll's. */
  beginRolls(): void {
    this.#rollsFrom = this.count;
  }

  /** Of the row that is being filled in: an instruction that is not simply a new order that was accepted. */
  instruct(kind: number, outcome: number, targetAt: number, targetLength: number): void {
    this.#kind[this.count] = kind;
    this.#outcome[this.count] = outcome;
    this.#targetAt[this.count] = targetAt;
    this.#targetLength[this.count] = targetLength;
    if (kind !== NEW || outcome === DEFERRED) this.#isPlain = false;
  }

  /** Finds the rows of the open orders: their number; they stand at the beginning of `open`, in order of name. */
  fold(arrivalOf: (called: number) => Arrival): number {
    const { count, open } = this;
    if (this.#isPlain) {
      for (let row = 0; row < count; row++) open[row] = row;
      if (this.#sort(count)) return count;
    }
    // A name that came twice is the fold's to decide, too.
    const live = this.#replay(arrivalOf);
    if (!this.#sort(live)) throw new Error('an account has two orders of one name in a book');
    return live;
  }

  /** The fold itself, on rows as objects; each open order is still the one that was put in, and so names its row. */
  #replay(arrivalOf: (called: number) => Arrival): number {
    const rowOf = new Map<Order, number>();
    const order = (row: number): Order => {
      const made = this.#order(row);
      rowOf.set(made, row);
      return made;
    };
    const carried = Array.from({ length: this.#carriedTo }, (_, row) => {
      const made = { ...this.#order(row), account: '', sender: '', rolls: false, partlyFilled: this.#partlyFilled[row] === 1 };
      rowOf.set(made, row);
      return made;
    });
    const end = this.#rollsFrom < 0 ? this.count : this.#rollsFrom;
    const submissions = this.#submissions.map(({ first, called }, at): DecidedSubmission => {
      const rows = Array.from({ length: (this.#submissions[at + 1]?.first ?? end) - first }, (_, each) => first + each);
      return {
        ...arrivalOf(called),
        instructions: rows.map((row) => this.#instruction(row, order)),
        outcomes: rows.map((row) => OUTCOMES[this.#outcome[row]!]!),
      };
    });
    let live = 0;
    for (const left of openOrders(carried, [submissions]).orders.values()) this.open[live++] = rowOf.get(left)!;
    for (let row = end; row < this.count; row++) this.open[live++] = row;
    return live;
  }

  #order(row: number): Order {
    return {
      clientOrderId: this.#text(this.nameAt[row]!, this.nameLength[row]!),
      buy: this.buy[row]! as ContractMonth,
      sell: this.sell[row]! as ContractMonth,
      limit: ticks(this.limit[row]!),
      lots: lots(this.lots[row]!),
      timeInForce: TIMES_IN_FORCE[this.terms[row]! & TIME_IN_FORCE_BITS]!,
    };
  }

  #instruction(row: number, order: (row: number) => Order): Instruction {
    const kind = this.#kind[row]!;
    if (kind === NEW) return { kind: 'new', order: order(row) };
    if (kind === CANCEL_ALL) return { kind: 'cancel-all' };
    const target = this.#text(this.#targetAt[row]!, this.#targetLength[row]!);
    return kind === CANCEL ? { kind: 'cancel', clientOrderId: target } : { kind: 'replace', replaces: target, order: order(row) };
  }

  #text(at: number, length: number): string {
    return textOf(this.bytes, at, at + length);
  }

  /** Sorts the first rows of `open` by name. False when a name comes twice. */
  #sort(count: number): boolean {
    if (this.#isInOrder(count)) return true;
    this.#compareFrom(count);
    this.#hasTwice = false;
    const { open } = this;
    const begins = this.#begins;
    for (let from = 0; from < count; from += SORTED_AT_ONCE) {
      const to = Math.min(from + SORTED_AT_ONCE, count);
      for (let at = from + 1; at < to; at++) {
        const row = open[at]!;
        const begin = begins[row]!;
        let place = at;
        for (; place > from; place--) {
          const before = open[place - 1]!;
          if (begins[before]! < begin || (begins[before] === begin && this.#compareNames(before, row) <= 0)) break;
          open[place] = before;
        }
        open[place] = row;
      }
    }
    for (let width = SORTED_AT_ONCE; width < count; width *= 2) this.#mergePairs(count, width);
    return !this.#hasTwice;
  }

  #mergePairs(count: number, width: number): void {
    const [from, to] = [this.open, this.#merged];
    const begins = this.#begins;
    for (let start = 0; start < count; start += 2 * width) {
      const middle = Math.min(start + width, count);
      const end = Math.min(start + 2 * width, count);
      let [one, other, at] = [start, middle, start];
      while (one < middle && other < end) {
        const [first, second] = [from[one]!, from[other]!];
        const [a, b] = [begins[first]!, begins[second]!];
        const takesFirst = a < b || (a === b && this.#compareNames(first, second) <= 0);
        to[at++] = takesFirst ? first : second;
        if (takesFirst) one++;
        else other++;
      }
      while (one < middle) to[at++] = from[one++]!;
      while (other < end) to[at++] = from[other++]!;
    }
    [this.open, this.#merged] = [to, from];
  }

  /** Strictly: no name twice. */
  #isInOrder(count: number): boolean {
    const { open, bytes, nameAt, nameLength } = this;
    for (let at = 1; at < count; at++) {
      const [one, other] = [open[at - 1]!, open[at]!];
      if (compareBytes(bytes, nameAt[one]!, nameLength[one]!, bytes, nameAt[other]!, nameLength[other]!) >= 0) return false;
    }
    return true;
  }

  /** Notes the four bytes of each name behind those that all of them begin with: most comparisons need no more. */
  #compareFrom(count: number): void {
    const { open, bytes, nameAt, nameLength } = this;
    const begins = this.#begins;
    const first = nameAt[open[0]!]!;
    let alike = nameLength[open[0]!]!;
    for (let at = 1; at < count; at++) {
      const row = open[at]!;
      const from = nameAt[row]!;
      if (nameLength[row]! < alike) alike = nameLength[row]!;
      let same = 0;
      while (same < alike && bytes[first + same] === bytes[from + same]) same++;
      alike = same;
    }
    for (let at = 0; at < count; at++) {
      const row = open[at]!;
      const from = nameAt[row]! + alike;
      const left = nameLength[row]! - alike;
      let begin = 0;
      for (let each = 0; each < 4; each++) begin = (begin << 8) | (each < left ? bytes[from + each]! : 0);
      begins[row] = begin;
    }
  }

  /** The order of two names that begin alike. Sorting compares any two that end up side by side, so it meets a name that comes twice. */
  #compareNames(one: number, other: number): number {
    const { bytes, nameAt, nameLength } = this;
    const order = compareBytes(bytes, nameAt[one]!, nameLength[one]!, bytes, nameAt[other]!, nameLength[other]!);
    if (order === 0) this.#hasTwice = true;
    return order;
  }

  #grow(): void {
    const longer = <T extends Uint8Array | Uint32Array | Int32Array>(column: T): T => {
      const made = new (column.constructor as new (length: number) => T)(column.length * 2);
      made.set(column);
      return made;
    };
    this.nameAt = longer(this.nameAt);
    this.nameLength = longer(this.nameLength);
    this.buy = longer(this.buy);
    this.sell = longer(this.sell);
    this.limit = longer(this.limit);
    this.lots = longer(this.lots);
    this.terms = longer(this.terms);
    this.source = longer(this.source);
    this.sender = longer(this.sender);
    this.open = longer(this.open);
    this.#partlyFilled = longer(this.#partlyFilled);
    this.#kind = longer(this.#kind);
    this.#outcome = longer(this.#outcome);
    this.#targetAt = longer(this.#targetAt);
    this.#targetLength = longer(this.#targetLength);
    this.#begins = longer(this.#begins);
    this.#merged = longer(this.#merged);
  }
}
