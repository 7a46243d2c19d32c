// The lottery for the last lots at a price. Shares of whole lots leave some lots over, fewer than there are owners, and a
// rule that looked at names, sizes or times to place them would pay for having the right ones. So they are drawn.
//
// All that is drawn follows from the book's hash: SHA-256 over the whole frozen book, every submission under its
// idempotency key and every order with its account, its name and its terms. So a replay draws the same, and the audit
// proves each draw from the stored rows. What a participant could gain by it:
//
//  - Foreseeing a draw takes the hash, and the hash takes every submission of all others to the last bit. They are sealed
//    until the cut, and each has 74 random bits in its key, a UUIDv7 (RFC 9562), that only its sender and the venue know.
//  - Steering a draw takes foreseeing it. Every change of a participant's own orders, names or keys gives another hash, and
//    without the rest of the book it does not show which hash draws better. After the cut nothing can be changed.
//  - Holding several orders gains nothing: an owner's orders at a price draw as one. A name enters the hash and nothing
//    else, so every name is as good as any other.
//  - Trading under several owners (which takes accounts that the operator opens) gains nothing in expectation: what an
//    owner draws is, on average, exactly the part of a lot that its share leaves over, and those parts add up.
//  - A participant that foresees or steers a draw all the same moves less than one lot for each owner and pair of months.
//
// Carried orders have no keys. Where all other owners' orders were carried into a book, its lottery is as hard to foresee as
// their names and sizes. A function or an administrator that reads the table before the cut reads the sealed book, and so
// its hash: that is a matter of access, not of this rule.

/** The first 128 bits of the book's hash, as four unsigned words of 32 bits. */
export type BookHash = readonly [number, number, number, number];

/** Rounds after which each bit of a state depends on every bit of the one before, with a margin. */
const WARM_UP = 20;

/**
 * The draws of one pair of months: even, independent numbers that the book's hash and the pair determine. The generator is
 * sfc32 (C. Doty-Humphrey, PractRand): three mixed words and a counter, which tells the pairs of a book apart.
 */
export class Lottery {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  constructor([a, b, c, counter]: BookHash, pair: number) {
    this.a = a | 0;
    this.b = b | 0;
    this.c = c | 0;
    this.counter = (counter + pair) | 0;
    for (let round = 0; round < WARM_UP; round++) this.word();
  }

  /** A whole number from 0 to `bound` - 1, all equally likely. `bound` is 1 to 2^52. */
  below(bound: number): number {
    for (;;) {
      const drawn = (this.word() >>> 5) * 2 ** 26 + (this.word() >>> 6);
      const rest = drawn % bound;
      // The last numbers below 2^53 are no whole round of `bound`, and would make the small ones likelier.
      if (drawn - rest <= 2 ** 53 - bound) return rest;
    }
  }

  /** Puts the items in a drawn order, all orders being equally likely (Fisher and Yates). */
  shuffle(items: number[]): void {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const moved = items[other]!;
      items[other] = items[last]!;
      items[last] = moved;
    }
  }

  private word(): number {
    const word = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + word) | 0;
    return word >>> 0;
  }
}
