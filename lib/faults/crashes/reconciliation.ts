/**
 * What was answered against what is in the books: every submission answered is in the book once and decided, in the order
 * in which its sender was answered; every operator's call answered stands once in the log; no order has filled beyond
 * itself; and the whole venue replays from its log to the cent.
 */

import { type Audit, auditRows } from '../../audit/audit.ts';
import type { VenueRows } from '../../audit/rows.ts';
import type { CashMovement, NewAccount } from '../../client/accounts.ts';
import { keyDate } from '../../domain/auction/idempotency-key.ts';
import type { BusinessDate } from '../../domain/contract/calendar.ts';
import { parseIndex } from '../../domain/contract/product.ts';
import { parseDecimal } from '../../domain/contract/units.ts';
import type { DeadLetter } from '../../local/sqs/dead-letters.ts';
import { readHalt } from '../../store/halt.ts';
import { readIndexValue } from '../../store/index-values.ts';
import { bookPartition, shardOf } from '../../store/keys.ts';
import { readFills } from '../../store/results.ts';
import { readSubmission } from '../../store/submissions.ts';
import type { Rows } from '../../store/table.ts';
import type { Call, Ledger, Sent } from './ledger.ts';

export interface Reconciliation {
  readonly submissions: { readonly sent: number; readonly answered: number; readonly taken: number };
  readonly calls: { readonly sent: number; readonly answered: number };
  readonly events: number;
  readonly auctions: number;
  readonly days: number;
  readonly fills: number;
  readonly redriven: number;
  readonly stateHash: string;
  /** A sentence each; none when nothing that was answered is lost, doubled or wrong. */
  readonly failures: readonly string[];
}

interface Ended {
  readonly redriven: number;
  readonly problems: readonly string[];
  readonly deadLetters: readonly DeadLetter[];
}

/** Compares the rows of the stopped market with the ledger. What is wrong is a sentence each in `failures`. */
export async function reconcile(
  rows: VenueRows,
  ledger: Ledger,
  { redriven, problems, deadLetters }: Ended,
): Promise<Reconciliation> {
  const shards = rows.shards();
  const audit = await auditRows(rows, shards);
  const halted = await readHalt(rows);
  const books = await booksOf(rows, ledger, shards);
  const { fills, failures: overfilled } = await fillFaults(rows, audit, ledger);
  const failures = [
    ...problems,
    ...deadLetters.map(({ queue }) => `a message is in ${queue}`),
    ...(halted ? [`the venue is halted: ${halted.reason}`] : []),
    ...audit.differences,
    ...(audit.lotsSum === 0 ? [] : [`the lots of all accounts are off by ${audit.lotsSum}`]),
    ...(audit.centsSum === 0n ? [] : [`the cents of all accounts sum to ${audit.centsSum}`]),
    ...books.failures,
    ...(await callFaults(rows, audit, ledger)),
    ...overfilled,
  ];
  return {
    submissions: { sent: ledger.submissions.length, answered: ledger.answered.length, taken: books.taken },
    calls: { sent: ledger.calls.length, answered: ledger.answeredCalls.length },
    events: audit.events.length,
    auctions: audit.events.filter(({ kind }) => kind === 'auction-cleared').length,
    days: audit.events.filter(({ kind }) => kind === 'day-closed').length,
    fills,
    redriven,
    stateHash: audit.stateHash,
    failures,
  };
}

