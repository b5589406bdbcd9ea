import { performance } from 'node:perf_hooks';
import type { LeaseState, WorkerStore } from '../core/store.js';
import type { ExecutionSession } from './execution-session.js';
import type { Logger } from './logger.js';
import { Service } from './service.js';

// Also the way by which a running handler learns that it is to be canceled: well within a second.
const LONGEST_INTERVAL_MS = 500;
const MAX_LEASES_PER_CALL = 500;
// A step that takes longer is shown as running; for shorter ones the write would only cost.
const SHOW_STEPS_AFTER_MS = 100;

/**
 * Renews the leases of all runs of a worker, and ends the executions whose lease is lost: because the
 * store says so, or because no renewal has come through for the length of a lease.
 */
export class Heartbeat {
  readonly #service: Service;
  readonly #intervalMs: number;
  #unanswered = false;

  constructor(
    private readonly store: WorkerStore,
    private readonly sessions: () => readonly ExecutionSession[],
    private readonly leaseMs: number,
    logger: Logger,
  ) {
    this.#intervalMs = Math.min(leaseMs / 3, LONGEST_INTERVAL_MS);
    this.#service = new Service('heartbeat', () => this.#beat(), logger, this.#intervalMs);
  }

  /** Whether the last renewal got no answer, or none yet: leases that expire now are lost to the network, not to a slow worker. */
  get isCutOff(): boolean {
    return this.#unanswered;
  }

  /** Monotonic time of the begin of the last turn, in ms. */
  get turnBegunAt(): number {
    return this.#service.turnBegunAt;
  }

  start(): void {
    this.#service.start();
  }

  stop(): Promise<void> {
    return this.#service.stop();
  }

  async #beat(): Promise<number> {
    this.#dropExpired();
    const live = this.sessions().filter((session) => !session.isEnded);
    for (const session of live) session.showSteps(SHOW_STEPS_AFTER_MS);
    const guard = setTimeout(() => this.#dropExpired(), this.leaseMs);
    this.#unanswered = live.length > 0;
    try {
      for (let i = 0; i < live.length; i += MAX_LEASES_PER_CALL)
        await this.#renew(live.slice(i, i + MAX_LEASES_PER_CALL));
      this.#unanswered = false;
    } finally {
      clearTimeout(guard);
    }
    return this.#intervalMs;
  }

  async #renew(sessions: readonly ExecutionSession[]): Promise<void> {
    // The lease runs from when the store got the call, which is not before it was sent.
    const until = performance.now() + this.leaseMs;
    const states = await this.store.extendLeases({ runs: sessions, leaseMs: this.leaseMs });
    sessions.forEach((session, index) => {
      const state = states[index] as LeaseState;
      if (state !== 'lost') session.leaseUntil = until;
      session.observe(state);
    });
  }

  #dropExpired(): void {
    const now = performance.now();
    for (const session of this.sessions()) if (session.leaseUntil < now) session.lose();
  }
}
