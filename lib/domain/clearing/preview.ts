/**
 * What would become of a submission, decided by the rule that accept decides by (owner-intake.ts), on intakes that are the caller's alone and
 * let go of afterwards: nothing of it stands.
 */
import type { Instruction, LiveOrders, Outcome } from '../auction/orders.ts';
import { replaySubmission } from '../auction/orders.ts';
import { CASH, type ContractMonth } from '../contract/months.ts';
import { addLots, type Cents, type Lots, lots } from '../contract/units.ts';
import { positions } from './account.ts';
import { coverOf, ownerLotsOf } from './account-risk.ts';
import { coveredRoll, type Figures, type intakeTerms, type OwnerIntake, type OwnerState, worstCaseOf } from './owner-intake.ts';
import { decideRoll, type RollInstruction, type RollOrder, rollDay } from './roll.ts';
import { openBooks } from './venue.ts';

export interface Preview {
  readonly outcomes: readonly Outcome[];
  readonly figures: readonly Figures[];
  /** What the account may come to need before and after, and what it has for that; absent for an account that trades another product. */
  readonly margin?: { readonly before: Cents; readonly after: Cents; readonly cover: Cents };
  /** By month, lots that the account holds, and that it would with every order that has come in filled whole. */
  readonly positions: ReadonlyMap<ContractMonth, { readonly held: Lots; readonly filled: Lots }>;
}

/** `own` holds the intakes of all of the owner's accounts, and takes the submission in. `receivedAt` is ISO. */
export function previewSubmission(
  own: OwnerIntake,
  account: string,
  instructions: readonly Instruction[],
  receivedAt: string,
  terms: ReturnType<typeof intakeTerms>,
  owner: OwnerState,
): Preview {
  const state = owner.accounts.get(account);
  const ownerLots = ownerLotsOf(owner.accounts.values(), owner.product.product);
  const worst = (): Cents => worstCaseOf(owner.product, state!, ownerLots, own.intakeOf(account)!);
  const before = state && worst();
  const arriving = { instructions, sequence: '', receivedAt, enqueuedAt: Date.parse(receivedAt) };
  const { outcomes, figures } = own.take(account, arriving, terms, owner);
  const held = new Map(state ? positions(state.products[owner.product.product] ?? { lots: {} }) : []);
  return {
    outcomes,
    figures,
    ...(state ? { margin: { before: before!, after: worst(), cover: coverOf(state, owner.product) } } : {}),
    positions: filledWith(held, cameIn(instructions, outcomes)),
  };
}

/** The orders of a submission that are live behind it. */
function cameIn(instructions: readonly Instruction[], outcomes: readonly Outcome[]): LiveOrders {
  const live: LiveOrders = new Map();
  instructions.forEach((instruction, at) => {
    // A replacement counts as if it comes in, whatever the order that it waits for does.
    const outcome = outcomes[at] === 'deferred' ? 'accepted' : outcomes[at]!;
    replaySubmission(live, [instruction], [outcome]);
  });
  return live;
}

function filledWith(held: ReadonlyMap<ContractMonth, Lots>, orders: LiveOrders): Preview['positions'] {
  const after = new Map([...held].map(([month, quantity]) => [month, { held: quantity, filled: quantity }]));
  const add = (month: ContractMonth, quantity: number): void => {
    if (month === CASH) return;
    const own = after.get(month) ?? { held: lots(0), filled: lots(0) };
    after.set(month, { held: own.held, filled: addLots(own.filled, lots(quantity)) });
  };
  for (const { buy, sell, lots: quantity } of orders.values()) {
    add(buy, quantity);
    add(sell, -quantity);
  }
  return new Map([...after].sort(([a], [b]) => a - b));
}

export interface RollPreview {
  readonly date: string;
  readonly day: number;
  readonly days: number;
  /** The day's share, and in `covered` what the account could pay for of it. */
  readonly order: RollOrder;
  readonly covered: Lots;
}

/**
 * What the roll would make of an account's instruction in the closing auction of the day whose books are open, beside all that `own` holds of
 * its orders; `undefined` when it would make nothing.
 */
export function previewRoll(
  own: OwnerIntake,
  account: string,
  instruction: RollInstruction,
  { product, accounts }: OwnerState,
): RollPreview | undefined {
  const state = accounts.get(account);
  const date = openBooks(product);
  const { marks, parameters } = product;
  const today = rollDay(parameters.calendar, date);
  const holding = state?.products[product.product];
  if (!state || !today || !holding) return undefined;
  const order = decideRoll(today, holding.roll, holding.lots[today.near] ?? lots(0), instruction, marks, parameters);
  if (!order) return undefined;
  const ownerLots = ownerLotsOf(accounts.values(), product.product);
  const covered = coveredRoll(product, state, ownerLots, own.intakeOf(account)!.mayTrade(), order);
  return { date, day: today.day, days: today.days, order, covered };
}
