import type { Bell, Heard } from '../core/store.js';
import type { Slots } from './slots.js';

// With the watchdog of the bell (2 s) a dead connection is found within 10 s. Shorter than an idle recoverer sleeps (1.5
// leases), so that the claim looks at the leases in its place.
const BELL_TIMEOUT_MS = 7_200;

/** The bell of a worker with several claim loops: one listens, the others sleep until there is more than it can take. */
export class IdleBell {
  /** The loop that listens, or will once its claim has found nothing. */
  #listener: string | undefined;
  #isHeard = false;

  constructor(
    private readonly bell: Bell,
    private readonly slots: Slots,
  ) {}

  /** Whether a loop listens to it. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  /** With what the claim of a loop stands by; `undefined` where another loop listens, or the worker cannot be seen. */
  standBy(workerId: string): string | undefined {
    this.#listener ??= workerId;
    return this.#listener === workerId ? this.bell.presence : undefined;
  }

  /** A loop does not listen, as it found something. */
  leave(workerId: string): void {
    if (this.#listener === workerId) this.#listener = undefined;
  }

  async wait(workerId: string, queues: readonly string[]): Promise<Heard | undefined> {
    this.#listener ??= workerId;
    if (this.#listener !== workerId) return this.slots.whenMore().then(() => undefined);
    this.#isHeard = true;
    try {
      return await this.bell.wait({ workerId, queues, timeoutMs: BELL_TIMEOUT_MS });
    } finally {
      this.#isHeard = false;
      this.leave(workerId);
    }
  }
}
