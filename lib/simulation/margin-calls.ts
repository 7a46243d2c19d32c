/**
 * Margin calls, and how the called answer them: each pays what it has in reserve, before the call is due. One that can't pay all of it
 * takes its orders out and sells half of what it holds in every auction, until it is called no more.
 */
import type { Cents } from '../domain/contract/units.ts';
import { contract, type Entry, type Market, type Own, orderName, price, reference, share } from './market.ts';
import type { Participant } from './population.ts';

/** An open call, as the operator's API lists it. */
export interface CallLine {
  readonly account: string;
  readonly amount: string;
  readonly due: string;
  readonly overdue: boolean;
}

/** What each participant can still pay, and who is being cut back. */
export class Reserves {
  readonly #left: Map<string, bigint>;
  /** Accounts that have an open call and nothing to meet it with. */
  readonly cutBack = new Set<string>();
  /** Accounts that ever were. */
  readonly everCutBack = new Set<string>();
  /** Cents paid by account. */
  readonly paid = new Map<string, bigint>();

  constructor(participants: readonly Pick<Participant, 'account' | 'reserve'>[]) {
    this.#left = new Map(participants.map(({ account, reserve }) => [account, BigInt(reserve) * 100n]));
  }

  /** What is paid towards open calls: each account all that it is called for, or all that it has. */
  answer(calls: readonly { readonly account: string; readonly cents: bigint }[]): { account: string; cents: Cents }[] {
    this.cutBack.clear();
    return calls.flatMap(({ account, cents }) => {
      const left = this.#left.get(account) ?? 0n;
      const pays = cents < left ? cents : left;
      if (pays < cents) {
        this.cutBack.add(account);
        this.everCutBack.add(account);
      }
      if (pays === 0n) return [];
      this.#left.set(account, left - pays);
      this.paid.set(account, (this.paid.get(account) ?? 0n) + pays);
      return [{ account, cents: pays as Cents }];
    });
  }
}

/** How far from its estimate it lets go of a position, in basis points. */
const HASTE = 300;

/** All orders out, and half of every position, rounded up, for what the next auction gives. */
export function cutBack(market: Market, own: Own): (Entry | { readonly cancelAll: true })[] {
  const closing = [...own.positions].flatMap(([month, held]): Entry[] => {
    if (held === 0 || !market.listed.includes(month)) return [];
    const estimate = reference(market, month);
    const off = share(estimate, HASTE);
    return [
      {
        clientOrderId: orderName(market, `cut.${month}`),
        side: held > 0 ? 'sell' : 'buy',
        contract: contract(market, month),
        price: price(market, Math.max(1, held > 0 ? estimate - off : estimate + off)),
        lots: Math.ceil(Math.abs(held) / 2),
      },
    ];
  });
  return [{ cancelAll: true }, ...closing];
}
