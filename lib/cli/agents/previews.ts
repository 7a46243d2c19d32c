/**
 * Orders that an agent has previewed and may place: each under a token that only this server makes, for a short time, once. What is
 * placed is what was previewed and nothing else, since the agent gives the token alone. Placing it again says what became of it.
 */
import { randomBytes } from 'node:crypto';
import type { Ready } from '../orders/sending.ts';
import { Failure } from '../terminal/failure.ts';
import type { Limits } from './day-limits.ts';

export interface Previewed {
  readonly ready: Ready;
  /** What it counts for. */
  readonly asked: Limits;
  readonly madeAtMs: number;
  /** Whether it has been counted against the limits of the day. */
  counted: boolean;
  /** Set by the first placing; those after it wait for the same. */
  placed: Promise<object> | undefined;
}

/** A preview is what the market was then. */
const GOOD_FOR_MS = 120_000;
/** Tokens kept; the oldest goes for a new one. */
const KEPT_MAX = 100;

export class Previews {
  readonly #byToken = new Map<string, Previewed>();

  /** The token to place it by, and until when, milliseconds since 1970. */
  keep(ready: Ready, asked: Limits, nowMs: number): { readonly token: string; readonly untilMs: number } {
    const token = randomBytes(15).toString('base64url');
    this.#byToken.set(token, { ready, asked, madeAtMs: nowMs, counted: false, placed: undefined });
    if (this.#byToken.size > KEPT_MAX) this.#byToken.delete(this.#byToken.keys().next().value!);
    return { token, untilMs: nowMs + GOOD_FOR_MS };
  }

  /**
   * Has `place` called for what was previewed, the first time; later only its end is given again, unless it has taken `placed` back.
   * Throws a Failure for a token that is not known, or not good any more.
   */
  async place(token: string, nowMs: number, place: (previewed: Previewed) => Promise<object>): Promise<object> {
    const previewed = this.#byToken.get(token);
    if (previewed === undefined)
      throw new Failure(
        'refused',
        'There is no such preview',
        'Preview the orders, and place them by the token that the preview gives.',
      );
    if (!previewed.counted && nowMs > previewed.madeAtMs + GOOD_FOR_MS) {
      this.#byToken.delete(token);
      throw new Failure('refused', 'The preview is too old', 'The market has moved on: preview the orders again.');
    }
    previewed.placed ??= place(previewed);
    return previewed.placed;
  }
}
