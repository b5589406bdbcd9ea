import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import type * as Redflow from '../../../lib/index.js';
import type { Engine, EngineContext, StartedWorker, WorkerRequest } from '../engine.js';
import { workflowsOf, workflowSettings } from './redflow-workflows.js';

export const needs = 'redis';
// What is counted is what lies finished in Redis.
export const finishHook = false;

const REPOSITORY = join(import.meta.dirname, '../../..');
const PREFIX = 'bench';
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
  const references = new Map<string, Redflow.WorkflowDefinition>();

  function reference(queue: string): Redflow.WorkflowDefinition {
    let definition = references.get(queue);
    if (!definition) {
      definition = redflow.defineWorkflow(queue, workflowSettings(queue), () => 1);
      references.set(queue, definition);
    }
    return definition;
  }

  async function startSharedWorker(queues: readonly string[], request: WorkerRequest): Promise<StartedWorker> {
    const registry = new redflow.WorkflowRegistry();
    for (const definition of queues.flatMap((queue) => workflowsOf(redflow, queue, request))) registry.add(definition);
    return redflow.startWorker({
      ...shared,
      app: 'bench',
      registry,
      concurrency: request.concurrency,
      drainTimeoutMs: 2_000,
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
    startWorker: (queue, request) => startSharedWorker([queue], request),
    startSharedWorker,
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
