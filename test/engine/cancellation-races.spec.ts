import { defineWorkflow } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { useEngine } from './engine.js';
import { Gate } from './gate.js';

describe('cancellation against', () => {
  const engine = useEngine();
  let executed = 0;
  const counted = defineWorkflow('counted', {}, () => ++executed);
  const child = defineWorkflow('child', { queue: 'children' }, () => ++executed);
  const parent = defineWorkflow('parent', {}, ({ step }) => step.runWorkflow('child', child, undefined));
  beforeEach(() => void (executed = 0));

  it('finish, and comes before it: the run is canceled', async () => {
    const store = engine.newStore();
    const finish = store.holdCall('work.finish');
    await engine.startWorkerOn(store, [counted]);
    const handle = await engine.client.run(counted, undefined);
    await finish.reached;
    await expect(handle.cancel({ reason: 'in time' })).resolves.toBe(true);
    finish.release();
    const state = await engine.untilStatus(handle, 'canceled');
    expect(state).toMatchObject({ cancelReason: 'in time', output: undefined });
    expect(executed).toBe(1);
  });

  it('finish, and comes after it: the run is unchanged, and the caller hears so', async () => {
    const store = engine.newStore();
    const finish = store.holdReply('work.finish');
    await engine.startWorkerOn(store, [counted]);
    const handle = await engine.client.run(counted, undefined);
    await handle.result();
    await expect(handle.cancel()).resolves.toBe(false);
    finish.release();
    await expect(handle.state()).resolves.toMatchObject({ status: 'succeeded', cancelRequestedAt: undefined });
  });

  it('the failure of the last attempt: canceled, and onFailure does not run', async () => {
    let compensated = 0;
    const failing = defineWorkflow('failing', { onFailure: () => void compensated++ }, () => {
      throw new Error('no');
    });
    const store = engine.newStore();
    const failure = store.holdCall('work.recordFailure');
    await engine.startWorkerOn(store, [failing]);
    const handle = await engine.client.run(failing, undefined);
    await failure.reached;
    await handle.cancel();
    failure.release();
    await engine.untilStatus(handle, 'canceled');
    expect(compensated).toBe(0);
  });

  it('a retry: canceled, and no other attempt', async () => {
    const failing = defineWorkflow(
      'failing',
      { retries: { maxAttempts: 2, backoff: { type: 'fixed', delayMs: 0 } } },
      () => {
        executed++;
        throw new Error('no');
      },
    );
    const store = engine.newStore();
    const finish = store.holdCall('work.finish');
    await engine.startWorkerOn(store, [failing]);
    const handle = await engine.client.run(failing, undefined);
    await finish.reached;
    await handle.cancel();
    finish.release();
    await engine.untilStatus(handle, 'canceled');
    expect(executed).toBe(1);
  });

  it('claim, and comes before it: the run never executes', async () => {
    const store = engine.newStore();
    const claim = store.holdCall('work.claim');
    await engine.startWorkerOn(store, [counted]);
    await claim.reached;
    const handle = await engine.client.run(counted, undefined);
    await expect(handle.cancel()).resolves.toBe(true);
    await expect(handle.state()).resolves.toMatchObject({ status: 'canceled' });
    claim.release();
    await (await engine.client.run(counted, undefined)).result();
    expect(executed).toBe(1);
  });

  it('claim, and comes after it: the worker hears of it', async () => {
    const store = engine.newStore();
    const handle = await engine.client.run(counted, undefined);
    const claim = store.holdReply('work.claim');
    await engine.startWorkerOn(store, [counted]);
    await claim.reached;
    await expect(handle.cancel()).resolves.toBe(true);
    claim.release();
    await engine.untilStatus(handle, 'canceled');
  });

  it('suspend, and comes before it: canceled, and the child too', async () => {
    const store = engine.newStore();
    const suspend = store.holdCall('work.suspend');
    await engine.startWorkerOn(store, [parent]);
    const handle = await engine.client.run(parent, undefined);
    await suspend.reached;
    await expect(handle.cancel()).resolves.toBe(true);
    suspend.release();
    await engine.untilStatus(handle, 'canceled');
    const [childRun] = (await engine.client.listRuns({ workflow: 'child' })).runs;
    await engine.untilStatus(childRun as { id: string }, 'canceled');
    expect(executed).toBe(0);
  });

  it('suspend, and comes after it: canceled at once', async () => {
    const store = engine.newStore();
    const suspend = store.holdReply('work.suspend');
    await engine.startWorkerOn(store, [parent]);
    const handle = await engine.client.run(parent, undefined);
    await engine.untilStatus(handle, 'waiting');
    await handle.cancel();
    await expect(handle.state()).resolves.toMatchObject({ status: 'canceled' });
    suspend.release();
    await eventually(() => store.calls('work.suspend') === 1);
    await expect(handle.state()).resolves.toMatchObject({ status: 'canceled' });
  });

  it('the start of a child, and comes before it: no child is started', async () => {
    const store = engine.newStore();
    const spawn = store.holdCall('work.spawnChild');
    await engine.startWorkerOn(store, [parent, child]);
    const handle = await engine.client.run(parent, undefined);
    await spawn.reached;
    await handle.cancel();
    spawn.release();
    await engine.untilStatus(handle, 'canceled');
    await expect(engine.client.listRuns({ workflow: 'child' })).resolves.toMatchObject({ runs: [] });
  });

  it('the wake-up of a parent whose child has just ended: canceled, and the handler does not go on', async () => {
    let wentOn = false;
    const waiting = defineWorkflow('waiting', {}, async ({ step }) => {
      await step.runWorkflow('child', child, undefined);
      await step.run('after', () => (wentOn = true));
    });
    const parentStore = engine.newStore();
    const worker = await engine.startWorkerOn(parentStore, [waiting]);
    const handle = await engine.client.run(waiting, undefined);
    await engine.untilStatus(handle, 'waiting');
    await worker.stop();
    await engine.startWorker([child], { app: 'children' });
    await engine.untilStatus(handle, 'queued');
    await expect(handle.cancel()).resolves.toBe(true);
    await expect(handle.state()).resolves.toMatchObject({ status: 'canceled' });
    const again = engine.newStore();
    await engine.startWorkerOn(again, [waiting]);
    await eventually(() => again.calls('work.claim') > 0);
    expect(wentOn).toBe(false);
  });

  it('a step that is being stored: canceled, and the next one does not begin', async () => {
    const began: string[] = [];
    const stepping = defineWorkflow('stepping', {}, async ({ step }) => {
      await step.run('first', () => began.push('first'));
      await step.run('second', () => began.push('second'));
    });
    const store = engine.newStore();
    const record = store.holdCall('work.recordStep');
    await engine.startWorkerOn(store, [stepping]);
    const handle = await engine.client.run(stepping, undefined);
    await record.reached;
    await handle.cancel();
    record.release();
    await engine.untilStatus(handle, 'canceled');
    expect(began).toEqual(['first']);
  });

  it('cancellation: many callers race, one changes it', async () => {
    const gate = new Gate();
    const gated = defineWorkflow('gated', {}, () => gate.pass());
    await engine.startWorker([gated]);
    const handle = await engine.client.run(gated, undefined);
    await gate.reached();
    const clients = Array.from({ length: 8 }, () => engine.newClient());
    const changed = await Promise.all(
      clients.map((client, i) => client.cancelRun(handle.id, { reason: `caller ${i}` })),
    );
    expect(changed.filter(Boolean)).toHaveLength(1);
    gate.open();
    const state = await engine.untilStatus(handle, 'canceled');
    expect(state.cancelReason).toBe(`caller ${changed.indexOf(true)}`);
  });
});
