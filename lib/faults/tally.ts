/** What has become of the seeds that were played: how many, with which faults, and which of them failed. */
import type { SeedResult } from './run.ts';

export class Tally {
  seeds = 0;
  steps = 0;
  readonly failed: number[] = [];
  readonly #kinds = new Map<string, number>();

  add({ seed, failures, faults, trace }: SeedResult): void {
    this.seeds++;
    this.steps += trace.steps;
    for (const [kind, times] of Object.entries(faults)) this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + times);
    if (failures.length > 0) this.failed.push(seed);
  }

  /** How often each kind was injected, in order of its name. */
  get faults(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#kinds].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  get faultCount(): number {
    return [...this.#kinds.values()].reduce((sum, times) => sum + times, 0);
  }

  toJSON(): object {
    return { seeds: this.seeds, steps: this.steps, failed: this.failed, faults: this.faults };
  }
}
