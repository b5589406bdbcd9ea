import type { ErrorKind } from '../serialized-error.js';
import { RedflowError } from './redflow.error.js';

/** A time limit has passed: of a run, of a step, or of a caller that waits for a result. */
export class TimeoutError extends RedflowError {
  override readonly kind: ErrorKind = 'timeout';

  constructor(
    /** What ran out of time, as the message starts: `step "charge"`, `run 01ab…`. */
    readonly subject: string,
    readonly timeoutMs: number,
  ) {
    super(`${subject} did not finish within ${timeoutMs} ms`);
  }
}
