import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowContext } from '../../../../lib/engine/context.js';
import { defineWorkflow } from '../../../../lib/engine/define-workflow.js';
import { WorkflowRegistry } from '../../../../lib/engine/workflow-registry.js';
import type { WorkflowDefinition } from '../../../../lib/engine/workflow.js';
import type { Told } from './worker-order.js';

type Tell = (told: Told) => void;
type AnyWorkflow = WorkflowDefinition<never, unknown>;

export const LATE_KINDS = ['step', 'return', 'throw', 'throw_handled'] as const;
export type LateKind = (typeof LATE_KINDS)[number];
export interface LateInput {
  readonly kind: LateKind;
  readonly stall: 'SIGSTOP' | 'block';
  /** Of `block`: until this file is there. */
  readonly untilFile: string;
}

/** Once one run of each kind is inside, the process stalls, and then all go on at once: each has a write left. */
function late(tell: Tell): AnyWorkflow[] {
  let inside = 0;
  let goOn = (): void => undefined;
  const stalled = new Promise<void>((resolve) => (goOn = resolve));
  async function stall({ stall: how, untilFile }: LateInput): Promise<void> {
    if (++inside === LATE_KINDS.length) {
      tell({ event: 'stalling' });
      // The message has to leave first.
      await delay(20);
      if (how === 'SIGSTOP') process.kill(process.pid, 'SIGSTOP');
      else while (!existsSync(untilFile)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      goOn();
    }
    return stalled;
  }
  const run = async ({ step, input }: WorkflowContext<LateInput>): Promise<string> => {
    if (input.kind === 'step') return step.run('stall', () => stall(input).then(() => 'late'));
    await stall(input);
    if (input.kind !== 'return') throw new Error('late');
    return 'late';
  };
  const options = { queue: 'late', maxConcurrency: LATE_KINDS.length };
  return [
    defineWorkflow('late', options, run),
    defineWorkflow('late-handled', { ...options, onFailure: () => tell({ event: 'compensated' }) }, run),
  ];
}

/** Kills its process: by its memory, or by an abort. */
const crashing = (tell: Tell): AnyWorkflow[] => [
  defineWorkflow('hungry', {}, async ({ step }: WorkflowContext) => {
    const before = await step.run('before', () => (tell({ event: 'before' }), process.pid));
    await step.run('eat', async ({ attempt }) => {
      tell({ event: 'eat', detail: String(attempt) });
      await delay(20);
      const eaten: unknown[] = [];
      while (process.execArgv.some((arg) => arg.includes('max-old-space'))) eaten.push(new Array(1_000_000).fill(1.5));
    });
    return before;
  }),
  defineWorkflow('poison', {}, async ({ step }: WorkflowContext) =>
    step.run('swallow', async () => {
      tell({ event: 'swallow' });
      await delay(20);
      process.abort();
    }),
  ),
];

/** Steps that take a while; tells of each body. */
const steady = (tell: Tell): AnyWorkflow[] => [
  defineWorkflow(
    'steady',
    { maxConcurrency: 100 },
    async ({ step, run }: WorkflowContext<{ steps: number; stepMs: number }>, { steps, stepMs }) => {
      for (let i = 0; i < steps; i++) {
        await step.run(`step-${i}`, async () => {
          tell({ event: 'body', run: run.id, detail: `step-${i}` });
          await delay(stepMs);
        });
      }
      return run.attempt;
    },
  ),
];

/** So many that a process can be struck between two ticks of the same second. */
export const TICKING = ['ticking-1', 'ticking-2', 'ticking-3'];
const ticking = (): AnyWorkflow[] =>
  TICKING.map((name) =>
    defineWorkflow(name, { maxConcurrency: 100_000, cron: [{ id: 'tick', expression: '* * * * * *' }] }, () => 1),
  );

const hourly = (): AnyWorkflow[] => [
  defineWorkflow('hourly', { cron: [{ id: 'hour', expression: '0 * * * *' }] }, () => 1),
];

/** A parent of many children, of which every tenth fails. */
const family = (tell: Tell): AnyWorkflow[] => {
  const child = defineWorkflow('child', { queue: 'children', maxConcurrency: 1_000 }, (_ctx, index: number) => {
    tell({ event: 'child' });
    if (index % 10 === 9) throw new Error(`child ${index} fails`);
    return index;
  });
  const parent = defineWorkflow('parent', { queue: 'parents' }, async ({ step }, children: number) => {
    tell({ event: 'parent' });
    const numbers = Array.from({ length: children }, (_, index) => index);
    const ended = await Promise.allSettled(numbers.map((i) => step.runWorkflow(`child-${i}`, child, i)));
    const given = ended.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
    return { sum: given.reduce((sum, value) => sum + value, 0), failed: children - given.length };
  });
  return [child, parent];
};

const ALL: Readonly<Record<string, (tell: Tell) => AnyWorkflow[]>> = {
  late,
  crashing,
  steady,
  ticking,
  hourly,
  family,
};

/** The workflows of some themes. */
export function workflowsOf(themes: readonly string[], tell: Tell = () => undefined): AnyWorkflow[] {
  return themes.flatMap((theme) => ALL[theme]?.(tell) ?? []);
}

export function registryOf(themes: readonly string[], tell: Tell): WorkflowRegistry {
  const registry = new WorkflowRegistry();
  for (const workflow of workflowsOf(themes, tell)) registry.add(workflow);
  return registry;
}
