import { RedflowError } from './redflow.error.js';

/** The idempotency key belongs to a run with another input, and `onConflict: 'reject'` was given. */
export class IdempotencyConflictError extends RedflowError {
  constructor(
    readonly workflow: string,
    readonly idempotencyKey: string,
    /** The run that holds the key. */
    readonly runId: string,
  ) {
    super(
      `idempotency key "${idempotencyKey}" of workflow "${workflow}" belongs to run ${runId}, which has another input`,
    );
  }
}
