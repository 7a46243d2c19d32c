/**
 * Plays a trading day that is written as tables (`tables.ts`) in a whole venue, from deposits, orders and index values to
 * fills, prices, cash and positions. What goes in is sent through the API at the time it stands under; what must come
 * out is read there, and every table of it is complete: a fill, an account or a resting order that it leaves out is an error.
 */
import { expect } from 'vitest';
import { addDays, type BusinessDate, isBusinessDay, localDate, nextBusinessDay } from '../../lib/domain/contract/calendar.ts';
import { listedMonths, monthText } from '../../lib/domain/contract/months.ts';
import type { Stage } from '../../lib/faults/scripted-market.ts';
import { contractNamed, nameOf, ordered, orderNamed, positionText, type Sides } from './contract-names.ts';
import { H100, on, PARAMETERS, PRODUCT } from './h100.ts';
import { codeOf } from './requests.ts';
import type { WrittenTable } from './tables.ts';
import { type Header, readTradingDays } from './trading-tables.ts';
import { openVirtualVenue } from './virtual-venue.ts';
import { type Cleared, type Fill, type Held, itemsOf, type WholeVenue } from './whole-venue.ts';

type Rows = readonly (readonly string[])[];
/** The tables that stand under a day, and those of them that go in and have no answer. */
type DayHeader = Exclude<Header, 'term | value' | 'contract | listed at'>;
type Input = (typeof INPUTS)[number];
const INPUTS = [
  'account | deposit',
  'index of | value',
  'account | rolls',
  'account | name | order | price | lots',
  'account | name | order | price | lots | good for',
] as const satisfies Header[];
const isInput = (header: string): header is Input => (INPUTS as readonly string[]).includes(header);

/** When what stands under a day and no time of it happens. */
const OPENS = '07:00';

/** Plays it on the virtual cloud. Throws where it comes out otherwise than written. */
export async function playTradingDays(text: string, file: string): Promise<void> {
  const { tables } = readTradingDays(text);
  const before = tables.filter((table) => table.date === undefined);
  const days = tables.filter((table) => table.date !== undefined);
  const accounts = days.filter(({ header }) => header === 'account | deposit').flatMap(({ rows }) => rows.map(([of]) => of!));
  const listed = businessDayBefore(on(days[0]!.date!));
  const venue = openVirtualVenue({ listed, accounts: [...new Set(accounts)] });
  await venue.list(PRODUCT, termsOf(before), curveOf(before, listed));
  const play = new TradingDays(venue, file);
  for (const table of days) await play.table(table);
  await venue.expectSound();
  expect(venue.cloud.deadLetters(), file).toEqual([]);
}

function businessDayBefore(day: BusinessDate): BusinessDate {
  const before = addDays(day, -1);
  return isBusinessDay('NYSE', before) ? before : businessDayBefore(before);
}

function termsOf(tables: readonly WrittenTable[]): Partial<Record<keyof typeof PARAMETERS, unknown>> {
  const terms = Object.fromEntries(tables.filter(({ header }) => header === 'term | value').flatMap(({ rows }) => rows));
  const [values, limit, margin] = [terms['index values for a final price'], terms['daily limit'], terms['margin of a lot']];
  const bands = terms['price bands']?.split(', ');
  return {
    ...(values ? { indexValuesMin: Number(values) } : {}),
    ...(limit ? { dailyLimit: limit } : {}),
    ...(margin ? riskOf(margin) : {}),
    ...(bands ? { bands } : {}),
  };
}

/** Every lot needs so much, whatever its month; months have credit for each other, accounts none. */
const riskOf = (margin: string) => ({
  margin: {
    scenarios: [margin, `-${margin}`].map((move) => Array.from({ length: PARAMETERS.listedMonths }, () => move)),
    delivery: '0.000',
    funding: [],
    concentration: [],
  },
  creditUsd: 0,
});

function curveOf(tables: readonly WrittenTable[], listed: BusinessDate): Record<string, string> {
  const table = tables.find(({ header }) => header === 'contract | listed at');
  if (!table) throw new Error('before the first day, a table must say what the months are listed at');
  return everyMonth(table, listedMonths('NYSE', nextBusinessDay('NYSE', listed), PARAMETERS.listedMonths).map(monthText));
}

