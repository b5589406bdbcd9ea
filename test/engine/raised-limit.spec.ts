import { createClient, defineWorkflow, startWorker, WorkflowRegistry } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { useRedis } from '../support/redis.js';

describe('a limit that is raised', () => {
  const redis = useRedis();

  it('applies at once to the runs that are parked', async () => {
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const registryWith = (maxConcurrency: number) =>
      new WorkflowRegistry().add(defineWorkflow('held', { maxConcurrency }, () => gate));
    const start = (maxConcurrency: number) =>
      startWorker({
        app: 'test',
        registry: registryWith(maxConcurrency),
        concurrency: 10,
        serverChecks: false,
        ...redis.options,
      });
    const client = createClient(redis.options);
    const count = async (status: 'queued' | 'running') =>
      (await client.listRuns({ workflow: 'held', status })).runs.length;
    const before = await start(1);
    const handles = await client.runMany(Array.from({ length: 5 }, () => ({ workflow: 'held' })));
    await eventually(async () => (await count('running')) === 1);
    const parked = `{${redis.prefix}}:workflow-parked:held`;
    await eventually(async () => (await redis.commands.zcard(parked)) === 4);

    const after = await start(3);
    try {
      await eventually(async () => (await count('running')) === 3);
      expect(await count('queued')).toBe(2);
      open();
      await Promise.all(handles.map((handle) => handle.result()));
    } finally {
      open();
      await Promise.all([before.stop(), after.stop()]);
      await client.close();
    }
  });
});
