import { setTimeout as delay } from 'node:timers/promises';
import type { Lab, Use } from '../lab.js';
import type { BenchChild } from '../process/child-process.js';
import { commandsPerRun, costs, costsPer, perSecond, type Metric, type Workload } from '../workload.js';

const IDLE_MS = 10_000;
const SETTLE_MS = 3_000;
const CRON_MS = 20_000;

const IDLE_METRICS: readonly Metric[] = [
  { name: 'commands', unit: 'commands/s', better: 'less' },
  { name: 'redisCpu', unit: 'ms Redis CPU/s', better: 'less' },
  { name: 'nodeCpu', unit: 'ms Node CPU/s', better: 'less' },
];

/** What a worker uses that has nothing to do, once it has come to rest. */
export async function idleUse(lab: Lab, settleMs = SETTLE_MS): Promise<Use> {
  await delay(settleMs);
  return (await lab.using(() => delay(IDLE_MS))).use;
}

/** Per second. @param cpuUs of the worker */
export function idleCosts({ ms, redis }: Use, cpuUs: number): { commands: number; redisCpu: number; nodeCpu: number } {
  return {
    commands: perSecond(redis.commands, ms),
    redisCpu: perSecond(redis.cpuUs / 1_000, ms),
    nodeCpu: perSecond(cpuUs / 1_000, ms),
  };
}

export const IDLE: Workload = {
  name: 'idle',
  title: `an idle worker of one queue, over ${IDLE_MS / 1_000} s`,
  main: true,
  maxRounds: 2,
  metrics: IDLE_METRICS,
  measure: async (lab) => {
    const worker = await lab.worker();
    await worker.call('startWorker', { queue: 'idle', concurrency: 50 });
    const use = await idleUse(lab);
    await worker.call('stopWorker');
    return {
      values: idleCosts(use, use.childCpuUs[0] ?? 0),
      foreignPercent: use.foreignPercent,
      commands: commandsPerRun(use, use.ms / 1_000),
    };
  },
};

async function ticksOf(worker: BenchChild): Promise<number> {
  return (await worker.call('progress')).started;
}

export const CRON: Workload = {
  name: 'cron',
  title: `one cron trigger every second, over ${CRON_MS / 1_000} s: all that the worker uses, per tick`,
  main: false,
  maxRounds: 2,
  note: 'BullMQ: upsertJobScheduler() with the same cron expression. A tick includes its run, and what an idle worker uses in a second',
  metrics: [{ name: 'ticks', unit: 'ticks/s', better: 'more' }, ...costsPer('tick')],
  measure: async (lab) => {
    const worker = await lab.worker();
    await worker.call('startWorker', { queue: 'cron', concurrency: 50, cron: '* * * * * *' });
    await delay(SETTLE_MS);
    const before = await ticksOf(worker);
    const { use } = await lab.using(() => delay(CRON_MS));
    const ticks = (await ticksOf(worker)) - before;
    await worker.call('stopWorker');
    if (ticks === 0) throw new Error('the cron trigger has started nothing');
    return {
      values: { ticks: perSecond(ticks, use.ms), ...costs(use, use.childCpuUs[0] ?? 0, ticks) },
      foreignPercent: use.foreignPercent,
      commands: commandsPerRun(use, ticks),
    };
  },
};
