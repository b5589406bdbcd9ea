import type { SerializedError } from '../serialized-error.js';
import { RedflowError } from './redflow.error.js';

/** The run that was awaited has failed; `error` is what it failed with. */
export class RunFailedError extends RedflowError {
  constructor(
    readonly runId: string,
    readonly workflow: string,
    readonly error: SerializedError,
  ) {
    super(`run ${runId} of workflow "${workflow}" failed: ${error.name}: ${error.message}`, { cause: error });
  }
}
