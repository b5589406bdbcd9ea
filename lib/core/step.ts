import type { SerializedError } from './serialized-error.js';

export type StepStatus = 'running' | 'succeeded' | 'failed';

/** What is known of a step. Times are milliseconds since the epoch by the Redis clock. */
export interface StepState {
  readonly name: string;
  readonly status: StepStatus;
  /** Order of the first start, from 1; monotonic over retries of the run. */
  readonly seq: number;
  readonly output: unknown;
  readonly error: SerializedError | undefined;
  /** How often its body was started and ran to an end; an interrupted execution does not count. */
  readonly attempts: number;
  readonly startedAt: number;
  readonly finishedAt: number | undefined;
}

export type StepKind = 'step' | 'workflow' | 'emit';

/**
 * A step as it is stored: one record per name. The payload is kept apart (still encoded),
 * so that a store can treat it as opaque bytes.
 */
export interface StepRecord {
  readonly name: string;
  readonly kind: StepKind;
  readonly status: StepStatus;
  readonly seq: number;
  readonly attempts: number;
  readonly startedAt: number;
  readonly finishedAt?: number;
  /** The attempt of the run in which the step failed; a later attempt executes it again. */
  readonly runAttempt?: number;
  /** The child run of a step that starts a workflow. */
  readonly childId?: string;
  /** Encoded output (`succeeded`) or JSON of a {@link SerializedError} (`failed`). */
  readonly payload?: string;
}
