/**
 * The accounts of owners as of an event of the log, as a worker reads and keeps them. What a shard has posted of an account is one item; what
 * is not posted yet is folded onto it by the same rule. Accounts that lie beside each other are read together, for the price of one, and
 * kept: events that move no fills are folded onto them from the worker's memory, and after those that do they are read again. Why no fill is
 * missing in between: docs/decisions/0019.
 */
import { type AccountState, addFills, applyEvent, emptyAccount, type Traded } from '../../lib/domain/clearing/account.ts';
import { accountsTouched } from '../../lib/domain/clearing/posting.ts';
import type { VenueState } from '../../lib/domain/clearing/venue.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import { centsPerTick } from '../../lib/domain/contract/product.ts';
import { readOwnersFrom } from '../../lib/store/accounts.ts';
import { readCursor } from '../../lib/store/cursors.ts';
import { eventsAfter, type LogEntry } from '../../lib/store/log.ts';
import { ReadChunks } from '../../lib/store/read-chunks.ts';
import { readFillsOf } from '../../lib/store/results.ts';
import type { Table } from '../../lib/store/table.ts';

/** A read unit, and how many accounts are read at once: about as many as it holds, by the last ones that were read. */
const UNIT_BYTES = 4096;
const [PAGE_FIRST, PAGE_MAX] = [12, 32];
/** Accounts that a worker keeps, each of some five hundred bytes of its memory. */
const KEPT_MAX = 40_000;
/** Newest events that a worker keeps, of a few kilobytes each. */
const EVENTS_MAX = 64;
const FILLS_BYTES_MAX = 8 * 1024 * 1024;

interface KeptOwner {
  /** Number of the event that all of its accounts have; one of them may have later ones. */
  readonly asOf: number;
  readonly states: ReadonlyMap<string, AccountState>;
}

/** What a worker keeps of accounts and of the log. */
export class OwnerAccounts {
  readonly #keptMax: number;
  /** The least recently used first. */
  readonly #kept = new Map<string, KeptOwner>();
  #accounts = 0;
  /** By shard, events that it is known to have posted. It only ever moves on. */
  readonly cursors = new Map<string, number>();
  /** By table, its newest events without a gap. */
  readonly #events = new Map<string, LogEntry[]>();
  readonly fills = new ReadChunks(FILLS_BYTES_MAX);
  page = PAGE_FIRST;

  constructor(keptMax = KEPT_MAX) {
    this.#keptMax = keptMax;
  }

  take(name: string): KeptOwner | undefined {
    const kept = this.#kept.get(name);
    if (kept) this.#drop(name, kept);
    return kept;
  }

  has(name: string): boolean {
    return this.#kept.has(name);
  }

  keep(name: string, kept: KeptOwner): void {
    this.take(name);
    this.#kept.set(name, kept);
    this.#accounts += kept.states.size;
    for (const [oldest, other] of this.#kept) {
      if (this.#accounts <= this.#keptMax) break;
      this.#drop(oldest, other);
    }
  }

  #drop(name: string, kept: KeptOwner): void {
    this.#kept.delete(name);
    this.#accounts -= kept.states.size;
  }

  /** Events after one number, through another that the log has. */
  async events(table: Table, after: number, through: number): Promise<readonly LogEntry[]> {
    const known = this.#events.get(table.name) ?? [];
    const first = known[0]?.seq ?? after + 1;
    if (after + 1 < first) return (await Array.fromAsync(eventsAfter(table, after, through - after))).slice(0, through - after);
    const last = known.at(-1)?.seq ?? after;
    const added = last < through ? await Array.fromAsync(eventsAfter(table, last, through - last)) : [];
    const all = [...known, ...added];
    this.#events.set(table.name, all.slice(-EVENTS_MAX));
    return all.filter(({ seq }) => seq > after && seq <= through);
  }
}

/** Reads the accounts of one invocation. */
export class OwnerReader {
  readonly #worker: OwnerAccounts;
  readonly #table: Table;
  readonly #shards: number;
  readonly #lookedAt = new Set<number>();

  constructor(worker: OwnerAccounts, table: Table, shards: number) {
    this.#worker = worker;
    this.#table = table;
    this.#shards = shards;
  }

