import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { nowMs } from './clock.js';
import { loadEngine, type EngineChoice } from './engine.js';
import { BenchChild } from './process/child-process.js';
import type { CompletionRequest } from './process/roles.js';
import { readCounters, redisUse, type RedisUse } from './redis-counters.js';

const POLL_MS = 5;
const TIMEOUT_MS = 180_000;

/** What was used between two moments. */
export interface Use {
  readonly ms: number;
  readonly redis: RedisUse;
  /** CPU of each child, in the order in which they were started. */
  readonly childCpuUs: number[];
  /** CPU that other processes took meanwhile, in percent of all cores: what disturbs a measurement. */
  readonly foreignPercent: number;
}

/** One engine, its processes and an empty Redis, for one sample. */
export class Lab {
  readonly #children: BenchChild[] = [];

  private constructor(
    readonly redis: Redis,
    private readonly choice: EngineChoice,
    private readonly hasFinishHook: boolean,
    private readonly profileFolder: string | undefined,
  ) {}

  static async open(url: string, choice: EngineChoice, profileFolder?: string): Promise<Lab> {
    const redis = new Redis(url);
    await redis.flushall('SYNC');
    const { finishHook } = await loadEngine(choice.module);
    return new Lab(redis, choice, finishHook, profileFolder);
  }

  async producer(): Promise<BenchChild> {
    return this.#start('producer');
  }

  async worker(): Promise<BenchChild> {
    return this.#start('worker');
  }

  /** Waits until the workers have finished what is expected. @returns when the last run was */
  async whenFinished(
    expected: CompletionRequest,
    workers: readonly BenchChild[],
    observer: BenchChild,
  ): Promise<number> {
    const { count } = expected;
    const deadline = nowMs() + TIMEOUT_MS;
    for (;;) {
      const progress = await Promise.all(workers.map((worker) => worker.call('progress')));
      const reached = progress.reduce(
        (total, { started, finished }) => total + (this.hasFinishHook ? finished : started),
        0,
      );
      if (reached >= count) {
        if (this.hasFinishHook) return Math.max(...progress.map(({ lastFinishedAt }) => lastFinishedAt));
        // Handlers are done; the rest is to become durable.
        await observer.call('whenCompleted', expected);
        return nowMs();
      }
      if (nowMs() > deadline) throw new Error(`${this.choice.label}: ${reached} of ${count} runs finished in time`);
      await delay(POLL_MS);
    }
  }

  /** Measures what `work` uses; `result` is what it gives. */
  async using<T>(work: () => Promise<T>): Promise<{ use: Use; result: T }> {
    const before = await this.#look();
    const result = await work();
    const after = await this.#look();
    const childCpuUs = after.childCpuUs.map((cpuUs, index) => cpuUs - (before.childCpuUs[index] ?? 0));
    const redis = redisUse(before.redis, after.redis);
    const ownUs = redis.cpuUs + after.parentCpuUs - before.parentCpuUs + childCpuUs.reduce((a, b) => a + b, 0);
    const ms = after.at - before.at;
    const foreignUs = Math.max(0, after.machineCpuUs - before.machineCpuUs - ownUs);
    return { use: { ms, redis, childCpuUs, foreignPercent: foreignUs / (10 * ms * cpus().length) }, result };
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.close()));
    this.redis.disconnect();
  }

  async #start(role: 'producer' | 'worker'): Promise<BenchChild> {
    const profile =
      this.profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${this.profileFolder}/${role}`];
    const child = new BenchChild(profile);
    this.#children.push(child);
    const { host, port } = this.redis.options;
    const { module, opts } = this.choice;
    await child.call('open', { module, context: { host: host ?? '', port: port ?? 0, role, opts } });
    return child;
  }

  async #look() {
    const usages = await Promise.all(this.#children.map((child) => child.call('usage')));
    const { user, system } = process.cpuUsage();
    const redis = await readCounters(this.redis);
    const childCpuUs = usages.map(({ cpuUs }) => cpuUs);
    return { at: nowMs(), redis, childCpuUs, parentCpuUs: user + system, machineCpuUs: machineCpuUs() };
  }
}

function machineCpuUs(): number {
  return cpus().reduce((total, { times }) => total + (times.user + times.nice + times.sys + times.irq) * 1_000, 0);
}
