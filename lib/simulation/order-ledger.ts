/**
 * Accounts for every order that was accepted. What entered the book must be filled, cancelled, replaced, expired or still
 * live, lot for lot: an order that the venue lost, filled twice or carried past its time shows up here. It follows the
 * orders on its own, from what was answered to participants and what each auction left behind.
 */
import type { BookOrder, Fill } from '../domain/auction/book.ts';
import { type Instruction, type Order, type Outcome, targetOf } from '../domain/auction/orders.ts';
import type { ContractMonth } from '../domain/contract/months.ts';
import { CASH } from '../domain/contract/months.ts';

/** One auction as it is stored. */
export interface AuctionRecord {
  readonly auction: number;
  readonly closing: boolean;
  readonly listed: ReadonlySet<ContractMonth>;
  /** An account's in the order they took effect. */
  readonly submissions: readonly {
    readonly account: string;
    readonly instructions: readonly Instruction[];
    readonly outcomes: readonly Outcome[];
  }[];
  readonly rolls: readonly BookOrder[];
  readonly fills: readonly Fill[];
  readonly carried: readonly BookOrder[];
}

/** In lots. `accepted` is the sum of the six after it when every order is accounted for. */
export interface OrderTotals {
  accepted: number;
  filled: number;
  /** Taken out by self-match prevention. */
  selfMatched: number;
  cancelled: number;
  replaced: number;
  expired: number;
  live: number;
}

export interface OrderLedger {
  readonly lots: OrderTotals;
  /** Orders accepted, those of the roll apart, and instructions refused by reason. */
  readonly orders: number;
  readonly rollOrders: number;
  readonly refused: Readonly<Record<string, number>>;
  /** What does not add up, a sentence each. */
  readonly faults: readonly string[];
}

interface Entered {
  readonly account: string;
  readonly order: Order;
  readonly rolls: boolean;
  left: number;
  /** Filled in part by the auction before. */
  partlyFilled: boolean;
}

/** Follows the orders through all auctions from the first. */
export function accountForOrders(auctions: readonly AuctionRecord[]): OrderLedger {
  const live = new Map<string, Entered>();
  const lots: OrderTotals = { accepted: 0, filled: 0, selfMatched: 0, cancelled: 0, replaced: 0, expired: 0, live: 0 };
  const count = { orders: 0, rollOrders: 0 };
  const refused: Record<string, number> = {};
  const faults: string[] = [];

  const enter = (account: string, order: Order, rolls: boolean): void => {
    const key = keyOf(account, order.clientOrderId);
    if (live.has(key)) faults.push(`${account} has two live orders ${order.clientOrderId}`);
    live.set(key, { account, order, rolls, left: order.lots, partlyFilled: false });
    lots.accepted += order.lots;
    count[rolls ? 'rollOrders' : 'orders'] += 1;
  };
  const leave = (account: string, name: string, as: 'cancelled' | 'replaced' | 'expired'): boolean => {
    const entered = live.get(keyOf(account, name));
    if (!entered) return false;
    lots[as] += entered.left;
    return live.delete(keyOf(account, name));
  };

  const obey = (account: string, instruction: Instruction, outcome: Outcome): void => {
    const target = targetOf(instruction);
    const before = target === undefined ? undefined : live.get(keyOf(account, target));
    if (outcome !== 'accepted' && outcome !== 'deferred') {
      refused[outcome] = (refused[outcome] ?? 0) + 1;
      return;
    }
    if (instruction.kind === 'cancel-all') {
      for (const each of [...live.values()]) if (each.account === account) leave(account, each.order.clientOrderId, 'cancelled');
      return;
    }
    if (target !== undefined && !before && outcome === 'accepted')
      faults.push(`${account} changed ${target}, which was not live`);
    // A deferred replacement enters only where the order it replaces did not trade.
    const enters = outcome === 'accepted' || (before !== undefined && !before.partlyFilled);
    if (target !== undefined) leave(account, target, enters && instruction.kind === 'replace' ? 'replaced' : 'cancelled');
    if (enters && 'order' in instruction) enter(account, instruction.order, false);
  };

  for (const record of auctions) {
    for (const { account, instructions, outcomes } of record.submissions) {
      if (instructions.length !== outcomes.length)
        faults.push(`${account} has ${instructions.length} instructions and ${outcomes.length} outcomes`);
      for (const [index, instruction] of instructions.entries()) obey(account, instruction, outcomes[index] ?? 'accepted');
    }
    for (const roll of record.rolls) enter(roll.account, roll, true);
    fill(record, live, lots, faults);
    const carried = new Map(record.carried.map((order) => [keyOf(order.account, order.clientOrderId), order]));
    for (const [key, entered] of [...live]) {
      const rests = carried.get(key);
      carried.delete(key);
      const where = `order ${entered.order.clientOrderId} of ${entered.account} after auction ${record.auction}`;
      if (rests && rests.lots !== entered.left) faults.push(`${where}: ${rests.lots} lots carried of ${entered.left} left`);
      if (!rests && entered.left > 0 && !mayExpire(entered, record)) faults.push(`${where}: gone without a reason`);
      if (rests && mayExpire(entered, record)) faults.push(`${where}: carried past its time`);
      if (!rests || entered.left === 0) leave(entered.account, entered.order.clientOrderId, 'expired');
    }
    for (const { account, clientOrderId } of carried.values())
      faults.push(`order ${clientOrderId} of ${account} is carried and was never accepted`);
  }

  for (const { left } of live.values()) lots.live += left;
  const { accepted, ...ends } = lots;
  const ended = Object.values(ends).reduce((sum, part) => sum + part, 0);
  if (accepted !== ended) faults.push(`${accepted} lots were accepted and ${ended} accounted for`);
  return { lots, ...count, refused, faults };
}

function fill(record: AuctionRecord, live: Map<string, Entered>, lots: OrderTotals, faults: string[]): void {
  for (const entered of live.values()) entered.partlyFilled = false;
  for (const fill of record.fills) {
    const entered = live.get(keyOf(fill.account, fill.clientOrderId));
    const { selfMatched = 0 } = fill;
    const what = `fill of ${fill.clientOrderId} of ${fill.account} in auction ${record.auction}`;
    if (!entered) faults.push(`${what}: no such order was live`);
    else if (entered.order.buy !== fill.buy || entered.order.sell !== fill.sell) faults.push(`${what}: not what was ordered`);
    else if (fill.lots + selfMatched < 1 || fill.lots + selfMatched > entered.left)
      faults.push(`${what}: ${fill.lots + selfMatched} lots of ${entered.left}`);
    else {
      entered.left -= fill.lots + selfMatched;
      entered.partlyFilled = fill.lots > 0;
      lots.filled += fill.lots;
      lots.selfMatched += selfMatched;
    }
  }
}

/** Whether an order's time is over with this auction. */
function mayExpire({ order }: Entered, { closing, listed }: AuctionRecord): boolean {
  if (![order.buy, order.sell].every((month) => month === CASH || listed.has(month))) return true;
  return order.timeInForce === 'auction' || (order.timeInForce === 'day' && closing);
}

const keyOf = (account: string, clientOrderId: string): string => `${account} ${clientOrderId}`;
