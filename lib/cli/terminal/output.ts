/**
 * What a command prints: its result on standard output, as text, as one JSON document, or as a JSON line an item; all else on
 * standard error. A JSON result is what the venue answered, its fields and decimals untouched.
 */
import { type Failure, failureDocument, failureLines } from './failure.ts';
import { COLOURED, type Column, type Paint, PLAIN, tableLines } from './table.ts';

export type Format = 'text' | 'json' | 'ndjson';

/** As much of a stream of the process as is used here. */
export interface Sink {
  write(content: string | Uint8Array): unknown;
  readonly isTTY?: boolean | undefined;
}

export interface OutputOptions {
  readonly format: Format;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Items as they are read, a page at a time. */
export type Pages<Item> = AsyncIterable<readonly Item[]> | Iterable<readonly Item[]>;

/** What becomes of a list whose items are more than the caller wants. */
export interface ListOptions {
  /** Items at most. */
  readonly most?: number;
  /** Said instead of a table without rows. */
  readonly empty: string;
}

export class Output {
  readonly format: Format;
  readonly paint: Paint;
  readonly #stdout: Sink;
  readonly #stderr: Sink;

  constructor({ format, stdout, stderr, env }: OutputOptions) {
    this.format = format;
    this.#stdout = stdout;
    this.#stderr = stderr;
    // no-color.org: any value that is not empty.
    this.paint = stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb' ? COLOURED : PLAIN;
  }

  /** A result of its own: `lines` for a person, `value` for a program. */
  result(value: unknown, lines: readonly string[]): void {
    if (this.format === 'text') this.#print(lines);
    else this.#stdout.write(`${JSON.stringify(value, null, this.format === 'json' ? 2 : undefined)}\n`);
  }

  /** A list, of which pages are read only as far as they are shown. JSON lines go out as they come. */
  async list<Item>(pages: Pages<Item>, columns: readonly Column<Item>[], { most = Infinity, empty }: ListOptions): Promise<void> {
    const items: Item[] = [];
    let count = 0;
    let isMore = false;
    for await (const page of pages) {
      const wanted = page.slice(0, most - count);
      isMore = wanted.length < page.length;
      count += wanted.length;
      if (this.format === 'ndjson') this.line(wanted);
      else items.push(...wanted);
      // One page beyond is read, to say that there is more.
      if (isMore) break;
    }
    if (this.format === 'json') this.result({ items, more: isMore }, []);
    if (this.format === 'text') this.#print(items.length === 0 ? [empty] : tableLines(columns, items, this.paint));
    if (isMore && this.format !== 'json') this.say(`There is more: --limit shows more than ${most}.`);
  }

  /** Items of a list that never ends: JSON lines as they are; as text, one line each. */
  line<Item>(items: readonly Item[], text?: (item: Item) => string): void {
    for (const item of items)
      this.#stdout.write(`${this.format === 'text' && text !== undefined ? text(item) : JSON.stringify(item)}\n`);
  }

  /** Bytes or text as they are, whatever the format. */
  raw(content: string | Uint8Array): void {
    this.#stdout.write(content);
  }

  /** For the person, beside the result. */
  say(...lines: readonly string[]): void {
    for (const line of lines) this.#stderr.write(`${line}\n`);
  }

  failure(failure: Failure): void {
    if (this.format === 'text') this.say(...failureLines(failure));
    else this.#stderr.write(`${JSON.stringify(failureDocument(failure), null, this.format === 'json' ? 2 : undefined)}\n`);
  }

  #print(lines: readonly string[]): void {
    for (const line of lines) this.#stdout.write(`${line}\n`);
  }
}
