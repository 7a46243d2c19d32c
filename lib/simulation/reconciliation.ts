/**
 * The result of a run, and whether it may be believed: figures over all days, profit and loss by group, and the checks that
 * a clearing house must pass. A check that does not hold names what is wrong.
 */

import type { Audit } from '../audit/audit.ts';
import type { BusinessDate } from '../domain/contract/calendar.ts';
import { type Cents, cents, parseDecimal } from '../domain/contract/units.ts';
import type { AlarmChange } from '../local/cloudwatch/alarms.ts';
import type { Reserves } from './margin-calls.ts';
import type { AccountLine, DayReport } from './operator.ts';
import { accountForOrders, type OrderLedger } from './order-ledger.ts';
import { GROUPS, type Group } from './population.ts';
import type { StoredAuction } from './records.ts';
import type { Run, Traded } from './trading.ts';

export interface Check {
  readonly name: string;
  readonly holds: boolean;
  /** The figures it rests on, or what is wrong. */
  readonly detail: string;
}

export interface GroupResult {
  readonly group: Group;
  readonly accounts: number;
  readonly profitCents: Cents;
  readonly bestCents: Cents;
  readonly worstCents: Cents;
  /** Lots over all months. */
  readonly longLots: number;
  readonly shortLots: number;
}

/** What margin calls came to in one group, from the log. */
export interface GroupCalls {
  readonly group: Group;
  /** Accounts that were called at least once, and calls in all; a call that stands on another day counts once. */
  readonly accounts: number;
  readonly calls: number;
  readonly met: number;
  readonly overdue: number;
  /** What its accounts paid in after a call. */
  readonly paidCents: Cents;
  /** Accounts that sold down because they could not pay. */
  readonly cutBack: number;
}

/** An account that has lost more than its cash. */
export interface Shortfall {
  readonly account: string;
  readonly name: string;
  readonly cents: Cents;
}

export interface Result {
  readonly seed: number;
  readonly product: string;
  readonly participants: number;
  readonly days: readonly DayReport[];
  readonly auctions: number;
  readonly submissions: number;
  readonly ledger: OrderLedger;
  readonly fills: number;
  readonly lotsTraded: number;
  readonly lotsRolled: number;
  readonly lotsLeftUnrolled: number;
  readonly rollCostCents: Cents;
  readonly expiries: readonly {
    readonly date: BusinessDate;
    readonly contract: string;
    readonly finalPrice: string;
    readonly indexValues: number;
  }[];
  readonly approvals: number;
  readonly groups: readonly GroupResult[];
  readonly calls: readonly GroupCalls[];
  readonly shortfalls: readonly Shortfall[];
  /** Months of auctions that were locked at the edge of their band. */
  readonly locked: number;
  readonly checks: readonly Check[];
  readonly lotsSum: number;
  readonly centsSum: Cents;
  readonly replayIdentical: boolean;
  readonly stateHash: string;
}

export interface Evidence {
  readonly audit: Audit;
  readonly auctions: readonly StoredAuction[];
  /** As the operator's API lists them. */
  readonly accounts: readonly AccountLine[];
  readonly deadLetters: readonly { readonly queue: string; readonly body: string }[];
  /** Every change of an alarm during the run. */
  readonly alarms: readonly Pick<AlarmChange, 'alarm' | 'atMs' | 'to' | 'reason'>[];
}

/** Puts the result of a run together. A check that fails is part of the result; nothing is thrown. */
export function reconcile(run: Run, traded: Traded, evidence: Evidence): Result {
  const { audit, auctions, accounts } = evidence;
  const ledger = accountForOrders(auctions);
  const groups = GROUPS.map((group) => groupResult(run, group, accounts, traded.reserves));
  const rolls = traded.days.flatMap(({ roll }) => (roll ? [roll] : []));
  return {
    seed: run.seed,
    product: run.terms.product,
    participants: run.participants.length,
    days: traded.days,
    auctions: auctions.length,
    submissions: traded.sent.length,
    ledger,
    fills: sum(auctions.map(({ fills }) => fills.length)),
    lotsTraded: sum(traded.days.flatMap(({ volume }) => Object.values(volume))),
    lotsRolled: sum(rolls.map(({ longsRolled, shortsRolled }) => longsRolled + shortsRolled)),
    lotsLeftUnrolled: rolls.at(-1)?.longsLeft ?? 0,
    rollCostCents: rolls.reduce((total, { longsRollCost }) => cents(total + amount(longsRollCost)), cents(0n)),
    expiries: traded.days.flatMap(({ date, expired }) => (expired ? [{ date, ...expired }] : [])),
    approvals: traded.operators.approvals,
    groups,
    calls: GROUPS.map((group) => groupCalls(run, group, traded, evidence)),
    shortfalls: shortfallsOf(run, accounts),
    locked: audit.events.reduce(
      (count, event) =>
        event.kind === 'auction-cleared' ? count + Object.values(event.months).filter(({ locked }) => locked).length : count,
      0,
    ),
    checks: checks(run, traded, evidence, ledger, groups),
    lotsSum: audit.lotsSum,
    centsSum: audit.centsSum,
    replayIdentical: audit.identical,
    stateHash: audit.stateHash,
  };
}

