import type { ClaimedRun } from '../core/store.js';
import type { ExecutionObserver } from './executor.js';
import type { ExecutionSession } from './execution-session.js';
import type { Slots } from './slots.js';

/** A run on this worker: until its end is stored, or it is given up. */
export class Placement implements ExecutionObserver {
  session: ExecutionSession | undefined;
  #hasSlot = true;

  constructor(
    readonly run: ClaimedRun,
    /** Where it is among the others. */
    public position: number,
    private readonly slots: Slots,
  ) {}

  onSession(session: ExecutionSession): void {
    this.session = session;
  }

  onExecuted(): void {
    if (!this.#hasSlot) return;
    this.#hasSlot = false;
    this.slots.release();
  }
}

/**
 * The runs on this worker. An array: a table that is emptied as fast as it is filled leaves its former selves behind,
 * each with what it had, and the garbage collector copies all of it.
 */
export class Placements {
  readonly #placements: Placement[] = [];

  constructor(private readonly slots: Slots) {}

  get size(): number {
    return this.#placements.length;
  }

  get sessions(): ExecutionSession[] {
    return this.#placements.map(({ session }) => session).filter((session) => session !== undefined);
  }

  /** The slot of the run was reserved before. */
  add(run: ClaimedRun): Placement {
    const placement = new Placement(run, this.#placements.length, this.slots);
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
