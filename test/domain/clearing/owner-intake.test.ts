/** What accept takes, against every way in which an account's orders may trade: in auctions that are closed, and in later ones. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccountIntake, type IntakeTerms, type ReceivedSubmission } from '../../../lib/domain/auction/account-intake.ts';
import type { BookOrder } from '../../../lib/domain/auction/book.ts';
import { openOrders } from '../../../lib/domain/auction/open-orders.ts';
import type { Instruction, Order } from '../../../lib/domain/auction/orders.ts';
import { type AccountState, emptyAccount } from '../../../lib/domain/clearing/account.ts';
import { marginLinesOf } from '../../../lib/domain/clearing/account-risk.ts';
import { OwnerIntake, type OwnerState } from '../../../lib/domain/clearing/owner-intake.ts';
import { EMPTY_VENUE, evolveVenue, type ProductState } from '../../../lib/domain/clearing/venue.ts';
import { CASH, type ContractMonth } from '../../../lib/domain/contract/months.ts';
import { type Cents, type Lots, lots, ticks } from '../../../lib/domain/contract/units.ts';
import { requirement } from '../../../lib/domain/risk/margin.ts';
import { WorstCase } from '../../../lib/domain/risk/worst-case.ts';
import { DEC, NOV, OCT, on, PRODUCT, RISKY } from '../../venue/h100.ts';
import { buy, cancel, order, replace, sell } from '../../venue/orders.ts';

const MONTHS = [OCT, NOV, DEC];
const listed = (change: Partial<typeof RISKY> = {}): ProductState => {
  const parameters = { ...RISKY, ...change };
  const months = Array.from({ length: 12 }, (_, at) => OCT + at);
  const curve = Object.fromEntries(months.map((month, at) => [month, ticks(2400 + 10 * at)]));
  const listing = { date: on('2025-10-17'), curve };
  const event = { kind: 'parameters-changed', product: PRODUCT, version: 1, parameters, listing, by: 'op', at: '' } as const;
  return evolveVenue(EMPTY_VENUE, 1, '', event).products[PRODUCT]!;
};
const PRODUCT_STATE = listed();
const LINES = marginLinesOf(PRODUCT_STATE, 0);
const CENTS = 100n;

const TERMS: IntakeTerms = { listed: new Set(MONTHS), liveOrdersMax: 100, submissionsMax: 100, openedAt: '' };
const stateOf = (cash: bigint, held: Readonly<Record<number, Lots>> = {}, account = 'ann'): AccountState => ({
  ...emptyAccount(account),
  name: account,
  cash: cash as Cents,
  products: { [PRODUCT]: { lots: held } },
});
const ownerOf = (...states: AccountState[]): OwnerState => ({
  product: PRODUCT_STATE,
  accounts: new Map(states.map((state) => [state.account, state])),
});

const NAMES = ['a', 'b', 'c', 'd'];
const name = fc.constantFrom(...NAMES);
const newOrder = fc
  .record({
    id: name,
    pair: fc.constantFrom<[number, number]>([NOV, CASH], [CASH, NOV], [DEC, CASH], [CASH, DEC], [DEC, NOV], [OCT, DEC]),
    off: fc.integer({ min: -400, max: 200 }),
    lots: fc.integer({ min: 1, max: 4 }),
    tif: fc.constantFrom('auction' as const, 'gtc' as const, 'gtc' as const),
  })
  .map(({ id, pair: [bought, sold], off, lots: size, tif }): Instruction => {
    const at = (PRODUCT_STATE.marks[bought] ?? 0) - (PRODUCT_STATE.marks[sold] ?? 0);
    return { kind: 'new', order: order(id, bought, sold, at + off, size, tif) };
  });
const said = fc.oneof(
  { weight: 4, arbitrary: newOrder },
  { weight: 2, arbitrary: fc.tuple(name, newOrder).map(([old, by]) => replace(old, by)) },
  { weight: 1, arbitrary: name.map(cancel) },
  { weight: 1, arbitrary: fc.constant<Instruction>({ kind: 'cancel-all' }) },
);
const steps = fc.array(fc.oneof({ weight: 4, arbitrary: said }, { weight: 1, arbitrary: fc.constant('cut' as const) }), {
  maxLength: 9,
});
const positionsOf = fc
  .tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 }))
  .map(([nov, dec]): Record<number, Lots> => ({ ...(nov ? { [NOV]: lots(nov) } : {}), ...(dec ? { [DEC]: lots(dec) } : {}) }));

interface Played {
  readonly owner: OwnerState;
  readonly intake: AccountIntake;
  readonly auctions: ReceivedSubmission[][];
}

/** Decides what is said, one instruction a submission, across cuts after which nothing clears. */
function decideAll(all: readonly (Instruction | 'cut')[], state: AccountState, anew: boolean): Played {
  const owner = ownerOf(state);
  const auctions: ReceivedSubmission[][] = [[]];
  const read = (): { own: OwnerIntake; intake: AccountIntake } => {
    const [own, intake] = [new OwnerIntake(), new AccountIntake([], auctions)];
    own.set('ann', intake);
    return { own, intake };
  };
  let kept = read();
  for (const [at, each] of all.entries()) {
    if (each === 'cut') auctions.push([]);
    if (anew || each === 'cut') kept = read();
    if (each === 'cut') continue;
    const receivedAt = new Date(Date.parse('2025-10-20T14:00:00Z') + at * 1000).toISOString();
    const submission = { instructions: [each], sequence: `${at + 1}`, receivedAt, enqueuedAt: Date.parse(receivedAt) };
    const { outcomes } = kept.own.take('ann', submission, TERMS, owner);
    auctions.at(-1)!.push({ ...submission, key: `k${at}`, outcomes });
  }
  return { owner, intake: kept.intake, auctions };
}

