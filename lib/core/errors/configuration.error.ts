import type { ErrorKind } from '../serialized-error.js';
import { RedflowError } from './redflow.error.js';

/** An option is missing or wrong; the message names it and says what is allowed. */
export class ConfigurationError extends RedflowError {
  override readonly kind: ErrorKind = 'non_retriable';

  constructor(
    /** The option, as written in the code: `worker.concurrency`. */
    readonly option: string,
    problem: string,
  ) {
    super(`${option}: ${problem}`);
  }
}
