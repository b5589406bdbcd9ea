import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import type * as Redflow from '../../../lib/index.js';
import type { BenchPayload, Engine, EngineContext, WorkerRequest } from '../engine.js';

export const needs = 'redis';
// What is counted is what lies finished in Redis.
export const finishHook = false;

const REPOSITORY = join(import.meta.dirname, '../../..');
const PREFIX = 'bench';
// A no-op workflow must not be held up by the limit that protects real ones.
const UNLIMITED = 100_000;
// That nothing is persisted is meant here, and no news.
const ERRORS_ONLY = { log: () => undefined, warn: () => undefined, error: (message: string) => console.error(message) };

export function version(): string {
  return (createRequire(import.meta.url)(join(REPOSITORY, 'package.json')) as { version: string }).version;
}

/** Options: `retain=all` keeps finished runs for ever; `dist` is the folder of another build, to compare two. */
export async function create({ host, port, opts }: EngineContext): Promise<Engine> {
  const dist = opts['dist'] ?? join(REPOSITORY, 'dist');
  const redflow = (await import(pathToFileURL(join(dist, 'index.js')).href)) as typeof Redflow;
  const retention = opts['retain'] === 'all' ? ({ succeeded: false } as const) : undefined;
  const shared = { connection: { host, port }, prefix: PREFIX, retention, logger: ERRORS_ONLY };
  const client = redflow.createClient(shared);
  const monitor = new Redis({ host, port, lazyConnect: true });
  const settings = (queue: string) => ({ queue, maxConcurrency: UNLIMITED });
  const references = new Map<string, Redflow.WorkflowDefinition>();

  function reference(queue: string): Redflow.WorkflowDefinition {
    let definition = references.get(queue);
    if (!definition) {
      definition = redflow.defineWorkflow(queue, settings(queue), () => 1);
      references.set(queue, definition);
    }
    return definition;
  }

  function workflow(queue: string, { kind, handler, onStep }: WorkerRequest): Redflow.WorkflowDefinition {
    if (kind === 'noop')
      return redflow.defineWorkflow(queue, settings(queue), ({ input }) => handler(input as BenchPayload));
    return redflow.defineWorkflow(queue, settings(queue), async ({ input, step }) => {
      const payload = input as BenchPayload;
      for (let i = 0; i < (payload.steps ?? 0); i++) {
        await step.run(`step-${i}`, () => i);
        onStep();
      }
      return handler(payload);
    });
  }

  return {
    setup: async () => undefined,
    enqueue: (queue, payload, options) => client.run(reference(queue), payload, options),
    enqueueBulk: (queue, payloads, options) => {
      const definition = reference(queue);
      return client.runMany(payloads.map((input) => ({ workflow: definition, input, options })));
    },
    enqueueAndWait: async (queue, payload) =>
      (await client.run(reference(queue), payload)).result({ timeoutMs: 30_000 }),
    startWorker: async (queue, request) => {
      const registry = new redflow.WorkflowRegistry();
      registry.add(workflow(queue, request));
      return redflow.startWorker({
        ...shared,
        app: 'bench',
        registry,
        concurrency: request.concurrency,
        drainTimeoutMs: 2_000,
      });
    },
    counts: async (queue) => {
      const count = (status: string) => monitor.zcard(`{${PREFIX}}:workflow-runs:${queue}:${status}`);
      const [waiting, completed] = await Promise.all([count('queued'), count('succeeded')]);
      return { waiting, completed };
    },
    close: async () => {
      monitor.disconnect();
      await client.close();
    },
  };
}
