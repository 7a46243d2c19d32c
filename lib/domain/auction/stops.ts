/**
 * Kill switches of an owner: which of its accounts are stopped, by whom, and why. A stop takes out all orders of an account and lets none
 * in until it is released. A participant's stop and an operator's stand side by side, and each is released by the side that made it: an
 * account trades when none stands. What is released stays on record until the same switch is used again.
 */
import { ownerOf } from '../contract/owner.ts';

/** The side that a switch is of. Only that side releases it. */
export const STOP_SIDES = ['participant', 'operator'] as const;
export type StopSide = (typeof STOP_SIDES)[number];

/** All accounts that the owner has or will have; a switch of one account is called by it. No account is called so. */
export const WHOLE_OWNER = '*';

/** That a switch was used. */
export interface StopNote {
  /** The operator id: the subject of the token. */
  readonly by: string;
  /** ISO. */
  readonly at: string;
  readonly reason: string;
}

export interface Switch {
  readonly stopped: StopNote;
  /** `null` while the stop stands. */
  readonly released: StopNote | null;
}

/** An owner's switches by what they stop. There are at most two for each account and two for the owner. */
export interface OwnerStops {
  readonly owner: string;
  /** How often they have changed. */
  readonly version: number;
  readonly switches: Readonly<Record<string, Readonly<Partial<Record<StopSide, Switch>>>>>;
}

export const noStops = (owner: string): OwnerStops => ({ owner, version: 0, switches: {} });

export interface StopChange {
  /** An account, or `WHOLE_OWNER`. */
  readonly of: string;
  readonly side: StopSide;
  readonly kind: 'stop' | 'release';
  readonly note: StopNote;
}

/** The switches after a change; `undefined` when it changes nothing: the first to stop, or to release, stays on record. */
export function changeStops(stops: OwnerStops, { of, side, kind, note }: StopChange): OwnerStops | undefined {
  const now = stops.switches[of]?.[side];
  const stands = now?.released === null;
  if (stands === (kind === 'stop')) return undefined;
  const next: Switch = kind === 'stop' ? { stopped: note, released: null } : { ...now!, released: note };
  const switches = { ...stops.switches, [of]: { ...stops.switches[of], [side]: next } };
  return { owner: stops.owner, version: stops.version + 1, switches };
}

/** Whether an account is stopped, by its own switches or by those of all of its owner's accounts. */
export const isStopped = (stops: OwnerStops | undefined, account: string): boolean =>
  stops !== undefined && stops.owner === ownerOf(account) && (isOn(stops, account) || isOn(stops, WHOLE_OWNER));

/** Whether any switch of an owner stands. */
export const hasStops = (stops: OwnerStops): boolean => Object.keys(stops.switches).some((of) => isOn(stops, of));

const isOn = ({ switches }: OwnerStops, of: string): boolean =>
  STOP_SIDES.some((side) => switches[of]?.[side]?.released === null);
