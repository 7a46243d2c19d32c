/**
 * A whole venue as its participants and operators see it: everything goes through its API, on whichever cloud it runs.
 * `local-venue.ts` and `virtual-venue.ts` open one.
 */
import { expect } from 'vitest';
import { type Audit, auditVenue } from '../../lib/audit/audit.ts';
import { byTwo } from '../../lib/client/by-two.ts';
import type { Asked, Caller } from '../../lib/client/exchange.ts';
import { numberedKey } from '../../lib/client/idempotency-key.ts';
import { type BusinessDate, nextBusinessDay } from '../../lib/domain/contract/calendar.ts';
import { listedMonths, monthText } from '../../lib/domain/contract/months.ts';
import type { WrittenParameters } from '../../lib/domain/contract/parameters.ts';
import type { Stage } from '../../lib/faults/scripted-market.ts';
import type { Table } from '../../lib/store/table.ts';
import { SHARDS } from './accounts.ts';
import type { Sides } from './contract-names.ts';
import { newYorkMs, PARAMETERS, PRODUCT } from './h100.ts';
import { codeOf } from './requests.ts';

/** Callers of the API: two operators, and each participant for its own account. */
export interface Callers<Account extends string> {
  readonly operator: Caller;
  readonly second: Caller;
  readonly as: Readonly<Record<Account, Caller>>;
}

export interface Cleared {
  readonly auction: number;
  readonly slot: string;
  readonly months: readonly {
    contract: string;
    price: string;
    traded: boolean;
    volume: number;
    locked: { state: string; crowd: number; kept: number } | null;
  }[];
}
export interface Fill extends Sides {
  readonly product: string;
  readonly auction: number;
  readonly date: string;
  readonly clientOrderId: string;
  readonly lots: number;
  readonly price: string;
  readonly rolls: boolean;
  readonly selfMatched: number;
}
export interface Outcome {
  readonly state: 'queued' | 'decided';
  readonly auction?: number;
  readonly orders: readonly { clientOrderId?: string; cancel?: string; outcome: string; reason?: string }[];
}
export interface Statement {
  readonly date: string;
  readonly product: string;
  readonly variation: string;
  readonly rolledLots: number;
  readonly rollCost: string;
  readonly positions: readonly { contract: string; lots: number }[];
  readonly requirement: string;
  readonly cover: string;
  readonly excess: string;
}
export interface OpenCall {
  readonly account: string;
  readonly amount: string;
  readonly due: string;
  readonly overdue: boolean;
}
export interface Held {
  readonly held: string;
  readonly product: string;
  readonly date: string;
  readonly kind: 'index' | 'settlement' | 'final-price';
  readonly reasons: readonly { reason: string }[];
  /** Of a settlement, prices by month. */
  readonly proposal: { readonly curve?: Readonly<Record<string, string>> };
  readonly revision: number;
  readonly approved: boolean;
}

export class WholeVenue<On extends Stage = Stage, Account extends string = string> {
  readonly cloud: On;
  readonly table: Table;
  readonly operator: Caller;
  readonly second: Caller;
  /** Both, for what needs two names. */
  readonly both: Caller;
  readonly as: Readonly<Record<Account, Caller>>;
  /** The business day before the first trading day: products are listed as of it. */
  readonly listed: BusinessDate;
  #keys = 0;

  constructor(cloud: On, table: Table, { operator, second, as }: Callers<Account>, listed: BusinessDate) {
    this.cloud = cloud;
    this.table = table;
    this.operator = operator;
    this.second = second;
    this.both = byTwo(operator, second);
    this.as = as;
    this.listed = listed;
  }

  /** Lists a product; unless prices by month are given, with twelve months from 2.400 up by 0.010 each. */
  async list(
    product: string = PRODUCT,
    parameters: Partial<Record<keyof WrittenParameters, unknown>> = {},
    curve: Readonly<Record<string, string>> = risingCurve(this.listed),
  ): Promise<void> {
    await this.both.put(`/v1/operator/products/${product}`, {
      expectedVersion: 0,
      parameters: { ...PARAMETERS, indexValuesMin: 1, ...parameters },
      listing: { date: this.listed, curve },
    });
  }

  async openAccount(account: string): Promise<void> {
    await this.both.post('/v1/operator/accounts', { accounts: [{ account, name: account }] });
  }

  /** Moves cash into an account, once for each reference. */
  async deposit(account: string, amount: string, reference = 'opening'): Promise<void> {
    await this.both.post('/v1/operator/cash-movements', { movements: [{ account, reference, amount }] });
  }

  /** Takes cash out, and gives what is answered: `done`, or the code of the problem. */
  async withdraw(account: string, amount: string, reference: string): Promise<string> {
    const movements = [{ account, reference, amount: `-${amount}` }];
    const answer = await this.both.ask('POST', '/v1/operator/cash-movements', { movements });
    return answer.status < 300 ? 'done' : codeOf(answer);
  }

