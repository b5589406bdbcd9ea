import { defineWorkflow } from '@redflow/nestjs';
import { failureOf, useEngine } from '../../engine/engine.js';
import { eventually } from '../../support/eventually.js';
import { useWorkerProcesses, type WorkerProcess } from './support/worker-process.js';
import type { WorkerOrder } from './support/worker-order.js';

describe('a worker that crashes', () => {
  const startProcess = useWorkerProcesses();
  const engine = useEngine();
  const order = (): WorkerOrder => ({
    connection: engine.redis.url,
    prefix: engine.redis.prefix,
    workflows: ['crashing'],
    leaseMs: 500,
  });

  // Row 4.
  it('out of memory: the run goes on in another, and what was stored is not executed again', async () => {
    const hungry = await startProcess(order(), ['--max-old-space-size=64']);
    const handle = await engine.client.runByName('hungry', undefined);
    await hungry.whenExited();
    expect(hungry.errors).toContain('heap out of memory');
    const next = await startProcess(order());
    const pid = await handle.result({ timeoutMs: 30_000 });
    expect(pid).not.toBe(process.pid);
    expect(next.heard('before')).toEqual([]);
    await expect(handle.state()).resolves.toMatchObject({ status: 'succeeded', attempt: 1 });
  }, 90_000);

  // Row 6.
  it('by the same run again and again: the run fails with recovery_limit, and others go on', async () => {
    const innocent = defineWorkflow('innocent', { queue: 'innocent', maxConcurrency: 10 }, () => 'unharmed');
    await engine.startWorker([innocent], { runtime: { leaseMs: 500, reaperIntervalMs: 50, maxRecoveries: 1 } });
    const supervisor = supervise(() => startProcess({ ...order(), maxRecoveries: 1 }));
    try {
      const poison = await engine.client.runByName('poison', undefined);
      const others = await Promise.all([1, 2, 3].map((n) => engine.client.run(innocent, n)));
      await expect(failureOf(poison)).resolves.toMatchObject({ error: { kind: 'recovery_limit' } });
      await expect(Promise.all(others.map((other) => other.result()))).resolves.toEqual(Array(3).fill('unharmed'));
      await expect(poison.state()).resolves.toMatchObject({
        status: 'failed',
        attempt: 1,
        error: { name: 'RecoveryLimitError', message: expect.stringContaining('recovered more than 1 times') },
      });
      expect(supervisor.crashes()).toBe(2);
      // A worker that starts now does not swallow it again.
      const calm = await eventually(() => supervisor.current);
      const after = await engine.client.runByName('hungry', undefined);
      await expect(after.result({ timeoutMs: 30_000 })).resolves.toEqual(expect.any(Number));
      expect(calm.heard('swallow')).toEqual([]);
    } finally {
      await supervisor.end();
    }
  }, 90_000);
});

/** Starts a worker, and another each time that one has died. */
function supervise(start: () => Promise<WorkerProcess>) {
  let isOver = false;
  let crashes = 0;
  let current: WorkerProcess | undefined;
  const loop = (async () => {
    while (!isOver) {
      const worker = await start();
      current = worker;
      await worker.whenExited();
      if (isOver) return;
      current = undefined;
      crashes++;
    }
  })();
  return {
    crashes: () => crashes,
    get current() {
      return current;
    },
    async end(): Promise<void> {
      isOver = true;
      await current?.kill();
      await loop;
    },
  };
}
