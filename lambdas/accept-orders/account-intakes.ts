/**
 * Account intakes as a worker reads and keeps them. Only the shard's writer writes what the shard takes in, and a worker makes
 * itself that before it decides anything. So one that finds itself the writer at the start of an invocation knows that nothing
 * came between: what it keeps of an account is good, and an account that it has not met since the cut has sent nothing, if no
 * other was the writer since. Neither costs a read, however much an account sends and however many accounts there are. A
 * worker that takes over from another reads what came since of the accounts that it keeps, and all of those that it does not.
 * Why nothing can be decided on what is no longer so: docs/decisions/0014. They are kept by owner: what one of its accounts may
 * do depends on the orders of all.
 */
import { randomUUID } from 'node:crypto';
import { keyTime } from '../../lib/domain/auction/idempotency-key.ts';
import { OwnerIntake, type OwnerState } from '../../lib/domain/clearing/owner-intake.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import { becomeWriter, type Intake, type Writer } from '../../lib/store/auctions.ts';
import type { SubmissionMessage } from '../../lib/store/messages.ts';
import { ReadChunks } from '../../lib/store/read-chunks.ts';
import { oldestKeyTime, submissionsSince } from '../../lib/store/submissions.ts';
import type { Table } from '../../lib/store/table.ts';
import { readAccountIntake } from '../intake/account-intake.ts';
import { OwnerAccounts } from '../intake/owner-accounts.ts';
import { KnownStops } from './known-stops.ts';

/** How much older than the key it is for a writer lets later keys be: those of a batch are made within seconds. */
const KEYS_APART_MS = 5_000;
/**
 * Orders and names that a worker keeps, of all accounts together. One takes some 110 bytes of its memory, and an account
 * without any as much as nine of them.
 */
const KEPT_ORDERS_MAX = 400_000;
const ACCOUNT_SIZE = 9;
/** Accounts that a worker remembers to have met since the cut, of all shards that it alone has written since. */
const MET_MAX = 200_000;
/** Of what shards carry, as it is stored. */
const CARRIED_BYTES_MAX = 16 * 1024 * 1024;

export interface WorkerLimits {
  readonly keptOrdersMax: number;
  readonly metMax: number;
  readonly keptAccountsMax: number;
}

/** An owner's intakes, and what they are good for: the auction that is open, the last one to clear, and the writer. */
interface Kept {
  readonly own: OwnerIntake;
  readonly open: number;
  readonly lastAuction: number;
  readonly writer: string;
}

/** The accounts that the first writer of a shard since its cut has met: as long as it is the only one, no others have sent anything. */
interface Met {
  readonly writer: string;
  readonly accounts: Set<string>;
}

/** What a worker, which is one process, keeps between invocations. */
export class Worker {
  readonly #limits: Omit<WorkerLimits, 'keptAccountsMax'>;
  readonly accounts: OwnerAccounts;
  readonly carried = new ReadChunks(CARRIED_BYTES_MAX);
  readonly stops = new KnownStops();
  /** The least recently used first. */
  readonly #kept = new Map<string, Kept>();
  #keptOrders = 0;
  /** By shard, the one that was begun first first. */
  readonly #met = new Map<string, Met>();
  #metAccounts = 0;
  #id: string | undefined;
  #names = 0;

  constructor({ keptAccountsMax, ...limits }: Partial<WorkerLimits> = {}) {
    this.accounts = new OwnerAccounts(keptAccountsMax);
    this.#limits = { keptOrdersMax: KEPT_ORDERS_MAX, metMax: MET_MAX, ...limits };
  }

  /** A name that neither this worker nor any other has had before. */
  nextName(): string {
    this.#id ??= randomUUID();
    return `${this.#id}.${++this.#names}`;
  }

  isWriter({ writers }: Intake): boolean {
    return this.#id !== undefined && writers.at(-1)?.name.startsWith(`${this.#id}.`) === true;
  }

  /** Hands out what is kept and keeps it no longer: whatever fails before it is kept again leaves nothing behind. */
  take(name: string): Kept | undefined {
    const kept = this.#kept.get(name);
    if (kept) this.#drop(name, kept);
    return kept;
  }

  keep(name: string, kept: Kept): void {
    this.#kept.set(name, kept);
    this.#keptOrders += sizeOf(kept);
    for (const [oldest, other] of this.#kept) {
      // The newest stays, however large: it was in memory as it was used, and would be read whole with its next submission.
      if (this.#keptOrders <= this.#limits.keptOrdersMax || oldest === name) break;
      this.#drop(oldest, other);
    }
  }

  #drop(name: string, kept: Kept): void {
    this.#kept.delete(name);
    this.#keptOrders -= sizeOf(kept);
  }

