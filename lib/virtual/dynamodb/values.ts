/** Items in DynamoDB's JSON: their numbers, and their size. */
import { invalid } from './refusal.ts';

/** A value: one member, named by its type. */
export type Value = { readonly [type: string]: unknown };
export type Item = Readonly<Record<string, Value>>;

/** The number of a value. The store only has integers that JavaScript keeps exactly; others would need DynamoDB's decimals. */
export function integerOf({ N }: Value): number {
  const number = Number(N);
  if (!Number.isSafeInteger(number) || String(number) !== N) throw new Error(`The virtual table does not know the number ${N}`);
  return number;
}

/** Refuses an item that is too large. */
export function checkItem(item: Item, bytesMax: number): void {
  if (sizeOf(item) > bytesMax) throw invalid('Item size has exceeded the maximum allowed size');
}

/** Near enough for limits: names and values in bytes, binary as it is and not as its text. */
export function sizeOf(item: Item): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += Buffer.byteLength(name) + bytesOf(value);
  return bytes;
}

function bytesOf(value: Value): number {
  const [[type, content] = ['NULL', true]] = Object.entries(value);
  if (type === 'S') return Buffer.byteLength(content as string);
  if (type === 'B') return Buffer.byteLength(content as string, 'base64');
  if (type === 'N') return Math.ceil(String(integerOf(value)).length / 2) + 1;
  if (type === 'M') return 3 + sizeOf(content as Item);
  if (type === 'L') return 3 + (content as Value[]).reduce((sum, each) => sum + 1 + bytesOf(each), 0);
  if (type === 'SS') return (content as string[]).reduce((sum, each) => sum + Buffer.byteLength(each), 0);
  if (type === 'BOOL' || type === 'NULL') return 1;
  throw new Error(`The virtual table does not know values of type ${type}`);
}
