import { defineWorkflow, type WorkflowContext } from '@redflow/nestjs';
import { z } from 'zod';
import { eventually } from '../support/eventually.js';
import { failureOf, useEngine } from './engine.js';
import { Gate } from './gate.js';

const TWO_ATTEMPTS = { maxAttempts: 2, backoff: { type: 'fixed', delayMs: 0 } } as const;

describe('children', () => {
  const engine = useEngine();
  let executed: unknown[] = [];
  beforeEach(() => void (executed = []));
  const child = defineWorkflow('child', { maxConcurrency: 10 }, (_ctx, input: unknown) => {
    executed.push(input);
    return { from: 'child', input };
  });
  const runsOf = async (workflow: string) => (await engine.client.listRuns({ workflow })).runs;

  it('give their output to the parent, and know it', async () => {
    const parent = defineWorkflow('parent', {}, ({ step }) => step.runWorkflow('ask', child, 7));
    await engine.startWorker([parent, child]);
    const handle = await engine.client.run(parent, undefined);
    await expect(handle.result()).resolves.toEqual({ from: 'child', input: 7 });
    const [run] = await runsOf('child');
    expect(run).toMatchObject({ parentRunId: handle.id, status: 'succeeded', input: 7 });
    await expect(handle.state()).resolves.toMatchObject({ attempt: 1, parentRunId: undefined });
    await expect(engine.client.getRunSteps(handle.id)).resolves.toMatchObject([
      { name: 'ask', status: 'succeeded', seq: 1, output: { from: 'child', input: 7 }, attempts: 1 },
    ]);
  });

  it('are found by name too', async () => {
    const parent = defineWorkflow('parent', {}, ({ step }) => step.runWorkflow('ask', 'child', 'by name'));
    await engine.startWorker([parent, child]);
    await expect((await engine.client.run(parent, undefined)).result()).resolves.toMatchObject({ input: 'by name' });
  });

  it('leave the parent waiting, without a worker', async () => {
    const gate = new Gate();
    const slow = defineWorkflow('slow', { queue: 'slow' }, () => gate.pass());
    const parent = defineWorkflow('parent', { queue: 'fast' }, ({ step }) => step.runWorkflow('slow', slow, undefined));
    const other = defineWorkflow('other', { queue: 'fast' }, () => 'other');
    await engine.startWorker([parent, other, slow], { queues: ['fast'], concurrency: 1 });
    const handle = await engine.client.run(parent, undefined);
    await engine.untilStatus(handle, 'waiting');
    await expect((await engine.client.run(other, undefined)).result()).resolves.toBe('other');
    await expect(engine.client.getRunSteps(handle.id)).resolves.toMatchObject([{ name: 'slow', status: 'running' }]);
    await engine.startWorker([slow, parent, other], { queues: ['slow'] });
    gate.open();
    await handle.result();
  });

  it('cannot deadlock: concurrency 1, one queue, a workflow with one slot that calls itself', async () => {
    const countDown = defineWorkflow(
      'countdown',
      {},
      async (ctx: WorkflowContext<number>, n: number): Promise<number> => {
        if (n === 0) return 0;
        return 1 + ((await ctx.step.runWorkflow('next', 'countdown', n - 1)) as number);
      },
    );
    await engine.startWorker([countDown], { concurrency: 1 });
    await expect((await engine.client.run(countDown, 5)).result()).resolves.toBe(5);
  });

  it('execute once over all retries of the parent', async () => {
    const parent = defineWorkflow('parent', { retries: TWO_ATTEMPTS }, async ({ step, run }) => {
      const output = await step.runWorkflow('ask', child, run.attempt);
      if (run.attempt === 1) throw new Error('after the child');
      return output;
    });
    await engine.startWorker([parent, child]);
    await expect((await engine.client.run(parent, undefined)).result()).resolves.toMatchObject({ input: 1 });
    expect(executed).toEqual([1]);
  });

  it('that fail reject with what they failed with', async () => {
    const broken = defineWorkflow('broken', {}, () => {
      throw new RangeError('inside');
    });
    const parent = defineWorkflow('parent', {}, ({ step }) => step.runWorkflow('ask', broken, undefined));
    const catching = defineWorkflow('catching', {}, ({ step }) =>
      step.runWorkflow('ask', broken, undefined).catch((error: Error) => `${error.name}: ${error.message}`),
    );
    await engine.startWorker([parent, catching, broken]);
    const handle = await engine.client.run(parent, undefined);
    await expect(failureOf(handle)).resolves.toMatchObject({
      error: {
        name: 'RunFailedError',
        message: expect.stringContaining('RangeError: inside'),
        cause: { message: 'inside' },
      },
    });
    await expect(engine.client.getRunSteps(handle.id)).resolves.toMatchObject([
      { name: 'ask', status: 'failed', error: { name: 'RangeError' } },
    ]);
    await expect((await engine.client.run(catching, undefined)).result()).resolves.toMatch('RunFailedError: ');
  });

  it('that are canceled reject with RunCanceledError; the parent is not canceled', async () => {
    const slow = defineWorkflow('slow', { queue: 'nobody' }, () => 1);
    const parent = defineWorkflow('parent', {}, ({ step }) =>
      step.runWorkflow('ask', slow, undefined).catch((error: Error) => `${error.name} ${error.message}`),
    );
    await engine.startWorker([parent]);
    const handle = await engine.client.run(parent, undefined);
    await engine.untilStatus(handle, 'waiting');
    const [run] = await runsOf('slow');
    await engine.client.cancelRun((run as { id: string }).id, { reason: 'not needed' });
    await expect(handle.result()).resolves.toMatch(/RunCanceledError .*not needed/);
    await expect(handle.state()).resolves.toMatchObject({ status: 'succeeded', cancelRequestedAt: undefined });
  });

  it('may take too long for the parent, and go on', async () => {
    const gate = new Gate();
    const slow = defineWorkflow('slow', { queue: 'slow' }, () => gate.pass().then(() => 'late'));
    const parent = defineWorkflow('parent', {}, ({ step }) =>
      step.runWorkflow({ name: 'ask', timeoutMs: 50 }, slow, undefined),
    );
    await engine.startWorker([parent, slow], { queues: ['default', 'slow'] });
    const handle = await engine.client.run(parent, undefined);
    await expect(failureOf(handle)).resolves.toMatchObject({ error: { name: 'TimeoutError', kind: 'timeout' } });
    const [run] = await runsOf('slow');
    expect(run).toMatchObject({ status: 'running', cancelRequestedAt: undefined });
    gate.open();
    await engine.untilStatus(run as { id: string }, 'succeeded');
  });

  it('that took too long once stay so when the parent is replayed', async () => {
    const gate = new Gate();
    const slow = defineWorkflow('slow', { queue: 'slow' }, () => gate.pass().then(() => 'late'));
    const seen: string[] = [];
    const parent = defineWorkflow('parent', {}, async ({ step }) => {
      const first = await step
        .runWorkflow({ name: 'ask', timeoutMs: 30 }, slow, undefined)
        .catch((error: Error) => error.name);
      seen.push(first);
      await step.run('open', () => gate.open());
      await step.run('ended', async () => {
        const [run] = await runsOf('slow');
        await engine.untilStatus(run as { id: string }, 'succeeded');
      });
      await step.runWorkflow('other', child, undefined);
      return first;
    });
    await engine.startWorker([parent, slow, child], { queues: ['default', 'slow'] });
    await expect((await engine.client.run(parent, undefined)).result()).resolves.toBe('TimeoutError');
    expect(new Set(seen)).toEqual(new Set(['TimeoutError']));
  });

  it('are awaited anew, as long as the step says, by another attempt of the parent', async () => {
    const gate = new Gate();
    const slow = defineWorkflow('slow', { queue: 'slow' }, () => gate.pass().then(() => 'in the second attempt'));
    const parent = defineWorkflow('parent', { retries: TWO_ATTEMPTS }, async ({ step, run }) => {
      if (run.attempt === 2) gate.open();
      return step.runWorkflow({ name: 'ask', timeoutMs: 500 }, slow, undefined);
    });
    await engine.startWorker([parent, slow], { queues: ['default', 'slow'] });
    await expect((await engine.client.run(parent, undefined)).result()).resolves.toBe('in the second attempt');
    expect(await runsOf('slow')).toHaveLength(1);
  });

  it('that are emitted are not awaited, and are started once over all retries', async () => {
    const parent = defineWorkflow('parent', { retries: TWO_ATTEMPTS }, async ({ step, run }) => {
      const id = await step.emitWorkflow('emit', child, run.attempt);
      if (run.attempt === 1) throw new Error('after the emit');
      return id;
    });
    await engine.startWorker([parent], { queues: ['default'] });
    await engine.startWorker([child], { app: 'children' });
    const handle = await engine.client.run(parent, undefined);
    const id = await handle.result();
    const [run, ...more] = await runsOf('child');
    expect(run).toMatchObject({ id, parentRunId: handle.id });
    expect(more).toEqual([]);
    await expect(engine.client.getRunSteps(handle.id)).resolves.toMatchObject([
      { name: 'emit', status: 'succeeded', output: id },
    ]);
  });

  it('are found by an idempotency key of the caller, even where they have ended', async () => {
    const existing = await engine.client.run(child, 'existing', { idempotencyKey: 'shared' });
    await engine.startWorker([child]);
    await existing.result();
    const options = { name: 'ask', idempotencyKey: 'shared' };
    const parent = defineWorkflow('parent', {}, ({ step }) => step.runWorkflow(options, child, 'another'));
    await engine.startWorker([parent, child]);
    await expect((await engine.client.run(parent, undefined)).result()).resolves.toMatchObject({ input: 'existing' });
    expect(executed).toEqual(['existing']);
  });

  it('with an input that is not valid are not started', async () => {
    const typed = defineWorkflow('typed', { schema: z.object({ n: z.number() }) }, () => 1);
    const parent = defineWorkflow('parent', { retries: TWO_ATTEMPTS }, ({ step }) =>
      step.runWorkflow('ask', typed, { n: 'text' as never }),
    );
    await engine.startWorker([parent, typed]);
    await expect(failureOf(await engine.client.run(parent, undefined))).resolves.toMatchObject({
      error: { kind: 'validation', message: expect.stringContaining('typed') },
    });
    expect(await runsOf('typed')).toEqual([]);
  });

  it('of a workflow that nobody has registered fail the step', async () => {
    const parent = defineWorkflow('parent', {}, ({ step }) => step.runWorkflow('ask', 'nobody knows me', 1));
    await engine.startWorker([parent]);
    await expect(failureOf(await engine.client.run(parent, undefined))).resolves.toMatchObject({
      error: { cause: { kind: 'unknown_workflow' } },
    });
  });

  it('cannot be awaited within a step, and the error says so', async () => {
    const parent = defineWorkflow('parent', {}, ({ step }) =>
      step.run('outer', () => step.runWorkflow('inner', child, 1)),
    );
    await engine.startWorker([parent, child]);
    await expect(failureOf(await engine.client.run(parent, undefined))).resolves.toMatchObject({
      error: { message: expect.stringMatching(/"inner".*inside another step/) },
    });
  });

  it('of mixed kinds run in parallel with steps; the run suspends once all that is left are waits', async () => {
    const gate = new Gate();
    const slow = defineWorkflow('slow', { queue: 'slow' }, () => gate.pass().then(() => 'slow'));
    let bodies = 0;
    const parent = defineWorkflow('parent', {}, async ({ step }) => {
      const [inline, first, second, id] = await Promise.all([
        step.run('inline', () => ++bodies),
        step.runWorkflow('first', child, 1),
        step.runWorkflow('second', slow, undefined),
        step.emitWorkflow('third', child, 3),
      ]);
      const after = await step.run('after', () => ++bodies);
      return { inline, first, second, emitted: typeof id, after };
    });
    await engine.startWorker([parent, child, slow], { queues: ['default', 'slow'] });
    const handle = await engine.client.run(parent, undefined);
    await eventually(() => executed.length === 2 && gate.entered === 1);
    await engine.untilStatus(handle, 'waiting');
    gate.open();
    await expect(handle.result()).resolves.toEqual({
      inline: 1,
      first: { from: 'child', input: 1 },
      second: 'slow',
      emitted: 'string',
      after: 2,
    });
    expect(executed.sort()).toEqual([1, 3]);
  });

  it('may be many', async () => {
    const inputs = Array.from({ length: 100 }, (_, i) => i);
    const parent = defineWorkflow('parent', {}, async ({ step }) => {
      const outputs = await Promise.all(inputs.map((i) => step.runWorkflow(`child-${i}`, child, i)));
      return outputs.map(({ input }) => input);
    });
    await engine.startWorker([parent, child]);
    await expect((await engine.client.run(parent, undefined)).result()).resolves.toEqual(inputs);
    expect(executed).toHaveLength(inputs.length);
  });

  it('that end before the parent suspends wake it: no wake-up is lost', async () => {
    const parent = defineWorkflow('parent', { queue: 'parents' }, ({ step }) => step.runWorkflow('ask', child, 1));
    const store = engine.newStore();
    const suspend = store.holdCall('work.suspend');
    await engine.startWorkerOn(store, [parent]);
    await engine.startWorker([child], { app: 'children' });
    const handle = await engine.client.run(parent, undefined);
    await suspend.reached;
    await eventually(async () => (await runsOf('child'))[0]?.status === 'succeeded');
    await expect(handle.state()).resolves.toMatchObject({ status: 'running' });
    suspend.release();
    await expect(handle.result()).resolves.toMatchObject({ input: 1 });
    expect(store.calls('work.suspend')).toBe(1);
  });

  it('that end while the parent is being suspended wake it', async () => {
    const parent = defineWorkflow('parent', { queue: 'parents' }, ({ step }) => step.runWorkflow('ask', child, 1));
    const store = engine.newStore();
    const suspend = store.holdReply('work.suspend');
    await engine.startWorkerOn(store, [parent], { concurrency: 2 });
    const handle = await engine.client.run(parent, undefined);
    await engine.untilStatus(handle, 'waiting');
    await engine.startWorker([child], { app: 'children' });
    await expect(handle.result()).resolves.toMatchObject({ input: 1 });
    suspend.release();
    await expect(handle.state()).resolves.toMatchObject({ status: 'succeeded', attempt: 1 });
  });
});
