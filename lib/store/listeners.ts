/**
 * Who listens: a row a connection, in the shard of the account that it listens for, so that an account and a shard are each told by one
 * query; and a row by which the connection itself is found. A listener has ten places, each taken on a condition: no more connections can
 * be had by asking for many at once. A connection ends after two hours by the gateway's own rule, so its rows may go then.
 */
import { connectionKey, listenerKey, listenerPrefix, listenersPartition, shardOf } from './keys.ts';
import { type Attributes, type Item, integer, N, S, type Table, text } from './table.ts';

/** Connections of one account, or from one address without an account. */
export const CONNECTIONS_MAX = 10;
/** Listeners that are read, and told, between two looks at the time that is left. */
const PAGE = 500;
/** The gateway's two hours, and time for what is under way. */
const KEPT_S = 2 * 3_600 + 600;

export interface Listener {
  /** The account, or an address of the network behind an @. */
  readonly name: string;
  readonly connection: string;
  /** When the token expires by which it listens, seconds since 1970; `undefined` without a token. */
  readonly until: number | undefined;
}

/** A listener in its place. */
export interface Placed extends Listener {
  readonly slot: number;
  /** When its rows may go, seconds since 1970: by then the gateway has ended it. */
  readonly expiresAt: number;
}

/** The account that it listens for; `undefined` when it listens to the market alone. */
export const accountListened = ({ name }: Listener): string | undefined => (name.startsWith('@') ? undefined : name);

/** Whether the token by which it listens has expired. */
export const isOver = ({ until }: Listener, nowMs: number): boolean => until !== undefined && until * 1000 <= nowMs;

/**
 * Takes a place for a new connection. When all are taken, `isGone` is asked of each connection that has one: the gateway does not always
 * say that one has ended. `undefined` when there is no place.
 */
export async function place(
  table: Table,
  shards: number,
  listener: Listener,
  nowMs: number,
  isGone: (connection: string) => Promise<boolean>,
): Promise<Placed | undefined> {
  const partition = listenersPartition(shardOf(listener.name, shards));
  const taken = (await table.queryAll(partition, { prefix: listenerPrefix(listener.name) })).map(decode);
  const expiresAt = Math.ceil(nowMs / 1000) + KEPT_S;
  const take = async (slot: number, from: Placed | undefined): Promise<Placed | undefined> => {
    const placed = { ...listener, slot, expiresAt };
    const item = listenerItem(placed, shards);
    const done = from
      ? await table.putIf(item, 'attribute_not_exists(pk) OR connectionId = :from', { ':from': S(from.connection) })
      : await table.create(item);
    if (!done) return undefined;
    await table.put(connectionItem(placed));
    return placed;
  };
  for (let slot = 0; slot < CONNECTIONS_MAX; slot++) {
    const from = taken.find((each) => each.slot === slot);
    if (from && from.expiresAt * 1000 > nowMs) continue;
    const placed = await take(slot, from);
    if (placed) return placed;
  }
  const gone = await Promise.all(taken.map(({ connection }) => isGone(connection)));
  for (const from of taken.filter((_, index) => gone[index])) {
    const placed = await take(from.slot, from);
    if (placed) {
      await table.delete(connectionKey(from.connection));
      return placed;
    }
  }
  return undefined;
}

/** The listener behind a connection; `undefined` for one that is not known, or not any more. */
export async function readListener(table: Table, connection: string): Promise<Placed | undefined> {
  const item = await table.get(connectionKey(connection));
  return item && decode(item);
}

/** Forgets a connection. Its place stays taken when another has it by now. */
export async function forget(table: Table, shards: number, { name, slot, connection }: Placed): Promise<void> {
  await table.deleteIf(listenerKey(name, slot, shards), 'connectionId = :connection', { ':connection': S(connection) });
  await table.delete(connectionKey(connection));
}

/** The listeners of a shard in pages, those behind a place; `at` is the place of the last one of the page. */
export async function* listenersOf(
  table: Table,
  shard: number,
  behind = '',
): AsyncGenerator<{ readonly listeners: readonly Placed[]; readonly at: string }> {
  for (let at = behind; ; ) {
    const page = await table.queryAll(listenersPartition(shard), { ...(at === '' ? {} : { after: at }), limit: PAGE });
    if (page.length === 0) return;
    at = text(page.at(-1)!, 'sk');
    yield { listeners: page.map(decode), at };
  }
}

const listenerItem = (placed: Placed, shards: number): Item => ({
  ...listenerKey(placed.name, placed.slot, shards),
  attributes: attributesOf(placed),
});

const connectionItem = (placed: Placed): Item => ({ ...connectionKey(placed.connection), attributes: attributesOf(placed) });

const attributesOf = ({ name, slot, connection, until, expiresAt }: Placed): Attributes => ({
  listener: S(name),
  slot: N(slot),
  connectionId: S(connection),
  expiresAt: N(expiresAt),
  ...(until === undefined ? {} : { until: N(until) }),
});

const decode = (item: Attributes): Placed => ({
  name: text(item, 'listener'),
  slot: integer(item, 'slot'),
  connection: text(item, 'connectionId'),
  expiresAt: integer(item, 'expiresAt'),
  until: item.until && integer(item, 'until'),
});
