/**
 * The audit: replays the clearing log from its first event through the rules, clears every auction again from its frozen
 * book, and compares what comes out with every row that is stored. What it finds is a list of faults, each with the key of
 * the row; an empty one means the books are right to the cent. See docs/audit.md for what that proves.
 */
import { createHash } from 'node:crypto';
import { type AccountState, positions } from '../domain/clearing/account.ts';
import type { ClearingEvent } from '../domain/clearing/events.ts';
import type { VenueState } from '../domain/clearing/venue.ts';
import { addCents, type Cents, NO_CENTS } from '../domain/contract/units.ts';
import { decodeAccount, encodeAccount } from '../store/accounts.ts';
import { ACCOUNT_PREFIX, cursorKey, logKey, venueKey } from '../store/keys.ts';
import { readSnapshot } from '../store/log.ts';
import { shardsTouched } from '../store/posted.ts';
import { type Attributes, type Item, S, type Table } from '../store/table.ts';
import { countCalls, shortFindings } from './calls.ts';
import { canonical, differences } from './canonical.ts';
import { chainFindings } from './chain.ts';
import { Decisions } from './decisions.ts';
import type { Finding } from './finding.ts';
import { recordFindings } from './records.ts';
import { type Replay, replay } from './replay.ts';
import { rowName, VenueRows } from './rows.ts';
import { bookFindings } from './submissions.ts';

/** The checks, in the order in which they are told; the first and third only where there is a manifest, or a head. */
export type CheckName =
  | 'files'
  | 'log'
  | 'head'
  | 'books'
  | 'auctions'
  | 'decisions'
  | 'settlements'
  | 'calls'
  | 'posted'
  | 'journal'
  | 'accounts'
  | 'statements'
  | 'totals'
  | 'chain'
  | 'records'
  | 'sums';

export interface AuditCheck {
  readonly name: CheckName;
  /** How many events, auctions or rows were looked at; `null` when the check could not be made. */
  readonly checked: number | null;
  readonly faults: readonly Finding[];
}

export interface Audit {
  readonly events: readonly ClearingEvent[];
  readonly venue: VenueState;
  /** The chained hash after each event, in order. */
  readonly heads: readonly string[];
  /** As replayed, by account. */
  readonly accounts: ReadonlyMap<string, AccountState>;
  readonly shards: number;
  /** In the order in which they are to be read: a fault of an earlier one explains those of later ones. */
  readonly checks: readonly AuditCheck[];
  /** Whether every check was made and every row is what the log and the books give. */
  readonly identical: boolean;
  /** The first faults, as sentences. */
  readonly differences: readonly string[];
  /** Over all stored accounts: the sizes of what does not sum to zero in a month, added up. */
  readonly lotsSum: number;
  /** Over all stored accounts, the bank's included. */
  readonly centsSum: Cents;
  /**
   * SHA-256 of the state: each product's months, prices, days and carried orders, each account's cash and positions. Event numbers stand
   * out of it, so that it does not depend on the order in which independent deposits came.
   */
  readonly stateHash: string;
}

const DIFFERENCES_MAX = 50;

/** Reads every row of the table once, then audits them. */
export async function auditVenue(table: Table, shards: number): Promise<Audit> {
  return auditRows(await VenueRows.from(table.scan()), shards);
}

