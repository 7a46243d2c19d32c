/** Orders from a file or a pipe. */
import { describe, expect, test } from 'vitest';
import { completed, ordersIn, productOf } from '../../../lib/cli/orders/orders-in.ts';
import { Failure } from '../../../lib/cli/terminal/failure.ts';

const BUY = { clientOrderId: 'b1', side: 'buy', contract: 'H100-SXM-2025-12', price: '2.350', lots: 10 };
const SPREAD = {
  clientOrderId: 's1',
  buy: 'H100-SXM-2026-01',
  sell: 'H100-SXM-2025-12',
  price: '-0.010',
  lots: 5,
  timeInForce: 'gtc',
};

describe('the same orders are read', () => {
  test.each([
    ['from a submission', JSON.stringify({ product: 'H100-SXM', orders: [BUY, SPREAD] }), 'H100-SXM'],
    ['from a submission without a product', JSON.stringify({ orders: [BUY, SPREAD] }, null, 2), undefined],
    ['from a list', JSON.stringify([BUY, SPREAD]), undefined],
    ['from JSON lines', `${JSON.stringify(BUY)}\n\n${JSON.stringify(SPREAD)}\n`, undefined],
    [
      'from CSV, its columns in any order and its empty cells left out',
      'lots,clientOrderId,side,contract,buy,sell,price,timeInForce\n10,b1,buy,H100-SXM-2025-12,,,2.350,\n5,s1,,,H100-SXM-2026-01,H100-SXM-2025-12,-0.010,gtc\n',
      undefined,
    ],
    [
      'from CSV of another system',
      '\ufeffclientOrderId,side,contract,price,lots\r\n"b1",buy,H100-SXM-2025-12,2.350,10\r\n',
      undefined,
    ],
  ])('%s', (form, text, product) => {
    const orders = form.includes('another') ? [BUY] : [BUY, SPREAD];
    expect(ordersIn(text)).toEqual({ product, orders });
  });

  test('one order alone is a line', () => expect(ordersIn(JSON.stringify(BUY)).orders).toEqual([BUY]));

  test('cancels stand beside orders', () => {
    const text = 'cancel,cancelAll\nb0,\n,true\n';
    expect(ordersIn(text).orders).toEqual([{ cancel: 'b0' }, { cancelAll: true }]);
  });
});

test.each([
  ['nothing', ' \n', 'no orders in the input'],
  ['a list of nothing', '[]', 'no list, or an empty one'],
  ['a text in the list', '["b1"]', 'Order 1 is no object'],
  ['a submission with a field too many', '{"orders":[],"venue":"x"}', 'no field "venue"'],
  ['a line that is cut off', '{"side":"buy"}\n{"side":\n', 'Line 2 is no JSON'],
  ['a column that is no field', 'side,month\nbuy,2025-12\n', 'a column "month"'],
  ['a column twice', 'side,side\nbuy,buy\n', 'a column twice'],
  ['a row that is too long', 'side,lots\nbuy,1,2\n', 'no CSV: Invalid Record Length'],
  ['a quote that does not close', 'side,lots\n"buy,1\n', 'no CSV: Quote Not Closed'],
  ['lots with a fraction', 'side,lots\nbuy,1.5\n', 'Row 1: lots is no whole number: "1.5"'],
  ['a cancel of all that is no truth', 'cancelAll\nyes\n', 'Row 1: cancelAll is true or left out'],
  ['a product that is no text', '{"product":1,"orders":[]}', 'product of a submission is a text'],
])('%s is refused before anything is sent', (_, text, says) => {
  expect(() => ordersIn(text)).toThrow(says);
  expect(() => ordersIn(text)).toThrow(Failure);
});

test('the product is that of the contracts; orders of two are refused', () => {
  expect(productOf([BUY, SPREAD, { cancel: 'b0' }])).toBe('H100-SXM');
  expect(productOf([{ cancel: 'b0' }, { side: 'buy', contract: '2025-12' }])).toBeUndefined();
  expect(() => productOf([BUY, { ...BUY, contract: 'H200-2025-12' }])).toThrow('several products: H100-SXM, H200');
});

test('bare months become contracts, and orders without a name get one that a repeat under the same key has, too', () => {
  const orders = [{ side: 'buy', contract: '2025-12', price: '2.350', lots: 1 }, { cancel: 'b0' }, SPREAD];
  const key = '019a01eb-7700-7000-8000-0123456789ab';
  expect(completed(orders, 'H100-SXM', key)).toEqual([
    { clientOrderId: '0123456789ab-1', side: 'buy', contract: 'H100-SXM-2025-12', price: '2.350', lots: 1 },
    { cancel: 'b0' },
    SPREAD,
  ]);
  expect(completed(orders, 'H100-SXM', key)).toEqual(completed(orders, 'H100-SXM', key));
});
