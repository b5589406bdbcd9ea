import type { RetentionLimit } from './retention.js';
import type { RunStatus, TerminalStatus } from './run.js';
import type { StepRecord } from './step.js';

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
  cancel(request: {
    id: string;
    reason?: string;
    keepChildren: boolean;
    retention: RetentionLimit;
  }): Promise<CancelResult>;
  /** Resolves once the run has ended; pushed by the store. Rejects with `signal.reason` when aborted, and with `RunNotFoundError`. */
  waitForOutcome(id: string, signal?: AbortSignal): Promise<RunOutcome>;
}