/** Audits rows that are in memory already, as they are of a table or of an export. */
export async function auditRows(rows: VenueRows, shards: number): Promise<Audit> {
  const books = bookFindings(rows, shards);
  const decisions = new Decisions(rows, new Set(books.map(({ row }) => row)));
  const replayed = await replay(rows, shards, (seq, state) => decisions.decide(seq, state.venue, state.accounts));
  if (replayed.complete) decisions.end();
  const { venue, events, accounts, faults, complete } = replayed;
  const stored = rows.ofKind('SHARD').filter(({ sk }) => sk?.S?.startsWith(ACCOUNT_PREFIX));
  const count = (kind: ClearingEvent['kind'][]): number => events.filter((event) => kind.includes(event.kind)).length;
  const compared = (name: CheckName, due: readonly Item[], found: readonly Attributes[]): AuditCheck =>
    complete ? { name, checked: due.length, faults: compare(due, found) } : { name, checked: null, faults: [] };
  const states = readStates(stored);
  const sum = sums(states.accounts);
  const log = [...faults.log, ...(complete ? await endFindings(rows, replayed) : [])];
  const checks: AuditCheck[] = [
    { name: 'log', checked: events.length, faults: log },
    { name: 'books', checked: rows.ofKind('BOOK').length, faults: books },
    { name: 'decisions', checked: replayed.complete ? decisions.checked : null, faults: decisions.faults },
    { name: 'auctions', checked: count(['auction-cleared']), faults: faults.auctions },
    { name: 'settlements', checked: count(['prices-settled', 'month-expired']), faults: faults.prices },
    { name: 'calls', checked: countCalls(events), faults: [...faults.calls, ...(complete ? shortFaults(rows, replayed) : [])] },
    complete
      ? { name: 'posted', checked: shards, faults: await cursorFindings(rows, shards, events) }
      : { name: 'posted', checked: null, faults: [] },
    compared('journal', replayed.journal, rows.ofKind('JOURNAL')),
    compared(
      'accounts',
      [...accounts.values()].map((state) => encodeAccount(state, shards)),
      stored,
    ),
    compared('statements', replayed.statements, rows.ofKind('STATEMENT')),
    compared('totals', replayed.totals.map(provableTotals), rows.ofKind('TOTALS').map(provable)),
    { name: 'chain', ...(complete ? chainFindings(rows, events) : { checked: null, faults: [] }) },
    { name: 'records', ...(complete ? await recordFindings(rows, replayed) : { checked: null, faults: [] }) },
    { name: 'sums', checked: states.accounts.length, faults: [...states.faults, ...sumFindings(sum)] },
  ];
  const all = checks.flatMap((check) => check.faults);
  return {
    events,
    venue,
    heads: replayed.venues.map(({ hash }) => hash),
    accounts,
    shards,
    checks,
    identical: all.length === 0 && checks.every(({ checked }) => checked !== null),
    differences: all.slice(0, DIFFERENCES_MAX).map(({ row, what }) => `${row} ${what}`),
    ...sum,
    stateHash: hashOf(venue, states.accounts),
  };
}

const shortFaults = (rows: VenueRows, { venue, accounts, short }: Replay): Finding[] =>
  shortFindings(rows.ofKind('SHORT'), venue, accounts, short);

/** Rows that are missing, other than they should be, or too many, in order of key. */
function compare(due: readonly Item[], stored: readonly Attributes[]): Finding[] {
  const found = new Map(stored.map((item) => [rowName(item), item]));
  const faults: Finding[] = [];
  for (const { pk, sk, attributes } of due) {
    const row = `${pk} ${sk}`;
    const item = found.get(row);
    found.delete(row);
    if (!item) faults.push({ row, what: 'is missing' });
    else {
      const wrong = differences(item, { pk: S(pk), sk: S(sk), ...attributes });
      if (wrong.length) faults.push({ row, what: `is not what the log gives: ${wrong.join('; ')}` });
    }
  }
  for (const row of found.keys()) faults.push({ row, what: 'is stored and does not follow from the log' });
  return faults.sort((a, b) => (a.row < b.row ? -1 : 1));
}

/** What else the table says of the log: how far it has been posted, when it has lost its end, and its snapshot. */
async function endFindings(rows: VenueRows, { events, venues }: Replay): Promise<Finding[]> {
  const snapshot = await readSnapshot(rows);
  const reached = rows.ofKind('TOTALS').reduce((seq, { sk }) => Math.max(seq, Number(sk?.S)), snapshot?.seq ?? 0);
  const missing = logKey(events.length + 1);
  if (reached > events.length)
    return [{ row: `${missing.pk} ${missing.sk}`, what: `is missing: other rows have seen the log up to event ${reached}` }];
  if (!snapshot) return [];
  const row = `${venueKey.pk} ${venueKey.sk}`;
  const then = venues[snapshot.seq - 1];
  if (snapshot.hash !== then?.hash) return [{ row, what: `does not stand on event ${snapshot.seq} of the log` }];
  return canonical(snapshot) === canonical(then) ? [] : [{ row, what: 'is not the state that the log gives' }];
}