/** Calls for every way in which orders may trade, each whole or not at all in each auction, with what the account then holds and has paid. */
function everyPlay(
  auctions: readonly ReceivedSubmission[][],
  held: ReadonlyMap<ContractMonth, number>,
  paid: number,
  carried: readonly BookOrder[],
  call: (held: ReadonlyMap<ContractMonth, number>, paid: number) => void,
): void {
  call(held, paid);
  const [first, ...rest] = auctions;
  if (!first) return;
  const book = [...openOrders(carried, [first]).orders.values()];
  for (let set = 0; set < 2 ** book.length; set++) {
    const after = new Map(held);
    let cost = paid;
    for (const filled of book.filter((_, at) => set & (1 << at))) {
      for (const [month, sign] of [
        [filled.buy, 1],
        [filled.sell, -1],
      ] as const)
        if (month !== CASH) after.set(month, (after.get(month) ?? 0) + sign * filled.lots);
      cost += filled.lots * (filled.limit - (PRODUCT_STATE.marks[filled.buy] ?? 0) + (PRODUCT_STATE.marks[filled.sell] ?? 0));
    }
    const left = book.filter((each, at) => !(set & (1 << at)) && each.timeInForce !== 'auction');
    everyPlay(rest, after, cost, left.map(carriedOf), call);
  }
}
const carriedOf = (each: Order): BookOrder => ({ ...each, sender: 'desk', account: 'ann', rolls: false, partlyFilled: false });

function worstPlay({ owner, auctions }: Played): number {
  let worst = Number.NEGATIVE_INFINITY;
  const held = new Map(
    Object.entries(owner.accounts.get('ann')!.products[PRODUCT]!.lots).map(([month, count]) => [
      Number(month) as ContractMonth,
      count as number,
    ]),
  );
  everyPlay(auctions, held, 0, [], (after, paid) => {
    worst = Math.max(worst, requirement(LINES, after) + paid);
  });
  return worst;
}

describe('the worst case over what may still trade', () => {
  it('is the greatest over every way in which it may, in closed auctions and in later ones', () => {
    fc.assert(
      fc.property(steps, positionsOf, (all, held) => {
        const played = decideAll(all, stateOf(10n ** 12n, held), false);
        const positions = Object.entries(held).map(([month, count]) => [Number(month) as ContractMonth, count] as const);
        const worst = new WorstCase(LINES, PRODUCT_STATE.marks, positions, played.intake.mayTrade());
        expect(worst.ticks).toBe(worstPlay(played));
      }),
      { numRuns: 300 },
    );
  });

  it('is never more than the cash of an account that could pay for its positions, whatever it is sent and however it trades', () => {
    fc.assert(
      fc.property(steps, positionsOf, fc.integer({ min: 0, max: 2000 }), (all, held, more) => {
        const positions = Object.entries(held).map(
          ([month, count]) => [Number(month) as ContractMonth, count as number] as const,
        );
        const cash = BigInt(requirement(LINES, positions) + more) * CENTS;
        expect(BigInt(worstPlay(decideAll(all, stateOf(cash, held), false))) * CENTS).toBeLessThanOrEqual(cash);
      }),
      { numRuns: 300 },
    );
  });

  it('leads to the same outcomes when it is kept and when it is computed anew for each submission', () => {
    fc.assert(
      fc.property(steps, positionsOf, fc.integer({ min: 0, max: 3000 }), (all, held, cash) => {
        const [kept, anew] = [false, true].map((each) => decideAll(all, stateOf(BigInt(cash) * CENTS, held), each).auctions);
        expect(kept).toEqual(anew);
      }),
      { numRuns: 300 },
    );
  });
});

