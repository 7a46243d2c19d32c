/**
 * The service's own description of its requests, as the SDK carries it: what a call takes, of which types, and what it can't do
 * without. The SDK itself sends whatever it is given.
 */
import * as dynamodb from '@aws-sdk/client-dynamodb';

/** Codes of simple types, as the SDK's schemas write them (smithy: document, string and so on). */
const SIMPLE: Readonly<Record<number, (value: unknown) => boolean>> = {
  0: (value) => typeof value === 'string',
  1: (value) => typeof value === 'number',
  2: (value) => typeof value === 'boolean',
  4: (value) => value instanceof Date && !Number.isNaN(value.getTime()),
  21: (value) => value instanceof Uint8Array,
};
const [LIST, MAP, STRUCTURE] = [1, 2, 3];

type Schema =
  | number
  | (() => Schema)
  | readonly [kind: number, namespace: string, name: string, traits: unknown, ...rest: unknown[]];

/** What is wrong with the input of a call, such as `CreateTable`; empty when nothing is. Throws for a call that the service does not have. */
export function inputErrors(call: string, input: unknown): string[] {
  const schema = (dynamodb as Record<string, unknown>)[`${call}Input$`] as Schema | undefined;
  if (schema === undefined) throw new Error(`DynamoDB has no call ${call}`);
  return errorsOf(schema, input, call);
}

function errorsOf(schema: Schema, value: unknown, path: string): string[] {
  if (typeof schema === 'function') return errorsOf(schema(), value, path);
  if (typeof schema === 'number') {
    const holds = SIMPLE[schema];
    if (!holds) throw new Error(`${path} is of a type that is not known here: ${schema}`);
    return holds(value) ? [] : [`${path} is not of its type`];
  }
  const [kind, , , , ...rest] = schema;
  if (kind === LIST)
    return Array.isArray(value)
      ? value.flatMap((each, at) => errorsOf(rest[0] as Schema, each, `${path}[${at}]`))
      : [`${path} is not a list`];
  if (typeof value !== 'object' || value === null) return [`${path} is not an object`];
  if (kind === MAP) return Object.entries(value).flatMap(([name, each]) => errorsOf(rest[1] as Schema, each, `${path}.${name}`));
  if (kind !== STRUCTURE) throw new Error(`${path} is of a kind that is not known here: ${kind}`);
  return memberErrors(rest as unknown as Members, value as Record<string, unknown>, path);
}

type Members = readonly [names: readonly string[], schemas: readonly Schema[], required?: number];

/** Members that must be there come first; what is given as undefined is not sent. */
function memberErrors([names, schemas, required = 0]: Members, value: Record<string, unknown>, path: string): string[] {
  const given = Object.entries(value).filter(([, member]) => member !== undefined);
  const missing = names.slice(0, required).filter((name) => value[name] === undefined);
  return [
    ...missing.map((name) => `${path}.${name} is missing`),
    ...given.flatMap(([name, member]) => {
      const at = names.indexOf(name);
      return at < 0 ? [`${path}.${name} is not known`] : errorsOf(schemas[at]!, member, `${path}.${name}`);
    }),
  ];
}
