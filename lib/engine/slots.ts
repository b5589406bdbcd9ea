import type { ReadAhead } from './read-ahead.js';

// Below that a call costs more than it saves to have two of them.
const LEAST_HALVED = 32;

/**
 * The places that a worker has for runs: those in which it executes them, and where there is more to claim than fits,
 * those for what it reads ahead. Those who wait for one are woken at the end of the turn of the event loop, one after
 * the other: so one claim asks for all that came free in a turn, and travels with the ends of the runs that were there.
 */
export class Slots {
  #occupied = 0;
  #more = false;
  #waking = false;
  #closed = false;
  readonly #waiting: (() => void)[] = [];
  readonly #idle: (() => void)[] = [];

  constructor(
    private readonly concurrency: number,
    private readonly readAhead: ReadAhead,
  ) {}

  get free(): number {
    return this.#size - this.#occupied;
  }

  /** Whether slots can be reserved now; else wait with {@link whenFree}. */
  get isOpen(): boolean {
    return this.free > 0 && !this.#waking;
  }

  /** Whether the last claim left something to claim. */
  get hasMore(): boolean {
    return this.#more;
  }

  set hasMore(more: boolean) {
    this.#more = more;
    if (more) wake(this.#idle);
  }

  /**
   * Takes the slots that a claim asks for: all that are free. While there is always more to claim it takes half of all
   * at most, and the next claim is for a later turn: so the store works on one claim while the runs of the other are
   * executed.
   */
  reserve(): number {
    const halves = this.#more && this.#size >= LEAST_HALVED;
    const limit = halves ? Math.min(this.free, Math.ceil(this.#size / 2)) : this.free;
    this.#occupied += limit;
    if (halves) this.#endTurn();
    return limit;
  }

  release(count = 1): void {
    if (count === 0) return;
    this.#occupied -= count;
    this.#wakeNext();
  }

  /** Resolves when slots came free, or at {@link close}. */
  whenFree(): Promise<void> {
    return this.#wait(this.#waiting);
  }

  /** Resolves when there is something to claim for which others have no time, or at {@link close}. */
  whenMore(): Promise<void> {
    this.#wakeNext();
    return this.#wait(this.#idle);
  }

  /** Wakes all that wait, from now on at once. */
  close(): void {
    this.#closed = true;
    wake(this.#waiting);
    wake(this.#idle);
  }

  get #size(): number {
    return this.#more ? this.concurrency + this.readAhead.runs : this.concurrency;
  }

  #wait(line: (() => void)[]): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => line.push(resolve));
  }

  // The next one is woken by what this one does: it reserves slots, or waits for more to claim.
  #wakeNext(): void {
    if (this.free > 0 && this.#waiting.length > 0) this.#endTurn();
  }

  #endTurn(): void {
    if (this.#waking) return;
    this.#waking = true;
    setImmediate(() => {
      this.#waking = false;
      if (this.free > 0) this.#waiting.shift()?.();
    });
  }
}

function wake(line: (() => void)[]): void {
  for (const resolve of line.splice(0)) resolve();
}
