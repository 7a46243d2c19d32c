/**
 * A second look at what an auction came to, before it is committed: every lot sold is bought, no order fills beyond its limit, nor beyond its
 * lots with those taken out of it, and what is taken out of an owner's orders is bought and sold alike in every month. It is made on the bytes that are to be written and on those that were read: every fill names the place of its order in
 * the stored book, and the order is read there again. The columns that were cleared have no say, so a mistake in them, or on the
 * way into them, does not check itself.
 */
import type { AuctionTerms, MonthResult } from '../../lib/domain/auction/book.ts';
import { compareBytes, textOf } from '../../lib/domain/auction/bytes.ts';
import { CASH } from '../../lib/domain/contract/months.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import { Reader } from '../../lib/store/packed-bytes.ts';
import { readFillInto, readInstructedOrder, readOrderRow, type StoredOrder } from '../../lib/store/packed-columns.ts';
import type { PackedFills } from '../../lib/store/results.ts';
import { openLeaf } from '../../lib/store/run.ts';
import type { StoredBook } from '../../lib/store/stored-book.ts';

/** `fills` are by shard. Throws when they break the rule. */
export function checkConservation(
  fills: ReadonlyMap<number, PackedFills>,
  stored: StoredBook,
  months: Readonly<Record<number, MonthResult>>,
): void {
  const size = 1 + Object.keys(months).reduce((last, month) => Math.max(last, Number(month)), 0);
  /** By month; what is not a month of the auction has none, and nothing is within its limit there. */
  const prices = new Float64Array(size).fill(Number.NaN);
  prices[CASH] = 0;
  for (const [month, { price }] of Object.entries(months)) prices[Number(month)] = price;
  const net = new Float64Array(size);
  const taken = new TakenLots();
  for (const shard of fills.values()) checkFills(shard, stored, prices, net, taken);
  for (const [month, lots] of net.entries())
    if (month !== CASH && lots !== 0) throw new Error(`the fills move ${lots} lots of month ${month}`);
  taken.end();
}

/** Throws when a month's price is beyond its band, or a month is said to be locked and its price is not at the edge. */
export function checkBands(months: Readonly<Record<number, MonthResult>>, { marks, widths }: AuctionTerms): void {
  for (const [key, { price, locked }] of Object.entries(months)) {
    const month = Number(key);
    const [moved, width] = [price - marks[month]!, widths[month]!];
    const isRight = locked ? moved === (locked.side === 'bid' ? width : -width) : Math.abs(moved) <= width;
    if (!isRight) throw new Error(`month ${month} clears ${moved} ticks from its mark, in a band of ${width}`);
  }
}

/** Lots taken out by owner and month, bought positive: those that have not met their opposite yet. */
class TakenLots {
  readonly #open = new Map<string, number>();

  add(account: string, month: number, lots: number): void {
    const key = `${ownerOf(account)} ${month}`;
    const sum = (this.#open.get(key) ?? 0) + lots;
    if (sum === 0 || month === CASH) this.#open.delete(key);
    else this.#open.set(key, sum);
  }

  end(): void {
    for (const [key, lots] of this.#open) throw new Error(`what is taken out as self-matched moves ${lots} lots: ${key}`);
  }
}

/** Checks the fills of a shard, and adds what they move to `net`. No two are of one order: a run has each name once. */
function checkFills(
  { leaves, sources }: PackedFills,
  stored: StoredBook,
  prices: Float64Array,
  net: Float64Array,
  taken: TakenLots,
): void {
  const fill = { accountAt: 0, accountLength: 0, nameAt: 0, nameLength: 0, buy: 0, sell: 0, lots: 0, selfMatched: 0 };
  const orders = new OrderReader(stored);
  let count = 0;
  for (const leaf of leaves) {
    const from = openLeaf(leaf);
    orders.moveTo(leaf, 0, 0);
    while (!from.isAtEnd) {
      readFillInto(from, fill);
      if (fill.accountLength > 0) orders.moveTo(leaf, fill.accountAt, fill.accountLength);
      const { order } = orders;
      const isOfOrder =
        count < sources.length &&
        orders.read(sources[count++]!) &&
        order.buy === fill.buy &&
        order.sell === fill.sell &&
        fill.lots + fill.selfMatched >= 1 &&
        fill.lots + fill.selfMatched <= order.lots &&
        compareBytes(stored.bytes, order.nameAt, order.nameLength, leaf, fill.nameAt, fill.nameLength) === 0;
      if (!isOfOrder) throw new Error('a fill is not of an order of the book');
      if (fill.selfMatched > 0) {
        taken.add(orders.account, fill.buy, fill.selfMatched);
        taken.add(orders.account, fill.sell, -fill.selfMatched);
      }
      if (fill.lots === 0) continue;
      if (!(prices[fill.buy]! - prices[fill.sell]! <= order.limit)) throw new Error('a fill is beyond its limit');
      net[fill.buy]! += fill.lots;
      net[fill.sell]! -= fill.lots;
    }
  }
}

/** Reads orders of one account after the other where they are stored. */
class OrderReader {
  readonly order: StoredOrder = { nameAt: 0, nameLength: 0, buy: 0, sell: 0, limit: 0, lots: 0 };
  readonly #stored: StoredBook;
  readonly #part = { at: 0, end: 0, isSubmission: false, account: 0, accountLength: 0 };
  readonly #from: Reader;
  /** The account whose orders are to be read, and whether the part is one of its. */
  #account = { bytes: new Uint8Array(0) as Uint8Array, at: 0, length: 0 };
  #isOwn = false;

  constructor(stored: StoredBook) {
    this.#stored = stored;
    this.#from = new Reader(stored.bytes);
  }

  /** Goes on to the account that some bytes name. */
  moveTo(bytes: Uint8Array, at: number, length: number): void {
    this.#account = { bytes, at, length };
    this.#isOwn = false;
  }

  /** The account that it has gone on to. */
  get account(): string {
    const { bytes, at, length } = this.#account;
    return textOf(bytes, at, at + length);
  }

  /** Reads the order at a place. False when that is not in what is stored of the account, or no order is there. */
  read(source: number): boolean {
    const part = this.#part;
    if (!this.#isOwn || source < part.at || source >= part.end) {
      if (!this.#stored.partAt(source, part)) return false;
      const { bytes, at, length } = this.#account;
      this.#isOwn = compareBytes(this.#stored.names, part.account, part.accountLength, bytes, at, length) === 0;
      if (!this.#isOwn) return false;
    }
    this.#from.moveTo(this.#stored.bytes, source, part.end);
    return part.isSubmission ? readInstructedOrder(this.#from, this.order) : readOrderRow(this.#from, this.order);
  }
}
