import { performance } from 'node:perf_hooks';
import { ConnectionError } from '../core/errors/connection.error.js';
import { MAX_TIMER_MS } from '../core/names.js';
import type { Logger } from './logger.js';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/**
 * A loop that takes turns: each says in how many ms the next is due, and may be woken before. Failed
 * turns are repeated after a growing pause; the log hears of the first failure only.
 * Starting twice is starting once; stopping waits for the turn that is under way.
 */
export class Service {
  #running = false;
  #loop: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #endSleep: (() => void) | undefined;
  #dueAt = 0;
  #wakeAt = Infinity;
  #failures = 0;
  #turnBegunAt = performance.now();

  constructor(
    private readonly name: string,
    private readonly turn: () => Promise<number>,
    private readonly logger: Logger,
    /** Longest pause after a failed turn. */
    private readonly longestPauseMs = LONGEST_PAUSE_MS,
  ) {}

  /** Monotonic time of the begin of the last turn, in ms. */
  get turnBegunAt(): number {
    return this.#turnBegunAt;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#turnBegunAt = performance.now();
    this.#loop = this.#loop.then(() => this.#run());
  }

  /** The next turn comes in at most `delayMs`. */
  wake(delayMs = 0): void {
    this.#wakeAt = Math.min(this.#wakeAt, performance.now() + delayMs);
    if (this.#endSleep && this.#wakeAt < this.#dueAt) this.#arm(this.#wakeAt);
  }

  /** The next turn, if none is under way, comes in `delayMs` at the earliest. */
  postpone(delayMs: number): void {
    const dueAt = performance.now() + delayMs;
    if (this.#endSleep && dueAt > this.#dueAt) this.#arm(dueAt);
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#endSleep?.();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (this.#running) {
      // What is asked for during the turn counts for the sleep that follows it.
      this.#wakeAt = Infinity;
      const dueAt = (await this.#takeTurn()) + performance.now();
      if (this.#running) await this.#sleepUntil(Math.min(dueAt, this.#wakeAt));
    }
  }

  async #takeTurn(): Promise<number> {
    this.#turnBegunAt = performance.now();
    try {
      const delayMs = await this.turn();
      this.#failures = 0;
      return delayMs;
    } catch (error) {
      if (this.#failures++ === 0) this.#report(error);
      return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 10), this.longestPauseMs);
    }
  }

  // That the connection is lost is logged once, by whoever holds it.
  #report(error: unknown): void {
    const message = `${this.name}: ${error instanceof Error ? error.message : 'failed'}; it is tried again`;
    if (error instanceof ConnectionError && !error.refused) this.logger.debug?.(message);
    else this.logger.warn(message);
  }

  #sleepUntil(dueAt: number): Promise<void> | undefined {
    if (dueAt <= performance.now()) return undefined;
    return new Promise((resolve) => {
      this.#endSleep = () => {
        clearTimeout(this.#timer);
        this.#endSleep = undefined;
        resolve();
      };
      this.#arm(dueAt);
    });
  }

  #arm(dueAt: number): void {
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    const delayMs = Math.max(0, Math.ceil(dueAt - performance.now()));
    this.#timer = setTimeout(() => this.#endSleep?.(), Math.min(delayMs, MAX_TIMER_MS));
  }
}
