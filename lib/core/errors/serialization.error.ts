import type { ErrorKind } from '../serialized-error.js';
import { RedflowError } from './redflow.error.js';

/** A value that cannot be stored: not serializable, too large or too deep. Never retried. */
export class SerializationError extends RedflowError {
  override readonly kind: ErrorKind = 'serialization';
}
