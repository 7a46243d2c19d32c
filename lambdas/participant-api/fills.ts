/**
 * An account's fills, newest auction first, with what self-match prevention took out of its orders: its journal says which auctions filled its orders and how many of them, the fills
 * themselves stand with the auction, and its event says at what price.
 */
import type { Fill } from '../../lib/domain/auction/book.ts';
import type { JournalEntry } from '../../lib/domain/clearing/account.ts';
import type { AuctionCleared } from '../../lib/domain/clearing/events.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { CASH, type ContractMonth } from '../../lib/domain/contract/months.ts';
import { minusTicks, type Ticks, ticks } from '../../lib/domain/contract/units.ts';
import { readJournal } from '../../lib/store/journal.ts';
import { readEventsAt } from '../../lib/store/log.ts';
import { readFillsNamed, readFillsOf } from '../../lib/store/results.ts';
import { nextFrom } from '../http/paging.ts';
import { ok } from '../http/routes.ts';
import { pairJson } from './order-terms.ts';
import type { Answers, ParticipantRequest } from './participant.ts';
import { newestVenue } from './recent-venue.ts';

/** Journal entries that one request reads at most; beyond them the page ends early and says where to go on. */
const ENTRIES_MAX = 1000;
const ENTRIES_A_TIME = 200;
/** Auctions whose fills are read at the same time. */
const AUCTIONS_TOGETHER = 20;

interface FillRow {
  readonly seq: number;
  readonly event: AuctionCleared;
  readonly fill: Fill;
}

export const listFills: Answers['listFills'] = async ({ query, ...request }) => {
  const { rows, next } = await findFills(request, query.limit, query.cursor, query.clientOrderId);
  const venue = await newestVenue(request);
  return ok(nextFrom({ items: rows.map((row) => fillJson(row, venue)), ...(next === undefined ? {} : { next }) }));
};

/** Those of the orders of one name, or of all. */
async function findFills(
  request: ParticipantRequest,
  limit: number,
  cursor: string | undefined,
  name: string | undefined,
): Promise<{ rows: FillRow[]; next?: string }> {
  const { caller, backends } = request;
  const [, number, after] = /^(\d+)(?:\.(.*))?$/.exec(cursor ?? '') ?? [];
  const from = number === undefined ? undefined : { seq: Number(number), after };
  // A cursor within an event's fills starts with that event again; of one name there is one fill in an event.
  let before = from && (after === undefined || name !== undefined ? from.seq : from.seq + 1);
  const rows: FillRow[] = [];
  for (let read = 0; read < ENTRIES_MAX; read += ENTRIES_A_TIME) {
    const range = { limit: ENTRIES_A_TIME, ...(before === undefined ? {} : { before }) };
    const entries = await readJournal(backends.table, caller.account, range);
    const filled = entries.filter(({ fills = 0 }) => fills > 0);
    while (filled.length && rows.length <= limit)
      rows.push(...(await fillsOf(request, takeEnough(filled, limit + 1 - rows.length), from, name, limit + 1 - rows.length)));
    if (rows.length > limit)
      return { rows: rows.slice(0, limit), next: name === undefined ? cursorOf(rows[limit - 1]!) : `${rows[limit - 1]!.seq}` };
    if (entries.length < ENTRIES_A_TIME) return { rows };
    before = entries.at(-1)!.seq;
  }
  return { rows, next: `${before}` };
}

const cursorOf = ({ seq, fill }: FillRow): string => `${seq}.${fill.clientOrderId}`;

/** Takes entries off the front of a list: those with so many fills together, or as many as are read at a time. */
function takeEnough(entries: JournalEntry[], fills: number): JournalEntry[] {
  let [count, sum] = [0, 0];
  while (count < Math.min(entries.length, AUCTIONS_TOGETHER) && sum < fills) sum += entries[count++]!.fills!;
  return entries.splice(0, count);
}

/** The fills that some entries speak of, in their order; of the event that the cursor is in, those after it. */
async function fillsOf(
  { caller, backends: { table } }: ParticipantRequest,
  entries: readonly JournalEntry[],
  from: { readonly seq: number; readonly after: string | undefined } | undefined,
  name: string | undefined,
  limit: number,
): Promise<FillRow[]> {
  const events = await readEventsAt(
    table,
    entries.map(({ seq }) => seq),
  );
  const found = await Promise.all(
    entries.map(async ({ seq }) => {
      const event = events.get(seq) as AuctionCleared;
      const fills =
        name === undefined
          ? await readFillsOf(table, event, caller.account, { limit, after: seq === from?.seq ? from.after : undefined })
          : await readFillsNamed(table, event, caller.account, name);
      return fills.map((fill): FillRow => ({ seq, event, fill }));
    }),
  );
  return found.flat();
}

function fillJson({ seq, event, fill }: FillRow, venue: VenueState) {
  const { clientOrderId, buy, sell, lots, rolls, sender, selfMatched = 0 } = fill;
  const { product, auction, date } = event;
  const price = (of: ContractMonth): Ticks => (of === CASH ? ticks(0) : event.months[of]!.price);
  const terms = pairJson(venue.products[product]!, { buy, sell }, minusTicks(price(buy), price(sell)));
  return { seq, product, auction, date, clientOrderId, ...terms, lots, rolls, selfMatched, sender };
}
