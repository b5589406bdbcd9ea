import { setTimeout as delay } from 'node:timers/promises';
import { defineWorkflow, type CronOptions } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { redisNow, scoresOf, useEngine } from './engine.js';
import { Gate } from './gate.js';

/** Once a year: what fires in these tests was made due by them. */
const YEARLY = '0 0 1 1 *';

describe('cron', () => {
  const engine = useEngine();
  const ticking = (options: Partial<CronOptions> & { name?: string; maxConcurrency?: number; gate?: Gate } = {}) => {
    const { name = 'ticking', maxConcurrency, gate, ...cron } = options;
    return defineWorkflow(name, { maxConcurrency, cron: [{ id: 'id', expression: YEARLY, ...cron }] }, async () =>
      gate?.pass(),
    );
  };
  const next = () => scoresOf(engine.redis, engine.key('cron:next'));
  const planned = async (): Promise<number> => (await next())[0]?.[1] ?? 0;
  const runs = async (workflow = 'ticking') => (await engine.client.listRuns({ workflow })).runs;

  async function untilPlanned(): Promise<number> {
    return eventually(async () => {
      const at = await planned();
      return at > (await redisNow(engine.redis)) ? at : undefined;
    });
  }

  /** Makes the only trigger due, as of `ms` ago. A worker that sleeps looks at it once it starts. */
  async function makeDue(ms = 0): Promise<void> {
    const [trigger] = (await next())[0] as [string, number];
    await engine.redis.commands.zadd(engine.key('cron:next'), (await redisNow(engine.redis)) - ms, trigger);
    // Of a leader that sleeps until the tick that it knows of.
    await engine.redis.commands.del(engine.key('lock:cron'));
  }

  /** A trigger that was planned by a worker that is gone, and is due now. */
  async function due(workflow: ReturnType<typeof ticking>, ms = 0): Promise<void> {
    const worker = await engine.startWorker([workflow]);
    await untilPlanned();
    await worker.stop();
    await makeDue(ms);
  }

  it('plans the next tick of a new trigger, and fires nothing', async () => {
    await engine.startWorker([ticking()]);
    const at = new Date(await untilPlanned());
    expect([at.getUTCMonth(), at.getUTCDate(), at.getUTCHours(), at.getUTCMinutes()]).toEqual([0, 1, 0, 0]);
    expect(await runs()).toEqual([]);
  });

  it('starts a run when a tick is due, and plans the next', async () => {
    const workflow = ticking({ input: { from: 'cron' } });
    await due(workflow);
    await engine.startWorker([workflow]);
    await eventually(async () => (await runs())[0]?.status === 'succeeded');
    expect(await runs()).toMatchObject([{ input: { from: 'cron' }, queue: 'default', idempotencyKey: undefined }]);
    expect(await planned()).toBeGreaterThan(await redisNow(engine.redis));
  });

  it('fires once per tick over many workers', async () => {
    const workflow = ticking({ maxConcurrency: 100 });
    await due(workflow);
    await Promise.all([1, 2, 3, 4].map(() => engine.startWorker([workflow])));
    await untilPlanned();
    await eventually(async () => (await runs())[0]?.status === 'succeeded');
    expect(await runs()).toHaveLength(1);
  });

  it('fires once per tick where a leader was held up, and another took over meanwhile', async () => {
    const workflow = ticking({ maxConcurrency: 100 });
    await due(workflow);
    const store = engine.newStore();
    const tick = store.holdCall('registry.cronTick');
    await engine.startWorkerOn(store, [workflow]);
    await tick.reached;
    await engine.redis.commands.del(engine.key('lock:cron'));
    await engine.startWorker([workflow]);
    await untilPlanned();
    tick.release();
    await eventually(() => store.calls('registry.cronAgenda') >= 2);
    expect(await runs()).toHaveLength(1);
  });

  it('fires once per tick where the reply of the store was lost', async () => {
    const workflow = ticking({ maxConcurrency: 100 });
    await due(workflow);
    const store = engine.newStore();
    store.loseReply('registry.cronTick');
    await engine.startWorkerOn(store, [workflow]);
    await untilPlanned();
    await eventually(() => store.calls('registry.cronAgenda') >= 2);
    expect(await runs()).toHaveLength(1);
  });

  it('leaves the leadership to others at once when it stops', async () => {
    const workflow = ticking();
    const first = await engine.startWorker([workflow]);
    await untilPlanned();
    await expect(engine.redis.commands.exists(engine.key('lock:cron'))).resolves.toBe(1);
    await first.stop();
    await expect(engine.redis.commands.exists(engine.key('lock:cron'))).resolves.toBe(0);
  });

  it('makes up for nothing that was missed: one run, and the next tick is after now', async () => {
    const workflow = ticking({ expression: '* * * * *', maxConcurrency: 100 });
    await due(workflow, 3_600_000);
    await engine.startWorker([workflow]);
    const at = await untilPlanned();
    expect(at % 60_000).toBe(0);
    await eventually(async () => (await runs()).length > 0);
    expect((await runs()).length).toBeLessThanOrEqual(2);
  });

  it('skips ticks while as many runs as allowed are active, and still plans the next', async () => {
    const gate = new Gate();
    const workflow = ticking({ maxConcurrency: 2, gate });
    await engine.startWorker([workflow]);
    await untilPlanned();
    const handles = await engine.client.runMany([
      { workflow, input: undefined },
      { workflow, input: undefined },
    ]);
    await gate.reached(2);
    await makeDue();
    await engine.startWorker([workflow]);
    await untilPlanned();
    expect(await runs()).toHaveLength(2);
    gate.open();
    await Promise.all(handles.map((handle) => handle.result()));
    await makeDue();
    await engine.startWorker([workflow]);
    await eventually(async () => (await runs()).length === 3);
  });

  it('skips ticks while a run waits', async () => {
    const child = defineWorkflow('child', { queue: 'nobody' }, () => 1);
    const workflow = defineWorkflow('ticking', { cron: [{ expression: YEARLY }] }, ({ step }) =>
      step.runWorkflow('c', child, undefined),
    );
    await engine.startWorker([workflow]);
    await untilPlanned();
    await engine.untilStatus(await engine.client.run(workflow, undefined), 'waiting');
    await makeDue();
    await engine.startWorker([workflow]);
    await untilPlanned();
    expect(await runs()).toHaveLength(1);
  });

  it.each([
    ['null stays null', { input: null }, null],
    ['an absent input stays absent', {}, undefined],
  ])('%s', async (_what, options, expected) => {
    const seen: unknown[] = [];
    const workflow = defineWorkflow(
      'ticking',
      { cron: [{ expression: YEARLY, ...options }] },
      (_ctx, input: unknown) => {
        seen.push(input);
      },
    );
    await due(workflow);
    await engine.startWorker([workflow]);
    await eventually(() => seen.length === 1);
    expect(seen).toEqual([expected]);
  });

  it('checks the input of a trigger when it is registered', async () => {
    const { z } = await import('zod');
    const schema = z.object({ n: z.number() });
    const workflow = defineWorkflow(
      'typed',
      { schema, cron: [{ id: 'bad', expression: YEARLY, input: { n: 'x' } }] },
      () => 1,
    );
    await expect(engine.startWorker([workflow])).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringMatching(/typed.*bad/),
    });
  });

  it('plans a changed trigger anew, and keeps an unchanged one', async () => {
    const first = await engine.startWorker([ticking()]);
    const before = await untilPlanned();
    await first.stop();
    const unchanged = await engine.startWorker([ticking()]);
    expect(await planned()).toBe(before);
    await unchanged.stop();
    await engine.startWorker([ticking({ expression: '0 0 2 1 *' })]);
    await eventually(async () => new Date(await planned()).getUTCDate() === 2);
    expect(await next()).toHaveLength(1);
  });

  it('forgets a trigger that was removed, and fires nothing of it', async () => {
    await due(ticking());
    await engine.startWorker([defineWorkflow('ticking', {}, () => 1)]);
    expect(await next()).toEqual([]);
    await expect(engine.redis.commands.hlen(engine.key('cron:def'))).resolves.toBe(0);
    expect(await runs()).toEqual([]);
  });

  it('fires nothing of a trigger that was changed while its tick was on the way', async () => {
    await due(ticking());
    const store = engine.newStore();
    const tick = store.holdCall('registry.cronTick');
    const worker = await engine.startWorkerOn(store, [ticking()]);
    await tick.reached;
    await engine.startWorker([ticking({ expression: '0 0 2 1 *' })]);
    tick.release();
    await worker.stop();
    expect(await runs()).toEqual([]);
  });

  it('tells triggers of one id in two workflows apart', async () => {
    const names = ['a', 'a:id', 'a%3A'];
    await engine.startWorker(names.map((name) => ticking({ name, id: 'id:id' })));
    await eventually(async () => (await next()).length === names.length);
  });

  it('is planned again where Redis has lost it', async () => {
    const worker = await engine.startWorker([ticking()]);
    await untilPlanned();
    await worker.stop();
    await engine.redis.commands.del(engine.key('cron:next'), engine.key('cron:def'));
    await engine.startWorker([ticking()]);
    await untilPlanned();
  });

  it('understands seconds', async () => {
    await engine.startWorker([ticking({ expression: '* * * * * *', maxConcurrency: 10 })]);
    const first = await eventually(async () => (await runs())[0]);
    await eventually(async () => (await runs()).length >= 2);
    const [second] = (await runs()).reverse().slice(1);
    const apart = Math.floor((second?.createdAt ?? 0) / 1_000) - Math.floor(first.createdAt / 1_000);
    expect(apart).toBeGreaterThanOrEqual(1);
  });

  it('fires nothing in a client, nor in a worker that is quiet', async () => {
    const workflow = ticking();
    await due(workflow);
    await engine.client.run(workflow, undefined);
    await delay(50);
    expect(await runs()).toHaveLength(1);
  });
});