/** A price for each of these months: its own row's, or that of the row for all others. */
function everyMonth({ rows, line }: WrittenTable, all: readonly string[]): Record<string, string> {
  const own = new Map(rows.map(([of, priced]) => [of!, priced!]));
  const rest = own.get('every month') ?? own.get('every other month');
  const prices = all.map((code) => [code, own.get(nameOf(code)) ?? rest] as const);
  const missing = prices.filter(([, priced]) => priced === undefined).map(([code]) => nameOf(code));
  const unknown = [...own.keys()].filter((of) => !of.startsWith('every') && !all.map(nameOf).includes(of));
  if (missing.length + unknown.length > 0)
    throw new Error(`line ${line}: ${[...missing, ...unknown].join()} has no price or is not listed`);
  return Object.fromEntries(prices) as Record<string, string>;
}

/** One play: what has been opened, sent and seen so far. */
class TradingDays {
  readonly #venue: WholeVenue<Stage>;
  readonly #file: string;
  readonly #opened = new Set<string>();
  /** How many fills of an account an earlier table has shown. */
  readonly #fillsSeen = new Map<string, number>();
  readonly #selfMatchedSeen = new Map<string, number>();
  /** Newest auction that an earlier table has shown. */
  #auctionSeen = 0;
  #lockedSeen = 0;
  #deposits = 0;

  constructor(venue: WholeVenue<Stage>, file: string) {
    this.#venue = venue;
    this.#file = file;
  }

  /** Moves the clock to where the table stands, and does or checks what it says. */
  async table(table: WrittenTable): Promise<void> {
    await this.#venue.go(table.date!, table.time ?? OPENS);
    if (isInput(table.header)) await this.#sends[table.header](table);
    else {
      const found = await this.#shows[table.header as Exclude<DayHeader, Input>](table);
      expect(sorted(found), `${this.#file}:${table.line}`).toEqual(sorted(table.rows));
    }
    await this.#venue.cloud.quiet();
  }

  readonly #sends: Record<Input, (table: WrittenTable) => Promise<void>> = {
    'account | deposit': async ({ rows }) => {
      for (const [of, amount] of rows as [string, string][]) {
        if (!this.#opened.has(of)) await this.#venue.openAccount(of);
        this.#opened.add(of);
        await this.#venue.deposit(of, amount, `deposit-${++this.#deposits}`);
      }
    },
    'index of | value': async ({ rows }) => {
      for (const [of, published] of rows as [string, string][]) await this.#venue.publishIndex(of, published);
    },
    'account | rolls': async ({ rows }) => {
      for (const [of, how] of rows as [string, string][]) await this.#instruct(of, how);
    },
    'account | name | order | price | lots': (table) => this.#submit(table),
    'account | name | order | price | lots | good for': (table) => this.#submit(table),
  };

