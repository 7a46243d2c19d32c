/** Instructions and submissions, short enough for tables. */

import type { Instruction, Order, TimeInForce } from '../../lib/domain/auction/orders.ts';
import type { ContractMonth } from '../../lib/domain/contract/months.ts';
import { CASH } from '../../lib/domain/contract/months.ts';
import { lots, ticks } from '../../lib/domain/contract/units.ts';

export const order = (
  clientOrderId: string,
  buy: number,
  sell: number,
  limit: number,
  quantity: number,
  timeInForce: TimeInForce = 'auction',
): Order => ({
  clientOrderId,
  buy: buy as ContractMonth,
  sell: sell as ContractMonth,
  limit: ticks(limit),
  lots: lots(quantity),
  timeInForce,
});
export const buy = (id: string, of: number, price: number, quantity: number, tif?: TimeInForce): Instruction => ({
  kind: 'new',
  order: order(id, of, CASH, price, quantity, tif),
});
export const sell = (id: string, of: number, price: number, quantity: number, tif?: TimeInForce): Instruction => ({
  kind: 'new',
  order: order(id, CASH, of, -price, quantity, tif),
});
export const spread = (id: string, bought: number, sold: number, limit: number, quantity: number): Instruction => ({
  kind: 'new',
  order: order(id, bought, sold, limit, quantity),
});
export const cancel = (clientOrderId: string): Instruction => ({ kind: 'cancel', clientOrderId });
export const cancelAll: Instruction = { kind: 'cancel-all' };
export const replace = (replaces: string, { kind, ...by }: Instruction): Instruction => {
  if (kind !== 'new' || !('order' in by)) throw new Error('only an order replaces another');
  return { kind: 'replace', replaces, order: by.order };
};
