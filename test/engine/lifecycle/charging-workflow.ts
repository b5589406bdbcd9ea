import { defineWorkflow } from '../../../lib/engine/define-workflow.js';
import type { WorkflowDefinition } from '../../../lib/engine/workflow.js';

/** Two steps; `onStep` is told of each, and may hold it up. */
export function chargingWorkflow(onStep: (step: string) => unknown): WorkflowDefinition<unknown, unknown> {
  return defineWorkflow('charging', { maxConcurrency: 5 }, async ({ step, run }) => {
    await step.run('charge', () => onStep('charge'));
    await step.run('ship', () => onStep('ship'));
    return { attempt: run.attempt };
  });
}
