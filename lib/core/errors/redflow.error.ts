import type { ErrorKind } from '../serialized-error.js';

/** Base of every error that redflow throws. */
export class RedflowError extends Error {
  /** The kind under which the error is stored when it ends a run. */
  readonly kind: ErrorKind = 'error';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