  /**
   * The accounts of an account's owner as of the venue's newest event, that account among them whether it is open or not. `undefined`
   * when one has been posted further than the venue was read: the caller reads the venue again.
   */
  async accountsOf(account: string, shard: number, venue: VenueState): Promise<AccountState[] | undefined> {
    const owner = ownerOf(account);
    const name = this.#nameOf(shard, owner);
    const { asOf, states } = (await this.#kept(name, account, shard, venue)) ?? (await this.#read(account, shard, venue));
    if (asOf > venue.seq || [...states.values()].some(({ applied }) => applied > venue.seq)) {
      this.#worker.keep(name, { asOf, states });
      return undefined;
    }
    const after = new Map(states);
    for (const entry of await this.#worker.events(this.#table, asOf, venue.seq))
      await this.#fold(after, owner, shard, entry, venue);
    this.#worker.keep(name, { asOf: venue.seq, states: after });
    return [...after.values()];
  }

  /** What is kept of an owner, if it can be brought forward without reading fills. */
  async #kept(name: string, account: string, shard: number, venue: VenueState): Promise<KeptOwner | undefined> {
    const kept = this.#worker.take(name);
    if (!kept?.states.has(account)) return undefined;
    if (kept.asOf >= venue.seq) return kept;
    if (venue.seq - kept.asOf > EVENTS_MAX) return undefined;
    const events = await this.#worker.events(this.#table, kept.asOf, venue.seq);
    return events.some((entry) => hasFills(entry, shard)) ? undefined : kept;
  }

  /** Reads an owner and those that lie behind it. */
  async #read(account: string, shard: number, venue: VenueState): Promise<KeptOwner> {
    // Before the accounts: what the cursor has passed is in all of them.
    const asOf = await this.#cursor(shard, venue.seq);
    const owner = ownerOf(account);
    const { owners, accounts, bytes } = await readOwnersFrom(this.#table, shard, owner, this.#worker.page);
    if (accounts > 0) this.#worker.page = Math.max(1, Math.min(PAGE_MAX, Math.floor((UNIT_BYTES * accounts) / bytes)));
    for (const [other, states] of owners) {
      const name = this.#nameOf(shard, other);
      if (other !== owner && !this.#worker.has(name)) this.#worker.keep(name, { asOf, states: byName(states) });
    }
    const states = byName(owners.get(owner) ?? []);
    if (!states.has(account)) states.set(account, emptyAccount(account));
    return { asOf, states };
  }

  /** Events that the shard has posted, looked at once in an invocation and only while there may be more of them. */
  async #cursor(shard: number, newest: number): Promise<number> {
    const name = this.#nameOf(shard);
    const known = this.#worker.cursors.get(name);
    if (known !== undefined && (known >= newest || this.#lookedAt.has(shard))) return Math.min(known, newest);
    this.#lookedAt.add(shard);
    const cursor = await readCursor(this.#table, shard);
    this.#worker.cursors.set(name, cursor);
    return Math.min(cursor, newest);
  }

  async #fold(
    states: Map<string, AccountState>,
    owner: string,
    shard: number,
    entry: LogEntry,
    { products }: VenueState,
  ): Promise<void> {
    const { seq, event } = entry;
    const tradedBy = hasFills(entry, shard) ? await this.#tradedBy(states.keys(), entry) : new Map<string, readonly Traded[]>();
    const touched = accountsTouched(event, tradedBy);
    const names = touched === 'all' ? [...states.keys()] : touched.filter((account) => ownerOf(account) === owner);
    for (const account of names) {
      const state = states.get(account) ?? emptyAccount(account);
      if (state.applied >= seq) continue;
      const traded = tradedBy.get(account) ?? [];
      const moved = applyEvent(state, seq, event, traded, (product) => centsPerTick(products[product]!.parameters));
      if (moved) states.set(account, moved.state);
    }
  }

  /** Of accounts, what each traded in an auction. */
  async #tradedBy(accounts: Iterable<string>, { event }: LogEntry): Promise<Map<string, readonly Traded[]>> {
    const tradedBy = new Map<string, readonly Traded[]>();
    if (event.kind !== 'auction-cleared') return tradedBy;
    const chunks = this.#worker.fills.of(this.#table);
    for (const account of accounts) {
      const fills = await readFillsOf(chunks, event, account);
      if (fills.length > 0) tradedBy.set(account, addFills([], fills));
    }
    return tradedBy;
  }

  #nameOf(shard: number, owner = ''): string {
    return `${this.#table.name}/${this.#shards}/${shard}/${owner}`;
  }
}

const byName = (states: readonly AccountState[]): Map<string, AccountState> =>
  new Map(states.map((state) => [state.account, state]));

/** Whether an account of a shard may have traded in an event. */
const hasFills = ({ event }: LogEntry, shard: number): boolean =>
  event.kind === 'auction-cleared' && event.fills.roots[shard] !== undefined;
