/**
 * Whether a candidate came to the same: every value that the venue has, the candidate must have too. What it adds is not
 * compared, so a version may write more than the one before it, and never anything else.
 */

import { canonical } from '../../audit/canonical.ts';
import type { Finding } from '../../audit/finding.ts';
import { inOrder, rowName, type VenueRows } from '../../audit/rows.ts';
import type { BookOrder, Fill } from '../../domain/auction/book.ts';
import type { AuctionCleared, ClearingEvent } from '../../domain/clearing/events.ts';
import { ACCOUNT_PREFIX, ordered } from '../../store/keys.ts';
import { readCarried, readDepth, readFills } from '../../store/results.ts';
import type { Attributes, Rows } from '../../store/table.ts';

/** How the candidate's result of an auction differs, as what follows its name; `undefined` when it does not. */
export async function auctionDiffers(
  venue: Rows,
  theirs: Rows,
  was: AuctionCleared,
  is: ClearingEvent | undefined,
): Promise<string | undefined> {
  if (is?.kind !== 'auction-cleared') return 'was not cleared by the candidate';
  const { fills: _, carried: _c, depth: _p, ...result } = was;
  const { product, auction } = was;
  // Results are compared by what they say: how they are packed may change, and into how many shards they are split.
  const sets: [what: string, read: (rows: Rows, event: AuctionCleared) => Promise<(Fill | BookOrder)[]>][] = [
    ['fills', (rows, event) => readFills(rows, event)],
    ['carried orders', (rows, event) => readCarried(rows, product, event.carried)],
  ];
  const differs = firstDifference(result, is);
  if (differs) return differs;
  for (const [what, read] of sets) {
    const [own, other] = [await read(venue, was), await read(theirs, is)];
    const found = firstDifference(own.sort(inOrderOfName), other.sort(inOrderOfName), what);
    if (found) return found;
  }
  const [own, other] = [await readDepth(venue, product, auction, was.depth), await readDepth(theirs, product, auction, is.depth)];
  return firstDifference(own, other, 'depth');
}

const inOrderOfName = (a: Fill | BookOrder, b: Fill | BookOrder): number =>
  inOrder(a.account, b.account) || inOrder(a.clientOrderId, b.clientOrderId);

/** How an event differs from the venue's, as what follows its name; `undefined` when it does not. */
export const eventDiffers = (was: ClearingEvent, is: ClearingEvent | undefined): string | undefined =>
  is ? firstDifference(was, is) : 'was not decided by the candidate';

export interface Compared {
  readonly checked: number;
  readonly faults: readonly Finding[];
}

/** Rows of some kinds, stored by both. `isDue` picks those of the venue that the candidate has had to write. */
export function compareRows(venue: VenueRows, theirs: VenueRows, kind: string, isDue: (item: Attributes) => boolean): Compared {
  const found = new Map(
    theirs
      .ofKind(kind)
      .filter(isDue)
      .map((item) => [rowName(item), item]),
  );
  const faults: Finding[] = [];
  const due = venue.ofKind(kind).filter(isDue);
  for (const item of due) {
    const row = rowName(item);
    const differs = found.has(row) ? firstDifference(readable(item), readable(found.get(row)!)) : 'is missing';
    if (differs) faults.push({ row, what: differs });
    found.delete(row);
  }
  for (const row of found.keys()) faults.push({ row, what: 'is written by the candidate and not by the venue' });
  return { checked: due.length, faults };
}

export const isAccount = ({ sk }: Attributes): boolean => sk!.S!.startsWith(ACCOUNT_PREFIX);
export const isAfter =
  (seq: number) =>
  ({ sk }: Attributes): boolean =>
    sk!.S! > ordered(seq);

/** Attributes with the JSON in them as what it says. */
const readable = (item: Attributes): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(item).map(([name, value]) => [name, value.S?.startsWith('{') ? JSON.parse(value.S) : canonical(value)]),
  );

/** The first value of `was` that `is` has otherwise or not at all; lists must be equally long. */
function firstDifference(was: unknown, is: unknown, path = ''): string | undefined {
  if (was === null || typeof was !== 'object' || is === null || typeof is !== 'object')
    return canonical(was) === canonical(is) ? undefined : said(path, was, is);
  if (Array.isArray(was) && was.length !== (is as unknown[]).length)
    return `${path}: the venue has ${was.length}, the candidate ${(is as unknown[]).length}`;
  for (const [name, inner] of Object.entries(was)) {
    const at = path === '' ? name : `${path}.${name}`;
    const other = (is as Record<string, unknown>)[name];
    const found = other === undefined && inner !== undefined ? said(at, inner, other) : firstDifference(inner, other, at);
    if (found) return found;
  }
  return undefined;
}

const said = (path: string, was: unknown, is: unknown): string =>
  `${path}: the venue has ${canonical(was)}, the candidate ${canonical(is)}`;
