/**
 * What became of an account's orders, auction by auction. Nothing is kept for it: it follows from what the auction before has carried, from
 * the submissions as accept decided them, and from what the auction filled and carried on. It is the fold that clear takes the book
 * from (`replaySubmission`), told step by step; so each auction is told without those before it.
 */
import type { BookOrder, Fill } from '../auction/book.ts';
import { byArrival, type DecidedSubmission } from '../auction/open-orders.ts';
import {
  type Instruction,
  type LiveOrders,
  type Order,
  type Refusal,
  replaySubmission,
  type TakenOutBy,
  targetOf,
} from '../auction/orders.ts';
import { CASH, type ContractMonth } from '../contract/months.ts';
import { type Lots, lots } from '../contract/units.ts';
import { type Figures, hasFigures } from './owner-intake.ts';

/** A submission as it is told: by whom it was sent, when, and why, if it took all orders out. */
export interface ToldSubmission extends DecidedSubmission {
  readonly digest: string;
  readonly sender: string;
  /** ISO. */
  readonly receivedAt: string;
  readonly why?: TakenOutBy | undefined;
  readonly figures: readonly Figures[];
}

/** By what an event came about. */
type By = { readonly by: Pick<ToldSubmission, 'key' | 'digest' | 'sender' | 'receivedAt'> };

/** Why an order ended with an auction, though it did not fill whole. */
export type Lapse = 'time-in-force' | 'month-expired' | 'product-stopped';

/** Something that happened to an order, or was said of it. `auction` is the one it happened in, or was sent into. */
export type OrderEvent = { readonly clientOrderId: string; readonly auction: number } & (
  | (By & { readonly what: 'accepted'; readonly order: Order; readonly replaces?: string })
  /** The order is absent where a cancel was refused. */
  | (By & { readonly what: 'refused'; readonly order?: Order; readonly reason: Refusal; readonly figures?: Figures })
  | (By & { readonly what: 'cancelled' })
  | (By & { readonly what: 'replaced'; readonly replacedBy: string })
  | (By & { readonly what: 'taken-out'; readonly why: TakenOutBy })
  /** A cancel or a replacement waited for an auction, which left nothing of the order. */
  | (By & { readonly what: 'too-late' })
  /** A replacement waited for an auction in which the order traded that it was to replace: it has not come in. */
  | (By & { readonly what: 'not-entered'; readonly replaces: string })
  | { readonly what: 'filled'; readonly fill: Fill }
  | { readonly what: 'self-matched'; readonly lots: Lots }
  | { readonly what: 'carried'; readonly lots: Lots }
  | { readonly what: 'lapsed'; readonly lots: Lots; readonly why: Lapse }
);

type Told = OrderEvent extends infer Event ? (Event extends OrderEvent ? Omit<Event, 'auction'> : never) : never;

/** What an auction that has cleared made of an account's orders. */
export interface ToldResult {
  readonly months: Readonly<Record<number, unknown>>;
  /** Orders of all accounts that traded or lapsed: none in an auction that matched nothing because trading was stopped. */
  readonly orders: number;
  /** The account's own. */
  readonly fills: readonly Fill[];
  readonly carried: readonly Pick<BookOrder, 'clientOrderId' | 'lots'>[];
}

/** An account's live orders as an auction opens for them, and which of these the auction before filled in part. */
export interface OpeningOrders {
  readonly live: LiveOrders;
  readonly partlyFilled: ReadonlySet<string>;
}

/** As the auction before, which has cleared, carried them. */
export const carriedInto = (carried: readonly BookOrder[]): OpeningOrders => ({
  live: new Map(carried.map((order) => [order.clientOrderId, order])),
  partlyFilled: new Set(carried.filter((order) => order.partlyFilled).map(({ clientOrderId }) => clientOrderId)),
});

/** As the auction before leaves them that has not cleared: of that, whatever may be carried counts as live. */
export const openInto = (live: LiveOrders): OpeningOrders => ({
  live: new Map([...live].filter(([, { timeInForce }]) => timeInForce !== 'auction')),
  partlyFilled: new Set(),
});

/**
 * What happened to an account's orders in one auction, in order. `opening.live` is changed in place, into the orders that are live at the
 * auction's end, or stand in it as yet. `result` is absent until it has cleared.
 */