describe('an owner intake', () => {
  const intakes = (...accounts: string[]): OwnerIntake => {
    const own = new OwnerIntake();
    for (const account of accounts) own.set(account, new AccountIntake([], [[]]));
    return own;
  };
  let sequence = 0;
  const take = (own: OwnerIntake, owner: OwnerState, account: string, ...instructions: Instruction[]) => {
    const receivedAt = '2025-10-20T14:00:00Z';
    const submission = { instructions, sequence: `${++sequence}`, receivedAt, enqueuedAt: Date.parse(receivedAt) };
    return own.take(account, submission, TERMS, owner);
  };

  it('of an account whose call is overdue takes what adds no risk, whatever its cash', () => {
    const call = { date: on('2025-10-17'), due: '2025-10-20T14:00:00.000Z', cents: 1n as Cents, overdue: true };
    const owner = ownerOf({ ...stateOf(10n ** 9n, { [NOV]: lots(3) }), call });
    expect(
      take(intakes('ann'), owner, 'ann', sell('s', NOV, 2410, 3), sell('t', NOV, 2410, 3), buy('b', NOV, 2410, 1)).outcomes,
    ).toEqual(['accepted', 'accepted', 'margin']);
  });

  it('goes by the cash, the positions and the marks of the event that it is decided on', () => {
    const own = intakes('ann');
    const lot = 30_000n;
    expect(take(own, ownerOf(stateOf(lot)), 'ann', buy('a', NOV, 2410, 1), buy('b', NOV, 2410, 1)).outcomes).toEqual([
      'accepted',
      'margin',
    ]);
    expect(take(own, ownerOf(stateOf(2n * lot)), 'ann', buy('b', NOV, 2410, 1)).outcomes).toEqual(['accepted']);
    expect(take(own, ownerOf(stateOf(3n * lot, { [NOV]: lots(1) })), 'ann', buy('c', NOV, 2410, 1)).outcomes).toEqual(['margin']);
    const owner = ownerOf(stateOf(3n * lot));
    const lower = { ...PRODUCT_STATE, marks: { ...PRODUCT_STATE.marks, [NOV]: ticks(2260) } };
    expect(take(own, { ...owner, product: lower }, 'ann', buy('c', NOV, 2260, 1)).outcomes).toEqual(['margin']);
    expect(take(own, owner, 'ann', buy('c', NOV, 2260, 1)).outcomes).toEqual(['accepted']);
  });

  it('refuses what can’t be computed exactly, however much credit there is', () => {
    const product = listed({
      creditUsd: 999_999_999_999_999,
      limits: {
        ...RISKY.limits,
        orderLots: 1_000_000,
        monthLots: 10 ** 12,
        delivery: { lots: 10 ** 12, fromDay: 1 },
        allLots: 10 ** 12,
      },
    });
    const owner = { ...ownerOf(stateOf(0n)), product };
    const dear = Array.from({ length: 100 }, (_, at) => buy(`o${at}`, NOV, 99_000_000, 1_000_000));
    const { outcomes, figures } = take(intakes('ann'), owner, 'ann', ...dear);
    expect([outcomes[0], outcomes.at(-1), figures.at(-1)?.reason]).toEqual(['accepted', 'margin', 'margin']);
  });

  it('says once that an owner has passed the level that is reported', () => {
    const owner = { ...ownerOf(stateOf(10n ** 12n)), product: listed({ limits: { ...RISKY.limits, reportedLots: 4 } }) };
    const own = intakes('ann');
    const reported = [3, 1, 1, 1].map((size, at) => take(own, owner, 'ann', buy(`o${at}`, NOV, 2410, size)).reported);
    expect(reported).toEqual([undefined, undefined, 5, undefined]);
  });
});
