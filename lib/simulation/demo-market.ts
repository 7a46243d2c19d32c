/**
 * What a new market starts with: the product, its index value of the day, two participants and a market maker with money,
 * and the market maker's quotes. Done over HTTP like everything else; each step can be repeated, so a start that was cut
 * short goes on where it stopped.
 */

import { moveCash, openAccounts } from '../client/accounts.ts';
import type { Caller } from '../client/exchange.ts';
import { uuidv7 } from '../client/idempotency-key.ts';
import { addDays, type BusinessDate, instantOf, isBusinessDay, localDate, nextBusinessDay } from '../domain/contract/calendar.ts';
import { type ContractMonth, contractCode, listedMonths, monthText } from '../domain/contract/months.ts';
import { formatIndex } from '../domain/contract/product.ts';
import { formatDecimal, type Micros } from '../domain/contract/units.ts';
import type { TokenRequest } from '../local/api-gateway/issuer.ts';
import { worthOf } from './market.ts';
import { readPrices } from './operator.ts';
import { PARAMETERS } from './parameters.ts';

export interface DemoAccount {
  readonly account: string;
  readonly name: string;
  readonly deposit: string;
}

export const BUYER: DemoAccount = { account: 'acme', name: 'Acme AI', deposit: '1000000.00' };
export const SELLER: DemoAccount = { account: 'nimbus', name: 'Nimbus Data Centres', deposit: '1000000.00' };
export const MAKER: DemoAccount = { account: 'harbour', name: 'Harbour Market Making', deposit: '5000000.00' };

const MONTHS_QUOTED = 4;
const QUOTE_LOTS = 100;
/** From the settlement price, in ticks. */
const QUOTE_EDGE = 8;
const SPREAD_EDGE = 3;

/** Lists, funds and quotes whatever is not there yet. `operator` is two of them, who agree; `level` is the price level the product starts from. */
export async function seed(product: string, level: Micros, nowMs: number, operator: Caller, maker: Caller): Promise<void> {
  const today = localDate(nowMs, PARAMETERS.timeZone);
  await list(product, level, nowMs, operator);
  const { items: published } = (await operator.get(`/v1/operator/index/${product}`)) as { items: { date: string }[] };
  // An earlier start may have published another value, which stands.
  if (!published.some(({ date }) => date === today))
    await operator.put(`/v1/operator/index/${product}/${today}`, { value: formatIndex(level) });
  const accounts = [BUYER, SELLER, MAKER];
  await openAccounts(
    operator,
    accounts.map(({ account, name }) => ({ account, name })),
  );
  const movements = accounts.map(({ account, deposit }) => ({ account, reference: 'first-deposit', amount: deposit }));
  await moveCash(operator, movements);
  await until(async () => (await maker.ask('GET', '/v1/account')).status === 200);
  const { items } = (await maker.get(`/v1/orders?product=${product}`)) as { items: unknown[] };
  if (items.length > 0) return;
  await maker.post('/v1/submissions', { product, orders: await quotes(product, today, maker) }, uuidv7(nowMs));
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

/** When orders next meet: 09:30 of the next business day, in the product's time zone. */
export function nextOpening(nowMs: number): { readonly date: BusinessDate; readonly atMs: number } {
  const { calendar, timeZone } = PARAMETERS;
  const date = nextBusinessDay(calendar, localDate(nowMs, timeZone));
  return { date, atMs: instantOf(date, '09:30', timeZone) };
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

/** Tokens of the two participants, of two operators and of the market maker. */
export async function demoTokens(mint: (request: TokenRequest) => Promise<string>) {
  const trader = ({ account }: DemoAccount): Promise<string> =>
    mint({ sub: `${account}-trader`, attributes: { account }, expiresIn: TOKEN_SECONDS });
  const operator = (sub: string): Promise<string> => mint({ sub, groups: ['operators', 'approvers'], expiresIn: TOKEN_SECONDS });
  return {
    ACME: await trader(BUYER),
    NIMBUS: await trader(SELLER),
    OPS1: await operator('operator-1'),
    OPS2: await operator('operator-2'),
    MAKER: await trader(MAKER),
  };
}

/** Bids and offers in the first months after the one in delivery, and the spread from the near month to the next. */
async function quotes(product: string, today: BusinessDate, maker: Caller): Promise<object[]> {
  const { near, last } = await readPrices(maker, product, today, PARAMETERS.priceDecimals);
  const price = (ticks: number): string => formatDecimal(BigInt(ticks), PARAMETERS.priceDecimals);
  const code = (month: ContractMonth): string => contractCode(product, month);
  const outrights = [...last].slice(1, 1 + MONTHS_QUOTED).flatMap(([month, at]) => {
    const terms = { contract: code(month), lots: QUOTE_LOTS, timeInForce: 'gtc' };
    return [
      { clientOrderId: `bid.${monthText(month)}`, side: 'buy', price: price(at - QUOTE_EDGE), ...terms },
      { clientOrderId: `ask.${monthText(month)}`, side: 'sell', price: price(at + QUOTE_EDGE), ...terms },
    ];
  });
  const next = (near + 1) as ContractMonth;
  const spread = last.get(next)! - last.get(near)!;
  const roll = { buy: code(near), sell: code(next), lots: QUOTE_LOTS, timeInForce: 'gtc' };
  return [...outrights, { clientOrderId: 'roll', price: price(-(spread + SPREAD_EDGE)), ...roll }];
}

const TRIES_MAX = 200;

/** What is written to the log shows in the accounts a moment later. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries === TRIES_MAX) throw new Error('the first accounts were opened and do not show');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
