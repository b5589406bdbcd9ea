import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowContext } from '../../../lib/engine/context.js';
import { defineWorkflow } from '../../../lib/engine/define-workflow.js';
import type { WorkflowDefinition } from '../../../lib/engine/workflow.js';
import type { Journal, JournalEvent } from './journal.js';

export interface ParcelInput {
  readonly index: number;
  /** Length of every step. */
  readonly stepMs: number;
}

/** `execution` tells one execution of a step from another: a stored result must not change. */
export interface StepOutput {
  readonly value: string;
  readonly execution: string;
}

export interface ParcelOutput {
  readonly steps: readonly StepOutput[];
  readonly label: readonly StepOutput[] | null;
}

export const STEPS = { parcel: ['pick', 'pack', 'weigh', 'ship'], label: ['layout', 'print'] } as const;
export const QUEUE = 'chaos';

export function hasLabel({ index }: ParcelInput): boolean {
  return index % 3 === 0;
}

export function expectedValue(input: ParcelInput, step: string): string {
  return `${step} of ${input.index}`;
}

/** What workflows tell of their steps. */
export interface Witness {
  readonly worker: number;
  readonly journal: Journal;
  onBegun(): void;
}

// Below the concurrency of the worker, so that runs are parked too.
const PARCEL_LIMIT = 3;

/** Steps one after the other and side by side, and a child workflow in every third run. */
export function defineWorkflows(witness?: Witness): {
  parcel: WorkflowDefinition<ParcelInput, ParcelOutput>;
  label: WorkflowDefinition<ParcelInput, StepOutput[]>;
} {
  const label = defineWorkflow('label', { queue: QUEUE }, async (ctx: WorkflowContext<ParcelInput>) => {
    const layout = await witnessed(witness, ctx, 'layout');
    return [layout, await witnessed(witness, ctx, 'print')];
  });
  const parcel = defineWorkflow(
    'parcel',
    { queue: QUEUE, maxConcurrency: PARCEL_LIMIT },
    async (ctx: WorkflowContext<ParcelInput>): Promise<ParcelOutput> => {
      const pick = await witnessed(witness, ctx, 'pick');
      const sideBySide = await Promise.all([witnessed(witness, ctx, 'pack'), witnessed(witness, ctx, 'weigh')]);
      const printed = hasLabel(ctx.input) ? await ctx.step.runWorkflow('label', label, ctx.input) : null;
      return { steps: [pick, ...sideBySide, await witnessed(witness, ctx, 'ship')], label: printed };
    },
  );
  return { parcel, label };
}

let executions = 0;

async function witnessed(
  witness: Witness | undefined,
  ctx: WorkflowContext<ParcelInput>,
  step: string,
): Promise<StepOutput> {
  if (!witness) throw new Error('only a worker executes');
  const { worker, journal } = witness;
  const write = (event: JournalEvent['event'], output?: StepOutput) =>
    journal.append({ event, run: ctx.run.id, step, worker, attempt: ctx.run.attempt, at: Date.now(), output });
  const stored = await ctx.step.run(step, async () => {
    write('begun');
    witness.onBegun();
    await delay(ctx.input.stepMs);
    const output = { value: expectedValue(ctx.input, step), execution: `${worker}/${++executions}` };
    write('done', output);
    return output;
  });
  write('stored', stored);
  return stored;
}
