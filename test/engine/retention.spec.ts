import { defineWorkflow, type RunHandle } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { keysOf } from '../support/redis.js';
import { failureOf, useEngine } from './engine.js';

const DAY = 86_400_000;

describe('retention', () => {
  const engine = useEngine();
  const fine = defineWorkflow('fine', {}, ({ step }) => step.run('s', () => 1));
  const failing = defineWorkflow('failing', {}, () => Promise.reject(new Error('no')));
  const listed = async () => (await engine.client.listRuns()).runs.map(({ id }) => id);
  const removalOf = async (plan: string) =>
    Number(await engine.redis.commands.zscore(engine.key('runs:expiring'), plan));

  it('keeps the newest so many of a workflow and a status', async () => {
    await engine.startWorker([fine, failing], { retention: { succeeded: { count: 2 } } });
    const failed = await engine.client.run(failing, undefined);
    await failureOf(failed);
    const handles: RunHandle[] = [];
    for (let i = 0; i < 5; i++) {
      const handle = await engine.client.run(fine, undefined);
      await handle.result();
      handles.push(handle);
    }
    expect(await listed()).toEqual([handles[4]?.id, handles[3]?.id, failed.id]);
    await expect(handles[0]?.state()).rejects.toMatchObject({ name: 'RunNotFoundError' });
    await expect(engine.client.getRunSteps((handles[0] as RunHandle).id)).resolves.toEqual([]);
    const left = await keysOf(engine.redis.commands, engine.redis.prefix);
    expect(left.filter((key) => handles.slice(0, 3).some(({ id }) => key.includes(id)))).toEqual([]);
  });

  it('plans the removal of finished runs by their age, for each status', async () => {
    await engine.startWorker([fine, failing], { retention: { succeeded: { ageMs: 1_000 }, failed: { ageMs: 2_000 } } });
    const ok = await engine.client.run(fine, undefined);
    const failed = await engine.client.run(failing, undefined);
    await ok.result();
    await failureOf(failed);
    const canceled = await engine.client.run(fine, undefined, { queue: 'nobody' });
    await canceled.cancel();
    for (const [handle, plan, ageMs] of [
      [ok, 'fine:succeeded', 1_000],
      [failed, 'failing:failed', 2_000],
      [canceled, 'fine:canceled', 7 * DAY],
    ] as const) {
      const { finishedAt } = await handle.state();
      expect((await removalOf(plan)) - (finishedAt as number)).toBe(ageMs);
    }
  });

  it('has defaults: 7 days, 30 for failed runs', async () => {
    await engine.startWorker([fine, failing]);
    const [ok, failed] = [await engine.client.run(fine, undefined), await engine.client.run(failing, undefined)];
    await ok.result();
    await failureOf(failed);
    expect((await removalOf('fine:succeeded')) - ((await ok.state()).finishedAt as number)).toBe(7 * DAY);
    expect((await removalOf('failing:failed')) - ((await failed.state()).finishedAt as number)).toBe(30 * DAY);
  });

  it('keeps for ever what it is told to', async () => {
    await engine.startWorker([fine], { retention: { succeeded: false } });
    const handle = await engine.client.run(fine, undefined);
    await handle.result();
    await expect(engine.redis.commands.zscore(engine.key('runs:expiring'), 'fine:succeeded')).resolves.toBeNull();
  });

  it('removes every trace of what it has outlived, and only that', async () => {
    const bulk = defineWorkflow('bulk', { maxConcurrency: 50 }, () => 1);
    const first = await engine.startWorker([bulk], { retention: { succeeded: { ageMs: 0 } } });
    const handles = await engine.client.runMany(
      Array.from({ length: 250 }, () => ({ workflow: bulk, input: undefined })),
    );
    await Promise.all(handles.map((handle) => handle.result()));
    await first.stop();
    const young = await engine.client.run(fine, undefined);
    await engine.startWorker([fine]);
    await young.result();
    await eventually(async () => expect(await listed()).toEqual([young.id]) === undefined);
    const left = await keysOf(engine.redis.commands, engine.redis.prefix);
    expect(left.filter((key) => /run:/.test(key) && !key.includes(young.id))).toEqual([]);
  });

  it('does not take the result from those who wait for it', async () => {
    await engine.startWorker([fine], { retention: { succeeded: { count: 0 } } });
    const handle = await engine.client.run(fine, undefined, { delayMs: 50 });
    await expect(handle.result()).resolves.toBe(1);
    await expect(handle.state()).rejects.toMatchObject({ name: 'RunNotFoundError' });
  });

  it('does not take the output of a child from its parent', async () => {
    const parent = defineWorkflow('parent', { queue: 'parents' }, ({ step }) => step.runWorkflow('c', fine, undefined));
    await engine.startWorker([parent, fine], { retention: { succeeded: { count: 1 } } });
    const handle = await engine.client.run(parent, undefined);
    await expect(handle.result()).resolves.toBe(1);
  });

  it('never removes what has not ended', async () => {
    await engine.startWorker([fine], { retention: { succeeded: { count: 0 }, canceled: { count: 0, ageMs: 0 } } });
    const scheduled = await engine.client.run(fine, undefined, { delayMs: 3_600_000 });
    await (await engine.client.run(fine, undefined, { delayMs: 50 })).result();
    expect(await listed()).toEqual([scheduled.id]);
  });
});
