/**
 * An auction held now instead of when it is scheduled: the message that its schedule would put into the queue `closings`,
 * with this moment as the due time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Caller } from '../client/exchange.ts';

export interface ClearedAuction {
  readonly auction: number;
  readonly slot: string;
  readonly months: readonly {
    readonly contract: string;
    readonly price: string;
    readonly traded: boolean;
    readonly volume: number;
  }[];
}

/** Asks a local market for an auction; `closings` is the address of that queue, `slot` an ISO instant. */
export async function callAuction(closings: string, product: string, slot: string): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SQSClient({ endpoint: new URL(closings).origin, region: 'us-east-1', credentials });
  try {
    await client.send(new SendMessageCommand({ QueueUrl: closings, MessageBody: JSON.stringify({ v: 1, product, slot }) }));
  } finally {
    client.destroy();
  }
}

/** The auction of a slot once it has cleared; `undefined` when it has not within the time given. */
export async function clearedAuction(
  caller: Caller,
  product: string,
  slot: string,
  withinMs: number,
): Promise<ClearedAuction | undefined> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(100)) {
    const { items } = (await caller.get(`/v1/auctions?product=${product}&limit=1`)) as { items: ClearedAuction[] };
    if (items[0] && Date.parse(items[0].slot) === Date.parse(slot)) return items[0];
  }
  return undefined;
}
