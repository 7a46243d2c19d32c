/**
 * What orders could lose by the next marks, for the limit that a user sets to an agent: each filled whole at its own limit,
 * and marked where the worst of the product's scenarios puts the curve.
 *
 * The rule. Order i loses per lot under scenario k `limit - (M[buy] - M[sell]) - (d_k[buy] - d_k[sell])` ticks, M the marks and
 * d_k the scenario's moves; the month that an outright does not have counts as zero. Any subset may fill, so the worst under
 * k is the sum of the losses that are positive, and the whole is the greatest over k, no move at all among them.
 *
 * Why not the difference of the requirements that a preview gives: an order that closes a position out lowers the requirement
 * while it may give money away, at a price far from the mark. Counted alone, such an order costs what it may lose.
 */

/** As `GET /v1/products` and `GET /v1/contracts` say it. */
export interface Terms {
  readonly lotGpuHours: number;
  readonly priceDecimals: number;
  readonly scenarios: readonly (readonly string[])[];
  /** Listed months in their order, with their marks. */
  readonly contracts: readonly { readonly contract: string; readonly settlementPrice: string }[];
}

export interface PricedOrder {
  /** The month bought, the month sold: of an outright one of them. */
  readonly buy?: string;
  readonly sell?: string;
  /** The limit on what is paid for the bought less what is had for the sold; of an outright sale the price itself. */
  readonly price: string;
  readonly lots: number;
}

/** Cents. Throws RangeError for a contract that is not listed or a price off the grid. */
export function worstLoss(orders: readonly PricedOrder[], { lotGpuHours, priceDecimals, scenarios, contracts }: Terms): bigint {
  const ticks = (text: string): bigint => ticksOf(text, priceDecimals);
  const places = new Map(contracts.map(({ contract }, place) => [contract, place]));
  const marks = contracts.map(({ settlementPrice }) => ticks(settlementPrice));
  const placeOf = (contract: string): number => {
    const place = places.get(contract);
    if (place === undefined) throw new RangeError(`${contract} is not listed`);
    return place;
  };
  const moves = [...scenarios.map((scenario) => scenario.map(ticks)), [0n]];
  const lossTicks = moves.map((move) => {
    // A month further out than a scenario knows moves as its last place does.
    const after = (place: number): bigint => marks[place]! + (move[place] ?? move.at(-1) ?? 0n);
    return orders.reduce((sum, { buy, sell, price, lots }) => {
      const worth = (buy === undefined ? 0n : after(placeOf(buy))) - (sell === undefined ? 0n : after(placeOf(sell)));
      const paid = buy === undefined ? -ticks(price) : ticks(price);
      return paid > worth ? sum + (paid - worth) * BigInt(lots) : sum;
    }, 0n);
  });
  const worst = lossTicks.reduce((most, loss) => (loss > most ? loss : most), 0n);
  // One tick on one lot is whole cents, by a rule of the product.
  return (worst * BigInt(lotGpuHours) * 100n) / 10n ** BigInt(priceDecimals);
}

/** Throws RangeError for what is no decimal of so many places. */
export function ticksOf(text: string, decimals: number): bigint {
  const [, sign, units, fraction = ''] = /^(-?)(\d{1,15})(?:\.(\d+))?$/.exec(text) ?? [];
  if (units === undefined || fraction.length > decimals) throw new RangeError(`${text} is no decimal of ${decimals} places`);
  const size = BigInt(units + fraction.padEnd(decimals, '0'));
  return sign === '-' ? -size : size;
}
