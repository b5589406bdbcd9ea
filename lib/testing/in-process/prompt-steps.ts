import { RetryAfterError } from '../../core/errors/retry-after.error.js';
import type { Journaled } from '../../core/journaled.js';
import type { ChildOptions, StepOptions, StepScope, StepTools } from '../../engine/context.js';
import type { WorkflowInput, WorkflowOutput, WorkflowReference } from '../../engine/workflow.js';

/** The steps of an execution, whose retries do not wait. */
export class PromptSteps implements StepTools {
  constructor(private readonly steps: StepTools) {}

  run<T>(step: string | StepOptions, fn: (scope: StepScope) => T | Promise<T>): Promise<Journaled<T>> {
    return this.steps.run(withoutBackoff(step), (scope) => withoutDelay(() => fn(scope)));
  }

  runWorkflow<W extends WorkflowReference>(
    step: string | ChildOptions,
    workflow: W,
    input: WorkflowInput<W>,
  ): Promise<Journaled<WorkflowOutput<W>>> {
    return this.steps.runWorkflow(step, workflow, input);
  }

  emitWorkflow<W extends WorkflowReference>(
    step: string | Omit<ChildOptions, 'timeoutMs'>,
    workflow: W,
    input: WorkflowInput<W>,
  ): Promise<string> {
    return this.steps.emitWorkflow(step, workflow, input);
  }
}

function withoutBackoff(step: string | StepOptions): string | StepOptions {
  if (typeof step === 'string' || !step.retries) return step;
  return { ...step, retries: { ...step.retries, backoff: { type: 'fixed', delayMs: 0 } } };
}

async function withoutDelay<T>(fn: () => T | Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    if (error instanceof RetryAfterError) throw new RetryAfterError(0, error.message, { cause: error.cause });
    throw error;
  }
}
