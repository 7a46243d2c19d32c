/** Orders and fills as answers show them: an outright has a side and a contract, a spread buys one and sells another. */
import type { Order } from '../../lib/domain/auction/orders.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { CASH, contractCode } from '../../lib/domain/contract/months.ts';
import { formatPrice } from '../../lib/domain/contract/product.ts';
import { type Ticks, ticks } from '../../lib/domain/contract/units.ts';

/** What is traded, and at which price: that of its month, or of a spread the price bought minus the price sold. `price` is on bought minus sold. */
export function pairJson(
  { product, parameters }: Pick<ProductState, 'product' | 'parameters'>,
  { buy, sell }: Pick<Order, 'buy' | 'sell'>,
  price: Ticks,
) {
  if (sell === CASH) return { side: 'buy' as const, contract: contractCode(product, buy), price: formatPrice(price, parameters) };
  if (buy === CASH)
    return { side: 'sell' as const, contract: contractCode(product, sell), price: formatPrice(ticks(-price), parameters) };
  return { buy: contractCode(product, buy), sell: contractCode(product, sell), price: formatPrice(price, parameters) };
}

export const termsJson = (state: Pick<ProductState, 'product' | 'parameters'>, order: Order) => ({
  ...pairJson(state, order, order.limit),
  lots: order.lots,
  timeInForce: order.timeInForce,
});
