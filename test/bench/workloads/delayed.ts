import { setTimeout as delay } from 'node:timers/promises';
import { nowMs } from '../clock.js';
import { PERCENTILES, percentiles } from '../statistics.js';
import { COSTS, commandsPerRun, costs, type Workload } from '../workload.js';

const COUNT = 10_000;
const AHEAD_MS = 6_000;

export const DELAYED: Workload = {
  name: 'delayed',
  title: `${COUNT} runs delayed to one instant, concurrency 50`,
  main: false,
  metrics: [
    { name: 'allDone', unit: 'ms until all have run', better: 'less' },
    { name: 'firstLate', unit: 'ms late, the first', better: 'less' },
    ...PERCENTILES.map((percent) => ({
      name: `lateP${percent}`,
      unit: `ms late, p${percent}`,
      better: 'less' as const,
    })),
    ...COSTS,
  ],
  measure: async (lab) => {
    const [producer, worker] = [await lab.producer(), await lab.worker()];
    await worker.call('startWorker', { queue: 'delayed', concurrency: 50 });
    const dueAt = nowMs() + AHEAD_MS;
    const { endedAt } = await producer.call('enqueue', { queue: 'delayed', count: COUNT, bulk: 1_000, dueAt });
    if (endedAt > dueAt) throw new Error('the runs fell due while they were enqueued');
    await delay(Math.max(0, dueAt - nowMs() - 200));
    const { use, result } = await lab.using(() =>
      lab.whenFinished({ queue: 'delayed', count: COUNT }, [worker], producer),
    );
    const delays = await worker.call('delays');
    await worker.call('stopWorker');
    return {
      values: {
        allDone: result - dueAt,
        firstLate: Math.min(...delays),
        ...percentiles('late', delays),
        ...costs(use, use.childCpuUs[1] ?? 0, COUNT),
      },
      foreignPercent: use.foreignPercent,
      commands: commandsPerRun(use, COUNT),
    };
  },
};
