/**
 * Self-match prevention: no owner trades with itself. Before the auction, an owner's orders are cleared alone, as an auction of
 * their own, and what would trade there is taken out of both sides.
 *
 * Why that is exact. An order is an edge *sell i, buy j* with a limit, and orders can all be willing to trade with each other, at
 * some prices, exactly when they close a cycle whose limits sum to zero or more: prices cancel along a cycle. The owner's own
 * auction has the greatest surplus there is and, of those, the greatest volume. If what it leaves still had such a cycle, a lot
 * around it would add to the surplus, or keep it and add to the volume. So it leaves none: no prices exist at which any of the
 * owner's orders that are left could trade with each other, through spreads and cycles included, whatever others send.
 *
 * Nothing else is touched: an order that crosses none of its owner's stays whole, and the others' result is that of an auction
 * into which the lots taken out were never sent. Cancelling both sides as far as they cross is the *decrement both* of continuous
 * markets (CME Globex Self-Match Prevention; Nasdaq OUCH 5.0, anti-internalization), said of a joint auction.
 *
 * Whether an owner has anything to take out is one longest-cycle check on its best limit per pair of nodes (Moore 1959): as
 * many steps as it has kinds of orders, so it costs next to nothing for all who don't trade with themselves.
 */
import { type AuctionBook, clearAuction } from '../auction/auction.ts';

/** Lots to take out before the auction, by row of the book; `undefined` when no owner would trade with itself. */
export function selfMatches(book: AuctionBook): Int32Array | undefined {
  const rows = byOwner(book.owner);
  const crossing = new CrossingCheck(book);
  let taken: Int32Array | undefined;
  for (let from = 0, to = 0; from < rows.length; from = to) {
    const own = book.owner[rows[from]!];
    for (to = from + 1; to < rows.length && book.owner[rows[to]!] === own; ) to++;
    if (to === from + 1 || !crossing.of(rows, from, to)) continue;
    const owned = rows.subarray(from, to);
    const { filled } = clearAuction(pick(book, owned));
    taken ??= new Int32Array(rows.length);
    for (let at = 0; at < owned.length; at++) taken[owned[at]!] = filled[at]!;
  }
  return taken;
}

/** A book without some lots of its rows: rows with none left are gone, and `rows` says which row each of the others was. */
export function without(book: AuctionBook, taken: Int32Array): { readonly book: AuctionBook; readonly rows: Uint32Array } {
  const rows = new Uint32Array(taken.length);
  let count = 0;
  for (let row = 0; row < taken.length; row++) if (taken[row]! < book.lots[row]!) rows[count++] = row;
  const left = rows.slice(0, count);
  const rest = pick(book, left);
  for (let at = 0; at < count; at++) rest.lots[at]! -= taken[left[at]!]!;
  return { book: rest, rows: left };
}

function pick(book: AuctionBook, rows: Uint32Array): AuctionBook {
  const of = <T extends { readonly [row: number]: number }>(column: T, into: T & { [row: number]: number }): T => {
    for (let at = 0; at < rows.length; at++) into[at] = column[rows[at]!]!;
    return into;
  };
  return {
    ...book,
    buy: of(book.buy, new Uint8Array(rows.length)),
    sell: of(book.sell, new Uint8Array(rows.length)),
    limit: of(book.limit, new Int32Array(rows.length)),
    lots: of(book.lots, new Int32Array(rows.length)),
    owner: of(book.owner, new Uint32Array(rows.length)),
  };
}

/**
 * The rows, those of an owner together, in the order of the book. They mostly come so. Else owners are numbers from 0 on, about as many as there are rows at most, so they are
 * counted and not sorted: the name of an account decides where it stands, and must not make the step slow.
 */
