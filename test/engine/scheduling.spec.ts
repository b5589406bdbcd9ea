import { setTimeout as delay } from 'node:timers/promises';
import { defineWorkflow } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { redisNow, useEngine } from './engine.js';

const HOUR = 3_600_000;

describe('scheduled runs', () => {
  const engine = useEngine();
  let executed: unknown[] = [];
  beforeEach(() => void (executed = []));
  const noted = defineWorkflow('noted', { maxConcurrency: 10 }, (_ctx, input: unknown) => void executed.push(input));

  it('wait until their time, and not longer than it', async () => {
    await engine.startWorker([noted]);
    const handle = await engine.client.run(noted, 1, { delayMs: 150 });
    const planned = await handle.state();
    expect(planned).toMatchObject({ status: 'scheduled', attempt: 0, startedAt: undefined });
    const runAt = planned.runAt as number;
    expect(runAt - planned.createdAt).toBe(150);
    await handle.result();
    const state = await handle.state();
    expect(state.startedAt).toBeGreaterThanOrEqual(runAt);
    expect(state).toMatchObject({ status: 'succeeded', attempt: 1, runAt: undefined });
  });

  it.each<[string, (now: number) => Date | number]>([
    ['a Date', (now) => new Date(now + HOUR)],
    ['ms since the epoch', (now) => now + HOUR],
  ])('are planned for %s', async (_what, toTime) => {
    const at = toTime(await redisNow(engine.redis));
    const handle = await engine.client.run(noted, 1, { runAt: at });
    await expect(handle.state()).resolves.toMatchObject({ status: 'scheduled', runAt: Number(at) });
  });

  it.each([
    ['in the past', { runAt: 1 }],
    ['now', { delayMs: 0 }],
  ])('run at once where their time is %s', async (_what, options) => {
    const handle = await engine.client.run(noted, 1, options);
    await expect(handle.state()).resolves.toMatchObject({ status: 'queued', runAt: undefined });
    await engine.startWorker([noted]);
    await handle.result();
  });

  it('run in the order of their times, whatever the order of the calls', async () => {
    const now = await redisNow(engine.redis);
    const handles = [];
    for (const ms of [300, 100, 200]) handles.push(await engine.client.run(noted, ms, { runAt: now + ms }));
    await engine.startWorker([noted]);
    await Promise.all(handles.map((handle) => handle.result()));
    expect(executed).toEqual([100, 200, 300]);
  });

  it('reach a worker that sleeps until a later one', async () => {
    const store = engine.newStore();
    await engine.client.run(noted, 'later', { delayMs: HOUR });
    await engine.startWorkerOn(store, [noted]);
    await eventually(() => store.calls('work.promote') > 0 && store.calls('work.claim') > 0);
    const handle = await engine.client.run(noted, 'sooner', { delayMs: 100 });
    await handle.result();
    expect(executed).toEqual(['sooner']);
  });

  it('are not polled for', async () => {
    const store = engine.newStore();
    await engine.client.run(noted, 1, { delayMs: HOUR });
    await engine.startWorkerOn(store, [noted]);
    await eventually(() => store.calls('work.promote') > 0 && store.calls('work.claim') > 0);
    const before = [store.calls('work.promote'), store.calls('work.claim')];
    await delay(500);
    expect(store.calls('work.promote') - (before[0] as number)).toBeLessThanOrEqual(1);
    expect(store.calls('work.claim') - (before[1] as number)).toBeLessThanOrEqual(1);
  });

  it('are promoted by any worker, for the queue of each', async () => {
    const elsewhere = defineWorkflow('elsewhere', { queue: 'elsewhere' }, () => 'there');
    await engine.startWorker([noted], { app: 'here' });
    await engine.startWorker([elsewhere], { app: 'there' });
    const handle = await engine.client.run(elsewhere, undefined, { delayMs: 50 });
    await expect(handle.result()).resolves.toBe('there');
  });

  it('are many at once', async () => {
    const at = (await redisNow(engine.redis)) + 200;
    const requests = Array.from({ length: 600 }, (_, input) => ({ workflow: noted, input, options: { runAt: at } }));
    const handles = await engine.client.runMany(requests);
    await engine.startWorker([noted], { concurrency: 100 });
    await Promise.all(handles.map((handle) => handle.result()));
    expect(executed).toHaveLength(600);
  });

  describe('that have ended', () => {
    it('are not resurrected by a stale entry', async () => {
      await engine.startWorker([noted]);
      const done = await engine.client.run(noted, 'done');
      await done.result();
      const canceled = await engine.client.run(noted, 'canceled', { delayMs: HOUR });
      await canceled.cancel();
      for (const { id } of [done, canceled]) await engine.redis.commands.zadd(engine.key('scheduled'), 1, id);
      await engine.redis.commands.zadd(engine.key('scheduled'), 1, 'nowhere');
      await (await engine.client.run(noted, 'next', { delayMs: 1 })).result();
      await eventually(async () => (await engine.redis.commands.zcard(engine.key('scheduled'))) === 0);
      await expect(done.state()).resolves.toMatchObject({ status: 'succeeded' });
      await expect(canceled.state()).resolves.toMatchObject({ status: 'canceled' });
      expect(executed).toEqual(['done', 'next']);
    });

    it('are not resurrected by a stale entry in a queue', async () => {
      const done = await engine.client.run(noted, 'done');
      await done.cancel();
      await engine.redis.commands.rpush(engine.key('q:default:ready'), done.id, 'nowhere', done.id);
      await engine.startWorker([noted]);
      await (await engine.client.run(noted, 'next')).result();
      expect(executed).toEqual(['next']);
    });

    it('are left alone by a promoter that comes late', async () => {
      const store = engine.newStore();
      const promote = store.holdCall('work.promote');
      const handle = await engine.client.run(noted, 'late', { delayMs: 1 });
      await engine.startWorkerOn(store, [], { queues: [] });
      await promote.reached;
      await handle.cancel();
      promote.release();
      await eventually(() => store.calls('work.promote') >= 1);
      await engine.startWorker([noted], { app: 'other' });
      await (await engine.client.run(noted, 'next')).result();
      await expect(handle.state()).resolves.toMatchObject({ status: 'canceled' });
      expect(executed).toEqual(['next']);
    });
  });

  it('are executed once, however many promoters race', async () => {
    await Promise.all([1, 2, 3].map(() => engine.startWorker([noted])));
    const handles = await engine.client.runMany(
      Array.from({ length: 30 }, (_, input) => ({ workflow: noted, input, options: { delayMs: 100 } })),
    );
    await Promise.all(handles.map((handle) => handle.result()));
    expect(executed).toHaveLength(30);
  });
});
