/**
 * Where everything lives in the one table. Keys are plain functions, used by readers, writers and tests alike. A function is
 * named by its first word (`accept` is accept-orders), `all` are all functions.
 *
 * | what                                   | partition                   | sort                 | written by                  | read by                                        |
 * |----------------------------------------|-----------------------------|----------------------|-----------------------------|------------------------------------------------|
 * | clearing log, in order                 | LOG                         | seq                  | clear, settle, operator-api | all, after an event number                     |
 * | venue state, a fold of the log         | VENUE                       | STATE                | clear, settle, operator-api | all, as a head start                           |
 * | halt switch                            | VENUE                       | SWITCH               | operator-api, post          | operator-api, close, clear, post, roll, settle |
 * | done-once marks of operator requests   | ONCE#name                   | EVENT                | operator-api, settle        | operator-api, settle                           |
 * | intake: a shard's open auction, writer | INTAKE#product              | shard                | accept                      | accept, participant-api                        |
 * | book: submissions                      | BOOK#product#shard#key date | account#key          | accept                      | accept, clear, participant-api                 |
 * | book: orders of the roll               | ROLL#product#shard          | auction#chunk        | roll                        | clear                                          |
 * | auction: slot, shards closed           | AUCTION#product             | number               | close, accept, clear        | close, clear, roll, settle, sweep, APIs        |
 * | slot of an intraday auction            | SLOT#product                | slot                 | close                       | close                                          |
 * | day of a closing auction               | CLOSING#product             | date                 | roll                        | close, roll, settle                            |
 * | fills by shard, published depth        | RESULT#product#auction      | kind#hash            | clear                       | post, accept, participant-api, market-api |
 * | carried orders                         | CARRIED#product#shard       | hash                 | clear                       | clear, accept, participant-api                 |
 * | shard's cursor, part of the next event | SHARD#shard                 | CURSOR               | post                        | post, accept, sweep                            |
 * | accounts of a shard                    | SHARD#shard                 | ACCOUNT#account      | post                        | post, accept, roll, APIs                       |
 * | kill switches of a shard's owners      | STOPS#shard                 | owner                | participant-api, operator-api | accept, roll, APIs                       |
 * | dead-man's switches of a shard         | DEADMAN#product#shard       | account              | participant-api, close      | close, participant-api                         |
 * | roll instructions of a shard           | SHARD#shard                 | ROLL#product#account | participant-api             | roll, participant-api                          |
 * | totals of an event, by shard           | TOTALS                      | seq                  | post                        | all, for the number of shards; post, settle, roll |
 * | journal of an account                  | JOURNAL#account             | seq                  | post                        | participant-api, statement-api |
 * | statements of an account               | STATEMENT#account           | date#product         | post                        | participant-api, statement-api |
 * | accounts short of margin, or called    | SHORT#product               | account              | post, settle                | settle, sweep, post, operator-api              |
 * | day runs                               | DAY#product                 | date                 | roll, close, settle         | roll, close, settle, sweep, operator-api, market-api |
 * | index values                           | INDEX#product               | date                 | operator-api, settle        | settle, sweep, operator-api, market-api |
 * | held for approval                      | HELD                        | id                   | settle, operator-api        | settle, sweep, operator-api                    |
 * | what an operator has proposed, by id   | PROPOSED                    | operator             | operator-api                | settle, sweep, operator-api                    |
 * | what operators did beside the log      | NOTED                       | instant#request#what | operator-api                | operator-api                                   |
 * | requests of a heavy caller in a minute | RATE#caller                 | minute               | every function of an API, listen | the same                            |
 * | listeners of a shard's accounts, and others | LISTENERS#shard        | listener#slot        | listen, tell                | listen, tell                                   |
 * | a listener's connection                | CONNECTION#id               | LISTENER             | listen, tell                | listen                                         |
 * | key of the checks in submission ids    | IDS                         | KEY                  | participant-api             | participant-api                                |
 * | rows put right by hand, old and new    | REPAIRED                    | instant#row          | npm run repair              | npm run export                                 |
 */
import type { BusinessDate } from '../domain/contract/calendar.ts';
import { ownerOf } from '../domain/contract/owner.ts';

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

export const logKey = (seq: number): Key => ({ pk: 'LOG', sk: ordered(seq) });
export const venueKey: Key = { pk: 'VENUE', sk: 'STATE' };
export const switchKey: Key = { pk: 'VENUE', sk: 'SWITCH' };
/** A partition each: one event makes a hundred marks. */
export const onceKey = (name: string): Key => ({ pk: `${ONCE}${name}`, sk: 'EVENT' });
const ONCE = 'ONCE#';
/** The name in the partition of a done-once mark. */
export const onceNameIn = (partition: string): string => partition.slice(ONCE.length);

export const intakeKey = (product: string, shard: number): Key => ({ pk: `INTAKE#${product}`, sk: `${shard}` });
export const bookPartition = (product: string, shard: number, keyDate: string): string => `BOOK#${product}#${shard}#${keyDate}`;
/** `key` is a UUIDv7, so an account's submissions sort by the time in their keys. */
export const submissionKey = (product: string, shard: number, keyDate: string, account: string, key: string): Key => ({
  pk: bookPartition(product, shard, keyDate),
  sk: `${account}#${key}`,
});
export const rollPartition = (product: string, shard: number): string => `ROLL#${product}#${shard}`;
export const rollChunkKey = (product: string, shard: number, auction: number, chunk: number): Key => ({
  pk: rollPartition(product, shard),
  sk: `${rollChunkPrefix(auction)}${String(chunk).padStart(4, '0')}`,
});
/** The number of the chunk that a sort key of that form names. */
export const rollChunkIn = (sort: string): number => Number(sort.slice(sort.indexOf('#') + 1));
export const rollChunkPrefix = (auction: number): string => `${ordered(auction)}#`;

