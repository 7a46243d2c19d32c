/**
 * What an agent may still do today: lots that it orders and what its orders could lose (lib/cli/orders/worst-loss.ts), each
 * within a limit of the user. Orders count when they are sent, whole, and are not given back when they are cancelled or do
 * not fill. So the count only rises within a day, and a crash between counting and sending errs on the user's side.
 *
 * It is kept in a file, under a lock, so that it outlives this server and holds for several of them together. A day is one of
 * UTC by the venue's clock; a clock that goes back does not give a day again.
 */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { readOwn, underLock, writeOwn } from '../session/profiles.ts';
import { Failure } from '../terminal/failure.ts';

export interface Limits {
  readonly lots: number;
  readonly lossCents: bigint;
}

/** Of one day. */
export interface Used extends Limits {
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string;
}

const usedFile = z.strictObject({ day: z.iso.date(), lots: z.int().nonnegative(), lossCents: z.string().regex(/^\d+$/) });

export class DayLimits {
  readonly limits: Limits;
  readonly #file: string;

  /** `whose` is the venue and the account; `folder` holds what was used by each. */
  constructor(folder: string, whose: string, limits: Limits) {
    this.limits = limits;
    this.#file = join(folder, `used-${createHash('sha256').update(whose).digest('hex').slice(0, 16)}.json`);
  }

  /** What is used of the day at `nowMs`, an instant of the venue. */
  used(nowMs: number): Used {
    const day = new Date(nowMs).toISOString().slice(0, 10);
    const text = readOwn(this.#file);
    if (text === undefined) return { day, lots: 0, lossCents: 0n };
    const kept = usedOf(text, this.#file);
    return kept.day >= day ? kept : { day, lots: 0, lossCents: 0n };
  }

  /** Counts orders that are about to be sent. Throws a Failure `refused`, and counts nothing, when they go beyond a limit. */
  async count(asked: Limits, nowMs: number): Promise<Used> {
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    return underLock(this.#file, async () => {
      const used = this.used(nowMs);
      const next = { day: used.day, lots: used.lots + asked.lots, lossCents: used.lossCents + asked.lossCents };
      if (next.lots > this.limits.lots) throw beyond('lots', next.lots, this.limits.lots, used.day);
      if (next.lossCents > this.limits.lossCents)
        throw beyond('USD of loss', dollars(next.lossCents), dollars(this.limits.lossCents), used.day);
      writeOwn(this.#file, `${JSON.stringify({ ...next, lossCents: String(next.lossCents) })}\n`);
      return next;
    });
  }
}

function usedOf(text: string, file: string): Used {
  try {
    const { day, lots, lossCents } = usedFile.parse(JSON.parse(text));
    return { day, lots, lossCents: BigInt(lossCents) };
  } catch (cause) {
    throw new Failure(
      'fault',
      `${file}, the count of the day, is damaged`,
      'Nothing is sent until you have deleted it; the count then begins anew.',
      {},
      { cause },
    );
  }
}

const beyond = (what: string, would: number | string, limit: number | string, day: string): Failure =>
  new Failure(
    'refused',
    `It would be ${would} ${what} on ${day}, beyond the limit of ${limit} a day`,
    'The user sets the limits, when the server is started. A new day of the venue (UTC) begins anew.',
  );

/** Cents as dollars, with both decimals. */
export const dollars = (cents: bigint): string => `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;
