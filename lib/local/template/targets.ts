/** What the properties of a resource name: other resources of the stack, by name or ARN. */
import { LocalCloudError } from '../host/error.ts';
import type { Resource } from './assembly.ts';
import type { JsonObject } from './intrinsics.ts';
import type { FunctionPlan } from './plan.ts';

/** A resource with its properties resolved. */
export type Read = Resource & { readonly p: JsonObject };

/** The resources of these types. */
export type Of = (...types: string[]) => Read[];

/** By name or ARN, with or without the alias, also when the ARN stands inside an invocation URI. */
export function functionNamed(functions: readonly FunctionPlan[], reference: unknown, where: string): string {
  const named = functions.find(({ name, arn, alias }) =>
    ['', ...(alias === undefined ? [] : [`:${alias}`])].some(
      (end) => [`${name}${end}`, `${arn}${end}`].includes(String(reference)) || String(reference).includes(`${arn}${end}/`),
    ),
  );
  return found(named?.name, where, 'a function of this stack', reference);
}

export function found<T>(value: T | undefined, where: string, what: string, reference: unknown): T {
  if (value === undefined) {
    throw new LocalCloudError(
      `${where} refers to ${JSON.stringify(reference)}, which is not ${what}`,
      'Targets outside of the stack do not run here.',
    );
  }
  return value;
}
