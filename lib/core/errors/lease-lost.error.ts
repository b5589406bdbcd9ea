import { RedflowError } from './redflow.error.js';

/** This worker no longer owns the run: another one has it. Reason of the handler's `AbortSignal`; never stored. */
export class LeaseLostError extends RedflowError {
  constructor(readonly runId: string) {
    super(`the lease of run ${runId} was lost: another worker may execute it now`);
  }
}
