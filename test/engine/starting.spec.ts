import { defineWorkflow } from '@redflow/nestjs';
import { z } from 'zod';
import { useEngine } from './engine.js';

const echo = defineWorkflow('echo', { queue: 'echoes' }, (_ctx, input: unknown) => input);

describe('starting runs', () => {
  const engine = useEngine();

  it('runs a workflow and gives its output', async () => {
    const greet = defineWorkflow('greet', { queue: 'q', schema: z.object({ name: z.string() }) }, ({ input, step }) =>
      step.run('hello', () => `hello ${input.name}`),
    );
    await engine.startWorker([greet], { queues: ['q'], concurrency: 4 });
    const handle = await engine.client.run(greet, { name: 'Ada' });
    await expect(handle.result()).resolves.toBe('hello Ada');
    expect(handle.created).toBe(true);
  });

  it('hands the handler its input twice, the signal, a logger, and the run', async () => {
    const seen: unknown[] = [];
    const inspect = defineWorkflow('inspect', { queue: 'q', retries: { maxAttempts: 4 } }, (ctx, input: string) => {
      seen.push(ctx.input, input, ctx.signal.aborted, ctx.run);
      ctx.logger.warn('from the handler');
    });
    const handle = await engine.client.run(inspect, 'in');
    const { createdAt } = await handle.state();
    await engine.startWorker([inspect]);
    await expect(handle.result()).resolves.toBeUndefined();
    const run = { id: handle.id, workflow: 'inspect', queue: 'q', attempt: 1, maxAttempts: 4, createdAt };
    expect(seen).toEqual(['in', 'in', false, run]);
    expect(engine.log).toContain('warn: from the handler');
  });

  it('tells the whole state of a run, before and after', async () => {
    const handle = await engine.client.run(echo, { a: 1 }, { idempotencyKey: 'k', maxAttempts: 3 });
    const unknownYet = {
      output: undefined,
      error: undefined,
      startedAt: undefined,
      finishedAt: undefined,
      runAt: undefined,
      cancelRequestedAt: undefined,
      cancelReason: undefined,
      parentRunId: undefined,
    };
    const fixed = {
      id: handle.id,
      workflow: 'echo',
      queue: 'echoes',
      input: { a: 1 },
      maxAttempts: 3,
      idempotencyKey: 'k',
    };
    const queued = await handle.state();
    expect(queued).toEqual({ ...unknownYet, ...fixed, status: 'queued', attempt: 0, createdAt: expect.any(Number) });

    await engine.startWorker([echo]);
    await handle.result();
    const ended = await handle.state();
    expect(ended).toEqual({
      ...unknownYet,
      ...fixed,
      status: 'succeeded',
      attempt: 1,
      output: { a: 1 },
      createdAt: queued.createdAt,
      startedAt: expect.any(Number),
      finishedAt: expect.any(Number),
    });
    expect(ended.startedAt).toBeGreaterThanOrEqual(ended.createdAt);
    expect(ended.finishedAt).toBeGreaterThanOrEqual(ended.startedAt as number);
  });

  it('takes queue and attempts from the definition before any worker has started', async () => {
    const careful = defineWorkflow('careful', { queue: 'slow', retries: { maxAttempts: 7 } }, () => 1);
    const handle = await engine.client.run(careful, undefined);
    await expect(handle.state()).resolves.toMatchObject({ queue: 'slow', maxAttempts: 7 });
  });

  it('takes queue and attempts from the metadata where only the name is known', async () => {
    const careful = defineWorkflow('careful', { queue: 'slow', retries: { maxAttempts: 7 } }, () => 1);
    const before = await engine.client.runByName('careful', undefined);
    await expect(before.state()).resolves.toMatchObject({ queue: 'default', maxAttempts: 1 });
    const worker = await engine.startWorker([careful]);
    await worker.stop();
    const after = await engine.client.runByName('careful', undefined);
    await expect(after.state()).resolves.toMatchObject({ queue: 'slow', maxAttempts: 7 });
  });

  it('lets a caller override queue and attempts', async () => {
    await engine.startWorker([echo], { queues: ['express'] });
    const handle = await engine.client.run(echo, 'x', { queue: 'express', maxAttempts: 9 });
    await expect(handle.result()).resolves.toBe('x');
    await expect(handle.state()).resolves.toMatchObject({ queue: 'express', maxAttempts: 9 });
  });

  it('serves the given queues only', async () => {
    await engine.startWorker([echo], { queues: ['first'] });
    const elsewhere = await engine.client.run(echo, 1, { queue: 'second' });
    const here = await engine.client.run(echo, 2, { queue: 'first' });
    await here.result();
    await expect(elsewhere.state()).resolves.toMatchObject({ status: 'queued' });
  });

  it('runs by name, emits by name, and finds handles by id', async () => {
    await engine.startWorker([echo]);
    const byName = await engine.client.runByName<string>('echo', 'by name');
    const id = await engine.client.emitWorkflow('echo', 'emitted');
    await expect(byName.result()).resolves.toBe('by name');
    const found = engine.client.getHandle<string>(id);
    await expect(found.result()).resolves.toBe('emitted');
    expect(found).toMatchObject({ id, created: false });
  });

  it('starts many runs at once, in the order of the requests', async () => {
    const inputs = Array.from({ length: 450 }, (_, index) => index);
    const handles = await engine.client.runMany(inputs.map((input) => ({ workflow: echo, input })));
    await engine.startWorker([
      defineWorkflow('echo', { queue: 'echoes', maxConcurrency: 50 }, (_ctx, i: unknown) => i),
    ]);
    await expect(Promise.all(handles.map((handle) => handle.result()))).resolves.toEqual(inputs);
  });

  it('checks all of many runs before it starts one', async () => {
    const strict = defineWorkflow('strict', { schema: z.number() }, () => 1);
    const wrong = { workflow: strict, input: 'no number' as never };
    await expect(engine.client.runMany([{ workflow: strict, input: 1 }, wrong])).rejects.toMatchObject({
      name: 'ValidationError',
    });
    await expect(engine.client.listRuns()).resolves.toEqual({ runs: [], nextCursor: undefined });
  });

  it('gives undefined for a run that does not exist, and an error for its handle', async () => {
    await expect(engine.client.getRun('nowhere')).resolves.toBeUndefined();
    await expect(engine.client.getRunSteps('nowhere')).resolves.toEqual([]);
    await expect(engine.client.getHandle('nowhere').state()).rejects.toMatchObject({ name: 'RunNotFoundError' });
  });
});
