/**
 * Tables for a terminal: columns as wide as they need be, numbers to the right, units in the headings. What a cell shows may
 * have been written by others, so a character that moves a cursor, changes a colour or turns the direction of a line is
 * shown as its code and never sent to the terminal.
 */
export type Cell = string | number | boolean | null | undefined;

export interface Column<Item> {
  readonly heading: string;
  readonly of: (item: Item) => Cell;
  /** Numbers stand at the right. */
  readonly right?: boolean;
}

/** A column of numbers. */
export const figure = <Item>(heading: string, of: (item: Item) => Cell): Column<Item> => ({ heading, of, right: true });
export const word = <Item>(heading: string, of: (item: Item) => Cell): Column<Item> => ({ heading, of });

/** How a text is set off: on a terminal by colour, elsewhere not at all. */
export interface Paint {
  readonly heading: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

const plain = (text: string): string => text;
export const PLAIN: Paint = { heading: plain, good: plain, bad: plain };
const ansi = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`;
export const COLOURED: Paint = { heading: ansi(1), good: ansi(32), bad: ansi(31) };

/** The heading and a line an item. No line ends in spaces. */
export function tableLines<Item>(columns: readonly Column<Item>[], items: readonly Item[], paint: Paint = PLAIN): string[] {
  const rows = items.map((item) => columns.map((column) => shown(column.of(item))));
  const widths = columns.map(({ heading }, at) => Math.max(width(heading), ...rows.map((row) => width(row[at]!))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => {
        const gap = ' '.repeat(widths[at]! - width(cell));
        return columns[at]!.right ? gap + cell : cell + gap;
      })
      .join('  ')
      .trimEnd();
  return [paint.heading(line(columns.map(({ heading }) => heading))), ...rows.map(line)];
}

/** Names and what they stand for, one below the other. */
export function fieldLines(fields: readonly (readonly [name: string, value: Cell])[], paint: Paint = PLAIN): string[] {
  const widest = Math.max(0, ...fields.map(([name]) => width(name)));
  return fields.map(([name, value]) => `${paint.heading(name)}${' '.repeat(widest - width(name) + 2)}${shown(value)}`.trimEnd());
}

/** Nothing is a dash; every character that is not for reading is its code. */
export const shown = (cell: Cell): string => (cell === null || cell === undefined ? '-' : readable(String(cell)));

/** Controls (C0, C1), what reorders a line (bidirectional marks and overrides), and separators of lines. */
const UNREADABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

export const readable = (text: string): string =>
  text.replace(UNREADABLE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);

/** Characters on a terminal; those that take two columns are rare in codes and names, and only shift a line. */
const width = (text: string): number => [...text].length;
