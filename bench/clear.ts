/**
 * The whole step *clear* on a book of a million orders, from the stored items in memory to the items that it writes, without the
 * table engine's time; beside the rule alone on the same book, in the same run.
 */
import { checkConservation } from '../lambdas/clear-auction/conservation.ts';
import { clearAuction } from '../lib/domain/auction/auction.ts';
import { type AuctionTerms, auctionBook, type BookOrder } from '../lib/domain/auction/book.ts';
import { type Instruction, type Order, TIMES_IN_FORCE } from '../lib/domain/auction/orders.ts';
import type { ProductState } from '../lib/domain/clearing/venue.ts';
import { nextBusinessDay } from '../lib/domain/contract/calendar.ts';
import { CASH, listedMonths } from '../lib/domain/contract/months.ts';
import { lots, ticks } from '../lib/domain/contract/units.ts';
import { clearBook } from '../lib/domain/risk/clear.ts';
import { selfMatches, without } from '../lib/domain/risk/self-match.ts';
import type { Auction } from '../lib/store/auctions.ts';
import { hashOf, readStoredBook } from '../lib/store/frozen-book.ts';
import { bookPartition, shardOf } from '../lib/store/keys.ts';
import { packInstructions, packOutcomes } from '../lib/store/packing.ts';
import { packResult } from '../lib/store/results.ts';
import { type Attributes, B, type Item, N, type Rows, S } from '../lib/store/table.ts';
import { mulberry32 } from '../test/domain/auction/books.ts';
import { H100, on } from '../test/venue/h100.ts';
import { packRows } from '../test/venue/results.ts';

const PRODUCT = 'H100-SXM';
const DATE = on('2025-10-20');
const MONTHS = listedMonths(H100.calendar, nextBusinessDay(H100.calendar, on('2025-10-17')), 12);
const SPREADS = 0.3;
const BAND_TICKS = 250;
/** Share of the orders that the auction before has carried. */
const CARRIED = 0.2;
const SHARDS = 16;
const ORDERS_A_SUBMISSION = 500;
const [WARM_UPS, ROUNDS] = [2, 5];

type BookState = Pick<ProductState, 'marks' | 'carried' | 'stop'>;

interface StoredMarket {
  readonly rows: Rows;
  readonly auction: Auction;
  readonly state: BookState;
}

interface MarketShape {
  readonly orders: number;
  readonly accounts: number;
  /** Whether each account sends a cancel of its last order as well. */
  readonly cancels: boolean;
  /** Whether each account would trade with itself; not, unless said. */
  readonly crosses?: boolean;
}

/** Items in memory, in the order of the table. */
class MemoryRows implements Rows {
  readonly #items = new Map<string, Attributes[]>();
  readonly #byKey = new Map<string, Attributes>();

  add({ pk, sk, attributes }: Item): void {
    const stored = { pk: S(pk), sk: S(sk), ...attributes };
    const partition = this.#items.get(pk);
    if (partition) partition.push(stored);
    else this.#items.set(pk, [stored]);
    this.#byKey.set(`${pk} ${sk}`, stored);
  }

