/**
 * Orders as participants write them, read onto the grid of their product: contracts by their codes, prices as decimal text.
 * Nothing is rounded; what does not fit is named by its field, and every field that does not fit at once. Whether a month is
 * listed is not asked here: that may change, and a submission that is repeated must read as it did.
 */
import { CASH, type ContractMonth, parseContractCode } from '../contract/months.ts';
import { formatPrice, type ProductParameters, parsePrice } from '../contract/product.ts';
import { lots, MAX_TICKS, type Ticks, ticks } from '../contract/units.ts';
import type { Violation } from '../contract/violation.ts';
import type { Instruction, Order, TimeInForce } from './orders.ts';

interface WrittenTerms {
  readonly clientOrderId: string;
  /** The name of the order that this one replaces. */
  readonly replaces?: string | undefined;
  /** In USD per GPU-hour. */
  readonly price: string;
  readonly lots: number;
  readonly timeInForce: TimeInForce;
}
export interface WrittenOutright extends WrittenTerms {
  readonly side: 'buy' | 'sell';
  readonly contract: string;
}
export interface WrittenSpread extends WrittenTerms {
  readonly buy: string;
  readonly sell: string;
}
export type WrittenEntry = { readonly cancel: string } | { readonly cancelAll: true } | WrittenOutright | WrittenSpread;

/** What the orders of a product are read by. */
export interface Grid {
  readonly product: string;
  readonly parameters: ProductParameters;
}

/** The instructions, one an entry and in the same order, or what is wrong with the entries. */
export function readOrders(
  entries: readonly WrittenEntry[],
  grid: Grid,
): { instructions: Instruction[] } | { violations: Violation[] } {
  const violations: Violation[] = [];
  const instructions = entries.flatMap((entry, index): Instruction[] => {
    if ('cancel' in entry) return [{ kind: 'cancel', clientOrderId: entry.cancel }];
    if ('cancelAll' in entry) return [{ kind: 'cancel-all' }];
    const reader = new EntryReader(grid, index, violations);
    const order = 'contract' in entry ? reader.outright(entry) : reader.spread(entry);
    if (!order) return [];
    return [entry.replaces === undefined ? { kind: 'new', order } : { kind: 'replace', replaces: entry.replaces, order }];
  });
  return violations.length ? { violations } : { instructions };
}

/** Reads one entry; `undefined` stands for what can't be read, and has been noted. */
class EntryReader {
  readonly #grid: Grid;
  readonly #index: number;
  readonly #violations: Violation[];

  constructor(grid: Grid, index: number, violations: Violation[]) {
    this.#grid = grid;
    this.#index = index;
    this.#violations = violations;
  }

  outright(written: WrittenOutright): Order | undefined {
    const month = this.#month('contract', written.contract);
    const price = this.#price(written.price);
    if (price !== undefined && price <= 0) return this.#refuse('price', 'must be more than zero');
    if (month === undefined || price === undefined) return undefined;
    return written.side === 'buy' ? orderOf(written, month, CASH, price) : orderOf(written, CASH, month, ticks(-price));
  }

  spread(written: WrittenSpread): Order | undefined {
    const buy = this.#month('buy', written.buy);
    const sell = this.#month('sell', written.sell);
    const price = this.#price(written.price);
    if (buy !== undefined && buy === sell) return this.#refuse('sell', 'must be another month than buy');
    return buy === undefined || sell === undefined || price === undefined ? undefined : orderOf(written, buy, sell, price);
  }

  #month(field: string, text: string): ContractMonth | undefined {
    const { product } = this.#grid;
    const parsed = parseContractCode(text);
    if (parsed?.product === product) return parsed.month;
    return this.#refuse(field, `must be a contract of ${product}, such as ${product}-2025-12`);
  }

  #price(text: string): Ticks | undefined {
    const { parameters } = this.#grid;
    const most = formatPrice(ticks(MAX_TICKS), parameters);
    return (
      parsePrice(text, parameters) ??
      this.#refuse('price', `must be decimal text with at most ${parameters.priceDecimals} decimals, from -${most} to ${most}`)
    );
  }

  #refuse(field: string, rule: string): undefined {
    this.#violations.push({ path: ['orders', this.#index, field], rule });
    return undefined;
  }
}

const orderOf = (
  { clientOrderId, lots: quantity, timeInForce }: WrittenTerms,
  buy: ContractMonth,
  sell: ContractMonth,
  limit: Ticks,
): Order => ({ clientOrderId, buy, sell, limit, lots: lots(quantity), timeInForce });
