/**
 * The whole step *clear* on a book of a million orders, from the stored items in memory to the items that it writes, without the
 * table engine's time; beside the rule alone on the same book, in the same run.
 */
import { checkConservation } from '../lambdas/clear-auction/conservation.ts';
import { clearAuction } from '../lib/domain/auction/auction.ts';
import { type BookOrder, clearBook } from '../lib/domain/auction/book.ts';
import type { Instruction, Order, TimeInForce } from '../lib/domain/auction/orders.ts';
import type { ProductState } from '../lib/domain/clearing/venue.ts';
import { nextBusinessDay } from '../lib/domain/contract/calendar.ts';
import { CASH, type ContractMonth, listedMonths } from '../lib/domain/contract/months.ts';
import { lots, ticks } from '../lib/domain/contract/units.ts';
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
/** Share of the orders that the auction before has carried. */
const CARRIED = 0.2;
const SHARDS = 16;
const ROUNDS = 7;

export interface StoredMarket {
  readonly rows: Rows;
  readonly auction: Auction;
  readonly state: ProductState;
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

/** A day's book: limits a few hundred ticks around a rising curve, 1 to 50 lots an order, names in no order. */
export function storedMarket(orders: number, accounts: number, seed: number): StoredMarket {
  const random = mulberry32(seed);
  const around = (width: number): number => Math.round((random() + random() + random() - 1.5) * width);
  const marks = MONTHS.map((_, at) => 2000 + Math.round((1000 * at) / MONTHS.length));
  const fair = marks.map((price) => price + around(40));
  const name = (): string =>
    Math.floor(random() * 36 ** 8)
      .toString(36)
      .padStart(8, '0');
  const order = (): Order => {
    const month = Math.floor(random() * MONTHS.length);
    const kind = random();
    const other = (month + 1 + Math.floor(random() * (MONTHS.length - 1))) % MONTHS.length;
    const isSpread = kind < SPREADS;
    const buys = kind < SPREADS + (1 - SPREADS) / 2;
    const limit = isSpread
      ? fair[month]! - fair[other]! + around(150) - 10
      : buys
        ? fair[month]! + around(300) - 20
        : -(fair[month]! + around(300) + 20);
    return {
      clientOrderId: name(),
      buy: isSpread || buys ? MONTHS[month]! : CASH,
      sell: isSpread ? MONTHS[other]! : buys ? CASH : MONTHS[month]!,
      limit: ticks(limit),
      lots: lots(1 + Math.floor(random() * 50)),
      timeInForce: (['auction', 'day', 'gtc'] as const)[Math.floor(random() * 3)] as TimeInForce,
    };
  };
  const rows = new MemoryRows();
  const carried = new Map(Array.from({ length: SHARDS }, (_, shard): [number, BookOrder[]] => [shard, []]));
  const each = orders / accounts;
  for (let at = 0; at < accounts; at++) {
    const account = `trader-${String(at).padStart(6, '0')}`;
    const shard = shardOf(account, SHARDS);
    const own = Array.from({ length: each }, order);
    const before = own.slice(0, Math.round(each * CARRIED)).sort((a, b) => (a.clientOrderId < b.clientOrderId ? -1 : 1));
    for (const left of before) {
      const book: BookOrder = { ...left, account, timeInForce: 'gtc', rolls: false, partlyFilled: random() < 0.3 };
      carried.get(shard)!.push(book);
    }
    rows.add(submissionItem(account, shard, at, own.slice(before.length)));
  }
  return { rows, auction: auctionOf(), state: stateOf(rows, carried, marks) };
}

function submissionItem(account: string, shard: number, at: number, orders: readonly Order[]): Item {
  const instructions = orders.map((order): Instruction => ({ kind: 'new', order }));
  const key = `019a01eb-7700-7000-8000-${String(at).padStart(12, '0')}`;
  return {
    pk: bookPartition(PRODUCT, shard, DATE),
    sk: `${account}#${key}`,
    attributes: {
      auction: N(2),
      sequence: S(`18891823746182${String(at).padStart(8, '0')}`),
      digest: S('0123456789abcdef'),
      receivedAt: S('2025-10-20T13:30:00.000Z'),
      instructions: B(packInstructions(instructions)),
      outcomes: B(packOutcomes(instructions.map(() => 'accepted'))),
      seal: S('0123456789abcdef'),
    },
  };
}

const auctionOf = (): Auction =>
  ({
    product: PRODUCT,
    auction: 2,
    closing: false,
    date: DATE,
    closed: new Map(Array.from({ length: SHARDS }, (_, shard) => [shard, [DATE]])),
  }) as unknown as Auction;

function stateOf(rows: MemoryRows, carried: ReadonlyMap<number, BookOrder[]>, marks: readonly number[]): ProductState {
  const { items, references } = packRows(PRODUCT, 1, { shards: SHARDS, fills: new Map(), carried, depth: [] });
  for (const item of items) rows.add(item);
  rows.sort();
  return {
    listed: MONTHS,
    marks: Object.fromEntries(MONTHS.map((month: ContractMonth, at) => [month, ticks(marks[at]!)])),
    carried: references.carried,
  } as unknown as ProductState;
}

export interface ClearBenchRow {
  readonly steps: Readonly<Record<string, number>>;
  readonly whole_ms: number;
  readonly rule_ms: number;
  readonly ratio: number;
  readonly peakMemory_mb: number;
}

async function once({ rows, auction, state }: StoredMarket): Promise<Record<string, number>> {
  const steps: Record<string, number> = {};
  const cpu = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let sys = process.cpuUsage().system / 1000;
  let from = cpu();
  const done = (step: string): void => {
    const now = cpu();
    steps[step] = now - from;
    if (process.env.SPLIT) steps[`${step} sys`] = process.cpuUsage().system / 1000 - sys;
    sys = process.cpuUsage().system / 1000;
    from = now;
  };
  const stored = await readStoredBook(rows, auction, state);
  done('take in');
  const orders = stored.columns();
  done('decode, fold, order');
  const book = { orders, hash: hashOf(stored, orders) };
  done('hash');
  {
    const n = new Map<number, number>([[0, 0], ...MONTHS.map((m, i): [number, number] => [m, i + 1])]);
    const b = {
      months: 12,
      reference: Int32Array.from(MONTHS, (m) => state.marks[m]!),
      buy: Uint8Array.from(orders.buy, (m) => n.get(m)!),
      sell: Uint8Array.from(orders.sell, (m) => n.get(m)!),
      limit: orders.limit,
      lots: orders.lots,
      owner: Uint32Array.from(orders.lots.keys(), (r) => Math.floor(r / 20)),
      hash: book.hash,
    };
    from = cpu();
    clearAuction(b);
    done('RULE');
  }
  const result = clearBook(book, state.listed, state.marks, false);
  done('book');
  const packed = packResult(PRODUCT, 2, { orders, cleared: result }, SHARDS);
  done('pack');
  checkConservation(packed.fills, stored, result.months);
  done('check');
  return steps;
}

if (import.meta.main) {
  const market = storedMarket(1_000_000, 50_000, 2025);
  console.log('made', process.resourceUsage().maxRSS / 1000);
  for (let round = 0; round < 8; round++) {
    const steps = await once(market);
    console.log(
      Object.values(steps).reduce((a, b) => a + b),
      steps,
      process.resourceUsage().maxRSS / 1000,
    );
  }
  void clearAuction;
  void ROUNDS;
}
