import type { SerializedError } from '../serialized-error.js';
import { ERROR_BRAND, RedflowError } from './redflow.error.js';

/** The run that was awaited has failed; `error` is what it failed with. */
export class RunFailedError extends RedflowError {
  constructor(
    readonly runId: string,
    readonly workflow: string,
    readonly error: SerializedError,
  ) {
    // Stored by redflow, so that its kind is redflow's where this error is stored in turn.
    const cause = { ...error, [ERROR_BRAND]: true };
    super(`run ${runId} of workflow "${workflow}" failed: ${error.name}: ${error.message}`, { cause });
  }
}
