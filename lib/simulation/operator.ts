/**
 * The two operators of a run: they set the venue up, publish the index, wait for every day run to end, and approve what the
 * venue holds back. All of it over HTTP, as operators would.
 */

import { moveCash, openAccounts } from '../client/accounts.ts';
import { byTwo } from '../client/by-two.ts';
import { type Caller, type Exchange, UnexpectedAnswerError } from '../client/exchange.ts';
import type { BusinessDate } from '../domain/contract/calendar.ts';
import { type ContractMonth, monthText, parseContractCode } from '../domain/contract/months.ts';
import { formatIndex } from '../domain/contract/product.ts';
import { type Cents, formatCents, formatDecimal, parseDecimal, type Ticks, ticks } from '../domain/contract/units.ts';
import type { Publication } from './days.ts';
import type { CallLine } from './margin-calls.ts';
import type { Participant } from './population.ts';

/** What a run needs of the local cloud. */
export interface RunningVenue {
  readonly url: string;
  readonly mint: (request: { sub: string; account?: string; groups?: readonly string[]; expiresIn?: number }) => Promise<string>;
  /** Moves the clock, milliseconds; what is due on the way has been done when it resolves. */
  readonly advanceTo: (instantMs: number) => Promise<void>;
  /** Resolves when no message is left and no function is at work. */
  readonly quiet: () => Promise<void>;
}

export interface ProductTerms {
  readonly product: string;
  /** As the API takes them. */
  readonly parameters: Readonly<Record<string, unknown>> & { readonly priceDecimals: number };
  readonly listing: { readonly date: BusinessDate; readonly curve: ReadonlyMap<ContractMonth, Ticks> };
}

/** A day as its report shows it. Shapes as in the API. */
export interface DayReport {
  readonly date: BusinessDate;
  readonly auction: number;
  readonly settled: Readonly<Record<string, string>>;
  readonly volume: Readonly<Record<string, number>>;
  readonly openInterest: Readonly<Record<string, number>>;
  readonly near: string;
  readonly next: string;
  readonly roll: {
    readonly price: string;
    readonly longsRolled: number;
    readonly shortsRolled: number;
    readonly longsLeft: number;
    readonly longsRollCost: string;
  } | null;
  readonly variation: { readonly collected: string; readonly paid: string };
  readonly expired: { readonly contract: string; readonly finalPrice: string; readonly indexValues: number } | null;
}

export interface AccountLine {
  readonly account: string;
  readonly name: string;
  readonly cash: string;
  readonly positions: readonly { readonly contract: string; readonly lots: number }[];
}

/** The bearer of a token that lasts longer than any run. */
export const TOKEN_SECONDS = 400 * 86_400;
const HELD_ROUNDS_MAX = 5;

export class Operators {
  readonly #venue: RunningVenue;
  readonly #product: string;
  readonly #callers: readonly [Caller, Caller];
  /** Both, for what needs two names. */
  readonly #agreed: Caller;
  /** Approvals given to what the venue held back. */
  approvals = 0;

  private constructor(venue: RunningVenue, product: string, callers: readonly [Caller, Caller]) {
    this.#venue = venue;
    this.#product = product;
    this.#callers = callers;
    this.#agreed = byTwo(...callers);
  }

  static async sign(venue: RunningVenue, exchange: Exchange, product: string): Promise<Operators> {
    const caller = async (sub: string): Promise<Caller> =>
      exchange.as(await venue.mint({ sub, groups: ['operators', 'approvers'], expiresIn: TOKEN_SECONDS }));
    return new Operators(venue, product, [await caller('operator-1'), await caller('operator-2')]);
  }

  /** One of them, for what needs one name only. */
  get first(): Caller {
    return this.#callers[0];
  }

