import type * as Redflow from '../../../lib/index.js';
import type { BenchPayload, WorkerRequest } from '../engine.js';

// A no-op workflow must not be held up by the limit that protects real ones.
const UNLIMITED = 100_000;

export function workflowSettings(queue: string): { queue: string; maxConcurrency: number } {
  return { queue, maxConcurrency: UNLIMITED };
}

/** The workflow of a queue, which has its name, and that of its children if it has some. */
export function workflowsOf(
  redflow: typeof Redflow,
  queue: string,
  request: WorkerRequest,
): Redflow.WorkflowDefinition[] {
  const { kind, cron, handler, onStep } = request;
  const define = <Output>(handle: (context: Redflow.WorkflowContext<BenchPayload>) => Promise<Output>) =>
    redflow.defineWorkflow(
      queue,
      { ...workflowSettings(queue), cron: triggers(cron) },
      handle,
    ) as Redflow.WorkflowDefinition;

  if (kind === 'noop') return [define(({ input }) => handler(input))];
  if (kind === 'steps') {
    const steps = define(async ({ input, step }) => {
      for (let i = 0; i < (input.steps ?? 0); i++) {
        await step.run(`step-${i}`, () => i);
        onStep();
      }
      return handler(input);
    });
    return [steps];
  }
  const child = redflow.defineWorkflow(`${queue}/child`, workflowSettings(queue), () => 1);
  const parent = define(async ({ input, step }) => {
    const spawn = (_: unknown, index: number) => step.runWorkflow(`child-${index}`, child, input);
    await Promise.all(Array.from({ length: input.children ?? 0 }, spawn));
    return handler(input);
  });
  return [parent, child];
}

function triggers(cron: string | undefined): readonly Redflow.CronOptions[] {
  return cron === undefined ? [] : [{ id: 'bench', expression: cron, input: { index: 0, padding: '' } }];
}
