import { RedflowError } from './redflow.error.js';

/** Thrown by user code: the next attempt, if one is left, starts after `delayMs` instead of the back-off. */
export class RetryAfterError extends RedflowError {
  /**
   * @param delayMs when the next attempt starts, in ms from now; finite and not negative
   * @throws RangeError for another value
   */
  constructor(
    readonly delayMs: number,
    message = `retry after ${delayMs} ms`,
    options?: ErrorOptions,
  ) {
    if (!Number.isFinite(delayMs) || delayMs < 0) {
      throw new RangeError(`RetryAfterError: delayMs must be a finite number of at least 0, got ${delayMs}`);
    }
    super(message, options);
  }
}