  async list(terms: ProductTerms): Promise<void> {
    const { priceDecimals } = terms.parameters;
    const curve = [...terms.listing.curve].map(([month, value]) => [
      monthText(month),
      formatDecimal(BigInt(value), priceDecimals),
    ]);
    const listing = { date: terms.listing.date, curve: Object.fromEntries(curve) };
    await this.#agreed.put(`/v1/operator/products/${this.#product}`, {
      expectedVersion: 0,
      parameters: terms.parameters,
      listing,
    });
  }

  /** Opens and funds every account. */
  async open(participants: readonly Participant[]): Promise<void> {
    await openAccounts(
      this.#agreed,
      participants.map(({ account, name }) => ({ account, name })),
    );
    const deposits = participants.map(({ account, deposit }) => ({
      account,
      reference: `deposit-${account}`,
      amount: `${deposit}.00`,
    }));
    await moveCash(this.#agreed, deposits);
    await this.#venue.quiet();
  }

  async publish({ date, value }: Publication): Promise<void> {
    await this.#agreed.put(`/v1/operator/index/${this.#product}/${date}`, { value: formatIndex(value) });
  }

  /** The day's report, once its run is done; what is held meanwhile is approved. */
  async endDay(date: BusinessDate): Promise<DayReport> {
    for (let round = 0; ; round++) {
      await this.#venue.quiet();
      const answer = await this.first.ask('GET', `/v1/operator/days/${this.#product}/${date}`);
      const day = answer.body as { step?: string; report?: Omit<DayReport, 'date'> };
      if (answer.status === 200 && day.step === 'done' && day.report) return { ...day.report, date };
      if (round === HELD_ROUNDS_MAX || !(await this.#approveHeld()))
        throw new UnexpectedAnswerError(`the day run of ${date} has not ended: ${JSON.stringify(answer.body)}`);
    }
  }

  async accounts(): Promise<AccountLine[]> {
    const lines: AccountLine[] = [];
    for (let after = ''; ; ) {
      const page = (await this.first.get(`/v1/operator/accounts?limit=500${after}`)) as { items: AccountLine[]; next?: string };
      lines.push(...page.items);
      if (page.next === undefined) return lines;
      after = `&cursor=${page.next}`;
    }
  }

  /** Open margin calls. */
  async calls(): Promise<CallLine[]> {
    const calls: CallLine[] = [];
    for (let after = ''; ; ) {
      const page = (await this.first.get(`/v1/operator/calls?limit=500${after}`)) as { items: CallLine[]; next?: string };
      calls.push(...page.items);
      if (page.next === undefined) return calls;
      after = `&cursor=${page.next}`;
    }
  }

  /** Books what accounts have paid, under a reference that says what for. */
  async receive(paid: readonly { readonly account: string; readonly cents: Cents }[], what: string): Promise<void> {
    if (paid.length === 0) return;
    await moveCash(
      this.#agreed,
      paid.map(({ account, cents }) => ({ account, reference: what, amount: formatCents(cents) })),
    );
    await this.#venue.quiet();
  }

  /** Each operator in turn approves what is held as it stands then; false when nothing was. */
  async #approveHeld(): Promise<boolean> {
    let given = 0;
    for (const operator of this.#callers) {
      const { items } = (await operator.get('/v1/operator/held?waiting=true&limit=500')) as {
        items: { held: string; revision: number }[];
      };
      for (const { held, revision } of items) {
        const { status, body } = await operator.ask('POST', `/v1/operator/held/${encodeURIComponent(held)}/approve`, {
          revision,
        });
        // 409: it was this operator who proposed it, which counts as agreeing.
        if (status !== 200 && status !== 409)
          throw new UnexpectedAnswerError(`approving ${held} answered ${status}: ${JSON.stringify(body)}`);
        if (status === 200) given += 1;
      }
    }
    this.approvals += given;
    return given > 0;
  }
}

/** The public prices, as any participant reads them. */
export async function readPrices(
  caller: Caller,
  product: string,
  date: BusinessDate,
  priceDecimals: number,
): Promise<{ listed: ContractMonth[]; near: ContractMonth; rolling: boolean; last: Map<ContractMonth, Ticks> }> {
  const { items: contracts } = (await caller.get(`/v1/contracts?product=${product}`)) as {
    items: { contract: string; settlementPrice: string; near: boolean; rollWindow: { first: string; last: string } | null }[];
  };
  const { items: auctions } = (await caller.get(`/v1/auctions?product=${product}&limit=1`)) as {
    items: { months: { contract: string; price: string; traded: boolean }[] }[];
  };
  const traded = new Map(auctions[0]?.months.filter((month) => month.traded).map((month) => [month.contract, month.price]));
  const monthOf = (code: string): ContractMonth => parseContractCode(code)!.month;
  const near = contracts.find((contract) => contract.near);
  if (!near) throw new UnexpectedAnswerError(`no contract of ${product} is the near one`);
  return {
    listed: contracts.map(({ contract }) => monthOf(contract)),
    near: monthOf(near.contract),
    rolling: near.rollWindow !== null && near.rollWindow.first <= date && date <= near.rollWindow.last,
    last: new Map(
      contracts.map(({ contract, settlementPrice }) => {
        const text = traded.get(contract) ?? settlementPrice;
        return [monthOf(contract), ticks(Number(parseDecimal(text, priceDecimals)!))];
      }),
    ),
  };
}
