import { defineWorkflow } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { useEngine } from './engine.js';
import { Gate } from './gate.js';

describe('stopping a worker', () => {
  const engine = useEngine();
  const gated = (gate: Gate) =>
    defineWorkflow('gated', { maxConcurrency: 10 }, async ({ run }) => {
      await gate.pass();
      return run.attempt;
    });

  it('waits for what runs, and claims nothing more', async () => {
    const gate = new Gate();
    const worker = await engine.startWorker([gated(gate)], { drainTimeoutMs: 20_000, concurrency: 1 });
    const [running, queued] = await engine.client.runMany([
      { workflow: gated(gate), input: undefined },
      { workflow: gated(gate), input: undefined },
    ]);
    await gate.reached();
    const stopped = worker.stop();
    gate.open();
    await stopped;
    await expect(running?.state()).resolves.toMatchObject({ status: 'succeeded' });
    await expect(queued?.state()).resolves.toMatchObject({ status: 'queued', attempt: 0 });
    expect(gate.entered).toBe(1);
  });

  it('hands back what does not end in time, at once: not an attempt, and no lease to wait for', async () => {
    const gate = new Gate();
    const reasons: unknown[] = [];
    const workflow = defineWorkflow('stuck', {}, async ({ signal, run, step }) => {
      await step.run('once', () => gate.entered);
      signal.addEventListener('abort', () => reasons.push(signal.reason), { once: true });
      if (gate.entered === 0) await gate.pass();
      return run.attempt;
    });
    const worker = await engine.startWorker([workflow], { drainTimeoutMs: 30, runtime: { leaseMs: 600_000 } });
    const handle = await engine.client.run(workflow, undefined);
    await gate.reached();
    await worker.stop();
    await expect(handle.state()).resolves.toMatchObject({ status: 'queued', attempt: 1 });
    expect(reasons).toHaveLength(1);
    expect(engine.log).toContainEqual(expect.stringMatching(/warn: .*1 runs/));
    await engine.startWorker([workflow]);
    await expect(handle.result()).resolves.toBe(1);
    await expect(engine.client.getRunSteps(handle.id)).resolves.toMatchObject([{ name: 'once', output: 0 }]);
    gate.open();
  });

  it('does not count handing back as a recovery', async () => {
    const gate = new Gate();
    const workflow = gated(gate);
    const handle = await engine.client.run(workflow, undefined);
    for (let deploy = 1; deploy <= 3; deploy++) {
      const worker = await engine.startWorker([workflow], { drainTimeoutMs: 0, runtime: { maxRecoveries: 0 } });
      await gate.reached(deploy);
      await worker.stop();
    }
    gate.open();
    await engine.startWorker([workflow], { runtime: { maxRecoveries: 0 } });
    await expect(handle.result()).resolves.toBe(1);
  });

  it('while it claims: what it has claimed is executed or handed back, and nothing is lost', async () => {
    const workflow = defineWorkflow('noted', { maxConcurrency: 10 }, () => 'done');
    const store = engine.newStore();
    const handles = await engine.client.runMany(Array.from({ length: 5 }, () => ({ workflow, input: undefined })));
    const claim = store.holdReply('work.claim');
    const worker = await engine.startWorkerOn(store, [workflow], { runtime: { leaseMs: 600_000 } });
    await claim.reached;
    const stopped = worker.stop();
    claim.release();
    await stopped;
    const claims = store.calls('work.claim');
    expect(claims).toBe(1);
    await engine.startWorker([workflow]);
    await expect(Promise.all(handles.map((handle) => handle.result()))).resolves.toHaveLength(5);
  });

  it('before its claim has reached the store', async () => {
    const workflow = defineWorkflow('noted', {}, () => 'done');
    const store = engine.newStore();
    const claim = store.holdCall('work.claim');
    const worker = await engine.startWorkerOn(store, [workflow], { runtime: { leaseMs: 600_000 } });
    await claim.reached;
    const handle = await engine.client.run(workflow, undefined);
    const stopped = worker.stop();
    claim.release();
    await stopped;
    await engine.startWorker([workflow]);
    await expect(handle.result()).resolves.toBe('done');
  });

  it('may be asked for many times, and right after the start', async () => {
    const worker = await engine.startWorker([gated(new Gate())]);
    const stops = [worker.stop(), worker.stop()];
    await Promise.all(stops);
    await worker.stop();
  });

  it('leaves a waiting run to others', async () => {
    const child = defineWorkflow('child', { queue: 'children' }, () => 'child');
    const parent = defineWorkflow('parent', {}, ({ step }) => step.runWorkflow('c', child, undefined));
    const worker = await engine.startWorker([parent]);
    const handle = await engine.client.run(parent, undefined);
    await engine.untilStatus(handle, 'waiting');
    await worker.stop();
    await engine.startWorker([parent, child]);
    await expect(handle.result()).resolves.toBe('child');
  });

  it('in two phases: quiet first, which lets everything go on but claims', async () => {
    const gate = new Gate();
    const worker = await engine.startWorker([gated(gate)]);
    const running = await engine.client.run(gated(gate), undefined);
    await gate.reached();
    worker.quiet();
    const later = await engine.client.run(gated(gate), undefined);
    gate.open();
    await expect(running.result()).resolves.toBe(1);
    // It may have been handed over before the worker has withdrawn: then it is given back.
    await engine.untilStatus(later, 'queued');
    await worker.stop();
    await engine.startWorker([gated(gate)]);
    await expect(later.result()).resolves.toBe(1);
  });

  it('closes every connection that the worker has opened', async () => {
    const names = async () => ((await engine.redis.commands.client('LIST')) as string).match(/ fd=/g)?.length ?? 0;
    const before = await names();
    const worker = await engine.startWorker([gated(new Gate())]);
    await eventually(async () => (await names()) > before);
    await worker.stop();
    // Other specs share the server: what is left open here, `useRedis` finds after the test.
  });
});
