/** The roll of one account: what is due on which day of the window, what has rolled, at which price, and what it cost. */
import type { AccountState, DayTotals } from '../../lib/domain/clearing/account.ts';
import type { RollInstruction } from '../../lib/domain/clearing/roll.ts';
import { planRoll, type RollWindow, windowFrom, windowOf } from '../../lib/domain/clearing/roll-plan.ts';
import { openBooks, type ProductState } from '../../lib/domain/clearing/venue.ts';
import { type BusinessDate, CalendarEndError, nextBusinessDay } from '../../lib/domain/contract/calendar.ts';
import { contractCode } from '../../lib/domain/contract/months.ts';
import { centsPerTick, formatPrice } from '../../lib/domain/contract/product.ts';
import { addCents, formatCents, lots, NO_CENTS, ticks } from '../../lib/domain/contract/units.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { readRollInstruction } from '../../lib/store/roll-instructions.ts';
import { readStatementsOf } from '../../lib/store/statements.ts';
import { Problem } from '../http/problems.ts';
import { listedProduct } from '../http/products.ts';
import { ok } from '../http/routes.ts';
import type { Answers } from './participant.ts';
import { newestVenue } from './recent-venue.ts';
import { instructionJson } from './roll-instructions.ts';

export const showRoll: Answers['showRoll'] = async (request) => {
  const product = listedProduct(await newestVenue(request), request.params.product);
  if (product instanceof Problem) return product;
  const { table, shards } = request.backends;
  const { account } = request.caller;
  const [state, instruction] = await Promise.all([
    readAccount(table, account, shards),
    readRollInstruction(table, product.product, account, shards),
  ]);
  const windows = windowsOf(product, state);
  const dates = windows.flatMap(({ days }) => days);
  const statements = await readStatementsOf(table, account, dates, product.product);
  const rolled = new Map<BusinessDate, Rolled>(statements.map((statement) => [statement.date, statement]));
  // The newest day may have rolled, and its books be open.
  const { day } = state?.products[product.product] ?? {};
  if (day && !rolled.has(day.date)) rolled.set(day.date, day);
  return ok({
    product: product.product,
    instruction: instruction ? instructionJson(product.product, instruction, product.parameters) : null,
    windows: windows.map((window) => windowJson(product, state, window, instruction, rolled)),
  });
};

type Rolled = Pick<DayTotals, 'rolledLots' | 'rollCost'>;

/** The window that is open or comes next, and the last in which the account held anything when that is another. */
function windowsOf(product: ProductState, state: AccountState | undefined): RollWindow[] {
  const { calendar } = product.parameters;
  const last = state?.products[product.product]?.roll?.near;
  const next = known(() => windowFrom(calendar, dayToRoll(product)));
  const before = last === undefined || last === next?.near ? undefined : windowOf(calendar, last);
  return [next, before].filter((window) => window !== undefined);
}

/** The first day whose roll has not traded. */
function dayToRoll(product: ProductState): BusinessDate {
  const books = openBooks(product);
  return product.lastDay?.date === books ? nextBusinessDay(product.parameters.calendar, books) : books;
}

/** Where the calendar's data ends, the next window is not known. */
function known<T>(rule: () => T): T | undefined {
  try {
    return rule();
  } catch (error) {
    if (error instanceof CalendarEndError) return undefined;
    throw error;
  }
}

function windowJson(
  product: ProductState,
  state: AccountState | undefined,
  window: RollWindow,
  instruction: RollInstruction | undefined,
  rolled: ReadonlyMap<BusinessDate, Rolled>,
) {
  const { near, next, days } = window;
  const holding = state?.products[product.product];
  const progress = holding?.roll?.near === near ? holding.roll : undefined;
  const left = holding?.lots[near] ?? lots(0);
  const plan = planRoll(window, known(() => dayToRoll(product)) ?? days.at(-1)!, progress, left);
  const traded = days.map((date) => ({ date, ...(rolled.get(date) ?? { rolledLots: lots(0), rollCost: NO_CENTS }) }));
  return {
    near: contractCode(product.product, near),
    next: contractCode(product.product, next),
    held: progress?.held ?? null,
    rolled: progress?.rolled ?? lots(0),
    left,
    cost: formatCents(traded.reduce((sum, { rollCost }) => addCents(sum, rollCost), NO_CENTS)),
    days: traded.map(({ date, rolledLots, rollCost }) => {
      const due = plan.get(date);
      return {
        date,
        due: due === undefined ? null : instruction ? due : lots(0),
        rolled: rolledLots,
        price: rolledLots === 0 ? null : formatPrice(rollPrice(product, rolledLots, rollCost), product.parameters),
        cost: formatCents(rollCost),
      };
    }),
  };
}

/** One auction a day has rolled, at one price, so that the cost is that price times the lots. */
const rollPrice = ({ parameters }: ProductState, rolledLots: number, cost: bigint) =>
  ticks(Number(cost / (BigInt(rolledLots) * centsPerTick(parameters))));
