/**
 * Account intakes as a worker reads them, and those of heavy accounts as it keeps them. Reading one costs as much as the
 * account has sent, so a worker keeps what it has read of a heavy account for as long as it alone writes for it. That is what
 * the shard's intake says: only its writer writes for heavy accounts. A worker that finds itself the writer at the start of an
 * invocation knows that nothing came between, and one that finds another becomes the writer first and reads only what came
 * since. Accounts that are not heavy are read each time, and by any worker.
 * Why nothing can be decided on what is no longer so: docs/decisions/0014.
 */
import { randomUUID } from 'node:crypto';
import { AccountIntake } from '../../lib/domain/auction/account-intake.ts';
import { keyTime } from '../../lib/domain/auction/idempotency-key.ts';
import type { ProductState } from '../../lib/domain/clearing/venue.ts';
import { becomeWriter, type Intake } from '../../lib/store/auctions.ts';
import type { SubmissionMessage } from '../../lib/store/messages.ts';
import { readCarriedOf } from '../../lib/store/results.ts';
import { oldestKeyTime, submissionsSince } from '../../lib/store/submissions.ts';
import type { Table } from '../../lib/store/table.ts';

/**
 * An account is heavy when reading it takes more bytes than this, which some 36 submissions of one order are. While an auction is
 * open, and until the next one clears, that only grows, so what one worker has kept is heavy to every later one. A release
 * that raises the number must not run beside the one before.
 */
const HEAVY_BYTES = 16_384;
/** A packed order that was carried, about. */
const ORDER_BYTES = 32;
/** How much older than the key it is for a writer lets later keys be: those of a batch are made within seconds. */
const KEYS_APART_MS = 5_000;
/** Orders and names that a worker keeps, of all accounts together. */
const KEPT_ORDERS_MAX = 200_000;

export interface WorkerLimits {
  readonly heavyBytes: number;
  readonly keptOrdersMax: number;
}

/** An account intake, and what it is good for: the auction that is open, the last one to clear, and the writer. */
interface Kept {
  readonly own: AccountIntake;
  readonly open: number;
  readonly lastAuction: number;
  readonly writer: string;
}

/** What a worker, which is one process, keeps between invocations. */
export class Worker {
  readonly #limits: WorkerLimits;
  /** The least recently used first. */
  readonly #kept = new Map<string, Kept>();
  #keptOrders = 0;
  #id: string | undefined;
  #names = 0;

  constructor(limits: Partial<WorkerLimits> = {}) {
    this.#limits = { heavyBytes: HEAVY_BYTES, keptOrdersMax: KEPT_ORDERS_MAX, ...limits };
  }

  isHeavy(bytes: number): boolean {
    return bytes > this.#limits.heavyBytes;
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
      if (this.#keptOrders <= this.#limits.keptOrdersMax || oldest === name) break;
      this.#drop(oldest, other);
    }
  }

  #drop(name: string, kept: Kept): void {
    this.#kept.delete(name);
    this.#keptOrders -= sizeOf(kept);
  }
}

/** One more than its orders, so that accounts without any are counted too. What is kept does not change while it is. */
const sizeOf = ({ own }: Kept): number => own.size + 1;

/** An account intake in use, and the shard's intake that it goes with. */
export interface AccountInUse {
  readonly own: AccountIntake;
  readonly intake: Intake;
  /** To be called when the table is known to hold what the account intake has taken in, and not otherwise. */
  readonly keep: () => void;
}

/** The intake of a message's account. `intake` is that of its shard as read in this invocation. */
export async function useAccount(
  worker: Worker,
  table: Table,
  message: SubmissionMessage,
  intake: Intake,
  state: ProductState,
): Promise<AccountInUse> {
  const { product, shard, account } = message;
  const { open } = intake;
  const { lastAuction } = state;
  const name = `${table.name}/${product}/${shard}/${account}`;
  const taken = worker.take(name);
  const kept = taken?.open === open && taken.lastAuction === lastAuction ? taken : undefined;
  const inUse = (own: AccountIntake, under: Intake): AccountInUse => ({
    own,
    intake: under,
    keep: () => worker.keep(name, { own, open, lastAuction, writer: under.writers.at(-1)!.name }),
  });
  const { own, isHeavy } = kept ? { own: kept.own, isHeavy: true } : await readAccount(worker, table, message, intake, state);
  if (!isHeavy) return { own, intake, keep: () => {} };

  const writer = intake.writers.at(-1);
  const current = writer !== undefined && worker.isWriter(intake) ? writer : undefined;
  const time = keyTime(message.key);
  // For a key that is older than it may write, it stays the writer: what it keeps of other accounts is not touched by that.
  const next = { name: current?.name ?? worker.nextName(), keysFrom: time - KEYS_APART_MS };
  const mayWrite = current !== undefined && current.keysFrom <= time;
  const under = mayWrite ? intake : await becomeWriter(table, product, shard, intake, next);
  const isBehind = current === undefined || (kept !== undefined && kept.writer !== current.name);
  if (isBehind) {
    const since = Math.max(oldestKeyTime(own.receivedAt || under.openedAt), keysSince(under, kept?.writer ?? writer?.name));
    own.catchUp((await submissionsSince(table, message, under, open - 1, since)).auctions.at(-1)!);
  }
  return inUse(own, under);
}

/** The least time in a key that was written for a heavy account since there was a writer of a name; zero when that is not known. */
function keysSince({ writers }: Intake, name: string | undefined): number {
  const at = writers.findLastIndex((writer) => writer.name === name);
  return at < 0 ? 0 : Math.min(...writers.slice(at + 1).map(({ keysFrom }) => keysFrom));
}

async function readAccount(
  worker: Worker,
  table: Table,
  message: SubmissionMessage,
  intake: Intake,
  state: ProductState,
): Promise<{ own: AccountIntake; isHeavy: boolean }> {
  const { product, account } = message;
  const carried = await readCarriedOf(table, product, state.carried, account);
  const { auctions, bytes } = await submissionsSince(table, message, intake, state.lastAuction);
  return { own: new AccountIntake(carried, auctions), isHeavy: worker.isHeavy(bytes + carried.length * ORDER_BYTES) };
}