  sort(): void {
    for (const items of this.#items.values()) items.sort((a, b) => (a.sk!.S! < b.sk!.S! ? -1 : 1));
  }

  async get({ pk, sk }: { pk: string; sk: string }): Promise<Attributes | undefined> {
    return this.#byKey.get(`${pk} ${sk}`);
  }

  async getMany(keys: readonly { pk: string; sk: string }[]): Promise<Attributes[]> {
    return keys.flatMap(({ pk, sk }) => [this.#byKey.get(`${pk} ${sk}`)].filter((item) => item !== undefined));
  }

  async *query(partition: string): AsyncGenerator<Attributes> {
    yield* this.#items.get(partition) ?? [];
  }

  async *pages(partition: string): AsyncGenerator<Attributes[]> {
    yield this.#items.get(partition) ?? [];
  }

  async queryAll(partition: string): Promise<Attributes[]> {
    return this.#items.get(partition) ?? [];
  }
}

/**
 * A day's orders: limits a few hundred ticks around a rising curve, 1 to 50 lots an order, names in no order. An account has a curve of its own, below
 * which it buys and above which it sells, so that it does not cross itself; unless it does.
 */
function orderMaker(random: () => number, marks: readonly number[], crosses: boolean): (own: number) => Order {
  const around = (width: number): number => Math.round((random() + random() + random() - 1.5) * width);
  const fair = marks.map((price) => price + around(40));
  const name = (): string =>
    Math.floor(random() * 36 ** 8)
      .toString(36)
      .padStart(8, '0');
  const off = (own: number): number => (crosses ? around(300) - 20 : own - Math.round(random() * 150) - 1);
  const terms = (at: number, own: number): Pick<Order, 'buy' | 'sell'> & { readonly limit: number } => {
    const month = MONTHS[at]!;
    const kind = random();
    if (kind < SPREADS) {
      const other = (at + 1 + Math.floor(random() * (MONTHS.length - 1))) % MONTHS.length;
      return { buy: month, sell: MONTHS[other]!, limit: fair[at]! - fair[other]! + (crosses ? around(150) - 10 : off(0)) };
    }
    if (kind < (1 + SPREADS) / 2) return { buy: month, sell: CASH, limit: fair[at]! + off(own) };
    return { buy: CASH, sell: month, limit: -fair[at]! + off(-own) };
  };
  return (own) => {
    const { buy, sell, limit } = terms(Math.floor(random() * MONTHS.length), own);
    const timeInForce = TIMES_IN_FORCE[Math.floor(random() * TIMES_IN_FORCE.length)]!;
    return { clientOrderId: name(), buy, sell, limit: ticks(limit), lots: lots(1 + Math.floor(random() * 50)), timeInForce };
  };
}

function storedMarket({ orders, accounts, cancels, crosses = false }: MarketShape, seed: number): StoredMarket {
  const random = mulberry32(seed);
  const marks = MONTHS.map((_, at) => 2000 + Math.round((1000 * at) / MONTHS.length));
  const order = orderMaker(random, marks, crosses);
  const rows = new MemoryRows();
  const carried = new Map(Array.from({ length: SHARDS }, (_, shard): [number, BookOrder[]] => [shard, []]));
  for (let at = 0; at < accounts; at++) {
    const account = `trader-${String(at).padStart(6, '0')}`;
    const shard = shardOf(account, SHARDS);
    const sent: Order[] = [];
    const own = Math.round((random() + random() + random() - 1.5) * 150);
    for (let each = 0; each < orders / accounts; each++) {
      const one = order(own);
      if (random() >= CARRIED) sent.push(one);
      else
        carried.get(shard)!.push({
          ...one,
          account,
          timeInForce: 'gtc',
          sender: `0a1b2c3d-0000-4000-8000-${account.slice(-6).padStart(12, '0')}`,
          rolls: false,
          partlyFilled: random() < 0.3,
        });
    }
    for (let from = 0; from < sent.length; from += ORDERS_A_SUBMISSION)
      rows.add(
        submissionItem(
          account,
          shard,
          at * 100 + from / ORDERS_A_SUBMISSION,
          sent.slice(from, from + ORDERS_A_SUBMISSION),
          cancels,
        ),
      );
  }
  return { rows, auction: auctionOf(), state: stateOf(rows, carried, marks) };
}

function submissionItem(account: string, shard: number, serial: number, orders: readonly Order[], cancels: boolean): Item {
  const instructions = orders.map((order): Instruction => ({ kind: 'new', order }));
  if (cancels) instructions.push({ kind: 'cancel', clientOrderId: orders.at(-1)!.clientOrderId });
  return {
    pk: bookPartition(PRODUCT, shard, DATE),
    sk: `${account}#019a01eb-7700-7000-8000-${String(serial).padStart(12, '0')}`,
    attributes: {
      auction: N(2),
      // As long as the subject of a user pool's token.
      sender: S(`0a1b2c3d-0000-4000-8000-${account.slice(-6).padStart(12, '0')}`),
      sequence: S(`188918237461${String(serial).padStart(8, '0')}`),
      digest: S('0123456789abcdef'),
      receivedAt: S('2025-10-20T13:30:00.000Z'),
      instructions: B(packInstructions(instructions)),
      outcomes: B(packOutcomes(instructions.map(() => 'accepted'))),
      seal: S('0123456789abcdef'),
    },
  };
}

const auctionOf = (): Auction => ({
  product: PRODUCT,
  auction: 2,
  slot: '2025-10-20T14:00:00.000Z',
  closing: false,
  date: DATE,
  shards: SHARDS,
  marked: true,
  closed: new Map(Array.from({ length: SHARDS }, (_, shard) => [shard, [DATE]])),
  clearedBy: undefined,
});

/** Stores the carried orders, and says where. */
function stateOf(rows: MemoryRows, carried: ReadonlyMap<number, BookOrder[]>, marks: readonly number[]): BookState {
  const { items, references } = packRows(PRODUCT, 1, { shards: SHARDS, fills: new Map(), carried, depth: [] });
  for (const item of items) rows.add(item);
  rows.sort();
  return {
    marks: Object.fromEntries(MONTHS.map((month, at) => [month, ticks(marks[at]!)])),
    carried: references.carried,
    stop: null,
  };
}

/** Milliseconds of processor time of the thread that does it. */
export interface ClearBenchRow {
  readonly what: string;
  readonly orders: number;
  readonly accounts: number;
  /** By step, in their order. */
  readonly steps: Readonly<Record<string, number>>;
  readonly whole_ms: number;
  /** The rule alone, on the same columns. */
  readonly rule_ms: number;
  readonly ratio: number;
  /** Looking for what accounts would trade with themselves, and taking it out; it is in the step that clears. */
  readonly selfMatch_ms: number;
  readonly selfMatchRatio: number;
  /** Of the process so far, with the stored items and what made them. */
  readonly peakMemory_mb: number;
  readonly fills: number;
  readonly carried: number;
  /** Of the items that are written. */
  readonly written_mb: number;
}

const MARKETS: readonly (MarketShape & { readonly what: string })[] = [
  { what: '20 orders an account, sent together', orders: 1_000_000, accounts: 50_000, cancels: false },
  { what: 'the same, and every account cancels one', orders: 1_000_000, accounts: 50_000, cancels: true },
  { what: 'one order an account', orders: 1_000_000, accounts: 1_000_000, cancels: false },
  { what: '100 orders an account', orders: 1_000_000, accounts: 10_000, cancels: false },
  { what: 'the same, and every account crosses itself', orders: 1_000_000, accounts: 10_000, cancels: false, crosses: true },
  { what: '10,000 orders an account', orders: 1_000_000, accounts: 100, cancels: false },
];

export async function benchClear(): Promise<ClearBenchRow[]> {
  const rows: ClearBenchRow[] = [];
  for (const shape of MARKETS) rows.push({ ...shape, ...(await measured(storedMarket(shape, 2025))) });
  return rows;
}

type Measured = Omit<ClearBenchRow, 'what' | 'orders' | 'accounts'>;

/** The medians of some rounds. */
async function measured(market: StoredMarket): Promise<Measured> {
  const rounds: Round[] = [];
  for (let round = -WARM_UPS; round < ROUNDS; round++) {
    const done = await clearOnce(market);
    if (round >= 0) rounds.push(done);
  }
  const [{ steps, rule_ms: _, selfMatch_ms: _s, ...found }] = rounds as [Round];
  const medians = Object.fromEntries(Object.keys(steps).map((step) => [step, median(rounds.map((each) => each.steps[step]!))]));
  const whole_ms = median(rounds.map((each) => Object.values(each.steps).reduce((sum, ms) => sum + ms)));
  const rule_ms = median(rounds.map((each) => each.rule_ms));
  const peakMemory_mb = Math.round(process.resourceUsage().maxRSS / 1000);
  const selfMatch_ms = median(rounds.map((each) => each.selfMatch_ms));
  const ratios = { ratio: whole_ms / rule_ms, selfMatch_ms, selfMatchRatio: selfMatch_ms / rule_ms };
  return { steps: medians, whole_ms, rule_ms, ...ratios, peakMemory_mb, ...found };
}

interface Round {
  readonly steps: Readonly<Record<string, number>>;
  readonly rule_ms: number;
  readonly selfMatch_ms: number;
  readonly fills: number;
  readonly carried: number;
  readonly written_mb: number;
}

/** What `clear-auction` does between reading and writing, step by step. */
async function clearOnce({ rows, auction, state }: StoredMarket): Promise<Round> {
  const steps: Record<string, number> = {};
  let from = threadMs();
  const done = (step: string): void => {
    const now = threadMs();
    steps[step] = now - from;
    from = now;
  };
  const stored = await readStoredBook(rows, auction, state);
  done('take in');
  const orders = stored.columns();
  done('decode, fold, order');
  const hash = hashOf(stored, orders);
  done('hash');
  const cleared = clearBook({ orders, hash }, termsOf(state));
  done('clear, with the rule');
  const packed = packResult(PRODUCT, auction.auction, { orders, cleared }, SHARDS);
  done('pack');
  checkConservation(packed.fills, stored, cleared.months);
  done('check');
  const columns = auctionBook({ orders, hash }, { listed: MONTHS, marks: state.marks });
  from = threadMs();
  clearAuction(columns);
  const rule_ms = threadMs() - from;
  from = threadMs();
  const taken = selfMatches(columns);
  if (taken) without(columns, taken);
  const selfMatch_ms = threadMs() - from;
  const count = (lots: Int32Array): number => lots.reduce((sum, each) => sum + Number(each > 0), 0);
  const written_mb = packed.items.reduce((sum, { attributes }) => sum + attributes.body!.B!.length, 0) / 1e6;
  return { steps, rule_ms, selfMatch_ms, fills: count(cleared.filled), carried: count(cleared.carried), written_mb };
}

const termsOf = ({ marks }: BookState): AuctionTerms => ({
  listed: MONTHS,
  marks,
  widths: Object.fromEntries(MONTHS.map((month) => [month, BAND_TICKS])),
  closing: false,
});

/** Of this thread: what other processes and the collector's own threads do beside it is not in it. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1]!;
