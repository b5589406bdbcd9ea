import type { ErrorKind } from '../serialized-error.js';
import { RedflowError } from './redflow.error.js';

/** The run was canceled: the reason of its `AbortSignal`, and what awaiting its result rejects with. */
export class RunCanceledError extends RedflowError {
  override readonly kind: ErrorKind = 'canceled';

  constructor(
    readonly runId: string,
    readonly reason?: string,
  ) {
    super(`run ${runId} was canceled${reason === undefined ? '' : `: ${reason}`}`);
  }
}
