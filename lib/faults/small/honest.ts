/** What honest participants and a careful operator do in a small market: what must go on, whatever others do. */

import { PRODUCT, secretOf } from '../scripted-market.ts';
import type { Act, Days } from './acts.ts';
import { askByTwo, type SmallMarket } from './market.ts';

/** A price at which no other order is: in an answer to another participant it gives away the order that has it. */
export const SECRET_PRICE = '1.537';

/** Trades before each auction, and publishes the index. `latePublisher`: another part of the script does that. */
export function honestActs({ trading }: Days, publishes: boolean): Act[] {
  const acts: Act[] = [];
  for (const day of [0, 1] as const)
    for (const time of ['09:00', '12:00', '15:00'] as const) {
      acts.push({ day, time, act: (market) => trade(market, `${day}.${time.slice(0, 2)}`, time === '09:00' && day === 0) });
      if (time === '15:00' && publishes)
        acts.push({
          day,
          time,
          act: (market) => askByTwo(market, 'PUT', `/v1/operator/index/${PRODUCT}/${trading[day]}`, { value: `2.40${day}` }),
        });
    }
  return acts;
}

async function trade(market: SmallMarket, id: string, isFirst: boolean): Promise<void> {
  const [near, next, far] = market.contracts as [string, string, string];
  const name = (account: 'maker' | 'fund' | 'hedger' | 'seller', what: string) => ({
    clientOrderId: `${secretOf(account)}${what}${id}`,
  });
  await Promise.all([
    market.submit('maker', [
      { ...name('maker', 'a'), side: 'sell', contract: next, price: '2.404', lots: 12, timeInForce: 'day' },
      { ...name('maker', 'b'), side: 'buy', contract: next, price: '2.396', lots: 9 },
      { ...name('maker', 'c'), buy: next, sell: far, price: '-0.001', lots: 6 },
    ]),
    market.submit('fund', [{ ...name('fund', 'a'), side: 'buy', contract: next, price: '2.410', lots: 7 }]),
    market.submit('seller', [
      { ...name('seller', 'a'), side: 'sell', contract: far, price: '2.399', lots: 5, timeInForce: 'day' },
    ]),
    ...(isFirst
      ? [
          market.submit('hedger', [
            { ...name('hedger', 'k'), side: 'buy', contract: far, price: SECRET_PRICE, lots: 3, timeInForce: 'gtc' },
            { ...name('hedger', 'n'), side: 'buy', contract: near, price: '2.403', lots: 4 },
          ]),
          market.submit('seller', [{ ...name('seller', 'n'), side: 'sell', contract: near, price: '2.398', lots: 4 }]),
        ]
      : []),
  ]);
}
