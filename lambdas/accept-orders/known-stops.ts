/**
 * The kill switches that a worker knows of. It reads all of a shard's when it first comes to it, and again when the shard's intake says
 * that they have changed and it was not this worker that noted it; of a change that it notes itself it reads the one owner's. The intake
 * is read by every invocation anyway, so a submission costs no read more, and no stop is missed by a worker that keeps what it has read.
 */
import { hasStops, isStopped, type OwnerStops } from '../../lib/domain/auction/stops.ts';
import { ownerOf } from '../../lib/domain/contract/owner.ts';
import { type Intake, noteStops } from '../../lib/store/auctions.ts';
import type { SubmissionMessage } from '../../lib/store/messages.ts';
import { readOwnerStops, stopsIn } from '../../lib/store/stops.ts';
import type { Table } from '../../lib/store/table.ts';

/** What is known of a shard, as of so many changes. */
interface Known {
  readonly changes: number;
  /** Those that have a switch on. */
  readonly owners: Map<string, OwnerStops>;
}

type Place = Pick<SubmissionMessage, 'product' | 'shard' | 'account'>;

export class KnownStops {
  readonly #shards = new Map<string, Known>();

  /** Whether an account is stopped. `intake` is that of its shard as this invocation knows it. */
  async areOn(table: Table, { product, shard, account }: Place, intake: Intake): Promise<boolean> {
    const name = nameOf(table, product, shard);
    let known = this.#shards.get(name);
    if (known?.changes !== intake.stops) {
      known = { changes: intake.stops, owners: new Map() };
      for await (const stops of stopsIn(table, shard)) keep(known, stops);
      this.#shards.set(name, known);
    }
    return isStopped(known.owners.get(ownerOf(account)), account);
  }

  /** Notes that the switches of an account have changed. Gives the shard's intake, which says so from here on. */
  async change(table: Table, { product, shard, account }: Place, intake: Intake, shards: number): Promise<Intake> {
    const noted = await noteStops(table, product, shard, intake);
    const name = nameOf(table, product, shard);
    const known = this.#shards.get(name);
    this.#shards.delete(name);
    if (known?.changes !== intake.stops || noted.stops !== intake.stops + 1) return noted;
    const next = { changes: noted.stops, owners: known.owners };
    keep(next, await readOwnerStops(table, ownerOf(account), shards));
    this.#shards.set(name, next);
    return noted;
  }
}

function keep({ owners }: Known, stops: OwnerStops): void {
  if (hasStops(stops)) owners.set(stops.owner, stops);
  else owners.delete(stops.owner);
}

const nameOf = (table: Table, product: string, shard: number): string => `${table.name}/${product}/${shard}`;