/** A shard has posted every event that touches it. Its cursor may stand before events that don't. */
async function cursorFindings(rows: VenueRows, shards: number, events: readonly ClearingEvent[]): Promise<Finding[]> {
  const faults: Finding[] = [];
  const touched = events.map((event) => new Set(shardsTouched(event, shards)));
  for (let shard = 0; shard < shards; shard++) {
    const at = Number((await rows.get(cursorKey(shard)))?.seq?.N ?? 0);
    const left = touched.findIndex((those, before) => before >= at && those.has(shard));
    const row = `${cursorKey(shard).pk} CURSOR`;
    if (at > events.length) faults.push({ row, what: `has posted ${at} of ${events.length} events` });
    else if (left >= 0)
      faults.push({ row, what: `has posted ${at} of ${events.length} events, and event ${left + 1} touches the shard` });
  }
  return faults;
}

/** Totals without what can't be replayed: lots left to roll depend on instructions that may have changed since. */
export const provable = (item: Attributes): Attributes =>
  Object.fromEntries(
    Object.entries(item).map(([name, value]) => [
      name,
      name.startsWith('shard#') && value.S !== undefined ? S(value.S.replace(/"longsLeft":\d+,?/, '')) : value,
    ]),
  );
const provableTotals = (item: Item): Item => ({ ...item, attributes: provable(item.attributes) });

function readStates(stored: readonly Attributes[]): { accounts: AccountState[]; faults: Finding[] } {
  const accounts: AccountState[] = [];
  const faults: Finding[] = [];
  for (const item of stored)
    try {
      accounts.push(decodeAccount(item));
    } catch (error) {
      faults.push({ row: rowName(item), what: `can't be read: ${(error as Error).message}` });
    }
  return { accounts, faults };
}

const sumFindings = ({ lotsSum, centsSum }: Pick<Audit, 'lotsSum' | 'centsSum'>): Finding[] => [
  ...(lotsSum === 0 ? [] : [{ row: 'ACCOUNT', what: `rows are ${lotsSum} lots off over all accounts` }]),
  ...(centsSum === 0n ? [] : [{ row: 'ACCOUNT', what: `rows are ${centsSum} cents off over all accounts` }]),
];

function sums(accounts: readonly AccountState[]): Pick<Audit, 'lotsSum' | 'centsSum'> {
  const byContract = new Map<string, number>();
  for (const { products } of accounts)
    for (const [product, holding] of Object.entries(products))
      for (const [month, lots] of positions(holding))
        byContract.set(`${product} ${month}`, (byContract.get(`${product} ${month}`) ?? 0) + lots);
  return {
    // Months off by opposite amounts must not cancel each other out.
    lotsSum: [...byContract.values()].reduce((sum, lots) => sum + Math.abs(lots), 0),
    centsSum: accounts.reduce((sum, { cash }) => addCents(sum, cash), NO_CENTS),
  };
}

/** `stateHash` of a venue and its accounts. */
export function hashOf(venue: VenueState, accounts: readonly AccountState[]): string {
  const products = Object.values(venue.products).map(
    ({ product, version, listed, marks, lastAuction, carried, settledOn, closedOn }) => ({
      product,
      version,
      listed,
      marks,
      lastAuction,
      // Hashes of the orders that live on.
      carried,
      settledOn,
      closedOn,
    }),
  );
  const states = accounts
    .map(({ applied: _, depositedBy: __, ...state }) => state)
    .sort((a, b) => (a.account < b.account ? -1 : 1));
  return createHash('sha256')
    .update(canonical({ products, accounts: states }))
    .digest('hex');
}
