import type { ErrorKind } from '../serialized-error.js';
import { RedflowError } from './redflow.error.js';

/** A workflow that nobody has registered. Never retried. */
export class UnknownWorkflowError extends RedflowError {
  override readonly kind: ErrorKind = 'unknown_workflow';

  constructor(readonly workflow: string) {
    super(`workflow "${workflow}" is not registered`);
  }
}
