/**
 * The done-once names of what operators decide: an event claims its names for ever, together with its place in the log, so that nothing
 * that is sent twice is done twice.
 */
import type { ClearingEvent } from './events.ts';

export const openingOf = (account: string): string => `account#${account}`;
/** A reference names one movement of an account; another account may have one under the same. */
export const movementOf = (account: string, reference: string): string => `cash#${account}#${reference}`;
export const versionOf = (product: string, version: number): string => `parameters#${product}#${version}`;

/** The names that an event claims, one for each thing that it does; none for what workers commit. */
export function onceNames(event: ClearingEvent): readonly string[] {
  switch (event.kind) {
    case 'accounts-opened':
      return event.accounts.map(({ account }) => openingOf(account));
    case 'cash-moved':
      return event.movements.map(({ account, reference }) => movementOf(account, reference));
    case 'parameters-changed':
      return [versionOf(event.product, event.version)];
    default:
      return [];
  }
}
