import { setTimeout as delay } from 'node:timers/promises';
import { defineWorkflow } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { failureOf, useEngine } from './engine.js';

describe('a workflow that a worker does not know', () => {
  const engine = useEngine();
  const here = defineWorkflow('here', { maxConcurrency: 10 }, () => 'here');
  const elsewhere = defineWorkflow('elsewhere', { maxConcurrency: 10 }, () => 'elsewhere');

  it('fails the run where nobody has registered it, and it is not retried', async () => {
    await engine.startWorker([here]);
    const handle = await engine.client.runByName('nobody', { a: 1 }, { maxAttempts: 5 });
    await expect(failureOf(handle)).resolves.toMatchObject({
      error: { name: 'UnknownWorkflowError', kind: 'unknown_workflow', message: expect.stringContaining('"nobody"') },
    });
    await expect(handle.state()).resolves.toMatchObject({ status: 'failed', attempt: 1, input: { a: 1 } });
  });

  it('goes to a worker that knows it, which comes later', async () => {
    const gone = await engine.startWorker([elsewhere], { app: 'theirs' });
    await gone.stop();
    await engine.startWorker([here], { app: 'ours' });
    const handle = await engine.client.run(elsewhere, undefined);
    await eventually(async () => (await engine.redis.commands.llen(engine.key('orphans'))) === 1);
    await expect(handle.state()).resolves.toMatchObject({ status: 'queued' });
    await engine.startWorker([elsewhere], { app: 'theirs' });
    await expect(handle.result()).resolves.toBe('elsewhere');
    await expect(handle.state()).resolves.toMatchObject({ attempt: 1 });
  });

  it('goes to a worker that knows it, of the same queue, without a spin', async () => {
    const store = engine.newStore();
    const gone = await engine.startWorker([elsewhere], { app: 'theirs' });
    await gone.stop();
    await engine.startWorkerOn(store, [here], { app: 'ours' });
    const handles = await engine.client.runMany(
      Array.from({ length: 20 }, () => ({ workflow: elsewhere, input: undefined })),
    );
    await eventually(async () => (await engine.redis.commands.llen(engine.key('orphans'))) === 20);
    const before = store.totalCalls;
    await delay(500);
    expect(store.totalCalls - before).toBeLessThanOrEqual(6);
    await engine.startWorker([elsewhere], { app: 'theirs' });
    await Promise.all(handles.map((handle) => handle.result()));
  });

  it('goes to a worker that knows it, beside one that does not', async () => {
    await engine.startWorker([here], { app: 'ours' });
    await engine.startWorker([elsewhere], { app: 'theirs' });
    const handles = await engine.client.runMany(
      Array.from({ length: 10 }, () => ({ workflow: elsewhere, input: undefined })),
    );
    await expect(Promise.all(handles.map((handle) => handle.result()))).resolves.toHaveLength(10);
  });

  it('does not keep the runs of known workflows waiting', async () => {
    const gone = await engine.startWorker([elsewhere], { app: 'theirs' });
    await gone.stop();
    await engine.startWorker([here], { app: 'ours', concurrency: 1 });
    await engine.client.runMany(Array.from({ length: 10 }, () => ({ workflow: elsewhere, input: undefined })));
    await expect((await engine.client.run(here, undefined)).result()).resolves.toBe('here');
  });

  it('can be canceled while nobody knows it', async () => {
    const gone = await engine.startWorker([elsewhere], { app: 'theirs' });
    await gone.stop();
    await engine.startWorker([here], { app: 'ours' });
    const handle = await engine.client.run(elsewhere, undefined);
    await eventually(async () => (await engine.redis.commands.llen(engine.key('orphans'))) === 1);
    await handle.cancel();
    await expect(handle.state()).resolves.toMatchObject({ status: 'canceled' });
    const store = engine.newStore();
    await engine.startWorkerOn(store, [elsewhere], { app: 'theirs' });
    await eventually(async () => (await engine.redis.commands.llen(engine.key('orphans'))) === 0);
    await eventually(() => store.calls('work.claim') >= 1);
    await expect(handle.state()).resolves.toMatchObject({ status: 'canceled' });
  });

  it('fails the run where its registration has gone meanwhile', async () => {
    const gone = await engine.startWorker([elsewhere], { app: 'theirs' });
    await gone.stop();
    const ours = await engine.startWorker([here], { app: 'ours' });
    const handle = await engine.client.run(elsewhere, undefined);
    await eventually(async () => (await engine.redis.commands.llen(engine.key('orphans'))) === 1);
    await ours.stop();
    await engine.redis.commands.del(engine.key('workflow:elsewhere'));
    await engine.redis.commands.srem(engine.key('workflows'), 'elsewhere');
    await engine.startWorker([here], { app: 'ours' });
    await expect(failureOf(handle)).resolves.toMatchObject({ error: { kind: 'unknown_workflow' } });
  });
});