export const auctionKey = (product: string, auction: number): Key => ({ pk: `AUCTION#${product}`, sk: ordered(auction) });
export const slotKey = (product: string, slot: string): Key => ({ pk: `SLOT#${product}`, sk: slot });
export const closingKey = (product: string, date: BusinessDate): Key => ({ pk: `CLOSING#${product}`, sk: date });
export const resultPartition = (product: string, auction: number): string => `RESULT#${product}#${ordered(auction)}`;
/** `kind` is `depth`, or `fills#` and a shard; `hash` is the name of a chunk, and below. */
export const resultKey = (product: string, auction: number, kind: string, hash: string): Key => ({
  pk: resultPartition(product, auction),
  sk: `${kind}#${hash}`,
});
export const carriedPartition = (product: string, shard: number): string => `CARRIED#${product}#${shard}`;
export const carriedKey = (product: string, shard: number, hash: string): Key => ({
  pk: carriedPartition(product, shard),
  sk: hash,
});

export const shardPartition = (shard: number): string => `SHARD#${shard}`;
export const cursorKey = (shard: number): Key => ({ pk: shardPartition(shard), sk: 'CURSOR' });
export const ACCOUNT_PREFIX = 'ACCOUNT#';
export const accountKey = (account: string, shards: number): Key => ({
  pk: shardPartition(shardOf(account, shards)),
  sk: accountSort(account),
});
/** An owner's accounts lie together: `acme`, `acme.desk` and then `acme-2`, which is another owner. A dot would come behind the dash. */
export const accountSort = (account: string): string => `${ACCOUNT_PREFIX}${account.replace('.', '!')}`;
/** The account that a sort key of that form names. */
export const accountOfSort = (sort: string): string => sort.slice(ACCOUNT_PREFIX.length).replace('!', '.');
export const rollInstructionPrefix = (product: string): string => `ROLL#${product}#`;
export const rollInstructionKey = (product: string, account: string, shards: number): Key => ({
  pk: shardPartition(shardOf(account, shards)),
  sk: `${rollInstructionPrefix(product)}${account}`,
});
export const stopsPartition = (shard: number): string => `STOPS#${shard}`;
export const ownerStopsKey = (owner: string, shards: number): Key => ({ pk: stopsPartition(shardOf(owner, shards)), sk: owner });
export const deadMansSwitchPartition = (product: string, shard: number): string => `DEADMAN#${product}#${shard}`;
export const deadMansSwitchKey = (product: string, account: string, shards: number): Key => ({
  pk: deadMansSwitchPartition(product, shardOf(account, shards)),
  sk: account,
});
export const totalsKey = (seq: number): Key => ({ pk: 'TOTALS', sk: ordered(seq) });
export const journalPartition = (account: string): string => `JOURNAL#${account}`;
export const journalKey = (account: string, seq: number): Key => ({ pk: journalPartition(account), sk: ordered(seq) });
export const statementPartition = (account: string): string => `STATEMENT#${account}`;
export const statementKey = (account: string, date: BusinessDate, product: string): Key => ({
  pk: statementPartition(account),
  sk: `${date}#${product}`,
});

export const shortPartition = (product: string): string => `SHORT#${product}`;
export const shortKey = (product: string, account: string): Key => ({ pk: shortPartition(product), sk: account });

export const dayKey = (product: string, date: BusinessDate): Key => ({ pk: `DAY#${product}`, sk: date });
export const indexKey = (product: string, date: BusinessDate): Key => ({ pk: `INDEX#${product}`, sk: date });
export const HELD_PARTITION = 'HELD';
export const heldKey = (id: string): Key => ({ pk: HELD_PARTITION, sk: id });
/** In order of time. */
export const NOTED_PARTITION = 'NOTED';
export const notedKey = (at: string, request: string, what: string): Key => ({
  pk: NOTED_PARTITION,
  sk: `${at}#${request}#${what}`,
});
export const PROPOSED_PARTITION = 'PROPOSED';
export const proposedKey = (operator: string): Key => ({ pk: PROPOSED_PARTITION, sk: operator });

/** A listener is an account, or an address of the network behind an @. */
export const listenersPartition = (shard: number): string => `LISTENERS#${shard}`;
export const listenerPrefix = (listener: string): string => `${listener}#`;
export const listenerKey = (listener: string, slot: number, shards: number): Key => ({
  pk: listenersPartition(shardOf(listener, shards)),
  sk: `${listenerPrefix(listener)}${slot}`,
});
export const connectionKey = (connection: string): Key => ({ pk: `CONNECTION#${connection}`, sk: 'LISTENER' });

/** The caller is a participant's account or an operator, each with what it is before its name. */
export const rateKey = (caller: string, minuteMs: number): Key => ({
  pk: `RATE#${caller}`,
  sk: new Date(minuteMs).toISOString().slice(0, 16),
});
export const idKeyKey: Key = { pk: 'IDS', sk: 'KEY' };

export const repairedKey = (at: string, row: string): Key => ({ pk: 'REPAIRED', sk: `${at}#${row}` });

/** Twelve digits keep text order and number order the same for as long as any venue lives. */
export const ordered = (value: number): string => String(value).padStart(12, '0');

/**
 * The shard an account lives in: FNV-1a of its owner's name, so that an owner's accounts are in one. The count is that of the table, or of
 * what an event says that it was split into.
 */
export function shardOf(account: string, shards: number): number {
  const owner = ownerOf(account);
  let hash = 0x811c9dc5;
  for (let at = 0; at < owner.length; at++) hash = Math.imul(hash ^ owner.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % shards;
}
