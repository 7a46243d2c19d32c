// Surplus is ticks times lots summed over a book, which can pass 2^53 in a hostile book and never does in an ordinary
// one. So products are added as doubles for as long as every step is exact, and move into a bigint when it would not
// be.

/** A sum of products of non-negative integers, exact at any size. */
export class ExactSum {
  private spilled = 0n;
  private held = 0;

  /** Adds a x b. Both must be non-negative safe integers. */
  add(a: number, b: number): void {
    const product = a * b;
    const sum = this.held + product;
    // Rounding is monotone, so an inexact product or sum can never come out below the bound.
    if (sum <= Number.MAX_SAFE_INTEGER) this.held = sum;
    else this.spill(a, b);
  }

  total(): bigint {
    return this.spilled + BigInt(this.held);
  }

  private spill(a: number, b: number): void {
    this.spilled += BigInt(this.held) + BigInt(a) * BigInt(b);
    this.held = 0;
  }
}
