import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { countHolders } from '../../redis/begun.js';
import { createClient, type RedflowClient, type RunHandle } from '../../../lib/index.js';
import { defineWorkflow } from '../../../lib/engine/define-workflow.js';
import { WorkflowRegistry } from '../../../lib/engine/workflow-registry.js';
import { startWorker } from '../../../lib/runtime/start-worker.js';

const CHUNK = 1_000;

export interface BacklogResult {
  readonly runs: number;
  readonly enqueueMs: number;
  readonly drainMs: number;
  /** Commands that took Redis longer than 10 ms, by name. */
  readonly slow: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  /** The mean of all scripts: what a machine under load has the least to do with. */
  readonly meanScriptMs: number;
  readonly pingP99Ms: number;
}

/** A backlog is built up and worked off; the server is asked for slow scripts, and pinged all the time. */
export async function workOffBacklog(options: {
  connection: string;
  prefix: string;
  runs: number;
}): Promise<BacklogResult> {
  const { connection, prefix, runs } = options;
  const redis = new Redis(connection);
  // Whatever is written while Redis rewrites its file copies pages of memory: slow, whichever command it is.
  await redis.config('SET', 'auto-aof-rewrite-percentage', '0');
  await redis.config('SET', 'slowlog-log-slower-than', '10000');
  await redis.config('SET', 'slowlog-max-len', '10000');
  await redis.slowlog('RESET');
  await redis.config('RESETSTAT');
  const noop = defineWorkflow('noop', { maxConcurrency: 1_000 }, () => undefined);
  const client = createClient({ connection, prefix, commandTimeoutMs: 30_000 });
  const pings = watchPings(connection);
  try {
    const begun = performance.now();
    await enqueue(client, 'noop', runs);
    const enqueued = performance.now();
    const registry = new WorkflowRegistry().add(noop);
    const worker = await startWorker({ app: 'matrix', registry, connection, prefix, concurrency: 100, logger: SILENT });
    await untilEmpty(redis, `{${prefix}}:workflow-runs:noop:`);
    const drained = performance.now();
    await worker.stop();
    return {
      runs,
      enqueueMs: Math.round(enqueued - begun),
      drainMs: Math.round(drained - enqueued),
      pingP99Ms: await pings.stop(),
      ...(await slowCommands(redis)),
    };
  } finally {
    await pings.stop();
    await client.close();
    redis.disconnect();
  }
}

export interface TenantResult {
  /** Of the cold tenant's runs, in ms, from being asked for to the end. */
  readonly coldP95Ms: number;
  /** Runs of the hot tenant that were left when the last cold one had ended. */
  readonly hotLeft: number;
  readonly mostHotHolders: number;
}

/** Many runs of one workflow, and a few of another behind them in the same queue. */
export async function crowdOut(options: {
  connection: string;
  prefix: string;
  hot: number;
  limit: number;
}): Promise<TenantResult> {
  const { connection, prefix, hot, limit } = options;
  const hotTenant = defineWorkflow('hot', { queue: 'shared', maxConcurrency: limit }, () => delay(2));
  const coldTenant = defineWorkflow('cold', { queue: 'shared', maxConcurrency: 10 }, () => delay(2));
  const redis = new Redis(connection);
  const client = createClient({ connection, prefix, commandTimeoutMs: 30_000 });
  let mostHotHolders = 0;
  const sampler = setInterval(() => {
    void countHolders(redis, `{${prefix}}:`, 'hot').then(
      (holders) => (mostHotHolders = Math.max(mostHotHolders, holders)),
    );
  }, 5);
  try {
    const registry = new WorkflowRegistry().add(hotTenant).add(coldTenant);
    await client.syncRegistry(registry, { app: 'matrix' });
    await enqueue(client, 'hot', hot);
    const cold: RunHandle[] = await client.runMany(
      Array.from({ length: 10 }, (_, input) => ({ workflow: 'cold', input })),
    );
    const worker = await startWorker({ app: 'matrix', registry, connection, prefix, concurrency: 20, logger: SILENT });
    await Promise.all(cold.map((handle) => handle.result({ timeoutMs: 60_000 })));
    const hotLeft = hot - (await redis.zcard(`{${prefix}}:workflow-runs:hot:succeeded`));
    await worker.stop();
    const states = await Promise.all(cold.map((handle) => handle.state()));
    const lasted = states.map(({ finishedAt, createdAt }) => (finishedAt ?? Infinity) - createdAt);
    return { coldP95Ms: percentile(lasted, 0.95), hotLeft, mostHotHolders };
  } finally {
    clearInterval(sampler);
    await client.close();
    redis.disconnect();
  }
}

const SILENT = { log: () => undefined, warn: () => undefined, error: () => undefined };

async function enqueue(client: RedflowClient, workflow: string, runs: number): Promise<void> {
  for (let done = 0; done < runs; done += CHUNK) {
    const count = Math.min(CHUNK, runs - done);
    await client.runMany(Array.from({ length: count }, (_, input) => ({ workflow, input })));
  }
}

async function untilEmpty(redis: Redis, indexes: string): Promise<void> {
  for (;;) {
    const left = await Promise.all(['queued', 'running'].map((status) => redis.zcard(indexes + status)));
    if (left.every((count) => count === 0)) return;
    await delay(50);
  }
}

async function slowCommands(redis: Redis): Promise<Pick<BacklogResult, 'slow' | 'slowestMs' | 'meanScriptMs'>> {
  const entries = (await redis.slowlog('GET', 10_000)) as [number, number, number, string[]][];
  const slow: Record<string, number> = {};
  let slowest = 0;
  for (const [, , micros, [command = '']] of entries) {
    slow[command] = (slow[command] ?? 0) + 1;
    slowest = Math.max(slowest, micros);
  }
  const mean = /cmdstat_evalsha:.*usec_per_call=([\d.]+)/.exec(await redis.info('commandstats'))?.[1];
  return { slow, slowestMs: slowest / 1_000, meanScriptMs: Number(mean) / 1_000 };
}

function watchPings(connection: string): { stop(): Promise<number> } {
  const redis = new Redis(connection);
  const lasted: number[] = [];
  let isOver = false;
  const loop = (async () => {
    while (!isOver) {
      const sentAt = performance.now();
      await redis.ping();
      lasted.push(performance.now() - sentAt);
      await delay(5);
    }
    redis.disconnect();
  })();
  return {
    async stop() {
      isOver = true;
      await loop;
      return Math.round(percentile(lasted, 0.99) * 10) / 10;
    },
  };
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
