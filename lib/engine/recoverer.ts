import { ConnectionError } from '../core/errors/connection.error.js';
import { RedflowError } from '../core/errors/redflow.error.js';
import { serializeError } from '../core/error-serializer.js';
import type { Retention } from '../core/retention.js';
import type { SerializedError } from '../core/serialized-error.js';
import type { WorkerStore } from '../core/store.js';
import type { Logger } from './logger.js';
import { Service } from './service.js';
import type { StoreClock } from './store-clock.js';

export interface RecovererParts {
  readonly store: WorkerStore;
  readonly ping: () => Promise<void>;
  readonly clock: StoreClock;
  readonly retention: Retention;
  readonly logger: Logger;
  readonly leaseMs: number;
  readonly reaperIntervalMs: number;
  readonly maxRecoveries: number;
}

// Long enough that the next idle claim comes first, and looks instead.
const IDLE_SLEEP_LEASES = 1.5;

/**
 * Recovers runs whose worker has vanished. Sleeps until the next lease could expire: no lease that is
 * taken meanwhile expires sooner than the length of a lease from then.
 */
export class Recoverer {
  readonly #service: Service;
  readonly #recoveryError: string;
  #outage = false;

  constructor(private readonly parts: RecovererParts) {
    this.#service = new Service('recoverer', () => this.#turn(), parts.logger);
    this.#recoveryError = JSON.stringify(recoveryLimitError(parts.maxRecoveries));
  }

  start(): void {
    this.#service.start();
  }

  stop(): Promise<void> {
    return this.#service.stop();
  }

  /**
   * An idle claim has looked at the leases: the next turn need not come before one can expire. What has
   * expired already is left to the turn that is planned, and an outage to its grace.
   */
  plan(nextDeadline: number | undefined): void {
    const { leaseMs, reaperIntervalMs, clock } = this.parts;
    const longestMs = leaseMs * IDLE_SLEEP_LEASES;
    const untilNext = nextDeadline === undefined ? longestMs : nextDeadline + 1 - clock.now();
    if (untilNext > 0) this.#service.postpone(Math.max(reaperIntervalMs, Math.min(untilNext, longestMs)));
  }

  // Leases that expired while Redis was away say nothing of their workers: these get the time of a lease to
  // renew them or to hand the runs back.
  async #turn(): Promise<number> {
    if (this.#outage) {
      await this.parts.ping();
      this.#outage = false;
      return this.parts.leaseMs;
    }
    try {
      return await this.#recover();
    } catch (error) {
      this.#outage = error instanceof ConnectionError && !error.refused;
      throw error;
    }
  }

  async #recover(): Promise<number> {
    const { store, clock, retention, logger, leaseMs, reaperIntervalMs, maxRecoveries } = this.parts;
    const recovery = await store.recover({ maxRecoveries, recoveryError: this.#recoveryError, retention });
    clock.set(recovery.now);
    for (const id of recovery.recovered) logger.warn(`run ${id}: its worker has vanished, it is ready again`);
    for (const id of recovery.poisoned) logger.error(`run ${id}: recovered more than ${maxRecoveries} times, failed`);
    if (recovery.more) return 0;
    const untilNext = recovery.nextDeadline === undefined ? leaseMs : recovery.nextDeadline - recovery.now;
    return Math.max(reaperIntervalMs, Math.min(untilNext + 1, leaseMs));
  }
}

function recoveryLimitError(maxRecoveries: number): SerializedError {
  const message =
    `recovered more than ${maxRecoveries} times: each time the worker that executed the run vanished ` +
    '(a crash, memory, or a blocked event loop) before it had ended';
  return {
    ...serializeError(new RedflowError(message)),
    name: 'RecoveryLimitError',
    kind: 'recovery_limit',
    stack: undefined,
  };
}
