import type { Retention } from './retention.js';
import type { RunStatus } from './run.js';
import type { NewRun, RunOutcome } from './run-store.js';
import type { StepRecord } from './step.js';

/** The right to write a run: compared for equality, fresh and unguessable per claim. */
export interface Ownership {
  readonly runId: string;
  readonly token: string;
}

export interface ClaimRequest {
  readonly workerId: string;
  /** Names this call: a repeated call with the same token gives the same runs again. */
  readonly token: string;
  readonly queues: readonly string[];
  readonly limit: number;
  readonly leaseMs: number;
  /**
   * The worker may stand by where slots stay free: then it may be handed a run, under this token, until its next claim,
   * which has the token for its own. `presence`: see {@link Bell.presence}.
   */
  readonly standBy?: { readonly token: string; readonly presence: string };
}

/** A run that was handed to a claim which stood by. */
export interface HandedRun {
  readonly run: ClaimedRun;
  /** When it was handed over. */
  readonly now: number;
}

/** The outcome of an awaited child, by the name of the step that awaits it. */
export interface StepOutcome extends RunOutcome {
  readonly step: string;
}

export interface ClaimedRun {
  readonly id: string;
  readonly token: string;
  readonly workflow: string;
  readonly queue: string;
  readonly input?: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly createdAt: number;
  readonly startedAt: number;
  /** What former executions have stored. */
  readonly steps: readonly StepRecord[];
  readonly outcomes: readonly StepOutcome[];
  /** JSON of the error with which the last attempt has failed: what is left to do is `onFailure`. */
  readonly failure?: string;
}

export interface Claim {
  readonly runs: ClaimedRun[];
  readonly now: number;
  /** When the next run of the keyspace falls due. */
  readonly nextDueAt?: number;
  /** Runs are left that another call may claim at once. */
  readonly more: boolean;
  /** It stands by, or did and was handed a run since, which the next claim gives. */
  readonly standsBy: boolean;
  /** Runs wait for a worker that knows their workflow: see {@link WorkerStore.adopt}. */
  readonly orphans: boolean;
  /** When the next lease expires; looked up only where nothing was claimed. */
  readonly nextDeadline?: number;
}

export type LeaseState = 'held' | 'cancel_requested' | 'lost';

export interface Finish extends Ownership {
  /** That of the run, by which is found what its claim has left. */
  readonly workflow: string;
  readonly outcome:
    | { readonly status: 'succeeded'; readonly output?: string }
    | { readonly status: 'failed'; readonly error: string }
    | { readonly status: 'canceled' }
    | { readonly status: 'retry'; readonly error: string; readonly delayMs: number };
}

/** The status that the run has now: a requested cancellation wins over every outcome. `lost`: nothing was written. */
export type FinishResult = RunStatus | 'lost';

export interface SpawnChild extends Ownership {
  readonly step: StepRecord;
  readonly child: NewRun;
  /** Awaited: the child's outcome is delivered to the step, and canceling the parent cancels the child. */
  readonly awaited: boolean;
}

export interface SpawnedChild {
  readonly id: string;
  readonly now: number;
  /** The child had ended already. */
  readonly outcome?: RunOutcome;
}

export interface SuspendRequest extends Ownership {
  /** The steps whose outcomes the run waits for. */
  readonly steps: readonly string[];
  /** Wake up at the latest then. */
  readonly wakeAt?: number;
}

/** `woken`: an outcome was there before; the run goes on running. */
export type SuspendResult =
  | { readonly state: 'suspended' | 'cancel_requested' | 'lost' }
  | { readonly state: 'woken'; readonly outcomes: readonly StepOutcome[] };

export interface RecoverRequest {
  readonly maxRecoveries: number;
  /** JSON of the `SerializedError` of a run that was recovered too often. */
  readonly recoveryError: string;
  readonly retention: Retention;
}

export interface Recovery {
  /** Runs whose lease had expired: now ready again. */
  readonly recovered: string[];
  /** Runs that were recovered too often: now failed. */
  readonly poisoned: string[];
  readonly now: number;
  readonly nextDeadline?: number;
  /** The call was bounded: more is left. */
  readonly more: boolean;
}

/** What workers do. */
export interface WorkerStore {
  claim(request: ClaimRequest): Promise<Claim>;
  /** Renews the leases of many runs in one call; the answers are in the order of `runs`. */
  extendLeases(request: { runs: readonly Ownership[]; leaseMs: number }): Promise<LeaseState[]>;
  /** Stores what a step has come to, before the handler goes on. */
  recordStep(write: Ownership & { step: StepRecord }): Promise<LeaseState>;
  /** Stores that the last attempt has failed, before `onFailure` runs. */
  recordFailure(write: Ownership & { error: string }): Promise<LeaseState>;
  spawnChild(request: SpawnChild): Promise<SpawnedChild | 'cancel_requested' | 'lost'>;
  suspend(request: SuspendRequest): Promise<SuspendResult>;
  finish(finish: Finish, retention: Retention): Promise<FinishResult>;
  /** Gives a run back unfinished: to any worker (`ready`), or to one that knows its workflow (`orphan`). */
  release(request: Ownership & { to: 'ready' | 'orphan' }): Promise<'released' | 'unregistered' | 'lost'>;
  /**
   * Puts orphaned runs of the given workflows back at the head of the ready lists of the given queues, at
   * most `limit`: the caller claims them next, so nobody else is woken.
   */
  adopt(request: { workflows: readonly string[]; queues: readonly string[]; limit?: number }): Promise<number>;
  /** Makes what is due ready. */
  promote(): Promise<{ promoted: number; now: number; nextDueAt?: number }>;
  /** Recovers runs whose lease has expired. */
  recover(request: RecoverRequest): Promise<Recovery>;
  /** Removes what retention has outlived, and cancels what is left of the children of canceled parents. */
  tidy(request: { retention: Retention }): Promise<{ removed: number; more: boolean }>;
}
