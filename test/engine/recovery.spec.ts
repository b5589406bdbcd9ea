import { setTimeout as delay } from 'node:timers/promises';
import { defineWorkflow, LeaseLostError, type WorkflowContext } from '@redflow/nestjs';
import { expireLease } from '../redis/begun.js';
import { eventually } from '../support/eventually.js';
import { failureOf, scoresOf, useEngine, type Workflows } from './engine.js';
import { Gate } from './gate.js';
import type { HoldingStore } from './holding-store.js';
import type { Worker } from '../../lib/engine/worker.js';

/** Leases that are not renewed are lost soon. */
const SHORT = { leaseMs: 200, reaperIntervalMs: 20 };

describe('a lost lease', () => {
  const engine = useEngine();

  /** A worker that is cut off: no heartbeat comes through, so it loses its leases and does not hear so from the store. */
  async function startCutOff(
    workflow: Workflows[number],
    runtime = SHORT,
  ): Promise<{ store: HoldingStore; worker: Worker }> {
    const store = engine.newStore();
    store.holdCall('work.extendLeases');
    store.holdCall('work.recover');
    return { store, worker: await engine.startWorkerOn(store, [workflow], { runtime }) };
  }

  it('gives the run to another worker: not an attempt, and completed steps are not executed again', async () => {
    const gate = new Gate();
    const bodies: string[] = [];
    const workflow = defineWorkflow('stepping', { retries: { maxAttempts: 1 } }, async ({ step, run }) => {
      await step.run('done', () => bodies.push('done'));
      await step.run('interrupted', ({ attempt }) => {
        bodies.push(`interrupted ${attempt}`);
        return bodies.length === 2 ? gate.pass() : undefined;
      });
      return run.attempt;
    });
    const { worker } = await startCutOff(workflow);
    const handle = await engine.client.run(workflow, undefined);
    await gate.reached();
    worker.quiet();
    await engine.startWorker([workflow], { runtime: SHORT });
    await expect(handle.result()).resolves.toBe(1);
    gate.open();
    expect(bodies).toEqual(['done', 'interrupted 1', 'interrupted 1']);
    await expect(handle.state()).resolves.toMatchObject({ status: 'succeeded', attempt: 1 });
  });

  it('aborts the signal of the handler, which does not finalize; nothing that it writes counts', async () => {
    const gate = new Gate();
    const reasons: unknown[] = [];
    const late: string[] = [];
    let executions = 0;
    const workflow = defineWorkflow('zombie', {}, async ({ step, signal }: WorkflowContext) => {
      if (++executions > 1) return step.run('step', () => 'by the second');
      signal.addEventListener('abort', () => reasons.push(signal.reason), { once: true });
      await gate.pass();
      void step.run('step', () => late.push('step of the first')).catch(() => undefined);
      return 'by the first';
    });
    const { store, worker } = await startCutOff(workflow);
    const handle = await engine.client.run(workflow, undefined);
    await gate.reached();
    worker.quiet();
    await eventually(() => reasons.length === 1);
    expect(reasons[0]).toBeInstanceOf(LeaseLostError);
    await engine.startWorker([workflow], { runtime: SHORT });
    await expect(handle.result()).resolves.toBe('by the second');
    gate.open();
    await delay(20);
    expect(late).toEqual([]);
    expect(store.calls('work.finish')).toBe(0);
    await expect(handle.state()).resolves.toMatchObject({ status: 'succeeded', output: 'by the second' });
  });

  it.each<[string, 'work.finish' | 'work.recordStep' | 'work.suspend' | 'work.spawnChild' | 'work.recordFailure']>([
    ['the end of the run', 'work.finish'],
    ['a step', 'work.recordStep'],
    ['a suspension', 'work.suspend'],
    ['a child', 'work.spawnChild'],
    ['a failure', 'work.recordFailure'],
  ])('refuses a write that was on the way for long: %s', async (_what, method) => {
    let executions = 0;
    const child = defineWorkflow('child', { queue: 'children' }, () => 'child');
    const onFailure = () => undefined;
    const workflow = defineWorkflow('late', { onFailure }, async ({ step }) => {
      if (++executions > 1) return 'by the second';
      if (method === 'work.recordFailure') throw new Error('by the first');
      if (method === 'work.recordStep') await step.run('step', () => 'by the first');
      if (method === 'work.suspend' || method === 'work.spawnChild') await step.runWorkflow('c', child, undefined);
      return 'by the first';
    });
    const { store, worker } = await startCutOff(workflow);
    const write = store.holdCall(method);
    const handle = await engine.client.run(workflow, undefined);
    await write.reached;
    worker.quiet();
    await engine.startWorker([workflow], { runtime: SHORT });
    await expect(handle.result()).resolves.toBe('by the second');
    const before = [await handle.state(), await engine.client.getRunSteps(handle.id)];
    const calls = store.totalCalls;
    write.release();
    await delay(20);
    expect([await handle.state(), await engine.client.getRunSteps(handle.id)]).toEqual(before);
    expect(before[0]).toMatchObject({ status: 'succeeded', output: 'by the second', attempt: 1 });
    expect(store.totalCalls - calls).toBeLessThanOrEqual(2);
    const children = (await engine.client.listRuns({ workflow: 'child' })).runs;
    expect(children).toHaveLength(method === 'work.suspend' ? 1 : 0);
  });

  it('is noticed where the store says so, long before it would run out', async () => {
    const gate = new Gate();
    const reasons: unknown[] = [];
    const workflow = defineWorkflow('taken', {}, async ({ signal }) => {
      signal.addEventListener('abort', () => reasons.push(signal.reason), { once: true });
      await gate.pass();
    });
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await gate.reached();
    const hash = engine.key(`run:${handle.id}`);
    // Written there by the first renewal.
    await eventually(() => engine.redis.commands.hexists(hash, 'token'));
    await engine.redis.commands.hset(hash, 'token', 'of another');
    await eventually(() => reasons.length === 1);
    expect(reasons[0]).toBeInstanceOf(LeaseLostError);
    gate.open();
  });

  it('does not happen while one call renews the leases of all runs of a worker', async () => {
    const gate = new Gate();
    const workflow = defineWorkflow('wide', { maxConcurrency: 20 }, () => gate.pass());
    const handles = await engine.client.runMany(Array.from({ length: 20 }, () => ({ workflow, input: undefined })));
    const store = engine.newStore();
    await engine.startWorkerOn(store, [workflow], { concurrency: 20 });
    await gate.reached(20);
    const first = store.holdCall('work.extendLeases');
    await first.reached;
    const beat = store.holdCall('work.extendLeases');
    first.release();
    await beat.reached;
    const deadlines = async () => (await scoresOf(engine.redis, engine.key('leases'))).map(([, deadline]) => deadline);
    const before = await deadlines();
    const calls = store.calls('work.extendLeases');
    const next = store.holdCall('work.extendLeases');
    beat.release();
    await next.reached;
    const after = await deadlines();
    expect(store.calls('work.extendLeases')).toBe(calls + 1);
    expect(before).toHaveLength(20);
    expect(Math.min(...after)).toBeGreaterThan(Math.max(...before));
    next.release();
    gate.open();
    await Promise.all(handles.map((handle) => handle.result()));
  });

  it('is not lost by a worker that is alive, however long a handler takes', async () => {
    let executions = 0;
    const workflow = defineWorkflow('long', {}, async () => {
      executions++;
      await delay(700);
      return 'done';
    });
    await engine.startWorker([workflow], { runtime: { leaseMs: 300, reaperIntervalMs: 20 } });
    await engine.startWorker([workflow], { runtime: { leaseMs: 300, reaperIntervalMs: 20 } });
    const handle = await engine.client.run(workflow, undefined);
    await expect(handle.result()).resolves.toBe('done');
    // A machine that stalls for longer than the lease may rightly lose it.
    expect(executions).toBeLessThanOrEqual(2);
  });

  it('gives the concurrency slot back with the run', async () => {
    const gate = new Gate();
    const workflow = defineWorkflow('serial', {}, async (_ctx, n: number) => {
      if (n === 1 && gate.entered === 0) await gate.pass();
      return n;
    });
    const { worker } = await startCutOff(workflow);
    const handles = await engine.client.runMany([1, 2, 3].map((input) => ({ workflow, input })));
    await gate.reached();
    worker.quiet();
    await engine.startWorker([workflow], { runtime: SHORT });
    await expect(Promise.all(handles.map((handle) => handle.result()))).resolves.toEqual([1, 2, 3]);
    gate.open();
  });

  it('cancels the run where that was requested meanwhile', async () => {
    const gate = new Gate();
    const workflow = defineWorkflow('canceled', {}, () => gate.pass());
    const { worker } = await startCutOff(workflow);
    const handle = await engine.client.run(workflow, undefined);
    await gate.reached();
    worker.quiet();
    await expect(handle.cancel({ reason: 'meanwhile' })).resolves.toBe(true);
    await engine.startWorker([workflow], { runtime: SHORT });
    const state = await engine.untilStatus(handle, 'canceled');
    expect(state.cancelReason).toBe('meanwhile');
    expect(gate.entered).toBe(1);
    gate.open();
  });

  it('that happens too often is a poison pill: the run fails, and others go on', async () => {
    const poison = defineWorkflow('poison', { retries: { maxAttempts: 5 } }, () => new Promise(() => undefined));
    const fine = defineWorkflow('fine', {}, () => 'fine');
    const runtime = { ...SHORT, maxRecoveries: 2 };
    const handle = await engine.client.run(poison, undefined);
    for (let crash = 0; crash < 3; crash++) {
      const { worker } = await startCutOff(poison, runtime);
      await eventually(async () => (await handle.state()).status === 'running');
      worker.quiet();
      await expireLease(engine.redis.commands, engine.key(''), handle.id);
      const reaper = await engine.startWorker([fine], { app: 'other', runtime, queues: ['elsewhere'] });
      await eventually(async () => (await handle.state()).status !== 'running');
      await reaper.stop();
    }
    await expect(failureOf(handle)).resolves.toMatchObject({
      error: {
        name: 'RecoveryLimitError',
        kind: 'recovery_limit',
        message: expect.stringContaining('more than 2 times'),
      },
    });
    await expect(handle.state()).resolves.toMatchObject({ status: 'failed', attempt: 1 });
    await engine.startWorker([fine], { app: 'other' });
    await expect((await engine.client.run(fine, undefined)).result()).resolves.toBe('fine');
  });
});