  /** From here on, all accounts of the shard are noted that are met under a writer's name: there is nothing yet in its open auction. */
  beginAuction(shard: string, writer: string): void {
    this.#forget(shard);
    this.#met.set(shard, { writer, accounts: new Set() });
  }

  /** Notes that an account is met. True when it is known to have sent nothing into the open auction before. */
  meet(shard: string, account: string, { writers }: Intake): boolean {
    const met = this.#met.get(shard);
    if (!met || writers.length !== 1 || writers[0]!.name !== met.writer) return false;
    if (met.accounts.has(account)) return false;
    for (const [oldest] of this.#met) {
      if (this.#metAccounts < this.#limits.metMax) break;
      this.#forget(oldest);
    }
    if (this.#met.get(shard) !== met) return false;
    met.accounts.add(account);
    this.#metAccounts++;
    return true;
  }

  #forget(shard: string): void {
    this.#metAccounts -= this.#met.get(shard)?.accounts.size ?? 0;
    this.#met.delete(shard);
  }
}

/** What is kept does not change while it is. */
const sizeOf = ({ own }: Kept): number => own.size + own.accounts * ACCOUNT_SIZE;

/** An owner's intakes in use, and the shard's intake that they go with. */
export interface OwnerInUse {
  readonly own: OwnerIntake;
  readonly intake: Intake;
  /** To be called when the table is known to hold what the owner's intakes have taken in, and not otherwise. */
  readonly keep: () => void;
}

/**
 * The intakes of the message's account and of all of its owner's that count with it, to be written by this worker alone. `intake` is that
 * of its shard as read in this invocation. Throws when another worker is at the shard.
 */
export async function useOwner(
  worker: Worker,
  table: Table,
  message: SubmissionMessage,
  intake: Intake,
  owner: OwnerState,
): Promise<OwnerInUse> {
  const { product, shard } = message;
  const { lastAuction } = owner.product;
  const under = await asWriter(worker, table, message, intake);
  const { open } = under;
  const writer = under.writers.at(-1)!.name;
  const shardName = `${table.name}/${product}/${shard}`;
  const name = `${shardName}/${ownerOf(message.account)}`;
  const taken = worker.take(name);
  const kept = taken?.open === open && taken.lastAuction === lastAuction ? taken : undefined;
  const own = kept?.own ?? new OwnerIntake();
  for (const account of new Set([message.account, ...owner.accounts.keys()])) {
    const place = { product, shard, account };
    const isNew = worker.meet(shardName, account, under);
    const known = own.intakeOf(account);
    if (!known) {
      const since = isNew ? { ...under, dates: [] } : under;
      own.set(account, await readAccountIntake(worker.carried.of(table), table, place, since, owner.product));
    } else if (kept && kept.writer !== writer) {
      const since = Math.max(oldestKeyTime(known.receivedAt || under.openedAt), keysSince(under, kept.writer));
      known.catchUp((await submissionsSince(table, place, under, open - 1, since)).at(-1)!);
      own.set(account, known);
    }
  }
  return { own, intake: under, keep: () => worker.keep(name, { own, open, lastAuction, writer }) };
}

/** The shard's intake with this worker as its writer, who may write under the message's key. */
async function asWriter(
  worker: Worker,
  table: Table,
  { product, shard, key }: SubmissionMessage,
  intake: Intake,
): Promise<Intake> {
  const writer = intake.writers.at(-1);
  const current = writer !== undefined && worker.isWriter(intake) ? writer : undefined;
  const time = keyTime(key);
  if (current !== undefined && current.keysFrom <= time) return intake;
  // For a key that is older than it may write, it stays the writer: what it keeps of accounts is not touched by that.
  const next: Writer = { name: current?.name ?? worker.nextName(), keysFrom: time - KEYS_APART_MS };
  const under = await becomeWriter(table, product, shard, intake, next);
  if (!writer && intake.dates.length === 0) worker.beginAuction(`${table.name}/${product}/${shard}`, next.name);
  return under;
}

/** The least time in a key that was written since there was a writer of a name; zero when that is not known. */
function keysSince({ writers }: Intake, name: string): number {
  const at = writers.findLastIndex((writer) => writer.name === name);
  return at < 0 ? 0 : Math.min(...writers.slice(at + 1).map(({ keysFrom }) => keysFrom));
}
