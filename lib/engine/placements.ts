import type { ClaimedRun } from '../core/store.js';
import type { ExecutionQueue, QueuedExecution } from './execution-queue.js';
import type { ExecutionObserver } from './executor.js';
import type { ExecutionSession } from './execution-session.js';
import type { ClaimedTogether } from './read-ahead.js';
import type { Slots } from './slots.js';

export interface PlacementParts {
  readonly slots: Slots;
  readonly queue: ExecutionQueue<Placement>;
  readonly execute: (placement: Placement) => void;
}

/** The runs of one claim. */
export interface ClaimedBatch extends ClaimedTogether {
  /** Monotonic time until which their leases are certainly ours. */
  readonly leaseUntil: number;
}

/** A run on this worker: until its end is stored, or it is given up. */
export class Placement implements QueuedExecution, ExecutionObserver {
  session: ExecutionSession | undefined;
  #state: 'waiting' | 'executing' | 'executed' = 'waiting';

  constructor(
    readonly run: ClaimedRun,
    readonly batch: ClaimedBatch,
    /** Where it is among the others. */
    public position: number,
    private readonly parts: PlacementParts,
  ) {}

  get claimedAt(): number {
    return this.batch.claimedAt;
  }

  start(): void {
    this.#state = 'executing';
    this.parts.execute(this);
  }

  onSession(session: ExecutionSession): void {
    this.session = session;
  }

  onExecuted(): void {
    if (this.#state === 'executed') return;
    const wasExecuting = this.#state === 'executing';
    this.#state = 'executed';
    this.parts.slots.release();
    if (!wasExecuting) return;
    this.batch.onExecuted();
    this.parts.queue.leave();
  }
}

/**
 * The runs on this worker. An array: a table that is emptied as fast as it is filled leaves its former selves behind,
 * each with what it had, and the garbage collector copies all of it.
 */
export class Placements {
  readonly #placements: Placement[] = [];

  constructor(private readonly parts: PlacementParts) {}

  get size(): number {
    return this.#placements.length;
  }

  get sessions(): ExecutionSession[] {
    return this.#placements.map(({ session }) => session).filter((session) => session !== undefined);
  }

  /** The slot of the run was reserved before. */
  add(run: ClaimedRun, batch: ClaimedBatch): Placement {
    const placement = new Placement(run, batch, this.#placements.length, this.parts);
    this.#placements.push(placement);
    return placement;
  }

  remove(placement: Placement): void {
    const last = this.#placements.pop() as Placement;
    if (last !== placement) {
      last.position = placement.position;
      this.#placements[placement.position] = last;
    }
    placement.onExecuted();
  }
}
