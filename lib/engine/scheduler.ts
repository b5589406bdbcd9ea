import type { WorkerStore } from '../core/store.js';
import type { Logger } from './logger.js';
import { Service } from './service.js';
import type { StoreClock } from './store-clock.js';

const LONGEST_SLEEP_MS = 60_000;

/** Makes due runs ready on time: sleeps until the next one is due, as far as the store has told. */
export class Scheduler {
  readonly #service: Service;

  constructor(
    private readonly store: WorkerStore,
    private readonly clock: StoreClock,
    logger: Logger,
  ) {
    this.#service = new Service('scheduler', () => this.#promote(), logger);
  }

  start(): void {
    this.#service.start();
  }

  stop(): Promise<void> {
    return this.#service.stop();
  }

  /** Notes when the next run is due. */
  plan(nextDueAt: number | undefined): void {
    if (nextDueAt !== undefined) this.#service.wake(Math.max(1, nextDueAt - this.clock.now()));
  }

  async #promote(): Promise<number> {
    const { now, nextDueAt } = await this.store.promote();
    this.clock.set(now);
    return nextDueAt === undefined ? LONGEST_SLEEP_MS : Math.min(Math.max(0, nextDueAt - now), LONGEST_SLEEP_MS);
  }
}
