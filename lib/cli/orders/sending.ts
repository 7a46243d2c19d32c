/**
 * Orders on their way: made ready under one key, previewed, sent, and followed until the book has decided them. The key is made
 * once and never again for the same orders, so that however often they are sent, they count once.
 */

import type { Client } from '../../client/client.ts';
import { uuidv7 } from '../../client/idempotency-key.ts';
import type { Answered } from '../session/connection.ts';
import type { Context } from '../session/context.ts';
import { Failure } from '../terminal/failure.ts';
import { completed, type OrdersIn, productOf } from './orders-in.ts';

/** As the route takes it. */
type Body = NonNullable<Parameters<Client['submitOrders']>[0]>['body'];

export interface Ready {
  readonly key: string;
  readonly body: Body;
}

export type Submission = Answered<'showSubmission'>;
export type Preview = Answered<'previewOrders'>;

/** Names what is not named yet: the product, and the key of the venue's own time. */
export async function ready(context: Context, { product: named, orders }: OrdersIn, key?: string): Promise<Ready> {
  const product = named ?? productOf(orders) ?? (await context.product(undefined));
  const client = await context.client();
  // A key is good for a few minutes around the venue's time, so the venue is asked something before one is made.
  if (key === undefined) await client.listContracts({ query: { product } });
  const made = key ?? uuidv7(context.connection.now());
  // What a field may be is the venue's to say, field by field.
  return { key: made, body: { product, orders: completed(orders, product, made) as Body['orders'] } };
}

export async function previewed(context: Context, { body }: Ready): Promise<Preview> {
  return (await (await context.client()).previewOrders({ body }))!;
}

/** Sends them, as often as it takes. Throws a Failure that names the key when it is not known what became of them. */
export async function sent(context: Context, { key, body }: Ready): Promise<string> {
  const client = await context.client();
  try {
    const { submission } = (await client.submitOrders({ body, headers: { 'idempotency-key': key } }))!;
    return submission;
  } catch (error) {
    if (!(error instanceof Failure) || (error.kind !== 'try-again' && error.kind !== 'fault')) throw error;
    throw new Failure(
      error.kind,
      `${error.message}. It is not known whether the orders arrived`,
      `The same call with --key ${key} asks again, and they count once however often it is made.\n${error.hint}`,
      error.refusal,
      { cause: error },
    );
  }
}

const POLLED_EVERY_MS = 250;

/** Waits for the book's decision, `withinMs` at most; the submission is then still `queued`. */
export async function decided(context: Context, submission: string, withinMs: number): Promise<Submission> {
  for (const until = Date.now() + withinMs; ; ) {
    const found = await (await context.client()).showSubmission({ params: { submission } });
    if (found.state === 'decided' || Date.now() >= until) return found;
    await new Promise((resolve) => setTimeout(resolve, POLLED_EVERY_MS));
  }
}
