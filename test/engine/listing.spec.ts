import { defineWorkflow, type RunState, type RunStatus, type WorkflowReference } from '@redflow/nestjs';
import { useEngine } from './engine.js';

describe('listRuns', () => {
  const engine = useEngine();
  const one = defineWorkflow('one', { queue: 'nobody' }, () => 1);
  const two = defineWorkflow('two', { queue: 'nobody' }, () => 2);
  const ids = (runs: readonly RunState[]) => runs.map(({ id }) => id);
  const list = (...args: Parameters<typeof engine.client.listRuns>) => engine.client.listRuns(...args);

  async function start(workflow: WorkflowReference, count: number): Promise<string[]> {
    const started = [];
    for (let i = 0; i < count; i++) started.push((await engine.client.run(workflow, i)).id);
    return started;
  }

  it('gives the newest first', async () => {
    const started = await start(one, 5);
    const { runs, nextCursor } = await list();
    expect(ids(runs)).toEqual(started.reverse());
    expect(nextCursor).toBeUndefined();
  });

  it('keeps the order of one call of runMany, whose runs have one time', async () => {
    const handles = await engine.client.runMany(
      Array.from({ length: 30 }, () => ({ workflow: one, input: undefined })),
    );
    expect(ids((await list()).runs)).toEqual(handles.map(({ id }) => id).reverse());
  });

  it('applies status and workflow together', async () => {
    const [first] = await start(one, 2);
    const [second] = await start(two, 2);
    for (const id of [first, second]) await engine.client.cancelRun(id as string);
    const count = async (filter: { status?: RunStatus; workflow?: string }) => (await list(filter)).runs.length;
    expect(await count({})).toBe(4);
    expect(await count({ status: 'canceled' })).toBe(2);
    expect(await count({ workflow: 'one' })).toBe(2);
    expect(await count({ status: 'queued', workflow: 'two' })).toBe(1);
    expect(await count({ status: 'running', workflow: 'two' })).toBe(0);
    expect(await count({ workflow: 'three' })).toBe(0);
    expect(ids((await list({ status: 'canceled', workflow: 'one' })).runs)).toEqual([first]);
  });

  it('finds runs in every status', async () => {
    const child = defineWorkflow('child', { queue: 'nobody' }, () => 1);
    const waiting = defineWorkflow('waiting', {}, ({ step }) => step.runWorkflow('c', child, undefined));
    const running = defineWorkflow(
      'running',
      {},
      ({ signal }) => new Promise((r) => signal.addEventListener('abort', r)),
    );
    const failed = defineWorkflow('failed', {}, () => Promise.reject(new Error('no')));
    const succeeded = defineWorkflow('succeeded', {}, () => 1);
    const workflows = { queued: child, scheduled: child, waiting, running, failed, succeeded } as const;
    await engine.startWorker([waiting, running, failed, succeeded]);
    for (const [status, workflow] of Object.entries(workflows)) {
      const handle = await engine.client.run(workflow, undefined, status === 'scheduled' ? { delayMs: 3_600_000 } : {});
      await engine.untilStatus(handle, status as RunStatus);
      expect(ids((await list({ status: status as RunStatus })).runs)).toContain(handle.id);
      expect(ids((await list({ status: status as RunStatus, workflow: workflow.name })).runs)).toContain(handle.id);
    }
  });

  it.each([{}, { workflow: 'one' }, { status: 'queued' }, { status: 'queued', workflow: 'one' }] as const)(
    'pages by cursor, each run once: %j',
    async (filter) => {
      await engine.client.runMany(Array.from({ length: 25 }, () => ({ workflow: one, input: undefined })));
      const started = await start(one, 10);
      const all = ids((await list({ ...filter, limit: 100 })).runs);
      expect(all).toHaveLength(35);
      expect(all.slice(0, 10)).toEqual(started.reverse());
      const pages: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await list({ ...filter, limit: 7, cursor });
        pages.push(...ids(page.runs));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(pages).toEqual(all);
    },
  );

  it('keeps a cursor stable while runs are started and removed', async () => {
    const started = (await start(one, 6)).reverse();
    const first = await list({ limit: 2 });
    expect(ids(first.runs)).toEqual(started.slice(0, 2));
    await start(one, 3);
    await engine.redis.commands.zrem(engine.key('runs:created'), started[1] as string);
    const second = await list({ limit: 2, cursor: first.nextCursor });
    expect(ids(second.runs)).toEqual(started.slice(2, 4));
  });

  it('skips by offset; a negative one counts as 0', async () => {
    const started = (await start(one, 5)).reverse();
    expect(ids((await list({ offset: 2, limit: 2 })).runs)).toEqual(started.slice(2, 4));
    expect(ids((await list({ offset: -7, limit: 2 })).runs)).toEqual(started.slice(0, 2));
    expect(ids((await list({ offset: 50 })).runs)).toEqual([]);
  });

  it('gives 50 runs a page by default', async () => {
    await engine.client.runMany(Array.from({ length: 60 }, () => ({ workflow: one, input: undefined })));
    const { runs, nextCursor } = await list();
    expect(runs).toHaveLength(50);
    expect((await list({ cursor: nextCursor })).runs).toHaveLength(10);
  });

  it('is not stopped by a run that cannot be read', async () => {
    const [first, second, third] = await start(one, 3);
    await engine.redis.commands.del(engine.key(`run:${second}`));
    await engine.redis.commands.set(engine.key(`run:${second}`), 'no hash');
    expect(ids((await list()).runs)).toEqual([third, first]);
  });
});