  /** What is answered or shown in place of the table's rows. */
  readonly #shows: Record<Exclude<DayHeader, Input>, (table: WrittenTable) => Promise<Rows>> = {
    'account | cancels | answer': async ({ rows }) => {
      const answers: string[][] = [];
      for (const [of, cancel] of rows as [string, string][]) answers.push([of, cancel, await this.#answerTo(of, [{ cancel }])]);
      return answers;
    },
    'account | withdraws | answer': async ({ rows }) => {
      const answers: string[][] = [];
      for (const [of, amount] of rows as [string, string][])
        answers.push([of, amount, await this.#venue.withdraw(of, amount, `withdrawal-${++this.#deposits}`)]);
      return answers;
    },
    'operator | act | answer': async ({ rows }) => {
      const answers: string[][] = [];
      for (const [of, does] of rows as ['first' | 'second', string][]) answers.push([of, does, await this.#operate(of, does)]);
      return answers;
    },
    'auction | contract | price | lots': async ({ date: today }) => this.#auctions(today!),
    'auction | contract | locked | crowd | kept': async ({ date: today }) => this.#lockedMonths(today!),
    'account | name | filled | price | lots': () => this.#each((of) => this.#newFills(of)),
    'account | name | self-matched | lots': () => this.#each((of) => this.#newSelfMatched(of)),
    'account | name | rests | price | lots': () => this.#each((of) => this.#resting(of)),
    'contract | mark': (table) => this.#marks(table),
    'account | cash | position': () =>
      this.#each(async (of) => [[of, await this.#venue.cash(of), positionText(await this.#venue.lots(of))]]),
    'account | variation | rolled lots | roll cost': ({ date: today }) =>
      this.#each(async (of) =>
        (await this.#venue.statements(of))
          .filter((statement) => statement.date === today)
          .map(({ variation, rolledLots, rollCost }) => [of, variation, `${rolledLots}`, rollCost]),
      ),
    'account | requirement | cover | excess': ({ date: today }) =>
      this.#each(async (of) =>
        (await this.#venue.statements(of))
          .filter((statement) => statement.date === today)
          .map(({ requirement, cover, excess }) => [of, requirement, cover, excess]),
      ),
    'account | called | due | stands': async () =>
      (await this.#venue.calls()).map(({ account, amount, due, overdue }) => [
        account,
        amount,
        timeText(due),
        overdue ? 'overdue' : 'open',
      ]),
    'held | reason': async () =>
      (await this.#venue.held()).flatMap(({ kind, reasons }) => reasons.map(({ reason }) => [kind, reason])),
    'day run of | stands at': ({ rows }) => Promise.all(rows.map(async ([of]) => [of!, await this.#venue.stepOf(of!)])),
  };

  /** The rows of every account that is open. */
  async #each(read: (account: string) => Promise<Rows>): Promise<Rows> {
    return (await Promise.all([...this.#opened].map(read))).flat();
  }

  /** The months that the table names by name, and all others in one row where they stand at the same price. */
  async #marks({ rows }: WrittenTable): Promise<Rows> {
    const [participant] = Object.values(this.#venue.as);
    const shown = (await participant!.get(`/v1/settlement-prices?product=${PRODUCT}`)) as {
      prices: { contract: string; price: string }[];
    };
    const marks = shown.prices.map(({ contract, price }) => [nameOf(monthOf(contract)), price] as const);
    const named = marks.filter(([contract]) => rows.some(([row]) => row === contract));
    const others = marks.filter((mark) => !named.includes(mark));
    if (new Set(others.map(([, price]) => price)).size !== 1) return marks;
    return [...named, [named.length > 0 ? 'every other month' : 'every month', others[0]![1]]];
  }

  async #instruct(of: string, how: string): Promise<void> {
    const path = `/v1/roll-instructions/${PRODUCT}`;
    if (how === 'not') expect((await this.#venue.as[of]!.ask('DELETE', path)).status).toBe(204);
    else
      await this.#venue.as[of]!.put(
        path,
        how === 'at market' ? { at: 'market' } : { at: 'limit', limit: how.slice('at '.length) },
      );
  }

  /** All orders of an account go in one submission, and are accepted. */
  async #submit({ rows, line }: WrittenTable): Promise<void> {
    for (const [of, own] of Map.groupBy(rows, ([first]) => first!)) {
      const orders = own.map(([, clientOrderId, text, limit, size, timeInForce = 'auction']) => {
        return { clientOrderId, ...orderNamed(text!), price: limit, lots: Number(size), timeInForce };
      });
      expect(await this.#answerTo(of, orders), `${this.#file}:${line}, ${of}`).toBe('accepted');
    }
  }

  /** What became of a submission: of its orders where all had the same outcome, or the code of the problem. */
  async #answerTo(of: string, orders: readonly unknown[]): Promise<string> {
    const answer = await this.#venue.submit(of, PRODUCT, orders);
    if (answer.status !== 202) return codeOf(answer);
    await this.#venue.cloud.quiet();
    const { orders: outcomes } = await this.#venue.outcome(of, answer);
    return [...new Set(outcomes.map(({ outcome, reason }) => (reason ? `${outcome}: ${reason}` : outcome)))].join();
  }

  async #operate(of: 'first' | 'second', does: string): Promise<string> {
    const caller = of === 'first' ? this.#venue.operator : this.#venue.second;
    const ask = async (path: string, body: unknown): Promise<string> => {
      const answer = await caller.ask('POST', `/v1/operator/${path}`, body);
      await this.#venue.cloud.quiet();
      return answer.status === 200 ? 'done' : codeOf(answer);
    };
    if (does === 'halts') return ask('venue/halt', { reason: 'a halt' });
    if (does === 'resumes') return ask('venue/resume', {});
    const [one, ...others] = await this.#venue.held();
    if (!one || others.length > 0) throw new Error(`${others.length + (one ? 1 : 0)} things are held, and not one`);
    const path = `held/${encodeURIComponent(one.held)}`;
    if (does === 'approves') return ask(`${path}/approve`, { revision: one.revision });
    const [, month, to] = /^amends (?:(.+) )?to (.+)$/.exec(does)!;
    return ask(`${path}/amend`, { revision: one.revision, ...amendment(one, to!, month) });
  }

  /** Of a day, and shown for the first time: a row a month that traded, or one that says that nothing did. */
  async #auctions(today: string): Promise<string[][]> {
    const cleared = await this.#clearedOn(today, this.#auctionSeen);
    this.#auctionSeen = Math.max(this.#auctionSeen, ...cleared.map(({ auction }) => auction));
    return cleared.flatMap(({ slot, months: all }) => {
      const at = timeOf(slot);
      const rows = all.filter((one) => one.traded).map((one) => [at, nameOf(monthOf(one.contract)), one.price, `${one.volume}`]);
      return rows.length > 0 ? rows : [[at, 'nothing', '', '']];
    });
  }

  /** Likewise, a row a month that was locked. */
  async #lockedMonths(today: string): Promise<string[][]> {
    const cleared = await this.#clearedOn(today, this.#lockedSeen);
    this.#lockedSeen = Math.max(this.#lockedSeen, ...cleared.map(({ auction }) => auction));
    return cleared.flatMap(({ slot, months: all }) =>
      all.flatMap(({ contract, locked }) =>
        locked ? [[timeOf(slot), nameOf(monthOf(contract)), locked.state, `${locked.crowd}`, `${locked.kept}`]] : [],
      ),
    );
  }

  async #clearedOn(today: string, after: number): Promise<Cleared[]> {
    const all = await this.#venue.auctions();
    return all.filter(({ auction, slot }) => auction > after && localDate(Date.parse(slot), H100.timeZone) === today);
  }

  async #newFills(of: string): Promise<string[][]> {
    const fresh = (await this.#newRows(of, this.#fillsSeen)).filter(({ lots }) => lots > 0);
    return fresh.map((fill) => [of, named(fill), ordered(fill), fill.price, `${fill.lots}`]);
  }

  async #newSelfMatched(of: string): Promise<string[][]> {
    const fresh = (await this.#newRows(of, this.#selfMatchedSeen)).filter(({ selfMatched }) => selfMatched > 0);
    return fresh.map((fill) => [of, named(fill), ordered(fill), `${fill.selfMatched}`]);
  }

  /** What auctions did with an account's orders since a table of the kind was last shown. */
  async #newRows(of: string, seen: Map<string, number>): Promise<Fill[]> {
    const all = await this.#venue.fills(of);
    const fresh = all.slice(0, all.length - (seen.get(of) ?? 0));
    seen.set(of, all.length);
    return fresh;
  }

  async #resting(of: string): Promise<string[][]> {
    type Order = Sides & { clientOrderId: string; price: string; lots: number };
    const orders = itemsOf<Order>(await this.#venue.as[of]!.get('/v1/orders'));
    return orders.map((each) => [of, each.clientOrderId, ordered(each), each.price, `${each.lots}`]);
  }
}

/** Of a settlement one month is amended, and the others stay as they are held. */
function amendment({ kind, proposal }: Held, to: string, month?: string) {
  if (kind !== 'settlement') return kind === 'index' ? { value: to } : { price: to };
  return { curve: { ...proposal.curve, [monthOf(contractNamed(month!))]: to } };
}

const timeOf = (slot: string): string =>
  new Date(slot).toLocaleTimeString('en-GB', { timeZone: H100.timeZone, timeStyle: 'short' });

const named = ({ rolls: rolled, clientOrderId }: Fill): string => (rolled ? 'the roll' : clientOrderId);
/** An instant as clocks in New York show it. */
function timeText(instant: string): string {
  const at = Date.parse(instant);
  return `${localDate(at, H100.timeZone)} ${new Date(at).toLocaleTimeString('en-GB', { timeZone: H100.timeZone, timeStyle: 'short' })}`;
}

const monthOf = (contract: string): string => contract.slice(PRODUCT.length + 1);

const sorted = (rows: Rows): string[] => rows.map((row) => row.join(' | ')).sort();
