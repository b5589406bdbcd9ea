import type { ErrorKind } from '../serialized-error.js';
import { RedflowError } from './redflow.error.js';

/** An input, an output or an option that is not what it must be. Never retried. */
export class ValidationError extends RedflowError {
  override readonly kind: ErrorKind = 'validation';
}
