import { performance } from 'node:perf_hooks';
import { LeaseLostError } from '../core/errors/lease-lost.error.js';
import { RunCanceledError } from '../core/errors/run-canceled.error.js';
import { RedflowError } from '../core/errors/redflow.error.js';
import type { LeaseState, Ownership, StepOutcome } from '../core/store.js';
import type { Execution } from './execution-scope.js';
import { LazySignal } from './lazy-signal.js';
import type { StepInProgress } from './step-in-progress.js';

/** How an execution ends without its handler coming to an end. */
export type Ending = 'suspended' | 'lost' | 'released' | 'timed_out' | 'settled';

/** A durable wait: the step whose outcome the handler awaits. */
export interface DurableWait {
  readonly step: string;
  /** Give up waiting then, by the clock of the store. */
  readonly deadlineAt: number | undefined;
  readonly resolve: (outcome: StepOutcome) => void;
  readonly expire: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One execution of a run on this worker. Knows what is in flight, decides when the run may be
 * suspended, and carries the signal of the handler.
 *
 * open ── all branches wait ──▶ suspending ──▶ ended (suspended) | open (woken)
 *   └── lease lost, handed back, timed out ──▶ ended: whatever the handler does from then on is void
 */
export class ExecutionSession implements Execution, Ownership {
  instance: object | undefined;
  readonly #signal = new LazySignal();
  readonly #abandoned = new LazySignal();
  // Made with the first wait: many runs have none.
  #waits: Map<string, DurableWait> | undefined;
  readonly #steps: StepInProgress[] = [];
  readonly #endListeners: ((ending: Ending) => void)[] = [];
  #busy = 0;
  #ending: Ending | undefined;
  #canceled: RunCanceledError | undefined;
  #suspending = false;
  #resumed: Promise<void> | undefined;
  #idleCheck = false;
  #closed = false;

  constructor(
    readonly runId: string,
    readonly token: string,
    /** Monotonic time until which the lease is certainly ours. */
    public leaseUntil: number,
    private readonly suspend: (waits: readonly DurableWait[]) => Promise<void>,
  ) {}

  /** Of the handler. */
  get signal(): AbortSignal {
    return this.#signal.signal;
  }

  get abandoned(): AbortSignal {
    return this.#abandoned.signal;
  }

  /** Told once how the execution ends, if it ends without its handler coming to an end. */
  onEnded(listener: (ending: Ending) => void): void {
    if (this.#ending) listener(this.#ending);
    else this.#endListeners.push(listener);
  }

  get isEnded(): boolean {
    return this.#ending !== undefined;
  }

  get canceled(): RunCanceledError | undefined {
    return this.#canceled;
  }

  /**
   * Passes while steps may be begun: `undefined` where that is now. A promise does not resolve once the execution has
   * ended: its handler must not go on.
   *
   * @throws RunCanceledError once the run is to be canceled
   */
  enter(): Promise<void> | undefined {
    const isOpen = !this.#suspending && !this.#ending && !this.#canceled && performance.now() <= this.leaseUntil;
    return isOpen ? undefined : this.#entered();
  }

  async #entered(): Promise<void> {
    while (this.#suspending) await this.#resumed;
    // A process that was frozen wakes up here, before the heartbeat has noticed.
    if (performance.now() > this.leaseUntil) this.lose();
    if (this.#ending) await new Promise<never>(() => undefined);
    if (this.#canceled) throw this.#canceled;
  }

  /** Does work that must come to its end before the run may be suspended. */
  async work<T>(body: () => Promise<T>): Promise<T> {
    this.hold();
    try {
      return await body();
    } finally {
      this.release();
    }
  }

  /** The begin of such work. */
  hold(): void {
    this.#busy++;
  }

  /** Its end. */
  release(): void {
    this.#busy--;
    this.#checkIdle();
  }

  stepBegins(step: StepInProgress): void {
    this.#steps.push(step);
  }

  stepEnds(step: StepInProgress): void {
    this.#steps.splice(this.#steps.indexOf(step), 1);
  }

  /** Shows the steps that have been executing for so long. */
  showSteps(afterMs: number): void {
    for (const step of this.#steps) step.show(afterMs);
  }

  addWait(wait: DurableWait): void {
    this.#waits ??= new Map();
    this.#waits.set(wait.step, wait);
    this.#checkIdle();
  }

  /** Hands outcomes to the steps that await them. */
  deliver(outcomes: readonly StepOutcome[]): void {
    for (const outcome of outcomes) {
      const wait = this.#waits?.get(outcome.step);
      this.#waits?.delete(outcome.step);
      wait?.resolve(outcome);
    }
  }

  /** Ends the waits whose time has run out. */
  expire(nowMs: number): void {
    for (const wait of this.#waits?.values() ?? []) {
      if (wait.deadlineAt === undefined || wait.deadlineAt > nowMs) continue;
      this.#waits?.delete(wait.step);
      wait.expire();
    }
  }

  /** Takes note of what the store says about the lease. */
  observe(state: LeaseState): void {
    if (state === 'lost') this.lose();
    else if (state === 'cancel_requested') this.cancel();
  }

  cancel(reason?: string): void {
    if (this.#canceled || this.#ending) return;
    this.#canceled = new RunCanceledError(this.runId, reason);
    this.#signal.abort(this.#canceled);
    for (const wait of this.#waits?.values() ?? []) wait.reject(this.#canceled);
    this.#waits?.clear();
  }

  lose(): void {
    this.end('lost', new LeaseLostError(this.runId));
  }

  /** Gives the execution up. The handler is told by its signal, and its further steps do not come back. */
  end(ending: Ending, reason: unknown = new RedflowError(`execution of run ${this.runId} has ended: ${ending}`)): void {
    if (this.#ending) return;
    this.#ending = ending;
    this.#waits?.clear();
    for (const listener of this.#endListeners) listener(ending);
    this.#abandoned.abort(reason);
    // A suspended handler waits, for ever, and one that has come to its end has nothing to stop.
    if (ending !== 'suspended' && !this.#closed) this.#signal.abort(reason);
  }

  /**
   * The handler has come to its end: what it has left waiting suspends the run no more. A promise where a
   * suspension is under way: it resolves once that has been decided.
   */
  close(): Promise<void> | undefined {
    this.#closed = true;
    if (this.#suspending) return this.#decided();
    this.#waits?.clear();
    return undefined;
  }

  async #decided(): Promise<void> {
    while (this.#suspending) await this.#resumed;
    this.#waits?.clear();
  }

  /** The run is settled. A step that is still in flight, beside one that has failed, is told by its signal. */
  settle(): void {
    if (this.#busy === 0) return;
    const reason = new RedflowError(`run ${this.runId} is settled`);
    this.end('settled', reason);
    this.#signal.abort(reason);
  }

  // After a turn of the event loop, so that code behind the last step can begin another one first.
  #checkIdle(): void {
    if (this.#idleCheck || !this.#isIdle()) return;
    this.#idleCheck = true;
    setImmediate(() => {
      this.#idleCheck = false;
      if (!this.#isIdle()) return;
      this.#suspending = true;
      this.#resumed = this.suspend([...(this.#waits?.values() ?? [])]).finally(() => {
        this.#suspending = false;
        this.#checkIdle();
      });
    });
  }

  #isIdle(): boolean {
    return this.#busy === 0 && (this.#waits?.size ?? 0) > 0 && !this.#ending && !this.#suspending && !this.#closed;
  }
}
