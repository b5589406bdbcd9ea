import { defineWorkflow } from '@redflow/nestjs';
import { eventually } from '../../support/eventually.js';
import { useEngine } from '../engine.js';
import { Gate } from '../gate.js';
import { RestartableRedis } from './restartable-redis.js';

describe('where Redis is lost', () => {
  const engine = useEngine();
  let redis: RestartableRedis | undefined;
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown) => void rejections.push(reason);
  beforeAll(async () => {
    redis = await RestartableRedis.launch();
    process.on('unhandledRejection', onRejection);
  });
  afterAll(async () => {
    process.off('unhandledRejection', onRejection);
    await redis?.close();
    expect(rejections).toEqual([]);
  });

  /** The test, where there is a server program that it can kill. */
  const withRestarts = (body: (redis: RestartableRedis) => Promise<void>) => async () => {
    if (redis) await body(redis);
  };
  const gated = (gate: Gate) =>
    defineWorkflow('gated', { maxConcurrency: 10 }, async ({ step, run }) => {
      await step.run('before', () => gate.entered);
      await gate.pass();
      await step.run('after', () => 1);
      return run.attempt;
    });

  it(
    'the worker goes on without a restart: running, queued, scheduled and awaited runs end',
    withRestarts(async (server) => {
      const gate = new Gate();
      const workflow = gated(gate);
      const connection = server.url;
      await engine.startWorker([workflow], { connection });
      const client = engine.newClient({ connection });
      const running = await client.run(workflow, undefined);
      await gate.reached();
      const scheduled = await client.run(workflow, undefined, { delayMs: 1_000 });
      const results = [running.result(), scheduled.result()];
      await server.kill();
      await eventually(() => engine.log.some((line) => line.includes('connection to Redis lost')));
      gate.open();
      await server.start();
      await expect(Promise.all(results)).resolves.toEqual([1, 1]);
      await expect((await client.run(workflow, undefined)).result()).resolves.toBe(1);
      const steps = await client.getRunSteps(running.id);
      expect(steps.map(({ name, attempts }) => [name, attempts])).toEqual([
        ['before', 1],
        ['after', 1],
      ]);
    }),
  );

  it(
    'nothing that was acknowledged is lost, and a worker that idled hears of new runs',
    withRestarts(async (server) => {
      const workflow = defineWorkflow('echo', { maxConcurrency: 10 }, (_ctx, n: number) => n);
      const connection = server.url;
      const client = engine.newClient({ connection });
      const handles = await client.runMany([1, 2, 3].map((input) => ({ workflow, input })));
      await server.kill();
      await server.start();
      await engine.startWorker([workflow], { connection });
      await expect(Promise.all(handles.map((handle) => handle.result()))).resolves.toEqual([1, 2, 3]);
      await server.kill();
      await server.start();
      await expect((await client.run(workflow, 4)).result()).resolves.toBe(4);
    }),
  );

  it(
    'a caller gets an error in bounded time, without the arguments; and may go on afterwards',
    withRestarts(async (server) => {
      const client = engine.newClient({ connection: server.url, commandTimeoutMs: 200 });
      const workflow = defineWorkflow('secret', {}, () => 1);
      await client.run(workflow, undefined);
      await server.kill();
      const error: unknown = await client.run(workflow, { password: 'hush' }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'ConnectionError' });
      const { inspect } = await import('node:util');
      expect(inspect(error, { depth: 10 })).not.toContain('hush');
      await server.start();
      await eventually(() => client.run(workflow, 1));
    }),
  );

  it(
    'a worker can be stopped all the same',
    withRestarts(async (server) => {
      const gate = new Gate();
      const workflow = gated(gate);
      const worker = await engine.startWorker([workflow], { connection: server.url, commandTimeoutMs: 200 });
      await engine.newClient({ connection: server.url }).run(workflow, undefined);
      await gate.reached();
      await server.kill();
      await worker.stop();
      gate.open();
      await server.start();
    }),
  );

  it('a worker that cannot reach Redis at its start says so', async () => {
    const start = engine.startWorker([], { connection: 'redis://127.0.0.1:1', commandTimeoutMs: 100 });
    await expect(start).rejects.toMatchObject({ name: 'ConnectionError' });
  });
});
