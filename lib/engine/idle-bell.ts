import type { Bell } from '../core/store.js';
import type { Slots } from './slots.js';

// With the watchdog of the bell (2 s) a dead connection is found within 10 s. Shorter than an idle recoverer sleeps (1.5
// leases), so that the claim looks at the leases in its place.
const BELL_TIMEOUT_MS = 7_200;

/** The bell of a worker with several claim loops: one listens, the others sleep until there is more than it can take. */
export class IdleBell {
  #isHeard = false;

  constructor(
    private readonly bell: Bell,
    private readonly slots: Slots,
  ) {}

  /** Whether a loop listens to it. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  /** Gives the queue that has rung. */
  async wait(queues: readonly string[]): Promise<string | undefined> {
    if (this.#isHeard) return this.slots.whenMore().then(() => undefined);
    this.#isHeard = true;
    try {
      return await this.bell.wait(queues, BELL_TIMEOUT_MS);
    } finally {
      this.#isHeard = false;
    }
  }
}
