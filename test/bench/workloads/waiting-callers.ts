import { setTimeout as delay } from 'node:timers/promises';
import { percentiles } from '../statistics.js';
import { COSTS, commandsPerRun, costs, perSecond, RATE, type Metric, type Workload } from '../workload.js';

const SETTLE_MS = 500;

const LATENCY: readonly Metric[] = ['startP50', 'startP95', 'startP99', 'resultP50', 'resultP95', 'resultP99'].map(
  (name) => ({
    name,
    unit: `ms until ${name.startsWith('start') ? 'the handler begins' : 'the caller has the result'}, ${name.slice(-3).toLowerCase()}`,
    better: 'less',
  }),
);

/** One run at a time against an idle worker. */
export const LATENCY_IDLE: Workload = {
  name: 'latency',
  title: 'latency on an idle worker: 300 runs, one at a time, 5 ms pause',
  main: true,
  metrics: [
    ...LATENCY,
    { name: 'redisCpu', unit: 'µs Redis CPU/run', better: 'less' },
    { name: 'commands', unit: 'commands/run', better: 'less' },
  ],
  measure: async (lab) => {
    const [producer, worker] = [await lab.producer(), await lab.worker()];
    const [count, warmUp] = [300, 50];
    await worker.call('startWorker', { queue: 'latency', concurrency: 10 });
    await producer.call('sendAndWait', { queue: 'latency', count: warmUp, callers: 1, pauseMs: 5 });
    await delay(SETTLE_MS);
    const { use, result } = await lab.using(() =>
      producer.call('sendAndWait', { queue: 'latency', count, callers: 1, pauseMs: 5 }),
    );
    const delays = (await worker.call('delays')).slice(warmUp);
    await worker.call('stopWorker');
    const { redisCpu = 0, commands = 0 } = costs(use, 0, count);
    return {
      values: { ...percentiles('start', delays), ...percentiles('result', result.durations), redisCpu, commands },
      foreignPercent: use.foreignPercent,
      commands: commandsPerRun(use, count),
    };
  },
};

function closedLoop(name: string, count: number, steps: number): Workload {
  return {
    name,
    title: `50 callers that wait for their result, ${count} runs of ${steps} steps, concurrency 50`,
    main: false,
    metrics: [RATE, ...LATENCY.filter((metric) => metric.name.startsWith('result')), ...COSTS],
    measure: async (lab) => {
      const [producer, worker] = [await lab.producer(), await lab.worker()];
      const request = { queue: 'closed', callers: 50, steps };
      await worker.call('startWorker', { queue: 'closed', concurrency: 50, kind: 'steps' });
      await producer.call('sendAndWait', { ...request, count: 500 });
      const { use, result } = await lab.using(() => producer.call('sendAndWait', { ...request, count }));
      await worker.call('stopWorker');
      const nodeCpuUs = use.childCpuUs.reduce((a, b) => a + b, 0);
      const rate = perSecond(count, result.endedAt - result.startedAt);
      return {
        values: { rate, ...percentiles('result', result.durations), ...costs(use, nodeCpuUs, count) },
        foreignPercent: use.foreignPercent,
        commands: commandsPerRun(use, count),
      };
    },
  };
}

export const CLOSED_LOOPS: readonly Workload[] = [
  closedLoop('waiting-callers', 5_000, 0),
  closedLoop('waiting-callers-steps', 3_000, 3),
];
