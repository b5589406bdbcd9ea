import { defineWorkflow } from '@redflow/nestjs';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { useEngine } from './engine.js';

describe('what must not starve', () => {
  const engine = useEngine();

  it('serves every queue, whatever the backlog of another', async () => {
    const order: string[] = [];
    const busy = defineWorkflow('busy', { queue: 'a', maxConcurrency: 10 }, async () => {
      order.push('a');
      await delay(5);
    });
    const other = defineWorkflow('other', { queue: 'b', maxConcurrency: 10 }, () => void order.push('b'));
    await engine.client.runMany(Array.from({ length: 200 }, () => ({ workflow: busy, input: null })));
    const handle = await engine.client.run(other, null);
    await engine.startWorker([busy, other], { concurrency: 2 });
    await handle.result({ timeoutMs: 20_000 });
    expect(order.indexOf('b')).toBeLessThan(20);
  });

  it('serves each of very many queues, of which a claim names a part while there is more, and all before the worker rests', async () => {
    const order: number[] = [];
    const workflows = Array.from({ length: 250 }, (_, i) =>
      defineWorkflow(`in-${i}`, { queue: `queue-${i}`, maxConcurrency: 500 }, () => void order.push(i)),
    );
    const hot = Array.from({ length: 1_000 }, () => 125);
    const runs = [...hot, ...workflows.keys()].map((i) => ({
      workflow: `in-${i}`,
      input: null,
      options: { queue: `queue-${i}` },
    }));
    await engine.client.runMany(runs);
    const store = engine.newStore();
    const named: number[] = [];
    const claim = store.work.claim.bind(store.work);
    store.work.claim = (request) => {
      named.push(request.queues.length);
      return claim(request);
    };
    await engine.startWorkerOn(store, workflows, { concurrency: 10 });
    await eventually(() => order.length === runs.length, 20_000);
    expect(named).toContain(100);
    await eventually(() => named.at(-1) === 250);
    const cold = order.flatMap((queue, place) => (queue === 125 ? [] : [place]));
    expect(cold).toHaveLength(249);
    // Each time around a claim takes no more of the one that has many than it takes of all others.
    expect(Math.max(...cold)).toBeLessThan(1_000);
  });

  it('looks first into the queue that has rung: nobody else is told of it', async () => {
    const queues = Array.from({ length: 20 }, (_, i) => `queue-${i}`);
    const workflows = queues.map((queue) => defineWorkflow(`in-${queue}`, { queue }, () => queue));
    const store = engine.newStore();
    const claims: { first: string | undefined; ids: string[] }[] = [];
    const claim = store.work.claim.bind(store.work);
    store.work.claim = async (request) => {
      const claimed = await claim(request);
      claims.push({ first: request.queues[0], ids: claimed.runs.map(({ id }) => id) });
      return claimed;
    };
    await engine.startWorkerOn(store, workflows);
    await eventually(() => claims.length > 0);
    for (const i of [17, 3, 11, 3]) {
      const run = await engine.client.run(workflows[i] as (typeof workflows)[number], undefined);
      await run.result({ timeoutMs: 20_000 });
      expect(claims.find(({ ids }) => ids.includes(run.id))?.first).toBe(queues[i]);
    }
  });

  it('recovers lost runs, however often claims find nothing', async () => {
    const one = defineWorkflow('one', { queue: 'work' }, () => 'done');
    // As a worker leaves it that was killed: running, with a lease that nobody renews.
    const lost = await engine.client.run(one, null);
    const claim = { workerId: 'dead', token: 'dead', queues: ['work'], limit: 1, leaseMs: 300 };
    await expect(engine.newStore().work.claim(claim)).resolves.toMatchObject({ runs: [{ id: lost.id }] });
    await engine.startWorker([one], { runtime: { leaseMs: 300, reaperIntervalMs: 200 } });
    let producing = true;
    const producer = (async () => {
      for (; producing; await delay(50)) await engine.client.run(one, null);
    })();
    await engine.untilStatus(lost, 'succeeded');
    producing = false;
    await producer;
    await eventually(async () => (await engine.client.listRuns({ status: 'queued' })).runs.length === 0, 20_000);
  });
});
