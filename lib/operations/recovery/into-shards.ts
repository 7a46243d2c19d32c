/**
 * A venue's rows as they lie in another number of shards. Events and what they point at stay as they are: an event says into how
 * many shards it was split. What lies with an account moves to the account's new shard: submissions, orders of the roll,
 * instructions; and auctions and intakes follow them. The open book is moved whole: after it every order of it is as live as before.
 * Only a venue at rest is moved: halted, no auction numbered that has not cleared, every shard at the same open auction.
 */

import { rowName, VenueRows } from '../../audit/rows.ts';
import { bookFindings } from '../../audit/submissions.ts';
import { bySequence, movedPlace } from '../../domain/auction/open-orders.ts';
import { EMPTY_VENUE, evolveVenue, type VenueState } from '../../domain/clearing/venue.ts';
import { ownerOf } from '../../domain/contract/owner.ts';
import { type Intake, intakeItem, readIntake } from '../../store/auctions.ts';
import { readHalt } from '../../store/halt.ts';
import {
  ACCOUNT_PREFIX,
  accountKey,
  accountOfSort,
  bookPartition,
  deadMansSwitchKey,
  type Key,
  ownerStopsKey,
  rollInstructionKey,
  shardOf,
} from '../../store/keys.ts';
import { readLog } from '../../store/log.ts';
import { rollChunkItem, rollOrders } from '../../store/roll-orders.ts';
import { sealOf } from '../../store/submissions.ts';
import { type Attributes, type Item, N, S } from '../../store/table.ts';
import { OperationsError } from '../error.ts';

/** Orders in a chunk of those of the roll; one is under 120 bytes. */
const ROLL_ORDERS = 1000;

/**
 * The rows in `shards` shards. Cursors are left out and what the log gives else is left where it lies: all of it is replayed. Throws
 * OperationsError when the venue is not at rest, or a submission is not as it was written.
 */
export async function intoShards(source: VenueRows, shards: number): Promise<VenueRows> {
  const venue = await venueOf(source);
  const intakes = await intakesOf(source, venue);
  await refuseUnlessAtRest(source, venue);
  const [fault] = bookFindings(source, source.shards());
  if (fault) throw new OperationsError(`${fault.row} ${fault.what}`, REPLACE);
  const books = movedBooks(source, intakes, shards);
  const dates = datesIn(books);
  const moved: Readonly<Record<string, () => Attributes[] | Promise<Attributes[]>>> = {
    BOOK: () => books.map(rowOf),
    ROLL: async () => (await movedRolls(source, shards)).map(rowOf),
    STOPS: () => source.ofKind('STOPS').map((row) => under(ownerStopsKey(row.sk!.S!, shards), row)),
    DEADMAN: () => source.ofKind('DEADMAN').map((row) => under(deadMansSwitchKey(productIn(row), row.sk!.S!, shards), row)),
    SHARD: () => source.ofKind('SHARD').flatMap((row) => movedOfAccount(row, shards)),
    AUCTION: () => source.ofKind('AUCTION').map((row) => movedAuction(row, dates, shards)),
    INTAKE: () => [...intakes].flatMap(([product, open]) => movedIntakes(product, open, dates, shards).map(rowOf)),
  };
  const others = source.all().filter((row) => !(kindOf(row) in moved));
  const kinds = await Promise.all(Object.values(moved).map((move) => move()));
  return VenueRows.from([...others, ...kinds.flat()]);
}

const REPLACE = 'Take the row from a backup or an export that has it; npm run rebuild -- --salvage joins two sources.';

async function venueOf(source: VenueRows): Promise<VenueState> {
  try {
    let venue = EMPTY_VENUE;
    for await (const { seq, hash, event } of readLog(source, EMPTY_VENUE)) venue = evolveVenue(venue, seq, hash, event);
    return venue;
  } catch (cause) {
    throw new OperationsError(`The source does not replay: ${(cause as Error).message}`, REPLACE, { cause });
  }
}

async function refuseUnlessAtRest(source: VenueRows, venue: VenueState): Promise<void> {
  if (!(await readHalt(source)))
    throw new OperationsError(
      'The venue is not halted',
      'Halt it first: nothing may be posted while it is moved. See docs/runbook.md.',
    );
  for (const row of source.ofKind('AUCTION')) {
    const [product, auction] = [productIn(row), Number(row.sk!.S)];
    if (auction > (venue.products[product]?.lastAuction ?? 0))
      throw new OperationsError(
        `Auction ${auction} of ${product} is due and has not cleared`,
        'Resume the venue, wait until it has cleared, halt it again, and repeat this.',
      );
  }
}

/**
 * What the intakes of a product's shards have in common, for every product that has any. What they have passed is left out: all of it has
 * cleared, and no marker closes it again.
 */
async function intakesOf(source: VenueRows, { products }: VenueState): Promise<Map<string, Pick<Intake, 'open' | 'openedAt'>>> {
  const intakes = new Map<string, Pick<Intake, 'open' | 'openedAt'>>();
  for (const product of new Set(source.ofKind('INTAKE').map(productIn))) {
    const open = (products[product]?.lastAuction ?? 0) + 1;
    const own = await Promise.all(Array.from({ length: source.shards() }, (_, shard) => readIntake(source, product, shard)));
    const shard = own.findIndex((intake) => intake.open !== open);
    if (shard >= 0)
      throw new OperationsError(
        `Shard ${shard} of ${product} takes submissions into auction ${own[shard]!.open}, and auction ${open} is the next to clear`,
        'Resume the venue, wait until it has cleared, halt it again, and repeat this.',
      );
    // The earliest, so that nothing that any of them has let in is too old to be looked for.
    intakes.set(product, { open, openedAt: own.map(({ openedAt }) => openedAt).sort()[0]! });
  }
  return intakes;
}

