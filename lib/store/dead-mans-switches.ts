/**
 * Dead-man's switches, a row an account that has ever used its own, by product and shard: participant-api and close write it, each on the
 * version that it has read. A cut reads all rows of its product: a page of them for some five thousand accounts.
 */
import { type DeadMansSwitch, NEVER_SET } from '../domain/auction/dead-mans-switch.ts';
import { deadMansSwitchKey, deadMansSwitchPartition } from './keys.ts';
import { type Attributes, integer, N, S, type Table, text } from './table.ts';

/** Whose it is, and for which product's orders. */
export interface SwitchPlace {
  readonly product: string;
  readonly account: string;
}

export async function readDeadMansSwitch(
  table: Table,
  { product, account }: SwitchPlace,
  shards: number,
): Promise<DeadMansSwitch> {
  const item = await table.get(deadMansSwitchKey(product, account, shards));
  return item ? decode(item) : NEVER_SET;
}

/** Those of a shard's accounts, a page at a time. */
export async function* deadMansSwitchesIn(
  table: Table,
  product: string,
  shard: number,
): AsyncGenerator<{ readonly account: string; readonly own: DeadMansSwitch }[]> {
  for await (const page of table.pages(deadMansSwitchPartition(product, shard)))
    yield page.map((item) => ({ account: text(item, 'sk'), own: decode(item) }));
}

/** Writes a switch over its version before. False when it has changed meanwhile. */
export const writeDeadMansSwitch = (
  table: Table,
  { product, account }: SwitchPlace,
  own: DeadMansSwitch,
  shards: number,
): Promise<boolean> =>
  table.putIf(
    {
      ...deadMansSwitchKey(product, account, shards),
      attributes: {
        version: N(own.version),
        state: S(own.state),
        setAt: S(own.setAt),
        ...(own.ranOut === null ? {} : { ranOut: S(own.ranOut) }),
        ...(own.state === 'off' ? {} : { expiry: S(own.expiry) }),
        ...(own.state === 'running-out' ? { key: S(own.key) } : {}),
        v: N(1),
      },
    },
    own.version === 1 ? 'attribute_not_exists(pk)' : 'version = :before',
    own.version === 1 ? undefined : { ':before': N(own.version - 1) },
  );

function decode(item: Attributes): DeadMansSwitch {
  const noted = { version: integer(item, 'version'), setAt: text(item, 'setAt'), ranOut: item.ranOut?.S ?? null };
  const state = text(item, 'state');
  switch (state) {
    case 'off':
      return { ...noted, state };
    case 'on':
      return { ...noted, state, expiry: text(item, 'expiry') };
    case 'running-out':
      return { ...noted, state, expiry: text(item, 'expiry'), key: text(item, 'key') };
    default:
      throw new TypeError(`a dead-man's switch can't be ${state}`);
  }
}
