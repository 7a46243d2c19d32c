/**
 * Chance that can be repeated. Every part of a run draws from a stream of its own, made of the run's seed and the part's
 * name, so what one of them does never depends on how many draws another took, or on which request was answered first.
 */
export interface Random {
  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** True in `percent` of 100 draws. */
  chance(percent: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** A UUIDv7 (RFC 9562, section 5.7) whose time is `nowMs` and whose random bits are drawn. */
  key(nowMs: number): string;
}

/** A stream for `seed` and `name`: xoshiro128** (Blackman and Vigna, 2018) started from FNV-1a hashes of both. */
export function random(seed: number, name: string): Random {
  const state = Uint32Array.from({ length: 4 }, (_, word) => fnv1a(`${seed}/${word}/${name}`));
  // Never all zero, the one state that has no successor.
  state[0]! |= 1;
  for (let round = 0; round < 16; round++) next(state);
  const between = (low: number, high: number): number => low + (next(state) % (high - low + 1));
  return {
    between,
    chance: (percent) => between(1, 100) <= percent,
    pick: (from) => from[between(0, from.length - 1)]!,
    key: (nowMs) => {
      const time = nowMs.toString(16).padStart(12, '0');
      const [a, b, c] = [hex(next(state)), hex(next(state)), hex(next(state))];
      const variant = '89ab'[next(state) % 4]!;
      return `${time.slice(0, 8)}-${time.slice(8)}-7${a.slice(0, 3)}-${variant}${a.slice(3, 6)}-${b}${c.slice(0, 4)}`;
    },
  };
}

function next(state: Uint32Array): number {
  const result = Math.imul(rotate(Math.imul(state[1]!, 5), 7), 9) >>> 0;
  const shifted = state[1]! << 9;
  state[2]! ^= state[0]!;
  state[3]! ^= state[1]!;
  state[1]! ^= state[2]!;
  state[0]! ^= state[3]!;
  state[2]! ^= shifted;
  state[3] = rotate(state[3]!, 11);
  return result;
}

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));
const hex = (word: number): string => word.toString(16).padStart(8, '0');

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
