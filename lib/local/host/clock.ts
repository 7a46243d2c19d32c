/**
 * The time of the local cloud: what schedules fire on, what the gateway stamps requests with, what tokens expire by. It
 * either follows real time (with an offset, so it can be set ahead) or stands still and is moved by hand, which is how a
 * month passes in a minute. It never runs backwards: neither does the time that it stands for.
 */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** True when time passes only by `moveTo`. */
  readonly frozen: boolean;
  moveTo(instantMs: number): void;
}

/** Stands still at an instant (milliseconds or ISO) until it is moved. */
export function frozenClock(start: number | string): Clock {
  let nowMs = parseInstant(start);
  return {
    frozen: true,
    now: () => nowMs,
    moveTo(instantMs) {
      nowMs = forward(nowMs, instantMs);
    },
  };
}

/** Follows real time, `offsetMs` ahead of it; `moveTo` jumps ahead and goes on from there. */
export function followingClock(offsetMs = 0, real: () => number = Date.now): Clock {
  let aheadMs = offsetMs;
  return {
    frozen: false,
    now: () => real() + aheadMs,
    moveTo(instantMs) {
      aheadMs = forward(real() + aheadMs, instantMs) - real();
    },
  };
}

/** A clock that counts the minutes as they end: whenever it is moved, and when it is looked at, for a clock that runs does not call. */
export interface CountingClock extends Clock {
  look(): void;
  /** From now on gets the instants at which minutes have ended, milliseconds, in order, none twice. One call at a time. */
  onMinutes(ended: (endsMs: readonly number[]) => void): void;
}

export function countingMinutes(clock: Clock): CountingClock {
  let ended: (endsMs: readonly number[]) => void = () => {};
  let countedMs = Math.floor(clock.now() / MINUTE_MS) * MINUTE_MS;
  const look = () => {
    const endsMs: number[] = [];
    for (; countedMs + MINUTE_MS <= clock.now(); countedMs += MINUTE_MS) endsMs.push(countedMs + MINUTE_MS);
    if (endsMs.length > 0) ended(endsMs);
  };
  return {
    frozen: clock.frozen,
    now: clock.now,
    look,
    onMinutes(call) {
      ended = call;
    },
    moveTo(instantMs) {
      look();
      clock.moveTo(instantMs);
      look();
    },
  };
}

const MINUTE_MS = 60_000;

export function parseInstant(instant: number | string): number {
  const ms = typeof instant === 'number' ? instant : Date.parse(instant);
  if (!Number.isSafeInteger(ms)) throw new RangeError(`Not an instant: ${instant}`);
  return ms;
}

function forward(fromMs: number, toMs: number): number {
  if (!Number.isSafeInteger(toMs)) throw new RangeError(`Not an instant: ${toMs}`);
  if (toMs < fromMs) {
    throw new RangeError(
      `The clock stands at ${new Date(fromMs).toISOString()} and can't go back to ${new Date(toMs).toISOString()}`,
    );
  }
  return toMs;
}

/**
 * Calls when real time has reached an instant, and never before. A timer alone is not enough: it counts from when the
 * event loop last looked at the time, so behind a long piece of work it fires early.
 */
export function whenReached(realMs: number, call: () => void): void {
  setTimeout(() => (Date.now() < realMs ? whenReached(realMs, call) : call()), Math.max(1, realMs - Date.now())).unref();
}
