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