function groupCalls({ participants }: Run, group: Group, { reserves }: Traded, { audit }: Evidence): GroupCalls {
  const members = new Set(participants.flatMap((participant) => (participant.group === group ? [participant.account] : [])));
  const own = (accounts: Iterable<string>): string[] => [...accounts].filter((account) => members.has(account));
  const open = new Set<string>();
  const called: string[] = [];
  let [met, overdue] = [0, 0];
  for (const event of audit.events) {
    if (event.kind === 'margin-called')
      for (const account of own(event.calls.map((call) => call.account))) {
        if (!open.has(account)) called.push(account);
        open.add(account);
      }
    if (event.kind === 'calls-overdue') overdue += own(event.accounts).length;
    if (event.kind !== 'calls-met') continue;
    for (const account of own(event.accounts)) open.delete(account);
    met += own(event.accounts).length;
  }
  return {
    group,
    accounts: new Set(called).size,
    calls: called.length,
    met,
    overdue,
    paidCents: own(reserves.paid.keys()).reduce((total, account) => cents(total + reserves.paid.get(account)!), cents(0n)),
    cutBack: own(reserves.everCutBack).length,
  };
}

const shortfallsOf = ({ participants }: Run, accounts: readonly AccountLine[]): Shortfall[] => {
  const names = new Map(participants.map(({ account, name }) => [account, name]));
  return accounts.flatMap(({ account, cash }) =>
    names.has(account) && amount(cash) < 0n ? [{ account, name: names.get(account)!, cents: cents(amount(cash)) }] : [],
  );
};

function groupResult({ participants }: Run, group: Group, accounts: readonly AccountLine[], { paid }: Reserves): GroupResult {
  const lines = new Map(accounts.map((line) => [line.account, line]));
  const members = participants.filter((participant) => participant.group === group);
  const profits = members.map(
    ({ account, deposit }) => amount(lines.get(account)?.cash ?? '0.00') - BigInt(deposit) * 100n - (paid.get(account) ?? 0n),
  );
  const lots = members.flatMap(({ account }) => lines.get(account)?.positions.map((position) => position.lots) ?? []);
  const ordered = [...profits].sort((a, b) => (a < b ? -1 : 1));
  return {
    group,
    accounts: members.length,
    profitCents: cents(profits.reduce((total, profit) => total + profit, 0n)),
    bestCents: cents(ordered.at(-1) ?? 0n),
    worstCents: cents(ordered[0] ?? 0n),
    longLots: sum(lots.filter((quantity) => quantity > 0)),
    shortLots: -sum(lots.filter((quantity) => quantity < 0)),
  };
}