function byOwner(owner: Uint32Array): Uint32Array {
  const rows = new Uint32Array(owner.length);
  let [owners, isOrdered] = [0, true];
  for (let row = 0, before = 0; row < rows.length; row++) {
    const own = owner[row]!;
    rows[row] = row;
    if (own < before) isOrdered = false;
    if (own >= owners) owners = own + 1;
    before = own;
  }
  if (isOrdered) return rows;
  if (owners > 2 * owner.length + OWNERS_LEAST) return rows.sort((a, b) => owner[a]! - owner[b]! || a - b);
  const from = new Uint32Array(owners + 1);
  for (let row = 0; row < owner.length; row++) from[owner[row]! + 1]! += 1;
  for (let each = 0; each < owners; each++) from[each + 1]! += from[each]!;
  for (let row = 0; row < owner.length; row++) rows[from[owner[row]!]!++] = row;
  return rows;
}
const OWNERS_LEAST = 1024;

/**
 * Whether orders close a cycle whose limits sum to zero or more. Limits are scaled by the number of nodes and one more, and one is added, so
 * that such a cycle, of at most as many edges as there are nodes, sums to more than zero and any other to less. Longest
 * paths from anywhere then settle within as many rounds as there are nodes, or there is a cycle.
 */
class CrossingCheck {
  readonly #book: AuctionBook;
  readonly #nodes: number;
  /** Best limit by pair, sell x nodes + buy, of the owner in hand; those of `#pairs` alone are of any meaning. */
  readonly #best: Float64Array;
  readonly #seen: Uint32Array;
  readonly #pairs: Uint16Array;
  readonly #longest: Float64Array;
  /** Where paths begin: any lengths do, and from the reference prices most have little further to go. */
  readonly #start: Float64Array;
  /** Of each pair the node sold and the node bought. */
  readonly #sold: Uint8Array;
  readonly #bought: Uint8Array;
  #look = 0;

  constructor(book: AuctionBook) {
    this.#book = book;
    this.#nodes = book.months + 1;
    this.#best = new Float64Array(this.#nodes ** 2);
    this.#seen = new Uint32Array(this.#nodes ** 2);
    this.#pairs = new Uint16Array(this.#nodes ** 2);
    this.#longest = new Float64Array(this.#nodes);
    this.#start = Float64Array.of(0, ...Array.from(book.reference, (price) => price * (this.#nodes + 1)));
    this.#sold = Uint8Array.from(this.#best, (_, pair) => Math.floor(pair / this.#nodes));
    this.#bought = Uint8Array.from(this.#best, (_, pair) => pair % this.#nodes);
  }

  /** Of the rows in these places. */
  of(rows: Uint32Array, from: number, to: number): boolean {
    const count = this.#bestLimits(rows, from, to);
    const [nodes, best, pairs, longest] = [this.#nodes, this.#best, this.#pairs, this.#longest];
    longest.set(this.#start);
    const [sold, bought] = [this.#sold, this.#bought];
    for (let round = 0; round <= nodes; round++) {
      let settled = true;
      for (let at = 0; at < count; at++) {
        const pair = pairs[at]!;
        const sell = sold[pair]!;
        const buy = bought[pair]!;
        const length = longest[sell]! + best[pair]! * (nodes + 1) + 1;
        if (length <= longest[buy]!) continue;
        longest[buy] = length;
        settled = false;
      }
      if (settled) return false;
    }
    return true;
  }

  /** How many pairs of nodes the rows are of. */
  #bestLimits(rows: Uint32Array, from: number, to: number): number {
    const { buy, sell, limit } = this.#book;
    const [nodes, best, seen, pairs] = [this.#nodes, this.#best, this.#seen, this.#pairs];
    const look = ++this.#look;
    let count = 0;
    for (let place = from; place < to; place++) {
      const row = rows[place]!;
      const pair = sell[row]! * nodes + buy[row]!;
      if (seen[pair] !== look) {
        seen[pair] = look;
        best[pair] = limit[row]!;
        pairs[count++] = pair;
      } else if (limit[row]! > best[pair]!) best[pair] = limit[row]!;
    }
    return count;
  }
}
