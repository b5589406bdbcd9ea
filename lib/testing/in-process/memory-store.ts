import { setImmediate as endOfTurn, setTimeout as delay } from 'node:timers/promises';
import { newToken } from '../../core/run-id.js';
import type { StepRecord } from '../../core/step.js';
import type {
  Claim,
  ClaimedRun,
  Finish,
  FinishResult,
  LeaseState,
  NewRun,
  Ownership,
  Recovery,
  RunOutcome,
  SpawnChild,
  SpawnedChild,
  SuspendRequest,
  SuspendResult,
  WorkerStore,
} from '../../core/store.js';
import type { ChildStubs } from './child-stubs.js';
import type { Crashes } from './crashes.js';

export type MemoryRun = Pick<ClaimedRun, 'id' | 'workflow' | 'queue' | 'input' | 'maxAttempts'>;

type Ended = Extract<Finish['outcome'], { status: 'succeeded' | 'failed' | 'canceled' }>;

/** The store of one run in this process: what a worker writes, kept in memory. Time passes at once where the run waits for a retry. */
export class MemoryStore implements WorkerStore {
  /** How the run has ended. */
  outcome: Ended | undefined;
  attempt = 1;
  readonly #createdAt = Date.now();
  readonly #steps = new Map<string, StepRecord>();
  readonly #outcomes = new Map<string, RunOutcome>();
  readonly #pending = new Map<string, Promise<void>>();
  readonly #children = new Map<string, { id: string; outcome: Promise<RunOutcome> }>();
  #failure: string | undefined;
  #token = '';
  #skippedMs = 0;
  #awaited: readonly string[] = [];
  #wakeAt: number | undefined;
  #fault: { readonly error: unknown } | undefined;
  readonly #stored: string[] = [];
  #commit: Promise<boolean> | undefined;

  constructor(
    private readonly run: MemoryRun,
    private readonly stubs: ChildStubs,
    private readonly crashes: Crashes,
  ) {}

  now(): number {
    return Date.now() + this.#skippedMs;
  }

  /** The run, for its next execution; what a former one still writes is refused from now on. */
  take(): ClaimedRun {
    this.#token = newToken();
    return {
      ...this.run,
      token: this.#token,
      attempt: this.attempt,
      createdAt: this.#createdAt,
      startedAt: this.#createdAt,
      steps: [...this.#steps.values()],
      outcomes: [...this.#outcomes].map(([step, outcome]) => ({ step, ...outcome })),
      failure: this.#failure,
    };
  }

  /** Resolves once a suspended run may go on. */
  async woken(): Promise<void> {
    if (this.#fault || this.#awaited.some((step) => this.#outcomes.has(step))) return;
    const timer = new AbortController();
    const due = this.#wakeAt === undefined ? [] : [pause(this.#wakeAt - this.now(), timer.signal)];
    await Promise.race([...this.#pending.values(), ...due]);
    timer.abort();
  }

  /** @throws what is wrong with the test, not with the run */
  throwFault(): void {
    if (this.#fault) throw this.#fault.error;
  }

  /** The steps as a client sees them. */
  steps(): StepRecord[] {
    return [...this.#steps.values()].map((step) => {
      const outcome = step.kind === 'workflow' ? this.#outcomes.get(step.name) : undefined;
      if (!outcome) return step;
      const status = outcome.status === 'succeeded' ? 'succeeded' : 'failed';
      return { ...step, status, payload: outcome.payload, finishedAt: step.finishedAt ?? step.startedAt };
    });
  }

  async recordStep({ token, step }: Ownership & { step: StepRecord }): Promise<LeaseState> {
    if (token !== this.#token) return 'lost';
    this.#steps.set(step.name, step);
    return step.status !== 'running' && (await this.#crashesAfter(step.name)) ? 'lost' : 'held';
  }

  async recordFailure({ token, error }: Ownership & { error: string }): Promise<LeaseState> {
    if (token !== this.#token) return 'lost';
    this.#failure = error;
    return 'held';
  }

  async spawnChild({ token, step, child, awaited }: SpawnChild): Promise<SpawnedChild | 'lost'> {
    if (token !== this.#token) return 'lost';
    const { id, outcome } = this.#startChild(child, awaited);
    this.#steps.set(step.name, { ...step, childId: id });
    if (awaited) this.#pending.set(step.name, this.#deliver(step.name, outcome));
    if (!awaited && (await this.#crashesAfter(step.name))) return 'lost';
    return { id, now: this.now() };
  }

  async suspend({ token, steps, wakeAt }: SuspendRequest): Promise<SuspendResult> {
    if (token !== this.#token) return { state: 'lost' };
    this.#awaited = steps;
    this.#wakeAt = wakeAt;
    return { state: 'suspended' };
  }

  async finish({ token, outcome }: Finish): Promise<FinishResult> {
    if (token !== this.#token) return 'lost';
    if (outcome.status !== 'retry') {
      this.outcome = outcome;
      return outcome.status;
    }
    this.attempt++;
    this.#skippedMs += outcome.delayMs;
    return 'scheduled';
  }

  // What only a worker with other runs needs.

  async claim(): Promise<Claim> {
    return { runs: [this.take()], now: this.now(), more: false, standsBy: false, orphans: false };
  }

  async extendLeases({ runs }: { runs: readonly Ownership[] }): Promise<LeaseState[]> {
    return runs.map(({ token }) => (token === this.#token ? 'held' : 'lost'));
  }

  async release(): Promise<'released'> {
    return 'released';
  }

  async adopt(): Promise<number> {
    return 0;
  }

  async promote(): Promise<{ promoted: number; now: number }> {
    return { promoted: 0, now: this.now() };
  }

  async recover(): Promise<Recovery> {
    return { recovered: [], poisoned: [], now: this.now(), more: false };
  }

  async tidy(): Promise<{ removed: number; more: boolean }> {
    return { removed: 0, more: false };
  }

  // Steps that end in one turn of the event loop are stored together, as by the real store, and lost together by none.
  #crashesAfter(step: string): Promise<boolean> {
    this.#stored.push(step);
    this.#commit ??= endOfTurn().then(() => {
      this.#commit = undefined;
      return this.crashes.strike(this.#stored.splice(0));
    });
    return this.#commit;
  }

  #startChild(child: NewRun, awaited: boolean): { id: string; outcome: Promise<RunOutcome> } {
    const key = JSON.stringify([child.workflow, child.idempotencyKey]);
    const known = this.#children.get(key);
    if (known) return known;
    // Nobody waits for an emitted child: a stub for it is welcome, not required.
    const answered = awaited || this.stubs.has(child.workflow);
    const outcome = answered ? this.stubs.answer(child) : Promise.resolve<RunOutcome>({ status: 'succeeded' });
    outcome.catch(() => undefined);
    const started = { id: child.id, outcome };
    this.#children.set(key, started);
    return started;
  }

  async #deliver(step: string, outcome: Promise<RunOutcome>): Promise<void> {
    try {
      this.#outcomes.set(step, await outcome);
    } catch (error) {
      this.#fault ??= { error };
    } finally {
      this.#pending.delete(step);
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
}
