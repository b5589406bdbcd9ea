import { createRequire } from 'node:module';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { FlowProducer, Queue, QueueEvents, Worker, type FlowJob, type Job, type JobsOptions } from 'bullmq';
import { Redis } from 'ioredis';
import type { BenchPayload, Engine, EngineContext, WorkerRequest } from '../engine.js';

export const needs = 'redis';
export const finishHook = true;

const RESULT_TIMEOUT_MS = 30_000;
const CHILD = 'child';

export function version(): string {
  return (createRequire(import.meta.url)('bullmq/package.json') as { version: string }).version;
}

/** Options: `retain=none` removes finished jobs; `autopipe=1` turns auto-pipelining on. */
export async function create({ host, port, opts }: EngineContext): Promise<Engine> {
  const connections: Redis[] = [];
  const queues = new Map<string, Queue>();
  const events = new Map<string, Promise<QueueEvents>>();
  const removeOnComplete = opts['retain'] === 'none';
  let flowProducer: FlowProducer | undefined;

  function connect(): Redis {
    const connection = new Redis({
      host,
      port,
      maxRetriesPerRequest: null,
      enableAutoPipelining: opts['autopipe'] === '1',
    });
    connections.push(connection);
    return connection;
  }
  const shared = connect();
  // Every queue and worker listens to it.
  shared.setMaxListeners(0);

  function queueOf(name: string): Queue {
    let queue = queues.get(name);
    if (!queue) {
      queue = new Queue(name, { connection: shared, defaultJobOptions: { removeOnComplete } });
      // Every caller that waits listens for the end of the queue.
      queue.setMaxListeners(0);
      queues.set(name, queue);
    }
    return queue;
  }

  // The children are sent with their parent, which starts once they have ended.
  function flow(queueName: string, data: BenchPayload): FlowJob {
    const job = { queueName, data, opts: { removeOnComplete } };
    const children = Array.from({ length: data.children ?? 0 }, () => ({ ...job, name: CHILD }));
    return { ...job, name: 'bench', children };
  }

  async function listen(name: string): Promise<QueueEvents> {
    const listener = new QueueEvents(name, { connection: connect() });
    listener.setMaxListeners(0);
    await listener.waitUntilReady();
    // Ready does not mean that it reads yet, and what ends before that is missed.
    await delay(50);
    return listener;
  }

  function eventsOf(name: string): Promise<QueueEvents> {
    let listener = events.get(name);
    if (!listener) {
      listener = listen(name);
      events.set(name, listener);
    }
    return listener;
  }

  return {
    setup: async () => {
      if (shared.status !== 'ready') await once(shared, 'ready');
    },
    enqueue: (name, payload, options) => queueOf(name).add('bench', payload, jobOptions(options)),
    enqueueBulk: (name, payloads, options) => {
      if (payloads.some(({ children }) => children !== undefined)) {
        flowProducer ??= new FlowProducer({ connection: shared });
        return flowProducer.addBulk(payloads.map((payload) => flow(name, payload)));
      }
      const opts = jobOptions(options);
      return queueOf(name).addBulk(payloads.map((data) => ({ name: 'bench', data, opts })));
    },
    enqueueAndWait: async (name, payload) => {
      const listener = await eventsOf(name);
      const job = await queueOf(name).add('bench', payload);
      return job.waitUntilFinished(listener, RESULT_TIMEOUT_MS) as Promise<unknown>;
    },
    startWorker: async (name, request) => {
      const worker = new Worker(name, processor(request), { connection: shared, concurrency: request.concurrency });
      worker.on('completed', (job) => {
        if (job.name !== CHILD) request.onFinished();
      });
      worker.on('error', (error) => console.error(`bullmq: ${error.message}`));
      await worker.waitUntilReady();
      if (request.cron !== undefined) {
        const template = { name: 'bench', data: { index: 0, padding: '' } };
        await queueOf(name).upsertJobScheduler('bench', { pattern: request.cron }, template);
      }
      return { stop: () => worker.close(true) };
    },
    counts: async (name) => {
      const counts = await queueOf(name).getJobCounts('wait', 'completed');
      return { waiting: counts['wait'] ?? 0, completed: counts['completed'] ?? 0 };
    },
    close: async () => {
      for (const listener of events.values()) await (await listener).close();
      for (const queue of queues.values()) await queue.close();
      await flowProducer?.close();
      for (const connection of connections) connection.disconnect();
    },
  };
}

function jobOptions({ delayMs }: { delayMs?: number } = {}): JobsOptions | undefined {
  return delayMs === undefined ? undefined : { delay: delayMs };
}

/** A job has no steps of its own: its progress is kept in its data, which is BullMQ's own advice for steps. */
function processor({ kind, handler, onStep }: WorkerRequest): (job: Job<BenchPayload>) => Promise<number> {
  if (kind === 'noop') return (job) => handler(job.data);
  if (kind === 'children') {
    return async (job) => {
      if (job.name === CHILD) return 1;
      await job.getChildrenValues();
      return handler(job.data);
    };
  }
  return async (job) => {
    let data: BenchPayload & { done?: number } = job.data;
    for (let i = data.done ?? 0; i < (data.steps ?? 0); i++) {
      data = { ...data, done: i + 1, [`step-${i}`]: i };
      await job.updateData(data);
      onStep();
    }
    return handler(data);
  };
}
