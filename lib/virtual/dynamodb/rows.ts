/** The rows of a table by partition, each with what a read may still see that does not ask for consistency. */
import type { TablePlan } from '../../local/template/plan.ts';
import { invalid } from './refusal.ts';
import type { Item } from './values.ts';

/** Partition key and sort key, both text. */
export type Key = readonly [pk: string, sk: string];

interface Row {
  readonly item: Item;
  /** What a read that does not ask for consistency may see until the next write. */
  readonly before: Item | undefined;
}

interface Partition {
  readonly rows: Map<string, Row>;
  /** Sort keys in order; undefined when a new one was added since. */
  sorted: string[] | undefined;
}

const PARTITION_KEY_BYTES_MAX = 2048;
const SORT_KEY_BYTES_MAX = 1024;

export class Rows {
  /** What the table calls its two keys. */
  readonly keyNames: readonly [pk: string, sk: string];
  readonly #partitions = new Map<string, Partition>();

  constructor({ definition }: TablePlan) {
    const keys = definition.KeySchema as { AttributeName: string; KeyType: string }[];
    const named = (type: string) => keys.find(({ KeyType }) => KeyType === type)!.AttributeName;
    this.keyNames = [named('HASH'), named('RANGE')];
  }

  /** The key in an item; `isWhole`: the item must be nothing else. */
  keyOf(item: Item, isWhole = false): Key {
    const [pk, sk] = this.keyNames.map((name) => item[name]?.S);
    if (typeof pk !== 'string' || typeof sk !== 'string' || pk === '' || sk === '' || (isWhole && Object.keys(item).length !== 2))
      throw invalid('The provided key element does not match the schema');
    if (Buffer.byteLength(pk) > PARTITION_KEY_BYTES_MAX || Buffer.byteLength(sk) > SORT_KEY_BYTES_MAX)
      throw invalid('Aggregated size of all keys has exceeded the size limit');
    // Their order is not that of their bytes, in which DynamoDB sorts.
    if (/[\ud800-\udfff]/.test(sk)) throw new Error(`The virtual table does not know where ${sk} stands`);
    return [pk, sk];
  }

  keyItem([pk, sk]: Key): Item {
    return { [this.keyNames[0]]: { S: pk }, [this.keyNames[1]]: { S: sk } };
  }

  partitions(): readonly string[] {
    return [...this.#partitions.keys()];
  }

  /** In order of their characters, which without surrogates is DynamoDB's order of bytes. */
  sortKeys(pk: string): readonly string[] {
    const partition = this.#partitions.get(pk);
    if (!partition) return [];
    partition.sorted ??= [...partition.rows.keys()].sort();
    return partition.sorted;
  }

  /** `stale`: as it was before the newest write. */
  get([pk, sk]: Key, stale = false): Item | undefined {
    const row = this.#partitions.get(pk)?.rows.get(sk);
    return stale ? row?.before : row?.item;
  }

  set([pk, sk]: Key, item: Item): void {
    let partition = this.#partitions.get(pk);
    if (!partition) {
      partition = { rows: new Map(), sorted: [] };
      this.#partitions.set(pk, partition);
    }
    const before = partition.rows.get(sk);
    if (!before) partition.sorted = undefined;
    partition.rows.set(sk, { item, before: before?.item });
  }

  delete([pk, sk]: Key): void {
    const partition = this.#partitions.get(pk);
    if (!partition) return;
    partition.rows.delete(sk);
    partition.sorted = undefined;
  }
}
