/** Equal values as equal text: the keys of every object in order, JSON inside an attribute read as what it says. */
import type { Attributes } from '../store/table.ts';

/** A value as JSON text that equal values share. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) => {
      if (typeof inner === 'bigint') return `${inner}`;
      if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
      return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
    }) ?? 'nothing'
  );
}

/** The attributes in which a stored row is not the one it should be, each as a phrase. Empty: it is that row. */
export function differences(stored: Attributes, due: Attributes, ignored: readonly string[] = []): string[] {
  const [is, was] = [plain(stored, ignored), plain(due, ignored)];
  return [...new Set([...is.keys(), ...was.keys()])]
    .filter((name) => is.get(name) !== was.get(name))
    .map((name) => `${name} is stored as ${is.get(name) ?? 'nothing'} and replays as ${was.get(name) ?? 'nothing'}`);
}

/** Attributes and the fields of the JSON in them, by name. */
function plain(item: Attributes, ignored: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(item)) {
    const parsed = fieldsOf(value.S);
    if (parsed) for (const [field, inner] of Object.entries(parsed)) fields.set(`${name}.${field}`, canonical(inner));
    else fields.set(name, value.S ?? value.N ?? canonical(value));
  }
  for (const name of [...fields.keys()]) if (ignored.includes(name)) fields.delete(name);
  return fields;
}

function fieldsOf(text: string | undefined): Record<string, unknown> | undefined {
  if (!text?.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
