import { defineWorkflow } from '@redflow/nestjs';
import { expireLease } from '../../redis/begun.js';
import { redisNow, useEngine } from '../../engine/engine.js';
import { Gate } from '../../engine/gate.js';
import { eventually } from '../../support/eventually.js';
import { useWorkerProcesses } from './support/worker-process.js';

const HOUR_MS = 3_600_000;

describe('a worker that is misled', () => {
  const startProcess = useWorkerProcesses();
  const engine = useEngine();

  // Row 5.
  it('by renewals that reject lives on, says so once, and ends its run', async () => {
    const { url: connection, prefix } = engine.redis;
    const worker = await startProcess({ connection, prefix, workflows: ['steady'], failedRenewals: 2, leaseMs: 5_000 });
    const handle = await engine.client.runByName('steady', { steps: 3, stepMs: 600 });
    await expect(handle.result({ timeoutMs: 30_000 })).resolves.toBe(1);
    expect(worker.hasExited).toBe(false);
    const warnings = worker.heard('warn').filter(({ detail }) => detail?.startsWith('heartbeat: '));
    expect(warnings.map(({ detail }) => detail)).toEqual(['heartbeat: the renewal was rejected; it is tried again']);
  }, 60_000);

  // Row 22.
  it('by a clock that is an hour wrong, fast or slow, takes and starts nothing before its time', async () => {
    const { url: connection, prefix } = engine.redis;
    const order = { connection, prefix, workflows: ['steady', 'hourly'] };
    const [fast, slow] = await Promise.all([
      startProcess({ ...order, clockOffsetMs: HOUR_MS }),
      startProcess({ ...order, clockOffsetMs: -HOUR_MS }),
    ]);
    const long = await engine.client.runByName('steady', { steps: 1, stepMs: 1_500 });
    const delayed = await engine.client.runByName('steady', { steps: 1, stepMs: 0 }, { delayMs: 700 });
    const far = await engine.client.runByName('steady', { steps: 1, stepMs: 0 }, { delayMs: HOUR_MS / 2 });
    await Promise.all([long.result({ timeoutMs: 30_000 }), delayed.result({ timeoutMs: 30_000 })]);

    const { startedAt, createdAt } = await delayed.state();
    expect((startedAt ?? 0) - createdAt).toBeGreaterThanOrEqual(700);
    const bodies = [...fast.heard('body'), ...slow.heard('body')].filter(({ run }) => run === long.id);
    expect(bodies).toHaveLength(1);
    await expect(far.state()).resolves.toMatchObject({ status: 'scheduled' });
    const [trigger, plannedAt] = await engine.redis.commands.zrange(engine.key('cron:next'), '0', '-1', 'WITHSCORES');
    expect(trigger).toContain('hourly');
    const now = await redisNow(engine.redis);
    expect(Number(plannedAt)).toBeGreaterThan(now);
    expect(Number(plannedAt)).toBeLessThanOrEqual(now + HOUR_MS);
    await expect(engine.client.listRuns({ workflow: 'hourly' })).resolves.toMatchObject({ runs: [] });
    await far.cancel();
  }, 60_000);

  // Row 23: a jump of the Redis clock makes all leases expire at once. Where the worker renews next, they are whole again.
  it('by a jump of the Redis clock loses at most what expires: each run is recovered once, and ends', async () => {
    const gate = new Gate();
    const held = defineWorkflow('held', { maxConcurrency: 20 }, async ({ step }) =>
      step.run('hold', () => gate.pass()),
    );
    await engine.startWorker([held], { concurrency: 20, runtime: { leaseMs: 5_000, reaperIntervalMs: 50 } });
    const handles = await Promise.all(Array.from({ length: 10 }, () => engine.client.run(held, undefined)));
    await gate.reached(10);
    const leases = engine.key('leases');
    for (const { id } of handles) await expireLease(engine.redis.commands, engine.key(''), id);
    await eventually(async () => (await engine.redis.commands.zcount(leases, 0, 1)) === 0);
    gate.open();
    await Promise.all(handles.map((handle) => handle.result({ timeoutMs: 20_000 })));
    const recoveries = await Promise.all(
      handles.map(({ id }) => engine.redis.commands.hget(engine.key(`run:${id}`), 'recoveries')),
    );
    for (const count of recoveries) expect(Number(count ?? 0)).toBeLessThanOrEqual(1);
  }, 60_000);
});
