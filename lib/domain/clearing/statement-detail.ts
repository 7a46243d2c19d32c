/**
 * A statement explained: the cash that its account had when the books were opened, and what each contract has brought since. Both follow
 * from the account's journal over the events that the statement covers, read backwards from the positions it ends with, so a statement is
 * explained alike for ever.
 */
import type { ContractMonth } from '../contract/months.ts';
import {
  addCents,
  addLots,
  type Cents,
  cents,
  gain,
  type Lots,
  lots,
  minusTicks,
  NO_CENTS,
  type Ticks,
} from '../contract/units.ts';
import type { JournalEntry } from './account.ts';
import type { ClearingEvent } from './events.ts';
import type { Statement } from './statement.ts';

/** One contract month of a statement. */
export interface StatementLine {
  readonly month: ContractMonth;
  /** Signed lots when the books were opened, and when they were closed. */
  readonly openingLots: Lots;
  readonly lots: Lots;
  /** The mark that the lots stand at, or what the month expired at. */
  readonly mark: Ticks;
  readonly variation: Cents;
}

export interface StatementDetail {
  readonly opening: Cents;
  readonly deposits: Cents;
  /** Zero or less. */
  readonly withdrawals: Cents;
  /** What the account's other products have brought meanwhile. */
  readonly elsewhere: Cents;
  /** In order of month: those that were held or traded. */
  readonly lines: readonly StatementLine[];
}

/**
 * @param entries the account's journal over the events behind `after`, up to `through`, in any order
 * @param events the events of these entries, by number
 * Throws when an event is missing, or one that marks a position.
 */
export function explainStatement(
  statement: Statement,
  entries: readonly JournalEntry[],
  events: ReadonlyMap<number, ClearingEvent>,
  centsPerTick: bigint,
): StatementDetail {
  const { product, balance, positions } = statement;
  const newestFirst = entries.toSorted((a, b) => b.seq - a.seq);
  const first = newestFirst.at(-1);
  const of = (chosen: (entry: JournalEntry) => boolean): Cents =>
    entries.filter(chosen).reduce((sum, each) => addCents(sum, each.cents), NO_CENTS);
  const lines = new Lines(positions, centsPerTick);
  for (const entry of newestFirst) {
    if (entry.product !== product) continue;
    const event = events.get(entry.seq);
    if (!event) throw new Error(`event ${entry.seq} is missing from the log`);
    lines.undo(entry, event);
  }
  return {
    opening: first ? cents(first.balance - first.cents) : balance,
    deposits: of(({ kind, cents: moved }) => kind === 'cash-moved' && moved > 0n),
    withdrawals: of(({ kind, cents: moved }) => kind === 'cash-moved' && moved < 0n),
    elsewhere: of(({ product: other }) => other !== undefined && other !== product),
    lines: lines.all(),
  };
}

/** Contract months, from the positions at the end back to those at the start. */
class Lines {
  readonly #closing: Readonly<Record<number, Lots>>;
  readonly #centsPerTick: bigint;
  readonly #lots = new Map<number, Lots>();
  readonly #marks = new Map<number, Ticks>();
  readonly #variation = new Map<number, Cents>();

  constructor(closing: Readonly<Record<number, Lots>>, centsPerTick: bigint) {
    this.#closing = closing;
    this.#centsPerTick = centsPerTick;
    for (const [month, held] of Object.entries(closing)) this.#lots.set(Number(month), held);
  }

  /** Takes an event back: what it brought is noted, and what it moved is as it was before. */
  undo({ lots: moved }: JournalEntry, event: ClearingEvent): void {
    const months = Object.entries(moved).map(([month, quantity]) => [Number(month), quantity] as const);
    if (event.kind === 'auction-cleared')
      for (const [month, quantity] of months) {
        this.#note(month, event.marks[month]!, quantity, minusTicks(event.marks[month]!, event.months[month]!.price));
        this.#move(month, quantity);
      }
    if (event.kind === 'month-expired')
      for (const [month, quantity] of months) {
        this.#note(month, event.finalPrice, lots(-quantity), minusTicks(event.finalPrice, event.mark));
        this.#move(month, quantity);
      }
    if (event.kind === 'prices-settled')
      for (const [month, held] of this.#held())
        this.#note(month, event.settled[month]!, held, minusTicks(event.settled[month]!, event.previous[month]!));
  }

  #held(): [number, Lots][] {
    return [...this.#lots].filter(([, held]) => held !== 0);
  }

  /** The newest mark of a month is the one that it ends with. */
  #note(month: number, mark: Ticks, quantity: Lots, change: Ticks): void {
    if (!this.#marks.has(month)) this.#marks.set(month, mark);
    this.#variation.set(month, addCents(this.#variation.get(month) ?? NO_CENTS, gain(quantity, change, this.#centsPerTick)));
  }

  #move(month: number, quantity: Lots): void {
    this.#lots.set(month, addLots(this.#lots.get(month) ?? lots(0), lots(-quantity)));
  }

  /** Throws on a position that no event has marked. */
  all(): StatementLine[] {
    return [...this.#lots.keys()]
      .sort((a, b) => a - b)
      .map((month): StatementLine => {
        const mark = this.#marks.get(month);
        if (mark === undefined) throw new Error(`the journal does not say at what month ${month} is marked`);
        const variation = this.#variation.get(month) ?? NO_CENTS;
        return {
          month: month as ContractMonth,
          openingLots: this.#lots.get(month)!,
          lots: this.#closing[month] ?? lots(0),
          mark,
          variation,
        };
      });
  }
}
