import { setTimeout as delay } from 'node:timers/promises';
import { usedMemory } from '../redis-counters.js';
import type { Workload } from '../workload.js';

const COUNT = 20_000;
// Buffers of clients and incremental rehashing come to rest.
const SETTLE_MS = 1_500;

export const MEMORY: Workload = {
  name: 'memory',
  title: `memory of Redis per run, payload of 100 bytes, ${COUNT} runs`,
  main: false,
  maxRounds: 2,
  metrics: [
    { name: 'waiting', unit: 'bytes/waiting run', better: 'less' },
    { name: 'finished', unit: 'bytes/finished run', better: 'less' },
  ],
  measure: async (lab) => {
    const [producer, worker] = [await lab.producer(), await lab.worker()];
    const used = async () => {
      await delay(SETTLE_MS);
      return usedMemory(lab.redis);
    };
    const drain = async (count: number, total: number) => {
      await producer.call('enqueue', { queue: 'memory', count, bulk: 1_000 });
      const full = await used();
      await worker.call('startWorker', { queue: 'memory', concurrency: 50 });
      while ((await producer.call('counts', 'memory')).completed < total) await delay(20);
      await worker.call('stopWorker');
      return { full, drained: await used() };
    };
    const { use, result } = await lab.using(async () => {
      const base = await drain(COUNT, COUNT);
      const next = await drain(COUNT, 2 * COUNT);
      return { waiting: (next.full - base.drained) / COUNT, finished: (next.drained - base.drained) / COUNT };
    });
    return { values: result, foreignPercent: use.foreignPercent };
  },
};
