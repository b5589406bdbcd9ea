import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { defineWorkflow, WorkflowRegistry, type WorkflowContext } from '../../../lib/index.js';
import { microseconds, type Journal } from './journal.js';
import { QUEUES, QUICK_QUEUE, SERIAL_LIMIT } from './settings.js';

const Input = z.object({ key: z.string(), steps: z.number().int(), value: z.number() });
type Input = z.infer<typeof Input>;
type Context = WorkflowContext<Input>;

/** What every run of a storm must come to. */
export function expectedSum({ steps, value }: Pick<Input, 'steps' | 'value'>): number {
  let sum = 0;
  for (let i = 0; i < steps; i++) sum += value + i;
  return sum;
}

/** Some steps take so long that they are shown as running meanwhile. */
const SLOW_STEP_MS = 400;
const SLOW_EVERY = 16;

const HELD_UP_MS = 150;
const HELD_UP_EVERY = 500;

/** A workflow without steps: quick enough to be read ahead, but for some of its runs. */
export function quickRegistry(): WorkflowRegistry {
  const options = { queue: QUICK_QUEUE, schema: Input, maxConcurrency: 1_000 };
  const quick = defineWorkflow('quick', options, async ({ input }) => {
    if (input.value % HELD_UP_EVERY === 0) await delay(HELD_UP_MS);
    return expectedSum(input);
  });
  return new WorkflowRegistry().add(quick);
}

/** The workflows of a storm; each step says in the journal when it starts and when it is stored. */
export function stormRegistry(journal: Journal): WorkflowRegistry {
  async function step({ step: tools, run }: Context, name: string, value: number, pauseMs: number): Promise<number> {
    const calledAt = microseconds();
    const stored = await tools.run(name, async ({ attempt, fence }) => {
      journal.write({ event: 'step_started', run: run.id, step: name, attempt, calledAt, fence });
      await delay(value % SLOW_EVERY === 1 ? SLOW_STEP_MS : pauseMs);
      return value;
    });
    journal.write({ event: 'step_stored', run: run.id, step: name, value: stored });
    return stored;
  }

  async function sum(ctx: Context, pauseMs: number): Promise<number> {
    let total = 0;
    for (let i = 0; i < ctx.input.steps; i++) {
      total += await step(ctx, `add:${i}`, ctx.input.value + i, pauseMs);
    }
    return total;
  }

  const plain = defineWorkflow('plain', { queue: QUEUES[0], schema: Input, maxConcurrency: 200 }, (ctx) =>
    sum(ctx, 30),
  );

  const serial = defineWorkflow(
    'serial',
    { queue: QUEUES[1], schema: Input, maxConcurrency: SERIAL_LIMIT },
    async (ctx) => {
      journal.write({ event: 'body_entered', run: ctx.run.id });
      try {
        return await sum(ctx, 15);
      } finally {
        journal.write({ event: 'body_left', run: ctx.run.id });
      }
    },
  );

  const retried = defineWorkflow(
    'retried',
    {
      queue: QUEUES[0],
      schema: Input,
      maxConcurrency: 50,
      retries: { maxAttempts: 3, backoff: { type: 'fixed', delayMs: 30 } },
    },
    async (ctx) => {
      const total = await sum(ctx, 10);
      if (ctx.run.attempt < 3) throw new Error(`attempt ${ctx.run.attempt} fails on purpose`);
      return total;
    },
  );

  const parent = defineWorkflow('parent', { queue: QUEUES[1], schema: Input, maxConcurrency: 50 }, async (ctx) => {
    const first = await step(ctx, 'before', 0, 10);
    const { steps, value, key } = ctx.input;
    const children = await Promise.all([
      ctx.step.runWorkflow('left', plain, { key: `${key}/left`, steps, value }),
      ctx.step.runWorkflow('right', serial, { key: `${key}/right`, steps: 1, value: 0 }),
    ]);
    return first + children[0] + children[1];
  });

  return new WorkflowRegistry().add(plain).add(serial).add(retried).add(parent);
}
