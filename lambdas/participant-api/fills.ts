/** An account's fills, newest first: which order traded is in its journal, at what price is in the auction's event. */
import * as z from 'zod';
import type { JournalEntry } from '../../lib/domain/clearing/account.ts';
import type { AuctionCleared, ClearingEvent } from '../../lib/domain/clearing/events.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { CASH, type ContractMonth, contractCode } from '../../lib/domain/contract/months.ts';
import { formatPrice } from '../../lib/domain/contract/product.ts';
import { minusTicks, type Ticks } from '../../lib/domain/contract/units.ts';
import { readJournal } from '../../lib/store/journal.ts';
import { readEventsAt } from '../../lib/store/log.ts';
import { limitText } from '../http/paging.ts';
import type { Problem } from '../http/problems.ts';
import { rule } from '../http/request.ts';
import { type Answer, ok, withQuery } from '../http/routes.ts';
import type { ParticipantRequest } from './participant.ts';
import { newestVenue } from './recent-venue.ts';

/** An event, and of its fills those after the one with that number. */
const CURSOR = /^[1-9]\d{0,11}(\.\d{1,9})?$/;
const QUERY = z.strictObject({
  limit: limitText,
  before: z.string().regex(CURSOR, rule('must be a cursor or the number of an event')).optional(),
});

/** Journal entries that one request reads at most; beyond them the page ends early and says where to go on. */
const ENTRIES_MAX = 1000;
const ENTRIES_A_TIME = 200;

interface FillRow {
  readonly entry: JournalEntry;
  readonly index: number;
}

export const listFills = withQuery(QUERY, async (request: ParticipantRequest, query): Promise<Answer | Problem> => {
  const { rows, next } = await findFills(request, query.limit, query.before);
  const venue = await newestVenue(request);
  const events = await readEventsAt(
    request.backends.table,
    rows.map(({ entry }) => entry.seq),
  );
  return ok({ items: rows.map((row) => fillJson(row, events, venue)), ...(next === undefined ? {} : { next }) });
});

async function findFills(
  { caller: { account }, backends: { table } }: ParticipantRequest,
  limit: number,
  cursor: string | undefined,
): Promise<{ rows: FillRow[]; next?: string }> {
  const [from, passed] = (cursor ?? '').split('.').map((part) => (part === '' ? undefined : Number(part)));
  // A cursor within an event's fills starts with that event again.
  let before = from === undefined || passed === undefined ? from : from + 1;
  const rows: FillRow[] = [];
  for (let read = 0; read < ENTRIES_MAX; read += ENTRIES_A_TIME) {
    const entries = await readJournal(table, account, {
      limit: ENTRIES_A_TIME,
      ...(before === undefined ? {} : { before }),
    });
    for (const entry of entries)
      for (const index of (entry.fills ?? []).keys()) {
        if (entry.seq === from && passed !== undefined && index <= passed) continue;
        if (rows.length === limit) return { rows, next: cursorOf(rows.at(-1)!) };
        rows.push({ entry, index });
      }
    if (entries.length < ENTRIES_A_TIME) return { rows };
    before = entries.at(-1)!.seq;
  }
  return { rows, next: `${before}` };
}

const cursorOf = ({ entry, index }: FillRow): string => `${entry.seq}.${index}`;

function fillJson({ entry, index }: FillRow, events: ReadonlyMap<number, ClearingEvent>, venue: VenueState) {
  const event = events.get(entry.seq) as AuctionCleared;
  const { clientOrderId, buy, sell, lots, rolls } = entry.fills![index]!;
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
  return { seq: entry.seq, product, auction, date, clientOrderId, ...terms, rolls };
}
