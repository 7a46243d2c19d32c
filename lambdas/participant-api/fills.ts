/**
 * An account's fills, newest auction first, with what self-match prevention took out of its orders: its journal says which auctions filled its orders and how many of them, the fills
 * themselves stand with the auction, and its event says at what price.
 */
import * as z from 'zod';
import { rule } from '../../lib/api/written.ts';
import type { Fill } from '../../lib/domain/auction/book.ts';
import type { JournalEntry } from '../../lib/domain/clearing/account.ts';
import type { AuctionCleared } from '../../lib/domain/clearing/events.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { CASH, type ContractMonth, contractCode } from '../../lib/domain/contract/months.ts';
import { formatPrice } from '../../lib/domain/contract/product.ts';
import { minusTicks, type Ticks } from '../../lib/domain/contract/units.ts';
import { readJournal } from '../../lib/store/journal.ts';
import { readEventsAt } from '../../lib/store/log.ts';
import { readFillsOf } from '../../lib/store/results.ts';
import { limitText } from '../http/paging.ts';
import type { Problem } from '../http/problems.ts';
import { type Answer, ok, withQuery } from '../http/routes.ts';
import type { ParticipantRequest } from './participant.ts';
import { newestVenue } from './recent-venue.ts';

/** An event, and of its fills those of orders whose names come after this one. Orders of the roll have a stroke in theirs. */
const CURSOR = /^[1-9]\d{0,11}(\.[A-Za-z0-9._:/-]{1,36})?$/;
const QUERY = z.strictObject({
  limit: limitText,
  before: z.string().regex(CURSOR, rule('must be a cursor or the number of an event')).optional(),
});

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

export const listFills = withQuery(QUERY, async (request: ParticipantRequest, query): Promise<Answer | Problem> => {
  const { rows, next } = await findFills(request, query.limit, query.before);
  const venue = await newestVenue(request);
  return ok({ items: rows.map((row) => fillJson(row, venue)), ...(next === undefined ? {} : { next }) });
});

async function findFills(
  request: ParticipantRequest,
  limit: number,
  cursor: string | undefined,
): Promise<{ rows: FillRow[]; next?: string }> {
  const { caller, backends } = request;
  const [, number, after] = /^(\d+)(?:\.(.*))?$/.exec(cursor ?? '') ?? [];
  const from = number === undefined ? undefined : { seq: Number(number), after };
  // A cursor within an event's fills starts with that event again.
  let before = from && (after === undefined ? from.seq : from.seq + 1);
  const rows: FillRow[] = [];
  for (let read = 0; read < ENTRIES_MAX; read += ENTRIES_A_TIME) {
    const range = { limit: ENTRIES_A_TIME, ...(before === undefined ? {} : { before }) };
    const entries = await readJournal(backends.table, caller.account, range);
    const filled = entries.filter(({ fills = 0 }) => fills > 0);
    while (filled.length && rows.length <= limit)
      rows.push(...(await fillsOf(request, takeEnough(filled, limit + 1 - rows.length), from, limit + 1 - rows.length)));
    if (rows.length > limit) return { rows: rows.slice(0, limit), next: cursorOf(rows[limit - 1]!) };
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
  limit: number,
): Promise<FillRow[]> {
  const events = await readEventsAt(
    table,
    entries.map(({ seq }) => seq),
  );
  const found = await Promise.all(
    entries.map(async ({ seq }) => {
      const event = events.get(seq) as AuctionCleared;
      const fills = await readFillsOf(table, event, caller.account, { limit, after: seq === from?.seq ? from.after : undefined });
      return fills.map((fill): FillRow => ({ seq, event, fill }));
    }),
  );
  return found.flat();
}

function fillJson({ seq, event, fill }: FillRow, venue: VenueState) {
  const { clientOrderId, buy, sell, lots, rolls, sender, selfMatched = 0 } = fill;
  const { product, auction, date } = event;
  const price = (of: ContractMonth): Ticks => event.months[of]!.price;
  const text = (of: Ticks): string => formatPrice(of, venue.products[product]!.parameters);
  const terms =
    sell === CASH
      ? { side: 'buy', contract: contractCode(product, buy), lots, price: text(price(buy)) }
      : buy === CASH
        ? { side: 'sell', contract: contractCode(product, sell), lots, price: text(price(sell)) }
        : {
            buy: contractCode(product, buy),
            sell: contractCode(product, sell),
            lots,
            price: text(minusTicks(price(buy), price(sell))),
          };
  return { seq, product, auction, date, clientOrderId, ...terms, rolls, selfMatched, sender };
}
