/**
 * How many requests a caller sends in a minute of the gateway's time. Each process counts in memory, so a light caller costs
 * no write. Of a caller that has used up a tenth of the limit in one process, the process adds its count to a shared counter, a
 * sixtieth of the limit at a time, and learns in return what the others have counted: so a heavy caller is known to all of
 * them, give or take a step each. A caller beyond the limit is known by the memory alone, and costs nothing more.
 */
import { addRequests } from '../../lib/store/rates.ts';
import type { Backends } from '../backends.ts';

const MINUTE_MS = 60_000;
/** Callers that are remembered; of more, the one that has been silent the longest is forgotten. */
const CALLERS_MAX = 10_000;

interface Count {
  /** Requests that this process has seen. */
  own: number;
  /** Of these, what it has added to the shared counter. */
  shared: number;
  /** What the other processes have added, as last heard. */
  others: number;
}

/** Whole seconds until the minute of this instant ends, at least one. */
export const secondsLeft = (timeMs: number): number => Math.ceil((MINUTE_MS - (timeMs % MINUTE_MS)) / 1000);

/** Counts the requests of one process. */
export class RequestRate {
  readonly limit: number;
  #minute = 0;
  readonly #counts = new Map<string, Count>();

  /** @param limit requests of one caller in a minute */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Counts a request that the gateway received at `timeMs`. Gives how many more may come in its minute; below zero when it is one too many. */
  async leftTo(backends: Pick<Backends, 'table' | 'logger'>, caller: string, timeMs: number): Promise<number> {
    const count = this.#countOf(caller, Math.floor(timeMs / MINUTE_MS));
    count.own++;
    if (this.#leftOf(count) < 0) return this.#leftOf(count);
    const due = count.own - count.shared;
    if (count.own <= this.limit / 10 || due < this.limit / 60) return this.#leftOf(count);
    count.shared += due;
    try {
      const total = await addRequests(backends.table, caller, this.#minute * MINUTE_MS, due);
      count.others = Math.max(count.others, total - count.shared);
    } catch (error) {
      // The caller has done nothing wrong, and this process goes on counting.
      backends.logger.warn('requests not counted for all', { error: error as Error });
    }
    return this.#leftOf(count);
  }

  #leftOf({ own, others }: Count): number {
    return this.limit - own - others;
  }

  /** Requests may come a little out of order: those of the minute before count in this one. */
  #countOf(caller: string, minute: number): Count {
    if (minute > this.#minute || minute < this.#minute - 1) {
      this.#minute = minute;
      this.#counts.clear();
    }
    const count = this.#counts.get(caller) ?? { own: 0, shared: 0, others: 0 };
    this.#counts.delete(caller);
    this.#counts.set(caller, count);
    if (this.#counts.size > CALLERS_MAX) this.#counts.delete(this.#counts.keys().next().value!);
    return count;
  }
}
