import type { ErrorKind } from '../serialized-error.js';
import { RedflowError } from './redflow.error.js';

/** Two steps of one name in one execution. A fault of the code, so it is never retried. */
export class DuplicateStepError extends RedflowError {
  override readonly kind: ErrorKind = 'non_retriable';

  constructor(readonly step: string) {
    super(
      `step "${step}" was called twice in one execution: give each call a name of its own ` +
        '(step.run(`charge:${id}`, …), or @Step({ key }) on a method)',
    );
  }
}
