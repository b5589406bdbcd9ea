import { defineWorkflow } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { failureOf, useEngine } from './engine.js';
import type { StoreMethod } from './holding-store.js';

const AT_ONCE = { type: 'fixed', delayMs: 0 } as const;

/** Every write of a run, in one workflow. */
describe('a reply that is lost costs nothing', () => {
  const engine = useEngine();
  let bodies: string[] = [];
  beforeEach(() => void (bodies = []));

  const child = defineWorkflow('child', { maxConcurrency: 5 }, () => void bodies.push('child'));
  const options = { retries: { maxAttempts: 2, backoff: AT_ONCE } };
  const everything = defineWorkflow('everything', options, async ({ step, run }) => {
    await step.run('first', () => void bodies.push('first'));
    await step.emitWorkflow('emitted', child, undefined);
    await step.runWorkflow('awaited', child, undefined);
    if (run.attempt === 1) throw new Error('again');
    await step.run('last', () => void bodies.push('last'));
    return run.attempt;
  });
  const WRITES: StoreMethod[] = ['work.claim', 'work.recordStep', 'work.spawnChild', 'work.suspend', 'work.finish'];

  async function expectOnce(): Promise<void> {
    const handle = await engine.client.run(everything, undefined);
    await expect(handle.result()).resolves.toBe(2);
    const { runs } = await engine.client.listRuns({ workflow: 'child' });
    await Promise.all(runs.map((run) => engine.untilStatus(run, 'succeeded')));
    expect(bodies.sort()).toEqual(['child', 'child', 'first', 'last']);
    await expect(handle.state()).resolves.toMatchObject({ status: 'succeeded', attempt: 2 });
    const steps = await engine.client.getRunSteps(handle.id);
    expect(steps.map(({ name, status, attempts }) => [name, status, attempts])).toEqual(
      ['first', 'emitted', 'awaited', 'last'].map((name) => [name, 'succeeded', 1]),
    );
    for (const key of ['leases', 'scheduled', 'workflow-runs:everything:running', 'workflow-runs:child:running']) {
      await expect(engine.redis.commands.zcard(engine.key(key))).resolves.toBe(0);
    }
  }

  it.each(WRITES)('of %s: it is repeated', async (method) => {
    const store = engine.newStore();
    store.loseReply(method, 2);
    await engine.startWorkerOn(store, [everything, child]);
    await expectOnce();
  });

  it.each(WRITES)('of %s, which never reached the store', async (method) => {
    const store = engine.newStore();
    store.loseCall(method, 2);
    await engine.startWorkerOn(store, [everything, child]);
    await expectOnce();
  });

  it.each(WRITES)('of %s, which reached the store twice', async (method) => {
    const store = engine.newStore();
    for (let i = 0; i < 8; i++) store.repeat(method);
    await engine.startWorkerOn(store, [everything, child]);
    await expectOnce();
  });

  it.each(['work.extendLeases', 'work.promote', 'work.recover', 'work.tidy'] as const)(
    'of %s: the worker goes on',
    async (method) => {
      const store = engine.newStore();
      store.loseReply(method, 2);
      await engine.startWorkerOn(store, [everything, child], { runtime: { leaseMs: 2_000, reaperIntervalMs: 50 } });
      await expectOnce();
    },
  );

  it('of registry.touch, which is due a while after the start: it is repeated', async () => {
    const store = engine.newStore();
    store.loseReply('registry.touch', 2);
    await engine.startWorkerOn(store, [everything, child]);
    await eventually(() => store.calls('registry.touch') > 2, 30_000);
    await expectOnce();
  }, 60_000);

  it('of the last failure, and onFailure runs once', async () => {
    const failures: unknown[] = [];
    const failing = defineWorkflow('failing', { onFailure: ({ error }) => void failures.push(error) }, () => {
      throw new Error('no');
    });
    const store = engine.newStore();
    store.loseReply('work.recordFailure', 2);
    store.loseReply('work.finish');
    await engine.startWorkerOn(store, [failing]);
    await failureOf(await engine.client.run(failing, undefined));
    expect(failures).toHaveLength(1);
  });

  it('of handing a run back', async () => {
    const handles = await engine.client.runMany([
      { workflow: child, input: undefined },
      { workflow: child, input: undefined },
    ]);
    const claimer = engine.newStore();
    const claim = claimer.holdReply('work.claim');
    const stuck = defineWorkflow('child', { maxConcurrency: 5 }, () => new Promise(() => undefined));
    const worker = await engine.startWorkerOn(claimer, [stuck], { drainTimeoutMs: 10, runtime: { leaseMs: 500 } });
    await claim.reached;
    claimer.loseReply('work.release', 2);
    claim.release();
    await worker.stop();
    await engine.startWorker([child], { runtime: { reaperIntervalMs: 20 } });
    await Promise.all(handles.map((handle) => handle.result()));
    expect(bodies).toEqual(['child', 'child']);
  });

  it('of cancel: the caller may ask again', async () => {
    const store = engine.newStore();
    const client = engine.newClientOn(store);
    const handle = await client.run(child, undefined);
    store.loseReply('runs.cancel');
    await expect(handle.cancel()).rejects.toMatchObject({ name: 'ConnectionError' });
    await expect(handle.cancel()).resolves.toBe(false);
    await expect(handle.state()).resolves.toMatchObject({ status: 'canceled' });
  });
});
