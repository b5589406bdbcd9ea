import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../lab.js';
import type { BenchChild } from '../process/child-process.js';
import { watchScripts } from '../redis-slowlog.js';
import { commandsPerRun, costs, perSecond, type Metric, type Sample, type Workload } from '../workload.js';

const COUNT = 20_000;
// Longer than elsewhere: code that still gets faster would pass for a difference between the sizes.
const WARM_UP = 20_000;
// Incremental rehashing comes to rest.
const SETTLE_MS = 2_000;
const CONCURRENCY = 50;
const BULK = 1_000;

export const BACKLOG_SIZES: readonly number[] = [1_000, 100_000, 1_000_000];

/** The figures of one size, and how they grow from the first size to the last. */
function metricsOf(sizes: readonly number[]): Metric[] {
  const ofSize = (size: string): Metric[] => [
    { name: `rate@${size}`, unit: `${size} waiting: runs/s`, better: 'more' },
    { name: `redisCpu@${size}`, unit: `${size} waiting: µs Redis CPU/run`, better: 'less' },
    { name: `commands@${size}`, unit: `${size} waiting: commands/run`, better: 'less' },
    { name: `longest@${size}`, unit: `${size} waiting: µs, the longest script`, better: 'less' },
  ];
  const growth = `of ${short(sizes.at(-1))} to ${short(sizes[0])}`;
  return [
    ...sizes.flatMap((size) => ofSize(short(size))),
    { name: 'rateGrowth', unit: `runs/s ${growth}`, better: 'more' },
    { name: 'redisCpuGrowth', unit: `Redis CPU/run ${growth}`, better: 'less' },
    { name: 'longestGrowth', unit: `longest script ${growth}`, better: 'less' },
  ];
}

/** One size: the worker begins on a queue of `size + COUNT`, and ends no more than `COUNT`. */
async function drainFrom(lab: Lab, producer: BenchChild, worker: BenchChild, size: number): Promise<Sample> {
  const queue = `backlog-${size}`;
  await producer.call('enqueue', { queue, count: size + COUNT, bulk: BULK });
  await delay(SETTLE_MS);
  const drain = async () => {
    await worker.call('startWorker', { queue, concurrency: CONCURRENCY, limit: COUNT });
    return lab.whenFinished({ queue, count: COUNT }, [worker], producer);
  };
  const { longest, result } = await watchScripts(lab.redis, () => lab.using(drain));
  const { use, result: endedAt } = result;
  const { firstStartAt } = await worker.call('progress');
  await worker.call('stopWorker');
  const { redisCpu = NaN, commands = NaN } = costs(use, 0, COUNT);
  const values = { rate: perSecond(COUNT, endedAt - firstStartAt), redisCpu, commands, longest };
  return { values, foreignPercent: use.foreignPercent, commands: commandsPerRun(use, COUNT) };
}

async function measure(lab: Lab, sizes: readonly number[]): Promise<Sample> {
  const [producer, worker] = [await lab.producer(), await lab.worker()];
  await producer.call('enqueue', { queue: 'warm-up', count: WARM_UP, bulk: BULK });
  await worker.call('startWorker', { queue: 'warm-up', concurrency: CONCURRENCY });
  await lab.whenFinished({ queue: 'warm-up', count: WARM_UP }, [worker], producer);
  await worker.call('stopWorker');
  const samples: Sample[] = [];
  for (const size of sizes) samples.push(await drainFrom(lab, producer, worker, size));
  const named = samples.flatMap(({ values }, index) =>
    Object.entries(values).map(([name, value]) => [`${name}@${short(sizes[index])}`, value] as const),
  );
  const growth = (name: string) => (samples.at(-1)?.values[name] ?? NaN) / (samples[0]?.values[name] ?? NaN);
  return {
    values: {
      ...Object.fromEntries(named),
      rateGrowth: growth('rate'),
      redisCpuGrowth: growth('redisCpu'),
      longestGrowth: growth('longest'),
    },
    foreignPercent: Math.max(...samples.map(({ foreignPercent }) => foreignPercent)),
    commands: samples.at(-1)?.commands,
  };
}

function short(size = 0): string {
  if (size > 0 && size % 1_000_000 === 0) return `${size / 1_000_000}M`;
  return size > 0 && size % 1_000 === 0 ? `${size / 1_000}k` : String(size);
}

export function backlogWorkload(sizes: readonly number[]): Workload {
  return {
    name: 'backlog',
    title: `drain ${COUNT} no-op runs while ${sizes.map(short).join(' / ')} more wait, concurrency ${CONCURRENCY}`,
    main: false,
    maxRounds: 3,
    note: 'filling the queue is not counted. The longest script is wall time: on a busy machine it says little',
    metrics: metricsOf(sizes),
    measure: (lab) => measure(lab, sizes),
  };
}