  /** The open margin calls, which are those that the venue waits for. */
  async calls(): Promise<OpenCall[]> {
    const calls = itemsOf<OpenCall>(await this.operator.get('/v1/operator/calls'));
    const waiting = (await this.operator.get('/v1/operator/waiting')) as { calls: { items: OpenCall[]; more: boolean } };
    expect(waiting.calls.more).toBe(false);
    expect(new Set(waiting.calls.items)).toEqual(new Set(calls));
    return calls;
  }

  /** Publishes an index value by two operators. */
  async publishIndex(date: string, value = '2.400', product: string = PRODUCT): Promise<void> {
    await this.both.put(`/v1/operator/index/${product}/${date}`, { value });
  }

  /** A new idempotency key of the clock's time. */
  key(): string {
    return numberedKey(this.cloud.clock.now(), ++this.#keys);
  }

  /** Sends once, and gives whatever is answered. */
  submit(account: Account, product: string, orders: readonly unknown[], key = this.key()): Promise<Asked> {
    return this.as[account].ask('POST', '/v1/submissions', { product, orders }, key);
  }

  async outcome(account: Account, { body }: Asked): Promise<Outcome> {
    return (await this.as[account].get((body as { status: string }).status)) as Outcome;
  }

  /** Moves the clock to a time of day in New York and lets everything that this brings come to its end. */
  async go(date: string, time: string): Promise<void> {
    await this.cloud.advanceTo(newYorkMs(date, time));
    await this.cloud.quiet();
  }

  /** The same, by milliseconds. */
  async wait(milliseconds: number): Promise<void> {
    await this.cloud.advanceTo(this.cloud.clock.now() + milliseconds);
    await this.cloud.quiet();
  }

  /** Cleared auctions, the newest first. They are public: every participant is shown the same. */
  async auctions(product: string = PRODUCT): Promise<Cleared[]> {
    const [participant] = Object.values<Caller>(this.as);
    return itemsOf<Cleared>(await participant!.get(`/v1/auctions?product=${product}`));
  }

  /** An account's fills in a product, the newest first. */
  async fills(account: Account, product: string = PRODUCT): Promise<Fill[]> {
    const items = itemsOf<Fill>(await this.as[account].get('/v1/fills?limit=500'));
    return items.filter((fill) => fill.product === product);
  }

  /** An account's statements of a product, the newest first. */
  async statements(account: Account, product: string = PRODUCT): Promise<Statement[]> {
    const items = itemsOf<Statement>(await this.as[account].get('/v1/statements?limit=500'));
    return items.filter((statement) => statement.product === product);
  }

  /** Lots held in a product by month, such as `{ '2025-12': 5 }`. */
  async lots(account: Account, product: string = PRODUCT): Promise<Record<string, number>> {
    const { positions } = (await this.as[account].get('/v1/positions')) as { positions: { contract: string; lots: number }[] };
    const own = positions.filter(({ contract }) => contract.startsWith(`${product}-2`));
    return Object.fromEntries(own.map(({ contract, lots }) => [contract.slice(product.length + 1), lots]));
  }

  async cash(account: Account): Promise<string> {
    return ((await this.as[account].get('/v1/account')) as { cash: string }).cash;
  }

  /** What waits for approval. */
  async held(product: string = PRODUCT): Promise<Held[]> {
    const items = itemsOf<Held>(await this.operator.get('/v1/operator/held'));
    return items.filter((one) => one.product === product && !one.approved);
  }

  /** Where the run of a day stands; `none` before it has begun. */
  async stepOf(date: string, product: string = PRODUCT): Promise<string> {
    const { status, body } = await this.operator.ask('GET', `/v1/operator/days/${product}/${date}`);
    return status === 404 ? 'none' : (body as { step: string }).step;
  }

  /** The events of the log that are of a product, by kind. */
  async events(product: string): Promise<string[]> {
    const { events } = await this.audit();
    return events.filter((event) => 'product' in event && event.product === product).map(({ kind }) => kind);
  }

  audit(): Promise<Audit> {
    return auditVenue(this.table, SHARDS);
  }

  /** Lots and cents sum to zero, and every stored row is the one that the replayed log and books give. */
  async expectSound(): Promise<void> {
    const { differences, identical, lotsSum, centsSum } = await this.audit();
    expect({ differences, identical, lotsSum, centsSum }).toEqual({
      differences: [],
      identical: true,
      lotsSum: 0,
      centsSum: 0n,
    });
  }
}

export const itemsOf = <Item>(page: unknown): Item[] => (page as { items: Item[] }).items;

function risingCurve(listed: BusinessDate): Record<string, string> {
  const months = listedMonths('NYSE', nextBusinessDay('NYSE', listed), PARAMETERS.listedMonths);
  return Object.fromEntries(months.map((month, at) => [monthText(month), (2.4 + at / 100).toFixed(3)]));
}

/** An order to buy or sell one month. */
export const outright = (
  product: string,
  clientOrderId: string,
  side: 'buy' | 'sell',
  lots: number,
  price: string,
  more: { month?: string; timeInForce?: string } = {},
) => ({
  clientOrderId,
  side,
  contract: `${product}-${more.month ?? '2025-12'}`,
  price,
  lots,
  ...(more.timeInForce ? { timeInForce: more.timeInForce } : {}),
});
