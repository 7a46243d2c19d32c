/**
 * A venue's rows in memory, read once from its table or from an export, and read again by key as the table would be. The
 * audit works on these, so it sees rows that no key would lead to, and checks an archive and a table alike.
 */
import type { Key } from '../store/keys.ts';
import type { Attributes, Range, Rows } from '../store/table.ts';

/** The rows of one venue, each once. */
export class VenueRows implements Rows {
  readonly #partitions = new Map<string, Attributes[]>();
  readonly #byKey = new Map<string, Attributes>();

  static async from(items: AsyncIterable<Attributes> | Iterable<Attributes>): Promise<VenueRows> {
    const rows = new VenueRows();
    for await (const item of items) {
      const partition = rows.#partitions.get(item.pk!.S!);
      if (partition) partition.push(item);
      else rows.#partitions.set(item.pk!.S!, [item]);
      rows.#byKey.set(rowName(item), item);
    }
    for (const partition of rows.#partitions.values()) partition.sort((a, b) => inOrder(a.sk!.S!, b.sk!.S!));
    return rows;
  }

  get count(): number {
    return this.#byKey.size;
  }

  async get({ pk, sk }: Key): Promise<Attributes | undefined> {
    return this.#byKey.get(`${pk} ${sk}`);
  }

  async getMany(keys: readonly Key[]): Promise<Attributes[]> {
    return keys.map(({ pk, sk }) => this.#byKey.get(`${pk} ${sk}`)).filter((item) => item !== undefined);
  }

  async *query(partition: string, range: Range = {}): AsyncGenerator<Attributes> {
    yield* await this.queryAll(partition, range);
  }

  async *pages(partition: string, range: Range = {}): AsyncGenerator<Attributes[]> {
    yield await this.queryAll(partition, range);
  }

  async queryAll(partition: string, { after, from, to, prefix, newestFirst, limit }: Range = {}): Promise<Attributes[]> {
    const found = (this.#partitions.get(partition) ?? []).filter(
      ({ sk }) =>
        (after === undefined || sk!.S! > after) &&
        (from === undefined || sk!.S! >= from) &&
        (to === undefined || sk!.S! <= to) &&
        (prefix === undefined || sk!.S!.startsWith(prefix)),
    );
    return (newestFirst ? found.reverse() : found).slice(0, limit);
  }

  /** Rows of every partition of a kind, in order of key. `kind` is what stands before the first # of a partition. */
  ofKind(kind: string): Attributes[] {
    return [...this.#partitions.keys()]
      .filter((partition) => partition.split('#', 1)[0] === kind)
      .sort(inOrder)
      .flatMap((partition) => this.#partitions.get(partition)!);
  }

  /** Every row, in order of key. */
  all(): Attributes[] {
    return [...this.#partitions.keys()].sort(inOrder).flatMap((partition) => this.#partitions.get(partition)!);
  }

  /** How many shards the accounts are spread over, as the shards themselves have left it in the rows. */
  shards(): number {
    const cursors = this.ofKind('SHARD').map(({ pk }) => Number(pk!.S!.slice('SHARD#'.length)));
    const posted = this.ofKind('TOTALS').map(({ shards }) => Number(shards?.N ?? 0));
    return posted.concat(cursors.map((shard) => shard + 1)).reduce((most, count) => Math.max(most, count), 0);
  }
}

/** A row's partition and sort key, as the audit names it. */
export const rowName = ({ pk, sk }: Attributes): string => `${pk?.S} ${sk?.S}`;

/** Code units, as every machine sorts alike. */
export const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
