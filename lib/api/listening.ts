/**
 * What listeners are told, over the WebSocket API. Every message is about numbers that anyone may know, or that the account's own holder
 * may: what stands behind a number is read over HTTP. So a message that is lost costs nothing, and one that comes twice says nothing new.
 */
import * as z from 'zod';

/** The protocol that a client offers, and the server answers with. */
export const LISTENING_PROTOCOL = 'compute-exchange.v1';
/** A second protocol that a client may offer holds its token behind this: a URL would be logged, and browsers can set no other header. */
export const TOKEN_PROTOCOL = 'token.';

const seq = z.int().min(0);
const product = z.string();
const auction = z.int().min(0);
const date = z.iso.date();

/** A message to a listener: one of these. */
export const TOLD = z.union([
  /** The account has news up to this event of the log: its journal, its positions and its cash are posted as far. */
  z.strictObject({ account: z.strictObject({ seq }) }),
  /** An auction has cleared. */
  z.strictObject({ auction: z.strictObject({ product, auction }) }),
  /** The prices of a day are settled, and every account is marked to them. */
  z.strictObject({ settled: z.strictObject({ product, date }) }),
  /** The books of a day are closed, and its statements written. */
  z.strictObject({ closed: z.strictObject({ product, date }) }),
  /** All of these as they are now: the answer to whatever a client sends. Without `account` for a listener without a token. */
  z.strictObject({
    now: z.strictObject({
      account: z.strictObject({ seq }).optional(),
      products: z.array(z.strictObject({ product, auction, settled: date, closed: date })),
    }),
  }),
]);
export type Told = z.infer<typeof TOLD>;
