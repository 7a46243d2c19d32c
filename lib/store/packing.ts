/**
 * Orders and fills in binary. A write unit is a kilobyte, so a packed order (about 25 bytes) is what makes a submission
 * of five hundred orders cost what one costs. Every packing starts with its version, and a reader refuses a version it does not know.
 */
import type { BookOrder, DepthLevel, Fill } from '../domain/auction/book.ts';
import { INSTRUCTION_KINDS, type Instruction, OUTCOMES, type Outcome } from '../domain/auction/orders.ts';
import type { Figures } from '../domain/clearing/owner-intake.ts';
import type { ContractMonth } from '../domain/contract/months.ts';
import { cents, lots, ticks } from '../domain/contract/units.ts';
import { PackingError, pick, Reader, Writer } from './packed-bytes.ts';

const VERSION = 1;
/** What a book order carries besides the order, by code: made by the roll, filled in part. */
const FLAGS = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

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
