/** Packed instructions and orders read into columns, without an object or a text an order. What the bytes are is said in packing.ts. */
import type { AccountRows } from '../domain/auction/account-rows.ts';
import { ROLLS_BIT } from '../domain/auction/book-columns.ts';
import { INSTRUCTION_KINDS, OUTCOMES, TIMES_IN_FORCE } from '../domain/auction/orders.ts';
import { PackingError, type Reader } from './packed-bytes.ts';
import { openPacked, readFillCode } from './packing.ts';

const NEW = INSTRUCTION_KINDS.indexOf('new');
const CANCEL = INSTRUCTION_KINDS.indexOf('cancel');
const CANCEL_ALL = INSTRUCTION_KINDS.indexOf('cancel-all');
const ACCEPTED = OUTCOMES.indexOf('accepted');
const DEFERRED = OUTCOMES.indexOf('deferred');
const INT32_MAX = 2 ** 31 - 1;

/** Reads a submission's instructions as far as they were accepted; the others change nothing. */
export function readInstructionsInto(from: Reader, decided: Reader, rows: AccountRows): void {
  const count = openPacked(from);
  const outcomes = openPacked(decided);
  for (let at = 0; at < count; at++) {
    const outcome = at < outcomes ? decided.number() : OUTCOMES.length - 1;
    if (outcome >= OUTCOMES.length) throw new PackingError(`code ${outcome} is not known here`);
    const row = rows.next();
    rows.source[row] = from.at;
    const kind = from.number();
    if (kind >= INSTRUCTION_KINDS.length) throw new PackingError(`code ${kind} is not known here`);
    let [targetAt, targetLength] = [0, 0];
    if (kind !== NEW && kind !== CANCEL_ALL) {
      targetLength = from.number();
      targetAt = from.pass(targetLength);
    }
    if (kind !== CANCEL && kind !== CANCEL_ALL) readTerms(from, rows, row, 0);
    if (outcome !== ACCEPTED && outcome !== DEFERRED) continue;
    if (kind !== NEW || outcome !== ACCEPTED) rows.instruct(kind, outcome, targetAt, targetLength);
    rows.count += 1;
  }
  from.end();
}

/** Reads rows of orders that are all one account's, carried or the roll's. The first of them names its sender. */
export function readOrdersInto(from: Reader, areCarried: boolean, rows: AccountRows): void {
  while (!from.isAtEnd) {
    const { at } = from;
    from.pass(from.number());
    const sender = from.at;
    const length = from.number();
    from.pass(length);
    if (length > 0) rows.sentBy(sender);
    const row = rows.next();
    rows.source[row] = at;
    const flags = from.number();
    if (flags > 3) throw new PackingError(`code ${flags} is not known here`);
    readTerms(from, rows, row, flags % 2 === 1 && !areCarried ? ROLLS_BIT : 0);
    if (areCarried) rows.carry(flags > 1);
    rows.count += 1;
  }
}

function readTerms(from: Reader, rows: AccountRows, row: number, bits: number): void {
  const length = from.number();
  rows.nameLength[row] = length;
  rows.nameAt[row] = from.pass(length);
  rows.buy[row] = from.number();
  rows.sell[row] = from.number();
  const limit = from.signed();
  const lots = from.number();
  if (lots > INT32_MAX || limit > INT32_MAX || limit < -INT32_MAX) throw new PackingError('a number is too large for an order');
  rows.limit[row] = limit;
  rows.lots[row] = lots;
  const time = from.number();
  if (time >= TIMES_IN_FORCE.length) throw new PackingError(`code ${time} is not known here`);
  rows.terms[row] = time | bits;
}

/** An order as it is stored, read again where it stands: a caller gives the object, so that a million take one. */
export interface StoredOrder {
  nameAt: number;
  nameLength: number;
  buy: number;
  sell: number;
  limit: number;
  lots: number;
}

/** Reads the order of an instruction. False when the bytes are of one that has none. */
export function readInstructedOrder(from: Reader, order: StoredOrder): boolean {
  const kind = from.number();
  if (kind === CANCEL || kind === CANCEL_ALL) return false;
  if (kind !== NEW) from.pass(from.number());
  readStoredTerms(from, order);
  return true;
}

/** Reads the order of a row of orders, behind its account and flags. */
export function readOrderRow(from: Reader, order: StoredOrder): boolean {
  from.pass(from.number());
  from.pass(from.number());
  from.number();
  readStoredTerms(from, order);
  return true;
}

function readStoredTerms(from: Reader, order: StoredOrder): void {
  order.nameLength = from.number();
  order.nameAt = from.pass(order.nameLength);
  order.buy = from.number();
  order.sell = from.number();
  order.limit = from.signed();
  order.lots = from.number();
}

/** Passes a row of orders behind its account and its sender. */
export function skipOrder(from: Reader): void {
  from.number();
  from.pass(from.number());
  for (let number = 0; number < 5; number++) from.number();
}

/** A fill as it is packed; what it names are stretches of the bytes that it is read from. */
export interface PackedFill {
  accountAt: number;
  accountLength: number;
  nameAt: number;
  nameLength: number;
  buy: number;
  sell: number;
  lots: number;
  selfMatched: number;
}

export function readFillInto(from: Reader, fill: PackedFill): void {
  fill.accountLength = from.number();
  fill.accountAt = from.pass(fill.accountLength);
  from.pass(from.number());
  fill.nameLength = from.number();
  fill.nameAt = from.pass(fill.nameLength);
  fill.buy = from.number();
  fill.sell = from.number();
  fill.lots = from.number();
  fill.selfMatched = readFillCode(from).selfMatched;
}
