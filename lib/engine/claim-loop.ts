import { performance } from 'node:perf_hooks';
import { ConnectionError } from '../core/errors/connection.error.js';
import { newToken } from '../core/run-id.js';
import type { Claim, WorkerStore } from '../core/store.js';
import type { IdleBell } from './idle-bell.js';
import type { Logger } from './logger.js';
import { Service } from './service.js';
import type { Slots } from './slots.js';
import type { Turnstile } from './turnstile.js';

export interface ClaimLoopParts {
  readonly store: WorkerStore;
  readonly bell: IdleBell;
  readonly slots: Slots;
  readonly turnstile: Turnstile;
  readonly queues: readonly string[];
  readonly leaseMs: number;
  readonly logger: Logger;
  /** Executes what was claimed. */
  readonly onClaim: (claim: Claim, leaseUntil: number) => void;
  /** Takes care of runs that no worker knew; true where there are now some to claim. */
  readonly adopt: (limit: number) => Promise<boolean>;
}

/** Claims runs as slots come free, one call at a time, and waits for the bell where there is nothing to claim. */
export class ClaimLoop {
  readonly #service: Service;
  readonly #id = newToken();
  /** Names the claim until its answer has arrived, so that a repeated claim gives the same runs. */
  #token = newToken();
  #firstQueue = 0;
  #heard: string | undefined;

  constructor(private readonly parts: ClaimLoopParts) {
    this.#service = new Service('claims', () => this.#turn(), parts.logger);
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

  /** One claim; then waits for what makes another worthwhile. */
  async #turn(): Promise<number> {
    const { slots, bell, turnstile, onClaim, adopt } = this.parts;
    // Who has heard the bell is the only one: it must look, whoever listens by now.
    if (this.#heard === undefined && bell.isHeard && !slots.hasMore) {
      await slots.whenMore();
      return 0;
    }
    if (!slots.isOpen) {
      await slots.whenFree();
      return 0;
    }
    const limit = slots.reserve();
    let taken = 0;
    try {
      const { claim, leaseUntil } = await this.#claim(limit);
      taken = claim.runs.length;
      slots.hasMore = claim.more || taken === limit;
      await turnstile.enter();
      onClaim(claim, leaseUntil);
      if (claim.orphans && (await adopt(limit - taken))) return 0;
    } finally {
      slots.release(limit - taken);
    }
    if (!slots.hasMore) this.#heard = await bell.wait(this.parts.queues);
    return 0;
  }

  async #claim(limit: number): Promise<{ claim: Claim; leaseUntil: number }> {
    const { store, leaseMs } = this.parts;
    const queues = this.#nextQueues();
    // The lease runs from when the store got the call, which is not before it was sent.
    const leaseUntil = performance.now() + leaseMs;
    try {
      const claim = await store.claim({ workerId: this.#id, token: this.#token, queues, limit, leaseMs });
      this.#token = newToken();
      this.#heard = undefined;
      return { claim, leaseUntil };
    } catch (error) {
      // Without an answer the same claim is repeated; one that was refused is over.
      if (error instanceof ConnectionError && error.refused) this.#token = newToken();
      throw error;
    }
  }

  // Each claim begins with another queue, so that the backlog of one does not starve the others: with the one that has
  // rung, where there is one, as others are not told of it.
  #nextQueues(): readonly string[] {
    const { queues } = this.parts;
    if (queues.length < 2) return queues;
    const heard = this.#heard === undefined ? -1 : queues.indexOf(this.#heard);
    this.#firstQueue = heard >= 0 ? heard : (this.#firstQueue + 1) % queues.length;
    return [...queues.slice(this.#firstQueue), ...queues.slice(0, this.#firstQueue)];
  }
}
