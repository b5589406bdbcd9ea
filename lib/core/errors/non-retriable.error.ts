import type { ErrorKind } from '../serialized-error.js';
import { RedflowError } from './redflow.error.js';

/** Thrown by user code: ends the run (or the step) at once, whatever attempts are left. */
export class NonRetriableError extends RedflowError {
  override readonly kind: ErrorKind = 'non_retriable';
}
