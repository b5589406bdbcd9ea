import { performance } from 'node:perf_hooks';

/**
 * The time of the store, told between two of its answers by the monotonic clock. Only for what is shown
 * (start and end of steps) and for how long to sleep; the store itself decides.
 */
export class StoreClock {
  #storeMs = Date.now();
  #localMs = performance.now();

  /** Sets the clock by an answer of the store. */
  set(storeMs: number): void {
    this.#storeMs = storeMs;
    this.#localMs = performance.now();
  }

  /** Ms since the epoch. */
  now(): number {
    return Math.round(this.#storeMs + performance.now() - this.#localMs);
  }
}
