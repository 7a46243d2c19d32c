/**
 * What travels on the queues. Submissions and markers carry facts; every other message is a wake-up: it says where to
 * look, and what is to be done is read from the table. Messages are versioned and parsed where they arrive; one that
 * does not parse is refused and ends in the dead-letter queue. Two versions of the code may run side by side: what the older
 * one may pass over travels in `hints`; anything else it must understand, so readers learn it a release before writers use it
 * (docs/decisions/0007).
 */
import * as z from 'zod';
import { TAKEN_OUT_BY } from '../domain/auction/orders.ts';
import { type BusinessDate, parseDate } from '../domain/contract/calendar.ts';

const version = z.literal(1);
/** What newer code adds for newer readers. A reader that does not know a hint ignores it, so nothing may depend on one. */
const hints = z.looseObject({}).optional();
const product = z.string().regex(/^[A-Z0-9][A-Z0-9-]{0,31}$/);
/** One spelling for one instant: schedules leave out the milliseconds, and a slot is looked up by its text. */
const instant = z.iso.datetime().transform((text) => new Date(text).toISOString());
const shard = z.int().min(0);
const date = z.string().transform((text, context): BusinessDate => {
  const parsed = parseDate(text);
  if (parsed) return parsed;
  context.addIssue({ code: 'custom', message: 'must be a date' });
  return z.NEVER;
});

/** One submission, checked and packed by the gateway. `receivedAt` is the gateway's receive time. */
const submission = z.strictObject({
  v: version,
  kind: z.literal('submission'),
  product,
  shard,
  account: z.string().min(1).max(64),
  /** The operator id of the person or system that sent it. */
  sender: z.string().min(1).max(255),
  key: z.uuidv7(),
  digest: z.string().regex(/^[0-9a-f]{16}$/),
  receivedAt: instant,
  /** Packed instructions, base64. */
  instructions: z.base64(),
  /** It takes all of the account's orders out, for this reason. */
  why: z.enum(TAKEN_OUT_BY).optional(),
  /** The account's kill switches have changed; a stop comes with the cancel of all, a release without instructions. */
  stops: z.literal(true).optional(),
  hints,
});

/** The cut: everything before it in the group belongs to this auction, everything after it to the next. */
const marker = z.strictObject({
  v: version,
  kind: z.literal('marker'),
  product,
  shard,
  auction: z.int().min(1),
  slot: instant,
  hints,
});

/** The intraday auction of a slot is due, or the day run of a date has come to its closing auction. */
const closing = z.union([
  z.strictObject({ v: version, product, slot: instant, hints }),
  z.strictObject({ v: version, product, date, hints }),
]);
/** All shards of an auction are closed, or its predecessor has cleared: look whether it can clear. */
const clearing = z.strictObject({ v: version, product, auction: z.int().min(1), hints });
/** The log has grown: post what this shard has not posted. */
const posting = z.strictObject({ v: version, shard, hints });
/** A day run is due, or a day before it is done. */
const roll = z.strictObject({ v: version, product, slot: instant, hints });
/**
 * Something that the day run, or an open call, waits for has happened, or may have. With `calls`, look on at the open calls behind an
 * account: an invocation had no time for more.
 */
const dayRun = z.strictObject({
  v: version,
  product,
  calls: z.strictObject({ after: z.string().min(1).max(128) }).optional(),
  hints,
});
/** Where a queue worker goes on with the listeners: in a shard, behind one of them. */
const place = z.strictObject({ shard, behind: z.string().max(128) });
/** Something that listeners are told of; `from` when an invocation had no time for all of them. */
const news = z.discriminatedUnion('kind', [
  /** A shard has posted the events behind `after` up to `seq`. */
  z.strictObject({
    v: version,
    kind: z.literal('posted'),
    shard,
    after: z.int().min(0),
    seq: z.int().min(1),
    from: place.optional(),
    hints,
  }),
  z.strictObject({ v: version, kind: z.literal('cleared'), product, auction: z.int().min(1), from: place.optional(), hints }),
  /** The prices of a day are settled, and all accounts are marked to them. */
  z.strictObject({ v: version, kind: z.literal('settled'), product, date, from: place.optional(), hints }),
  /** The books of a day are closed, and its statements written. */
  z.strictObject({ v: version, kind: z.literal('closed'), product, date, from: place.optional(), hints }),
]);
/** A sweep is due. */
const sweep = z.strictObject({ v: version, at: instant, hints });

/** The schema of every queue's messages. */
export const MESSAGES = {
  orders: z.discriminatedUnion('kind', [submission, marker]),
  closings: closing,
  clearings: clearing,
  postings: posting,
  rolls: roll,
  'day-runs': dayRun,
  sweeps: sweep,
  news,
} as const;

export type SubmissionMessage = z.infer<typeof submission>;
export type MarkerMessage = z.infer<typeof marker>;
export type Message<Queue extends keyof typeof MESSAGES> = z.infer<(typeof MESSAGES)[Queue]>;

/** A message that this code does not know. Retrying can't help; it is left for the dead-letter queue. */
export class MessageFormatError extends Error {
  override name = 'MessageFormatError';
}

/** Reads a message of a queue. Throws MessageFormatError, which quotes nothing of the message, when it has another form. */
export function parseMessage<Queue extends keyof typeof MESSAGES>(queue: Queue, body: string): Message<Queue> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new MessageFormatError(`a message of ${queue} is not JSON`);
  }
  const result = MESSAGES[queue].safeParse(parsed);
  if (!result.success) throw new MessageFormatError(`a message of ${queue} has the wrong form: ${errorsIn(result.error)}`);
  return result.data as Message<Queue>;
}

/** Where a message is wrong and how, in words of this file only: its values and field names may give away a sealed order. */
const errorsIn = ({ issues }: z.ZodError): string =>
  issues.map(({ code, path }) => `${code} at $${path.map((name) => `.${String(name)}`).join('')}`).join(', ');
