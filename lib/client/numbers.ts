/**
 * The numbers that a listener knows, and what is new in a message. The numbers only grow, so a message that comes twice or out of order
 * says nothing new, and what was missed shows as soon as anything is heard.
 */
import type { Told } from '../api/listening.ts';

/** One thing that is new: the numbers behind it are read over HTTP. */
export type News = Exclude<Told, { now: unknown }>;

export interface Numbers {
  readonly account: number | undefined;
  readonly products: Readonly<Record<string, Readonly<Partial<Record<Kind, number | string>>>>>;
}

type Kind = 'auction' | 'settled' | 'closed';

export const NOTHING_KNOWN: Numbers = { account: undefined, products: {} };

/** What a message says that was not known, and what is known after it. */
export function heard(known: Numbers, told: Told): { readonly known: Numbers; readonly news: readonly News[] } {
  return newsIn(told).reduce<{ known: Numbers; news: News[] }>(
    (before, each) => {
      const known = after(before.known, each);
      return known === undefined ? before : { known, news: [...before.news, each] };
    },
    { known, news: [] },
  );
}

function newsIn(told: Told): readonly News[] {
  if (!('now' in told)) return [told];
  const { account, products } = told.now;
  return [
    ...products.flatMap(({ product, auction, settled, closed }): News[] => [
      ...(auction === 0 ? [] : [{ auction: { product, auction } }]),
      { settled: { product, date: settled } },
      { closed: { product, date: closed } },
    ]),
    ...(account === undefined ? [] : [{ account }]),
  ];
}

/** The numbers with this one; `undefined` when it is not new. */
function after(known: Numbers, news: News): Numbers | undefined {
  if ('account' in news) return news.account.seq > (known.account ?? -1) ? { ...known, account: news.account.seq } : undefined;
  if ('auction' in news) return withNumber(known, news.auction.product, 'auction', news.auction.auction);
  if ('settled' in news) return withNumber(known, news.settled.product, 'settled', news.settled.date);
  return withNumber(known, news.closed.product, 'closed', news.closed.date);
}

function withNumber(known: Numbers, product: string, kind: Kind, value: number | string): Numbers | undefined {
  const own = known.products[product] ?? {};
  const before = own[kind];
  if (before !== undefined && before >= value) return undefined;
  return { ...known, products: { ...known.products, [product]: { ...own, [kind]: value } } };
}
