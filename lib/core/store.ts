import type { Retention, RetentionLimit } from './retention.js';
import type { RunStatus, TerminalStatus } from './run.js';
import type { StepRecord } from './step.js';

/*
 * The seam between engine and storage. Payloads cross it encoded: a store never looks into them.
 * Every method is atomic and safe to call twice with the same arguments. All times are
 * milliseconds since the epoch by the clock of the store, the only one that decides.
 */

/** A run to be created. */
export interface NewRun {
  readonly id: string;
  readonly workflow: string;
  /** Encoded; absent for `undefined`. */
  readonly input?: string;
  /** Absent: from the metadata of the workflow, else `default`. */
  readonly queue?: string;
  /** Absent: from the metadata of the workflow, else 1. */
  readonly maxAttempts?: number;
  readonly runAt?: number;
  readonly delayMs?: number;
  readonly idempotencyKey?: string;
  readonly idempotencyTtlMs?: number;
}

export interface EnqueuedRun {
  readonly id: string;
  /** Whether this call made the run. */
  readonly created: boolean;
  /** The encoded input of the run that was found instead; absent where it has none or `created`. */
  readonly existingInput?: string;
}

/** A run as it is stored. */
export interface RunRecord {
  readonly id: string;
  readonly workflow: string;
  readonly queue: string;
  readonly status: RunStatus;
  readonly input?: string;
  readonly output?: string;
  /** JSON of a `SerializedError`. */
  readonly error?: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly runAt?: number;
  readonly cancelRequestedAt?: number;
  readonly cancelReason?: string;
  readonly idempotencyKey?: string;
  readonly parentRunId?: string;
}

export interface RunQuery {
  readonly status?: RunStatus;
  readonly workflow?: string;
  readonly limit: number;
  readonly offset: number;
  readonly cursor?: string;
}

export interface RunPage {
  readonly runs: RunRecord[];
  readonly nextCursor?: string;
}

/** How an awaited run has ended. */
export interface RunOutcome {
  readonly status: TerminalStatus;
  /** Encoded output (`succeeded`), JSON of a `SerializedError` (`failed`), the reason (`canceled`). */
  readonly payload?: string;
}

/** `canceled`: it is now; `requested`: its worker will settle it; `unchanged`: it had ended or was being canceled; `missing`: no such run. */
export type CancelResult = 'canceled' | 'requested' | 'unchanged' | 'missing';

/** What clients do. */
export interface RunStore {
  enqueue(run: NewRun): Promise<EnqueuedRun>;
  enqueueMany(runs: readonly NewRun[]): Promise<EnqueuedRun[]>;
  getRun(id: string): Promise<RunRecord | undefined>;
  getSteps(id: string): Promise<StepRecord[]>;
  listRuns(query: RunQuery): Promise<RunPage>;
  cancel(request: { id: string; reason?: string; keepChildren: boolean; retention: RetentionLimit }): Promise<CancelResult>;
  /** Resolves once the run has ended; pushed by the store. Rejects with `signal.reason` when aborted, and with `RunNotFoundError`. */
  waitForOutcome(id: string, signal?: AbortSignal): Promise<RunOutcome>;
}

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
  /** Runs wait for a worker that knows their workflow: see {@link WorkerStore.adopt}. */
  readonly orphans: boolean;
  /** When the next lease expires; looked up only where nothing was claimed. */
  readonly nextDeadline?: number;
}

export type LeaseState = 'held' | 'cancel_requested' | 'lost';

export interface Finish extends Ownership {
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
  /** Puts orphaned runs of the given workflows back in the ready lists of the given queues. */
  adopt(request: { workflows: readonly string[]; queues: readonly string[] }): Promise<number>;
  /** Makes what is due ready. */
  promote(): Promise<{ promoted: number; now: number; nextDueAt?: number }>;
  /** Recovers runs whose lease has expired. */
  recover(request: RecoverRequest): Promise<Recovery>;
  /** Removes what retention has outlived, and cancels what is left of the children of canceled parents. */
  tidy(request: { retention: Retention }): Promise<{ removed: number; more: boolean }>;
}

/** The blocking side of a worker: only ever told that looking is worthwhile. */
export interface Bell {
  /** Resolves when one of the queues rings, or after `timeoutMs`; never rejects. */
  wait(queues: readonly string[], timeoutMs: number): Promise<void>;
  /** Ends a pending {@link wait} and every later one at once. */
  close(): Promise<void>;
}

export interface CronTrigger {
  /** Unique within the workflow. */
  readonly id: string;
  readonly workflow: string;
  readonly expression: string;
  readonly timezone?: string;
  /** Encoded; absent for none. */
  readonly input?: string;
}

export interface WorkflowRecord {
  readonly name: string;
  readonly queue: string;
  readonly maxConcurrency: number;
  readonly app: string;
  readonly updatedAt: number;
  readonly cron: readonly Omit<CronTrigger, 'workflow'>[];
  readonly maxAttempts: number;
  /** JSON of the retry options that can be stored. */
  readonly retriesJson: string;
  /** JSON Schema of the input. */
  readonly inputSchema?: unknown;
}

export interface DueTrigger {
  readonly trigger: CronTrigger;
  /** The tick that is due; absent for a trigger that has not been planned yet. */
  readonly dueAt?: number;
}

export interface CronAgenda {
  readonly leader: boolean;
  readonly now: number;
  /** What is due or unplanned; only for the leader. */
  readonly due: readonly DueTrigger[];
  readonly nextDueAt?: number;
  /** Ms for which another worker leads while something is due; else 0. */
  readonly heldMs: number;
}

/** Registration and cron. */
export interface RegistryStore {
  /**
   * Writes the workflows of an app, and removes those of the app that are in the store, not in the list,
   * and older than 30 s. `foreign`: names that another living app has registered; they are left alone.
   */
  sync(request: { app: string; workflows: readonly Omit<WorkflowRecord, 'app' | 'updatedAt'>[] }): Promise<{ removed: string[]; foreign: string[] }>;
  /** Keeps the workflows of a living app from becoming stale; `false` where one is missing: sync again. */
  touch(request: { app: string; names: readonly string[] }): Promise<boolean>;
  getWorkflow(name: string): Promise<WorkflowRecord | undefined>;
  listWorkflows(): Promise<WorkflowRecord[]>;
  /** Takes or renews the leadership, and says what is due. */
  cronAgenda(request: { leaderId: string; ttlMs: number }): Promise<CronAgenda>;
  /** Starts the run of one tick and plans the next, if the trigger is unchanged and still due at `dueAt`. */
  cronTick(request: {
    trigger: CronTrigger;
    dueAt: number | undefined;
    nextAt: number | undefined;
    runId: string;
  }): Promise<'fired' | 'planned' | 'skipped' | 'stale'>;
  resignCron(leaderId: string): Promise<void>;
}

export interface Store {
  readonly runs: RunStore;
  readonly work: WorkerStore;
  readonly registry: RegistryStore;
  /** A blocking reader of its own. */
  openBell(): Bell;
  /** Resolves once the store answers. Rejects with a `ConnectionError` if it cannot be reached. */
  ping(): Promise<void>;
  /** Closes what the store has opened, and only that. */
  close(): Promise<void>;
}
