import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import {
  createClient,
  defineWorkflow,
  examine,
  startWorker,
  WorkflowRegistry,
  type RedflowClient,
  type RunHandle,
} from '@redflow/nestjs';
import { useEngine } from '../../engine/engine.js';
import { Gate } from '../../engine/gate.js';
import { eventually } from '../../support/eventually.js';
import { restartRedis } from './redis-restarts.js';
import { describeWithServer, usePrivateRedis } from './support/private-redis.js';

describeWithServer('Redis', () => {
  const redis = usePrivateRedis();
  const engine = useEngine();
  const quick = defineWorkflow('quick', { maxConcurrency: 50 }, (_ctx, input: unknown) => input);
  const here = () => ({ connection: redis.url, prefix: engine.redis.prefix });

  /** Kills Redis, and waits until a client has noticed. */
  async function killNoticed(client: RedflowClient): Promise<void> {
    await redis.server.kill();
    await eventually(() =>
      expect(client.listWorkflows())
        .rejects.toThrow('nothing was sent')
        .then(() => true),
    );
  }

  // Row 7.
  it('killed and restarted under load loses no run, and the log tells each change once', async () => {
    const restarts = 3;
    const result = await restartRedis(redis.server, engine.redis.prefix, restarts);
    expect(result.accepted).toBeGreaterThan(restarts);
    expect(result.notSucceeded).toEqual([]);
    expect(result.violations).toEqual([]);
    const lines = (start: string) => result.log.filter((line) => line.startsWith(start));
    expect(lines('connection to Redis lost')).toHaveLength(restarts);
    expect(lines('connection to Redis restored')).toHaveLength(restarts);
    // No mass reaping: the worker was there all the time.
    expect(lines('run ').length).toBeLessThanOrEqual(restarts);
    expect(result.log.length).toBeLessThanOrEqual(4 * restarts + 2);
  }, 90_000);

  // Row 8.
  it('that has lost the tail of its append-only file holds a prefix of what was, and every run of it ends', async () => {
    const client = engine.newClient(here());
    await client.run(quick, 'first');
    const folder = join(redis.server.folder, 'appendonlydir');
    const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.incr.aof')) ?? '');
    const start = statSync(file).size;
    const handles = await client.runMany(Array.from({ length: 200 }, (_, i) => ({ workflow: quick, input: i })));
    const later: RunHandle[] = [];
    for (let i = 0; i < 100; i++) later.push(await client.run(quick, i));
    await redis.server.kill();
    // Somewhere within an entry.
    truncateSync(file, Math.floor(start + (statSync(file).size - start) * 0.9));
    await redis.server.boot();

    const exist = await eventually(() => Promise.all([...handles, ...later].map(({ id }) => client.getRun(id))));
    const kept = exist.findIndex((run) => run === undefined);
    expect(kept).toBeGreaterThan(0);
    expect(exist.slice(kept).every((run) => run === undefined)).toBe(true);
    await engine.startWorker([quick], here());
    const left = [...handles, ...later].slice(0, kept);
    await Promise.all(left.map((handle) => client.getHandle(handle.id).result({ timeoutMs: 20_000 })));
    await expect(examine({ ...here(), leaseGraceMs: 0 })).resolves.toMatchObject({ violations: [] });
  }, 60_000);

  // Row 9.
  it('emptied under load: nothing crashes, late completions resurrect nothing, and new runs execute', async () => {
    const gate = new Gate();
    const gated = defineWorkflow('gated', { maxConcurrency: 10 }, async ({ step }) => {
      await step.run('step', () => gate.pass().then(() => 1));
      return 1;
    });
    await engine.startWorker([gated, quick], here());
    const client = engine.newClient(here());
    for (let i = 0; i < 10; i++) await client.run(gated, undefined);
    await gate.reached(10);
    await redis.server.commands.flushall();
    gate.open();
    await expect((await client.run(quick, 'after')).result({ timeoutMs: 20_000 })).resolves.toBe('after');
    const keys = await redis.server.commands.keys('*:run:*');
    expect(keys).toHaveLength(1);
    await expect(examine({ ...here(), leaseGraceMs: 0 })).resolves.toMatchObject({ runs: 1, violations: [] });
  }, 60_000);

  // Row 15.
  it('that is busy with a script, or loading, only delays calls', async () => {
    const client = engine.newClient({ ...here(), commandTimeoutMs: 20_000 });
    await engine.startWorker([quick], here());
    await redis.server.commands.config('SET', 'busy-reply-threshold', '20');
    const busy = redis.server.commands.eval(
      `local t = redis.call('TIME'); local until_ms = t[1] * 1000 + t[2] / 1000 + 400
       repeat t = redis.call('TIME') until t[1] * 1000 + t[2] / 1000 > until_ms`,
      0,
    );
    const runs = await Promise.all([1, 2, 3].map((n) => client.run(quick, n)));
    await busy;
    await expect(Promise.all(runs.map((run) => run.result({ timeoutMs: 20_000 })))).resolves.toEqual([1, 2, 3]);

    await redis.server.kill();
    const booted = redis.server.boot(['--key-load-delay', '100']);
    await expect((await client.run(quick, 'loaded')).result({ timeoutMs: 20_000 })).resolves.toBe('loaded');
    await booted;
  }, 60_000);

  it('away: a call rejects in time, says that nothing was sent, and nothing of it is done later', async () => {
    const client = engine.newClient({ ...here(), commandTimeoutMs: 300 });
    await client.run(quick, 'before');
    await killNoticed(client);
    const refusals = await Promise.all(
      Array.from({ length: 1_100 }, (_, i) =>
        client.run(quick, i).then(
          () => '',
          (error: Error) => error.message,
        ),
      ),
    );
    await redis.server.boot();
    // Calls of one turn of the event loop travel together.
    expect(new Set(refusals.map((message) => message.replace(/ \(.*\)/, '')))).toEqual(
      new Set(['Redis could not do "enqueue": no connection within 300 ms; nothing was sent']),
    );
    await eventually(() => client.listWorkflows());
    await client.run(quick, 'after');
    const { runs } = await client.listRuns();
    expect(runs.map(({ input }) => input)).toEqual(['after', 'before']);
  }, 60_000);

  it('away: calls that wait are bounded', async () => {
    const client = engine.newClient({ ...here(), commandTimeoutMs: 500 });
    await killNoticed(client);
    const calls = Array.from({ length: 1_050 }, () =>
      client.getRun('x').then(
        () => '',
        (error: Error) => error.message,
      ),
    );
    const messages = await Promise.all(calls);
    await redis.server.boot();
    expect(messages.filter((message) => message.includes('1000 calls wait for it already'))).toHaveLength(50);
    expect(messages.filter((message) => message.includes('nothing was sent'))).toHaveLength(1_000);
  }, 60_000);

  it('away: a worker does not start, and says why', async () => {
    await redis.server.kill();
    const registry = new WorkflowRegistry().add(quick);
    const logger = { log: () => {}, warn: () => {}, error: () => {} };
    const start = startWorker({ app: 'test', registry, ...here(), commandTimeoutMs: 300, logger });
    await expect(start).rejects.toMatchObject({
      name: 'ConnectionError',
      message: expect.stringMatching(/^Redis could not do "sync-workflow": no connection within 300 ms/),
    });
    await redis.server.boot();
  }, 60_000);

  it('away: a worker stops all the same', async () => {
    const gate = new Gate();
    const gated = defineWorkflow('gated', {}, () => gate.pass());
    const worker = await engine.startWorker([gated, quick], { ...here(), commandTimeoutMs: 300 });
    const client = createClient(here());
    await client.run(gated, undefined);
    await gate.reached();
    await client.close();
    await redis.server.kill();
    await worker.stop();
    gate.open();
    await redis.server.boot();
  }, 60_000);
});
