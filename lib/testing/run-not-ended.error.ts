import { TimeoutError } from '../core/errors/timeout.error.js';
import type { RunState } from '../core/run.js';
import type { StepState } from '../core/step.js';

/** The run that a test awaits had not ended in time; the message says how far it had come. */
export class RunNotEndedError extends TimeoutError {
  constructor(
    /** The state that it was in. */
    readonly run: RunState & { readonly steps: readonly StepState[] },
    timeoutMs: number,
  ) {
    super(`run ${run.id} of workflow "${run.workflow}"`, timeoutMs);
    const steps = run.steps.map(({ name, status }) => `"${name}" ${status}`).join(', ') || 'none';
    this.message += `: it is ${run.status}, attempt ${run.attempt} of ${run.maxAttempts}; steps: ${steps}`;
  }
}