function checks(run: Run, traded: Traded, evidence: Evidence, ledger: OrderLedger, groups: readonly GroupResult[]): Check[] {
  const { audit, auctions, deadLetters } = evidence;
  const inAlarm = evidence.alarms.filter(({ to }) => to === 'ALARM');
  // That a call is overdue is what one group is there for.
  const expected = run.crashes ? [...EXPECTED_ALARMS, ...CRASH_ALARMS] : EXPECTED_ALARMS;
  const alarms = inAlarm.filter(({ alarm }) => !expected.includes(alarm));
  const due = sum(run.plan.days.map(({ rounds }) => rounds.length));
  const profits = groups.reduce((total, { profitCents }) => total + profitCents, 0n);
  const { lots } = ledger;
  const lost = lostSubmissions(traded, auctions);
  const misreported = misreportedOutcomes(traded, auctions);
  return [
    check('every auction due has cleared', auctions.length === due, `${auctions.length} of ${due}`),
    check('lots sum to zero in every month', audit.lotsSum === 0, `${audit.lotsSum} lots over`),
    check(
      'cents sum to zero over all accounts',
      audit.centsSum === 0n,
      `${audit.centsSum} cents over ${audit.accounts.size} accounts`,
    ),
    check('profits and losses sum to zero', profits === 0n, `${profits} cents over ${groups.length} groups`),
    check(
      'every submission is in the book once, with its outcomes',
      lost.length === 0,
      lost[0] ?? `${traded.sent.length} submissions`,
    ),
    check(
      'every accepted order is accounted for',
      ledger.faults.length === 0,
      ledger.faults[0] ??
        `${lots.accepted} lots = ${lots.filled} filled + ${lots.selfMatched} self-matched + ${lots.cancelled} cancelled + ${lots.replaced} replaced + ${lots.expired} expired + ${lots.live} live`,
    ),
    check(
      'outcomes read over HTTP are those in the book',
      misreported.length === 0,
      misreported[0] ?? `${traded.sampled.length} looked up`,
    ),
    check(
      'replaying the log and its books gives the same rows',
      audit.identical,
      audit.differences[0] ?? `${audit.events.length} events`,
    ),
    check(
      'no message is in a dead-letter queue',
      deadLetters.length === 0,
      deadLetters[0]
        ? `${deadLetters.length}, the first in ${deadLetters[0].queue}: ${deadLetters[0].body.slice(0, 200)}`
        : 'none',
    ),
    check(
      'alarms',
      alarms.length === 0,
      alarms
        .map(({ alarm, atMs, reason }) => `${alarm} went into ALARM at ${new Date(atMs).toISOString()} (${reason})`)
        .slice(0, SHOWN_MAX)
        .join('; ') ||
        (inAlarm.length > 0
          ? `none went into ALARM but ${[...new Set(inAlarm.map(({ alarm }) => alarm))].join(', ')}`
          : 'none went into ALARM'),
    ),
  ];
}

const EXPECTED_ALARMS: readonly string[] = ['calls-overdue'];
/** A crash locks months, and a closing auction that locks is held. */
const CRASH_ALARMS: readonly string[] = ['locked-at-stop', 'held-for-approval'];
/** How many alarms are named when some went into ALARM. */
const SHOWN_MAX = 5;

/** What was answered with 202 and is not in an auction exactly once, or is there with another number of outcomes. */
function lostSubmissions({ sent }: Traded, auctions: readonly StoredAuction[]): string[] {
  const stored = new Map<string, number>();
  for (const { keys, submissions } of auctions)
    keys.forEach((key, index) => {
      stored.set(key, stored.has(key) ? -1 : submissions[index]!.outcomes.length);
    });
  const answered = new Set([
    ...sent.map(({ account, key }) => `${account} ${key}`),
    ...auctions.flatMap(({ byVenue }) => byVenue),
  ]);
  return [
    ...sent.flatMap(({ account, key, entries }) => {
      const found = stored.get(`${account} ${key}`);
      return found === entries ? [] : [`submission ${key} of ${account} has ${found ?? 'no'} outcomes, not ${entries}`];
    }),
    ...[...stored.keys()].filter((key) => !answered.has(key)).map((key) => `submission ${key} is stored and was not sent`),
  ];
}

function misreportedOutcomes({ sampled, sent }: Traded, auctions: readonly StoredAuction[]): string[] {
  const stored = new Map(
    auctions.flatMap(({ keys, submissions }) => keys.map((key, index) => [key, submissions[index]!.outcomes])),
  );
  const keyOf = new Map(sent.map(({ account, key, submission }) => [submission, `${account} ${key}`]));
  return sampled
    .filter(({ submission, state, outcomes }) => {
      const decided = stored.get(keyOf.get(submission)!) ?? [];
      return state !== 'decided' || outcomes.join() !== decided.join();
    })
    .map(({ submission, state, outcomes }) => `submission ${submission} is ${state} with ${outcomes.join(', ')}`);
}

const check = (name: string, holds: boolean, detail: string): Check => ({ name, holds, detail });
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Cents of an amount the API wrote. */
export function amount(text: string): bigint {
  const value = parseDecimal(text, 2);
  if (value === undefined) throw new TypeError(`not an amount: ${text}`);
  return value;
}
