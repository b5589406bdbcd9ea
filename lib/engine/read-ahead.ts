import { performance } from 'node:perf_hooks';
import type { ClaimedRun } from '../core/store.js';

// What is claimed together is executed within this time, or nothing is read ahead.
const QUICK_MS = 10;
/** Most runs that a worker has at once because of it. */
const MOST_CLAIMED = 200;
// Above that, so that a worker which starts after a crash meets what the crash has left before it reads ahead.
const QUICK_RUNS_BEFORE = 250;
/** Larger inputs would fill the memory with what only waits. */
const MOST_CHARS = 1_048_576;

/** Runs that were claimed together. */
export interface ClaimedTogether {
  /** Monotonic, in ms. */
  readonly claimedAt: number;
  /** One of them has come to its end. */
  onExecuted(): void;
}

/**
 * How many runs a worker claims beyond those that it executes at once. A call costs the store and the worker much the
 * same for one run as for many, and what is here already need not be waited for. But a run that is here and waits is
 * nobody else's: so only a worker whose runs were all quick of late claims more, and the first one that is not ends it.
 */
export class ReadAhead {
  readonly #most: number;
  #quickRuns = 0;

  constructor(concurrency: number) {
    this.#most = Math.max(0, MOST_CLAIMED - concurrency);
  }

  get runs(): number {
    return Math.min(this.#most, Math.max(0, this.#quickRuns - QUICK_RUNS_BEFORE));
  }

  begin(runs: readonly ClaimedRun[]): ClaimedTogether {
    const claimedAt = performance.now();
    let left = runs.length;
    if (charsOf(runs) > MOST_CHARS) this.end();
    const onExecuted = (): void => {
      if (--left > 0) return;
      if (performance.now() - claimedAt <= QUICK_MS) this.#quickRuns += runs.length;
      else this.end();
    };
    return { claimedAt, onExecuted };
  }

  /** Claims no more than what is executed at once, until all was quick again for a while. */
  end(): void {
    this.#quickRuns = 0;
  }
}

function charsOf(runs: readonly ClaimedRun[]): number {
  let chars = 0;
  for (const { input } of runs) chars += input?.length ?? 0;
  return chars;
}
