import { setTimeout as delay } from 'node:timers/promises';
import { usedMemory } from '../redis-counters.js';
import type { Workload } from '../workload.js';

const COUNT = 20_000;
const IDLE_MS = 10_000;
const SETTLE_MS = 3_000;
// Buffers of clients and incremental rehashing come to rest.
const MEMORY_SETTLE_MS = 1_500;

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
      await delay(MEMORY_SETTLE_MS);
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

export const IDLE: Workload = {
  name: 'idle',
  title: `an idle worker of one queue, over ${IDLE_MS / 1_000} s`,
  main: true,
  maxRounds: 2,
  metrics: [
    { name: 'commands', unit: 'commands/s', better: 'less' },
    { name: 'redisCpu', unit: 'ms Redis CPU/s', better: 'less' },
    { name: 'nodeCpu', unit: 'ms Node CPU/s', better: 'less' },
  ],
  measure: async (lab) => {
    const worker = await lab.worker();
    await worker.call('startWorker', { queue: 'idle', concurrency: 50 });
    await delay(SETTLE_MS);
    const { use } = await lab.using(() => delay(IDLE_MS));
    await worker.call('stopWorker');
    const seconds = use.ms / 1_000;
    return {
      values: {
        commands: use.redis.commands / seconds,
        redisCpu: use.redis.cpuUs / 1_000 / seconds,
        nodeCpu: (use.childCpuUs[0] ?? 0) / 1_000 / seconds,
      },
      foreignPercent: use.foreignPercent,
      commands: use.redis.byCommand.map(({ command, calls, usec }) => ({
        command,
        calls: calls / seconds,
        usec: usec / seconds,
      })),
    };
  },
};
