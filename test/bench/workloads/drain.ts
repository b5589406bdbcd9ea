import type { Lab } from '../lab.js';
import type { BenchChild } from '../process/child-process.js';
import { COSTS, commandsPerRun, costs, perSecond, RATE, type Sample, type Workload } from '../workload.js';

interface Drain {
  readonly name: string;
  readonly count: number;
  readonly concurrency: number;
  readonly workers?: number;
  readonly steps?: number;
  readonly main?: boolean;
}

const WARM_UP = 2_000;
const BULK = 1_000;

async function drain(
  lab: Lab,
  workers: BenchChild[],
  producer: BenchChild,
  run: Drain & { queue: string },
): Promise<number> {
  const kind = run.steps ? 'steps' : 'noop';
  await Promise.all(
    workers.map((worker) => worker.call('startWorker', { queue: run.queue, concurrency: run.concurrency, kind })),
  );
  return lab.whenFinished({ queue: run.queue, count: run.count }, workers, producer);
}

async function measure(lab: Lab, run: Drain): Promise<Sample> {
  const { count, steps } = run;
  const producer = await lab.producer();
  const workers = await Promise.all(Array.from({ length: run.workers ?? 1 }, () => lab.worker()));
  const warmUp = Math.ceil(Math.min(WARM_UP, count) / ((steps ?? 0) + 1));
  await producer.call('enqueue', { queue: 'warm-up', count: warmUp, bulk: BULK, steps });
  await drain(lab, workers, producer, { ...run, count: warmUp, queue: 'warm-up' });
  await Promise.all(workers.map((worker) => worker.call('stopWorker')));
  await producer.call('enqueue', { queue: 'measured', count, bulk: BULK, steps });
  const { use, result: endedAt } = await lab.using(() => drain(lab, workers, producer, { ...run, queue: 'measured' }));
  const firstStartAt = Math.min(
    ...(await Promise.all(workers.map((worker) => worker.call('progress')))).map((p) => p.firstStartAt || Infinity),
  );
  const { completed } = await producer.call('counts', 'measured');
  if (completed !== count) throw new Error(`the engine counts ${completed} of ${count} runs as completed`);
  await Promise.all(workers.map((worker) => worker.call('stopWorker')));
  const rate = perSecond(count, endedAt - firstStartAt);
  const workerCpuUs = use.childCpuUs.slice(1).reduce((a, b) => a + b, 0);
  return {
    values: { rate, ...(steps ? { stepRate: rate * steps } : {}), ...costs(use, workerCpuUs, count) },
    foreignPercent: use.foreignPercent,
    commands: commandsPerRun(use, count),
  };
}

function drainWorkload(run: Drain): Workload {
  const { name, count, concurrency, workers = 1, steps, main = false } = run;
  const what = steps ? `runs of ${steps} steps` : 'no-op runs';
  return {
    name,
    title: `drain ${count} ${what}, concurrency ${concurrency}${workers > 1 ? `, ${workers} worker processes` : ''}`,
    main,
    metrics: [RATE, ...(steps ? [{ name: 'stepRate', unit: 'steps/s', better: 'more' } as const] : []), ...COSTS],
    measure: (lab) => measure(lab, run),
  };
}

export const DRAIN: readonly Workload[] = [
  drainWorkload({ name: 'drain', count: 20_000, concurrency: 50, main: true }),
  drainWorkload({ name: 'drain-1', count: 5_000, concurrency: 1 }),
  drainWorkload({ name: 'drain-10', count: 20_000, concurrency: 10 }),
  drainWorkload({ name: 'drain-200', count: 20_000, concurrency: 200 }),
  drainWorkload({ name: 'drain-two-workers', count: 20_000, concurrency: 50, workers: 2 }),
  drainWorkload({ name: 'steps-3', count: 5_000, concurrency: 50, steps: 3, main: true }),
  drainWorkload({ name: 'steps-10', count: 2_000, concurrency: 50, steps: 10 }),
];
