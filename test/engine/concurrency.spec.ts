import { setTimeout as delay } from 'node:timers/promises';
import { defineWorkflow } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { failureOf, useEngine } from './engine.js';
import { Gate } from './gate.js';

/** Counts how many bodies are between `enter` and `leave`. */
class Meter {
  now = 0;
  most = 0;
  async during<T>(body: () => Promise<T>): Promise<T> {
    this.most = Math.max(this.most, ++this.now);
    try {
      return await body();
    } finally {
      this.now--;
    }
  }
}

describe('maxConcurrency', () => {
  const engine = useEngine();

  it('is strict over all workers, however runs end and wait', async () => {
    const meter = new Meter();
    const nothing = defineWorkflow('nothing', { maxConcurrency: 20 }, () => 1);
    const options = { maxConcurrency: 3, retries: { maxAttempts: 2, backoff: { type: 'fixed', delayMs: 0 } } } as const;
    const limited = defineWorkflow('limited', options, async ({ step, run }, n: number) => {
      await meter.during(() => delay(2));
      if (n % 5 === 1 && run.attempt === 1) throw new Error('again');
      if (n % 5 === 2) throw new Error('never');
      if (n % 5 === 3) await step.runWorkflow('nothing', nothing, undefined);
      await meter.during(() => delay(2));
    });
    await Promise.all([1, 2, 3].map(() => engine.startWorker([limited, nothing], { concurrency: 10 })));
    const inputs = Array.from({ length: 60 }, (_, n) => n);
    const handles = await engine.client.runMany(inputs.map((input) => ({ workflow: limited, input })));
    const canceled = handles.filter((_, n) => n % 5 === 4);
    await Promise.all(canceled.map((handle) => handle.cancel()));
    const results = await Promise.allSettled(handles.map((handle) => handle.result()));
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(36);
    expect(meter.most).toBe(3);
    await expect(engine.redis.commands.zcard(engine.key('workflow-parked:limited'))).resolves.toBe(0);
  });

  it('is 1 by default, and parked runs go on in the order in which they came', async () => {
    const order: number[] = [];
    const gate = new Gate();
    const serial = defineWorkflow('serial', {}, async (_ctx, n: number) => {
      await gate.pass();
      order.push(n);
    });
    await Promise.all([1, 2].map(() => engine.startWorker([serial], { concurrency: 10 })));
    const handles = [];
    for (let n = 0; n < 12; n++) handles.push(await engine.client.run(serial, n));
    await gate.reached();
    await eventually(async () => (await engine.redis.commands.zcard(engine.key('workflow-parked:serial'))) === 11);
    expect(gate.entered).toBe(1);
    gate.open();
    await Promise.all(handles.map((handle) => handle.result()));
    expect(order).toEqual(handles.map((_, n) => n));
  });

  it('does not keep other workflows of the queue waiting', async () => {
    const gate = new Gate();
    const stuck = defineWorkflow('stuck', {}, () => gate.pass());
    const other = defineWorkflow('other', {}, () => 'other');
    await engine.startWorker([stuck, other], { concurrency: 3 });
    const handles = await engine.client.runMany(
      Array.from({ length: 50 }, () => ({ workflow: stuck, input: undefined })),
    );
    await expect((await engine.client.run(other, undefined)).result()).resolves.toBe('other');
    gate.open();
    await Promise.all(handles.map((handle) => handle.result()));
  });

  it('costs no calls while runs are parked', async () => {
    const gate = new Gate();
    const stuck = defineWorkflow('stuck', {}, () => gate.pass());
    const store = engine.newStore();
    await engine.startWorkerOn(store, [stuck]);
    const handles = await engine.client.runMany(
      Array.from({ length: 20 }, () => ({ workflow: stuck, input: undefined })),
    );
    await eventually(async () => (await engine.redis.commands.zcard(engine.key('workflow-parked:stuck'))) === 19);
    const before = store.calls('work.claim');
    await delay(300);
    expect(store.calls('work.claim') - before).toBeLessThanOrEqual(1);
    gate.open();
    await Promise.all(handles.map((handle) => handle.result()));
  });

  it('counts no waiting run: the slot is free meanwhile, and taken again to go on', async () => {
    const gate = new Gate();
    const child = defineWorkflow('child', { queue: 'children' }, () => gate.pass());
    const meter = new Meter();
    const parent = defineWorkflow('parent', {}, async ({ step }) => {
      await meter.during(() => delay(1));
      await step.runWorkflow('child', child, undefined);
      await meter.during(() => delay(5));
    });
    await engine.startWorker([parent, child], { queues: ['default'] });
    const handles = await engine.client.runMany(
      Array.from({ length: 5 }, () => ({ workflow: parent, input: undefined })),
    );
    for (const handle of handles) await engine.untilStatus(handle, 'waiting');
    gate.open();
    await engine.startWorker([child, parent], { queues: ['children'] });
    await Promise.all(handles.map((handle) => handle.result()));
    expect(meter.most).toBe(1);
  });

  it('gives the slot of a canceled parked run to nobody, and that of a canceled ready run to the next', async () => {
    const gate = new Gate();
    const serial = defineWorkflow('serial', {}, async (_ctx, n: number) => gate.pass().then(() => n));
    await engine.startWorker([serial]);
    const [running, first, second] = await engine.client.runMany(
      [1, 2, 3].map((input) => ({ workflow: serial, input })),
    );
    await eventually(async () => (await engine.redis.commands.zcard(engine.key('workflow-parked:serial'))) === 2);
    await first?.cancel();
    gate.open();
    await expect(Promise.all([running?.result(), second?.result()])).resolves.toEqual([1, 3]);
    expect(gate.entered).toBe(2);
  });

  it('is read anew: a raised limit lets parked runs go on at once', async () => {
    const gate = new Gate();
    const define = (maxConcurrency: number) => defineWorkflow('grown', { maxConcurrency }, () => gate.pass());
    await engine.startWorker([define(1)]);
    const handles = await engine.client.runMany(
      Array.from({ length: 6 }, () => ({ workflow: define(1), input: undefined })),
    );
    await eventually(async () => (await engine.redis.commands.zcard(engine.key('workflow-parked:grown'))) === 5);
    await engine.startWorker([define(4)]);
    await gate.reached(4);
    expect(gate.entered).toBe(4);
    gate.open();
    await Promise.all(handles.map((handle) => handle.result()));
  });

  it('is apart from the concurrency of a worker, which counts what it executes', async () => {
    const gate = new Gate();
    const meter = new Meter();
    const wide = defineWorkflow('wide', { maxConcurrency: 100 }, () => meter.during(() => gate.pass()));
    await engine.startWorker([wide], { concurrency: 2 });
    const handles = await engine.client.runMany(
      Array.from({ length: 6 }, () => ({ workflow: wide, input: undefined })),
    );
    await gate.reached(2);
    gate.open();
    await Promise.all(handles.map((handle) => handle.result()));
    expect(meter.most).toBe(2);
  });

  it('is filled by one claim: as many runs as the worker has free slots', async () => {
    const gate = new Gate();
    const wide = defineWorkflow('wide', { maxConcurrency: 100 }, () => gate.pass());
    const handles = await engine.client.runMany(
      Array.from({ length: 25 }, () => ({ workflow: wide, input: undefined })),
    );
    const store = engine.newStore();
    await engine.startWorkerOn(store, [wide], { concurrency: 20 });
    await gate.reached(20);
    expect(store.calls('work.claim')).toBe(1);
    gate.open();
    await Promise.all(handles.map((handle) => handle.result()));
  });

  it('frees the slot of a run that failed', async () => {
    const failing = defineWorkflow('failing', {}, () => {
      throw new Error('no');
    });
    await engine.startWorker([failing]);
    const handles = await engine.client.runMany(
      Array.from({ length: 5 }, () => ({ workflow: failing, input: undefined })),
    );
    await expect(Promise.all(handles.map(failureOf))).resolves.toHaveLength(5);
  });
});