export function tellAuction(
  auction: number,
  { live, partlyFilled }: OpeningOrders,
  submissions: readonly ToldSubmission[],
  result: ToldResult | undefined,
): OrderEvent[] {
  const told: Told[] = [];
  for (const submission of submissions.toSorted(byArrival)) tellSubmission(live, partlyFilled, submission, told);
  if (result) tellResult(live, result, told);
  return told.map((event) => ({ ...event, auction }) as OrderEvent);
}

function tellSubmission(
  live: LiveOrders,
  partlyFilled: ReadonlySet<string>,
  { key, digest, sender, receivedAt, instructions, outcomes, figures, why }: ToldSubmission,
  told: Told[],
): void {
  const by = { key, digest, sender, receivedAt };
  const left = figures.values();
  // One by one, so that what each finds is what those before it left.
  instructions.forEach((instruction, at) => {
    const outcome = outcomes[at]!;
    if (outcome !== 'accepted' && outcome !== 'deferred') {
      told.push(...refused(instruction, outcome, left, by));
      return;
    }
    replaySubmission(live, [instruction], [outcome], partlyFilled, (_, __, comesIn) => {
      for (const event of taken(instruction, comesIn, live, by, why)) told.push(event);
    });
  });
}

function refused(instruction: Instruction, reason: Refusal, left: Iterator<Figures>, by: By['by']): Told[] {
  const figures = hasFigures(reason) ? (left.next().value as Figures | undefined) : undefined;
  const told = { what: 'refused', by, reason, ...(figures ? { figures } : {}) } as const;
  if ('order' in instruction) return [{ ...told, clientOrderId: instruction.order.clientOrderId, order: instruction.order }];
  return instruction.kind === 'cancel' ? [{ ...told, clientOrderId: instruction.clientOrderId }] : [];
}

/** `live` are the orders that the instruction finds. */
function taken(instruction: Instruction, comesIn: boolean, live: LiveOrders, by: By['by'], why: TakenOutBy | undefined): Told[] {
  if (instruction.kind === 'cancel-all')
    return Array.from(live.keys(), (clientOrderId) =>
      why ? { what: 'taken-out', clientOrderId, by, why } : { what: 'cancelled', clientOrderId, by },
    );
  const target = targetOf(instruction);
  const isThere = target !== undefined && live.has(target);
  if (instruction.kind === 'cancel') return [{ what: isThere ? 'cancelled' : 'too-late', clientOrderId: target!, by }];
  const { order } = instruction;
  const { clientOrderId } = order;
  if (target === undefined) return [{ what: 'accepted', clientOrderId, by, order }];
  const replaced: Told =
    isThere && comesIn
      ? { what: 'replaced', clientOrderId: target, by, replacedBy: clientOrderId }
      : { what: isThere ? 'cancelled' : 'too-late', clientOrderId: target, by };
  const entered: Told = comesIn
    ? { what: 'accepted', clientOrderId, by, order, replaces: target }
    : { what: 'not-entered', clientOrderId, by, replaces: target };
  return [replaced, entered];
}

function tellResult(live: LiveOrders, { months, orders, fills, carried }: ToldResult, told: Told[]): void {
  const left = new Map(carried.map((order) => [order.clientOrderId, order.lots]));
  const gone = new Map<string, number>();
  for (const fill of fills) {
    const { clientOrderId, selfMatched = lots(0) } = fill;
    if (selfMatched > 0) told.push({ what: 'self-matched', clientOrderId, lots: selfMatched });
    if (fill.lots > 0) told.push({ what: 'filled', clientOrderId, fill });
    gone.set(clientOrderId, fill.lots + selfMatched);
  }
  for (const [clientOrderId, order] of live) {
    const rest = lots(order.lots - (gone.get(clientOrderId) ?? 0));
    const carriedLots = left.get(clientOrderId);
    if (carriedLots !== undefined) told.push({ what: 'carried', clientOrderId, lots: carriedLots });
    else if (rest > 0) told.push({ what: 'lapsed', clientOrderId, lots: rest, why: lapseOf(order, months, orders) });
  }
  for (const name of [...live.keys()]) if (!left.has(name)) live.delete(name);
}

function lapseOf({ buy, sell }: Order, months: ToldResult['months'], orders: number): Lapse {
  const isListed = (node: ContractMonth): boolean => node === CASH || months[node] !== undefined;
  if (!isListed(buy) || !isListed(sell)) return 'month-expired';
  // An auction that matches counts what lapses in it.
  return orders === 0 ? 'product-stopped' : 'time-in-force';
}
