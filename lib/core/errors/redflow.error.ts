import type { ErrorKind } from '../serialized-error.js';

/** Marks errors whose `kind` is redflow's; shared by installed copies of the package. */
export const ERROR_BRAND = Symbol.for('redflow:error');

/** Base of every error that redflow throws. */
export class RedflowError extends Error {
  /** The kind under which the error is stored when it ends a run. */
  readonly kind: ErrorKind = 'error';
  /** @internal */
  get [ERROR_BRAND](): true {
    return true;
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