/** Every answered submission is in the book once, decided; an account's follow each other as they were answered. */
async function booksOf(rows: VenueRows, { submissions }: Ledger, shards: number): Promise<{ taken: number; failures: string[] }> {
  const failures: string[] = [];
  const times = new Map<string, number>();
  for (const { sk } of rows.ofKind('BOOK')) times.set(sk!.S!, (times.get(sk!.S!) ?? 0) + 1);
  let taken = 0;
  const last = new Map<string, { sent: Sent; at: string; auction: number }>();
  for (const sent of [...submissions].sort((a, b) => (a.answered ?? 0) - (b.answered ?? 0))) {
    const { account, key, product, orders, answered } = sent;
    const name = `submission ${key} of ${account}`;
    const found = times.get(`${account}#${key}`) ?? 0;
    taken += found;
    if (found > 1) failures.push(`${name} is in the book ${found} times`);
    if (answered === undefined) continue;
    const shard = shardOf(account, shards);
    const stored = await readSubmission(rows, product, shard, account, key);
    if (!stored) {
      failures.push(`${name} was answered and is not in ${bookPartition(product, shard, keyDate(key))}`);
      continue;
    }
    orders.forEach((order, at) => {
      if ('contract' in order && stored.outcomes[at] !== 'accepted')
        failures.push(`${name}: order ${at} is ${stored.outcomes[at]}`);
    });
    const before = last.get(account);
    const at = stored.sequence.padStart(40, '0');
    if (before && (before.at >= at || before.auction > stored.auction))
      failures.push(`${name} stands before ${before.sent.key}, which was answered before it was sent`);
    last.set(account, { sent, at, auction: stored.auction });
  }
  return { taken, failures };
}

/** Every answered call stands once. */
async function callFaults(table: Rows, { events }: Audit, { calls }: Ledger): Promise<string[]> {
  const failures: string[] = [];
  const movements = events.flatMap((event) => (event.kind === 'cash-moved' ? event.movements : []));
  const opened = events.flatMap((event) => (event.kind === 'accounts-opened' ? event.accounts : []));
  for (const { path, body, answered } of calls) {
    for (const times of await timesOf(path, body))
      if (times > 1 || (answered && times === 0)) failures.push(`${path} ${JSON.stringify(body)} stands ${times} times`);
  }
  return failures;

  /** How often each thing stands that a call does. */
  async function timesOf(path: string, body: Call['body']): Promise<number[]> {
    const [, , , kind, first, second] = path.split('/');
    if (kind === 'index') {
      const value = await readIndexValue(table, first!, second as BusinessDate);
      return [value?.value === parseIndex(`${body.value}`) ? 1 : 0];
    }
    const { accounts = [], movements: wanted = [] } = body as { accounts?: NewAccount[]; movements?: CashMovement[] };
    return [
      ...accounts.map(({ account }) => opened.filter((opening) => opening.account === account).length),
      ...wanted.map(({ account, reference, amount }) => {
        const cents = parseDecimal(amount, 2);
        return movements.filter((moved) => moved.account === account && moved.reference === reference && moved.cents === cents)
          .length;
      }),
    ];
  }
}

/** No order fills twice in an auction, nor beyond its lots over all of them. */
async function fillFaults(table: Rows, { events }: Audit, { submissions }: Ledger) {
  const lots = new Map<string, number>(
    submissions.flatMap(({ account, orders }) =>
      orders.flatMap(({ clientOrderId, lots }) =>
        clientOrderId ? [[`${account} ${clientOrderId}`, Number(lots)] as [string, number]] : [],
      ),
    ),
  );
  const filled = new Map<string, number>();
  const failures: string[] = [];
  let fills = 0;
  for (const event of events) {
    if (event.kind !== 'auction-cleared') continue;
    const seen = new Set<string>();
    for (const fill of await readFills(table, event)) {
      const name = `${fill.account} ${fill.clientOrderId}`;
      fills += 1;
      if (seen.has(name)) failures.push(`${name} fills twice in auction ${event.auction}`);
      seen.add(name);
      filled.set(name, (filled.get(name) ?? 0) + fill.lots + (fill.selfMatched ?? 0));
    }
  }
  for (const [name, quantity] of filled)
    if (quantity > (lots.get(name) ?? Number.POSITIVE_INFINITY))
      failures.push(`${name} has filled ${quantity} of ${lots.get(name)} lots`);
  return { fills, failures };
}
