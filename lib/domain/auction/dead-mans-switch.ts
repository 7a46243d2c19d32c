/**
 * The dead-man's switch of an account: unless its participant sets it anew in time, all of the account's orders are taken out. It is
 * decided by received times and by the auction's own time alone: when it has run out at a cut, what takes the orders out stands in the
 * account's queue before the marker, and when it is set again later, that comes first. So no later word undoes that it has run out, and
 * an auction trades nothing of an account whose switch had run out when the auction was due.
 *
 * First it is noted that the switch runs out, and under which key; then the orders are taken out; then it is off. A worker that finds the
 * note goes on from it, under the same key, so that one that crashes on the way changes nothing.
 * Why it is done so: docs/decisions/0027.
 */

interface Noted {
  /** How often it has changed. */
  readonly version: number;
  /** When the request came that it stands as since, ISO; empty when none has. */
  readonly setAt: string;
  /** When it ran out the last time, ISO; `null` when it never has. */
  readonly ranOut: string | null;
}

export interface SwitchOn extends Noted {
  readonly state: 'on';
  /** The instant from which it has run out, ISO. */
  readonly expiry: string;
}

/** It has run out, and the account's orders are being taken out by a submission under `key`. */
export interface SwitchRunningOut extends Noted {
  readonly state: 'running-out';
  readonly expiry: string;
  readonly key: string;
}

export type DeadMansSwitch = (Noted & { readonly state: 'off' }) | SwitchOn | SwitchRunningOut;

/** Seconds that it may be set to at most: a day. */
export const SWITCH_SECONDS_MAX = 86_400;

/** As it stands for an account that has never used it. */
export const NEVER_SET: DeadMansSwitch = { version: 0, state: 'off', setAt: '', ranOut: null };

/** Whether the orders of its account are to be taken out, by an instant, ISO. An expiry at the very instant counts. */
export const runsOut = (own: DeadMansSwitch, by: string): own is SwitchOn | SwitchRunningOut =>
  own.state === 'running-out' || (own.state === 'on' && own.expiry <= by);

/** It is noted that it runs out. */
export const runningOut = ({ version, setAt, ranOut, expiry }: SwitchOn, key: string): SwitchRunningOut => ({
  version: version + 1,
  state: 'running-out',
  setAt,
  ranOut,
  expiry,
  key,
});

/** The orders are taken out, and it is off. */
export const ranOut = ({ version, setAt, expiry }: SwitchRunningOut): DeadMansSwitch => ({
  version: version + 1,
  state: 'off',
  setAt,
  ranOut: expiry,
});

/**
 * What a request makes of a switch that does not run out: on for so many seconds from when the gateway received it, ISO, or off for 0.
 * A request that was received before the one that the switch stands as since changes nothing.
 */
export function setSwitch(own: DeadMansSwitch, receivedAt: string, seconds: number): DeadMansSwitch {
  if (receivedAt < own.setAt) return own;
  const noted = { version: own.version + 1, setAt: receivedAt, ranOut: own.ranOut };
  if (seconds === 0) return { ...noted, state: 'off' };
  return { ...noted, state: 'on', expiry: new Date(Date.parse(receivedAt) + seconds * 1000).toISOString() };
}

/** A schedule fires within its minute. */
const ON_TIME_MS = 60_000;

/**
 * The instant by which switches count at a cut: the auction's own, whenever within the minute its schedule fires. An auction that is held
 * late, because it was missed or the venue was halted, is cut as of when it was asked for: it takes orders until then, too.
 *
 * @param slot the instant the auction was due, ISO
 * @param askedAt when the message that asks for the cut was sent, milliseconds since 1970
 */
export const cutAsOf = (slot: string, askedAt: number): string =>
  askedAt - Date.parse(slot) > ON_TIME_MS ? new Date(askedAt).toISOString() : slot;
