/**
 * Chunks of runs that a process has read and keeps: a chunk is named by its content, so what was read once is what stands
 * there for good. Only for rows that are nothing but chunks.
 */
import type { Key } from './keys.ts';
import type { Chunks } from './run.ts';
import { type Attributes, bytes, type Table } from './table.ts';

export class ReadChunks {
  readonly #bytesMax: number;
  #bytes = 0;
  /** The least recently read first. */
  readonly #chunks = new Map<string, Attributes>();

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The chunks of a table, from the process's memory where it has them. */
  of(table: Pick<Table, 'name' | keyof Chunks>): Chunks {
    const nameOf = ({ pk, sk }: Key): string => `${table.name} ${pk} ${sk}`;
    const note = (item: Attributes): Attributes => {
      this.#keep(nameOf({ pk: item.pk!.S!, sk: item.sk!.S! }), item);
      return item;
    };
    return {
      get: async (key) => {
        const item = this.#take(nameOf(key)) ?? (await table.get(key));
        return item && note(item);
      },
      getMany: async (keys) => {
        const known = keys.map((key) => this.#take(nameOf(key)));
        const missing = keys.filter((_, at) => known[at] === undefined);
        const read = missing.length > 0 ? await table.getMany(missing) : [];
        return [...known.flatMap((item) => (item ? [item] : [])), ...read].map(note);
      },
    };
  }

  #take(name: string): Attributes | undefined {
    const item = this.#chunks.get(name);
    if (item) this.#drop(name, item);
    return item;
  }

  #keep(name: string, item: Attributes): void {
    this.#take(name);
    this.#chunks.set(name, item);
    this.#bytes += sizeOf(item);
    for (const [oldest, other] of this.#chunks) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#drop(oldest, other);
    }
  }

  #drop(name: string, item: Attributes): void {
    this.#chunks.delete(name);
    this.#bytes -= sizeOf(item);
  }
}

const sizeOf = (item: Attributes): number => bytes(item, 'body').length;
