/**
 * What a new market starts with: the product, its index value of the day, and two participants with money. Done over HTTP like everything
 * else; each step can be repeated, so a start that was cut short goes on where it stopped.
 */

import { moveCash, openAccounts } from '../client/accounts.ts';
import type { Caller } from '../client/exchange.ts';
import { addDays, type BusinessDate, instantOf, isBusinessDay, localDate, nextBusinessDay } from '../domain/contract/calendar.ts';
import { listedMonths, monthText } from '../domain/contract/months.ts';
import { formatIndex } from '../domain/contract/product.ts';
import { formatDecimal, type Micros } from '../domain/contract/units.ts';
import type { TokenRequest } from '../local/api-gateway/issuer.ts';
import { worthOf } from './market.ts';
import { PARAMETERS } from './parameters.ts';

export interface DemoAccount {
  readonly account: string;
  readonly name: string;
  readonly deposit: string;
}

export const BUYER: DemoAccount = { account: 'acme', name: 'Acme AI', deposit: '1000000.00' };
export const SELLER: DemoAccount = { account: 'nimbus', name: 'Nimbus Data Centres', deposit: '1000000.00' };

/** Lists and funds whatever is not there yet. `operator` is two of them, who agree; `level` is the price level the product starts from. */
export async function seed(product: string, level: Micros, nowMs: number, operator: Caller, buyer: Caller): Promise<void> {
  const today = localDate(nowMs, PARAMETERS.timeZone);
  await list(product, level, nowMs, operator);
  const { items: published } = (await operator.get(`/v1/operator/index/${product}`)) as { items: { date: string }[] };
  // An earlier start may have published another value, which stands.
  if (!published.some(({ date }) => date === today))
    await operator.put(`/v1/operator/index/${product}/${today}`, { value: formatIndex(level) });
  const accounts = [BUYER, SELLER];
  await openAccounts(
    operator,
    accounts.map(({ account, name }) => ({ account, name })),
  );
  const movements = accounts.map(({ account, deposit }) => ({ account, reference: 'first-deposit', amount: deposit }));
  await moveCash(operator, movements);
  await until(async () => (await buyer.ask('GET', '/v1/account')).status === 200);
}

async function list(product: string, level: Micros, nowMs: number, operator: Caller): Promise<void> {
  const { items } = (await operator.get('/v1/operator/products')) as { items: { product: string }[] };
  if (items.some((listed) => listed.product === product)) return;
  const { calendar, listedMonths: count } = PARAMETERS;
  const date = lastClosed(nowMs);
  const first = nextBusinessDay(calendar, date);
  const curve = worthOf(new Map([[first, level]]), first, listedMonths(calendar, first, count), PARAMETERS);
  const prices = [...curve].map(([month, price]) => [monthText(month), formatDecimal(BigInt(price), PARAMETERS.priceDecimals)]);
  await operator.put(`/v1/operator/products/${product}`, {
    expectedVersion: 0,
    parameters: PARAMETERS,
    listing: { date, curve: Object.fromEntries(prices) },
  });
}

/** The last business day whose day run was due: the product trades from the one after it. */
export function lastClosed(nowMs: number): BusinessDate {
  const { calendar, timeZone, dayRunTime } = PARAMETERS;
  let date = localDate(nowMs, timeZone);
  while (!isBusinessDay(calendar, date) || instantOf(date, dayRunTime, timeZone) > nowMs) date = addDays(date, -1);
  return date;
}

/** The next auction of a product's schedule, the closing one included, as date and time in the product's time zone. */
export function nextAuction(nowMs: number, times: readonly string[]): string {
  const { timeZone, calendar } = PARAMETERS;
  for (let day = localDate(nowMs, timeZone); ; day = nextBusinessDay(calendar, day)) {
    if (!isBusinessDay(calendar, day)) continue;
    const time = times.find((at) => instantOf(day, at, timeZone) > nowMs);
    if (time) return `${day} ${time}`;
  }
}

const TOKEN_SECONDS = 5 * 365 * 86_400;

/** Tokens of the two participants, of two operators who also approve, and of a viewer. */
export async function demoTokens(mint: (request: TokenRequest) => Promise<string>) {
  const trader = ({ account }: DemoAccount): Promise<string> =>
    mint({ sub: `${account}-trader`, attributes: { account }, expiresIn: TOKEN_SECONDS });
  const operator = (sub: string): Promise<string> => mint({ sub, groups: ['operators', 'approvers'], expiresIn: TOKEN_SECONDS });
  return {
    ACME: await trader(BUYER),
    NIMBUS: await trader(SELLER),
    OPS1: await operator('operator-1'),
    OPS2: await operator('operator-2'),
    VIEWER: await mint({ sub: 'viewer-1', groups: ['viewers'], expiresIn: TOKEN_SECONDS }),
  };
}

const TRIES_MAX = 200;

/** What is written to the log shows in the accounts a moment later. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries === TRIES_MAX) throw new Error('the first accounts were opened and do not show');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
