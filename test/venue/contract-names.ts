/** Contracts, orders and positions as traders write them: `Dec 2025`, `buy Jan 2026, sell Dec 2025`, `10 Dec 2025`. */
import { PRODUCT } from './h100.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `2025-12` as `Dec 2025`. */
export function nameOf(month: string): string {
  const [year, number] = month.split('-');
  return `${MONTHS[Number(number) - 1]} ${year}`;
}

/** `Dec 2025` as `H100-SXM-2025-12`. */
export function contractNamed(name: string): string {
  const [month, year] = name.split(' ');
  return `${PRODUCT}-${year}-${String(MONTHS.indexOf(month!) + 1).padStart(2, '0')}`;
}

/** What an order buys and sells, as the API takes and shows it: an outright has the first two, a spread the others. */
export interface Sides {
  readonly side?: 'buy' | 'sell';
  readonly contract?: string;
  readonly buy?: string;
  readonly sell?: string;
}

/** `sell Dec 2025`, or `buy Jan 2026, sell Dec 2025`. */
export function orderNamed(text: string): Sides {
  const [first, second] = text.split(', ');
  const [, side, month] = /^(buy|sell) (.+)$/.exec(first!)!;
  if (second !== undefined) return { buy: contractNamed(month!), sell: contractNamed(second.slice('sell '.length)) };
  return { side: side as 'buy' | 'sell', contract: contractNamed(month!) };
}

/** The inverse of `orderNamed`. */
export function ordered({ side, contract, buy, sell }: Sides): string {
  const name = (code: string): string => nameOf(code.slice(PRODUCT.length + 1));
  return contract !== undefined ? `${side} ${name(contract)}` : `buy ${name(buy!)}, sell ${name(sell!)}`;
}

/** Lots by month, such as `{ '2025-12': 10 }`. */
export const positionText = (lots: Readonly<Record<string, number>>): string =>
  Object.entries(lots)
    .map(([month, held]) => `${held} ${nameOf(month)}`)
    .join(', ') || 'none';