/** Every submission under its account's shard and sealed there, those into an open auction in their order before all that come. */
function movedBooks(source: VenueRows, intakes: ReadonlyMap<string, Pick<Intake, 'open'>>, shards: number): Item[] {
  const places = new Map<string, string>();
  const open = source.ofKind('BOOK').filter((row) => Number(row.auction?.N) === intakes.get(productIn(row))?.open);
  // Of an owner's accounts together: what one may do depends on what the others had sent by then.
  for (const own of Map.groupBy(open, (row) => `${productIn(row)} ${ownerOf(accountIn(row))}`).values())
    own.sort(byArrival).forEach((row, at) => void places.set(rowName(row), movedPlace(at + 1)));
  return source.ofKind('BOOK').map((row) => {
    const { pk, sk, seal, ...attributes } = row;
    const [, product = '', , date = ''] = pk!.S!.split('#');
    const place = places.get(rowName(row));
    const item: Item = {
      pk: bookPartition(product, shardOf(accountIn(row), shards), date),
      sk: sk!.S!,
      attributes: place === undefined ? attributes : { ...attributes, sequence: S(place) },
    };
    return seal === undefined ? item : { ...item, attributes: { ...item.attributes, seal: S(sealOf(item)) } };
  });
}

const byArrival = (a: Attributes, b: Attributes): number =>
  bySequence(a.sequence?.S ?? '', b.sequence?.S ?? '') || (a.sk!.S! < b.sk!.S! ? -1 : 1);

/** The orders of the roll, in chunks by their accounts' shards. All are of auctions that have cleared, so no chunk is added to. */
async function movedRolls(source: VenueRows, shards: number): Promise<Item[]> {
  const items: Item[] = [];
  const rows = source.ofKind('ROLL');
  const auctions = new Set(rows.map((row) => `${productIn(row)}#${Number(row.sk!.S!.split('#', 1)[0])}`));
  for (const name of auctions) {
    const [product, auction] = [name.slice(0, name.lastIndexOf('#')), Number(name.slice(name.lastIndexOf('#') + 1))];
    const orders = await Promise.all(
      Array.from({ length: source.shards() }, (_, shard) => rollOrders(source, product, shard, auction)),
    );
    for (const [shard, own] of Map.groupBy(orders.flat(), ({ account }) => shardOf(account, shards))) {
      own.sort((a, b) => (a.account < b.account ? -1 : 1));
      for (let at = 0; at < own.length; at += ROLL_ORDERS) {
        const chunk = own.slice(at, at + ROLL_ORDERS);
        const [through, last] = [chunk.at(-1)!.account, at + ROLL_ORDERS >= own.length];
        items.push(rollChunkItem(product, shard, auction, at / ROLL_ORDERS, { orders: chunk, through, last }));
      }
    }
  }
  return items;
}

/** Rows that lie with an account, under its new shard; a shard's own row has none. */
function movedOfAccount(row: Attributes, shards: number): Attributes[] {
  const [kind, ...names] = row.sk!.S!.split('#');
  if (kind === 'ROLL') return [under(rollInstructionKey(names[0]!, names[1]!, shards), row)];
  if (`${kind}#` === ACCOUNT_PREFIX) return [under(accountKey(accountOfSort(row.sk!.S!), shards), row)];
  return [];
}

/** An auction, closed by every shard with the dates that its submissions have there. */
function movedAuction(row: Attributes, dates: Dates, shards: number): Attributes {
  const closed = Array.from({ length: shards }, (_, shard) => [
    `${shard}`,
    { L: datesOf(dates, productIn(row), shard, Number(row.sk!.S)).map(S) },
  ]);
  return { ...row, shards: N(shards), closed: { M: Object.fromEntries(closed) } };
}

function movedIntakes(
  product: string,
  { open, openedAt }: Pick<Intake, 'open' | 'openedAt'>,
  dates: Dates,
  shards: number,
): Item[] {
  return Array.from({ length: shards }, (_, shard) =>
    intakeItem(product, shard, { open, openedAt, dates: datesOf(dates, product, shard, open) }),
  );
}

/** By product, shard and auction, the dates of the keys of the submissions there. */
type Dates = ReadonlyMap<string, ReadonlySet<string>>;

function datesIn(books: readonly Item[]): Dates {
  const dates = new Map<string, Set<string>>();
  for (const { pk, attributes } of books) {
    const [, product, shard, date] = pk.split('#');
    const name = `${product}#${shard}#${attributes.auction?.N}`;
    dates.set(name, (dates.get(name) ?? new Set()).add(date!));
  }
  return dates;
}

const datesOf = (dates: Dates, product: string, shard: number, auction: number): string[] =>
  [...(dates.get(`${product}#${shard}#${auction}`) ?? [])].sort();

const kindOf = (row: Attributes): string => row.pk!.S!.split('#', 1)[0]!;
const productIn = (row: Attributes): string => row.pk!.S!.split('#')[1]!;
const accountIn = (row: Attributes): string => row.sk!.S!.split('#', 1)[0]!;
const under = ({ pk, sk }: Key, row: Attributes): Attributes => ({ ...row, pk: S(pk), sk: S(sk) });
const rowOf = ({ pk, sk, attributes }: Item): Attributes => ({ pk: S(pk), sk: S(sk), ...attributes });
