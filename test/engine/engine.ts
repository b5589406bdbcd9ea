import {
  createClient,
  startWorker,
  WorkflowRegistry,
  type ClientOptions,
  type Logger,
  type RedflowClient,
  type RunHandle,
  type RunState,
  type RunStatus,
  type WorkerOptions,
  type WorkflowDefinition,
} from '@redflow/nestjs';
import type { Store } from '../../lib/core/store.js';
import { RedflowClient as Client } from '../../lib/engine/client.js';
import { syncRegistry } from '../../lib/engine/registration.js';
import { resolveWorkerSettings } from '../../lib/engine/worker-options.js';
import { Worker } from '../../lib/engine/worker.js';
import { RedisStore } from '../../lib/redis/redis-store.js';
import { resolveOptions } from '../../lib/runtime/options.js';
import { eventually } from '../support/eventually.js';
import { useRedis, type TestRedis } from '../support/redis.js';
import { HoldingStore } from './holding-store.js';

export type Workflows = readonly WorkflowDefinition<never, unknown>[];
export type RunningWorker = Awaited<ReturnType<typeof startWorker>>;

/** Clients and workers of a test; what is still open after it is closed. */
export interface Engine {
  readonly redis: TestRedis;
  /** Opened on first use. */
  readonly client: RedflowClient;
  /** What the workers and clients of the test have logged: `warn: …`. */
  readonly log: string[];
  newClient(options?: Partial<ClientOptions>): RedflowClient;
  startWorker(workflows: Workflows, options?: Partial<WorkerOptions>): Promise<RunningWorker>;
  /** A store of its own, for {@link startWorkerOn} and {@link newClientOn}. */
  newStore(): HoldingStore;
  startWorkerOn(store: Store, workflows: Workflows, options?: Partial<WorkerOptions>): Promise<Worker>;
  newClientOn(store: HoldingStore): RedflowClient;
  /** A key of redflow under the prefix of the test. */
  key(name: string): string;
  state(run: { readonly id: string }): Promise<RunState>;
  /** Waits until a run has a status, and gives its state. */
  untilStatus(run: { readonly id: string }, status: RunStatus): Promise<RunState>;
}

const WORKER_DEFAULTS = { app: 'test', drainTimeoutMs: 50 };

export function registryOf(workflows: Workflows): WorkflowRegistry {
  const registry = new WorkflowRegistry();
  for (const workflow of workflows) registry.add(workflow);
  return registry;
}

export function useEngine(): Engine {
  const open: (() => Promise<unknown>)[] = [];
  const log: string[] = [];
  const stores: HoldingStore[] = [];
  let client: RedflowClient | undefined;
  // Before the hook of `useRedis`, which finds what was left open.
  afterEach(async () => {
    for (const store of stores.splice(0)) store.releaseAll();
    for (const close of open.splice(0).reverse()) await close();
    client = undefined;
    log.length = 0;
  });
  const redis = useRedis();
  const logger = loggerInto(log);

  const engine: Engine = {
    redis,
    log,
    get client() {
      return (client ??= engine.newClient());
    },
    newClient(options) {
      const created = createClient({ ...redis.options, logger, ...options });
      open.push(() => created.close());
      return created;
    },
    async startWorker(workflows, options) {
      const registry = registryOf(workflows);
      const worker = await startWorker({ ...WORKER_DEFAULTS, ...redis.options, logger, registry, ...options });
      open.push(() => worker.stop());
      return worker;
    },
    newStore() {
      const store = new HoldingStore(new RedisStore(resolveOptions(redis.options)));
      open.push(() => store.close());
      stores.push(store);
      return store;
    },
    async startWorkerOn(store, workflows, options = {}) {
      const registry = registryOf(workflows);
      const { payloads, retention } = resolveOptions({ ...redis.options, ...options });
      const app = options.app ?? WORKER_DEFAULTS.app;
      const settings = resolveWorkerSettings({ ...WORKER_DEFAULTS, ...options }, registry);
      await syncRegistry({ store: store.registry, payloads }, registry, app);
      const worker = new Worker({ store, registry, payloads, retention, app, settings, logger });
      worker.start();
      open.push(() => worker.stop());
      return worker;
    },
    newClientOn(store) {
      const { payloads, retention } = resolveOptions(redis.options);
      return new Client({ store, payloads, retention });
    },
    key: (name) => `{${redis.prefix}}:${name}`,
    async state({ id }) {
      const state = await engine.client.getRun(id);
      if (!state) throw new Error(`there is no run ${id}`);
      return state;
    },
    untilStatus(run, status) {
      return eventually(async () => {
        const state = await engine.state(run);
        expect(state.status).toBe(status);
        return state;
      });
    },
  };
  return engine;
}

/** What a run has failed with. */
export async function failureOf(handle: RunHandle): Promise<unknown> {
  return handle.result().then(
    (output) => Promise.reject(new Error(`it succeeded: ${JSON.stringify(output)}`)),
    (error: unknown) => error,
  );
}

/** The time of Redis in ms. */
export async function redisNow({ commands }: TestRedis): Promise<number> {
  const [seconds, micros] = (await commands.time()) as unknown as [string, string];
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}

/** Members and scores of a sorted set, lowest score first. */
export async function scoresOf({ commands }: TestRedis, key: string): Promise<[member: string, score: number][]> {
  const flat = await commands.zrange(key, '0', '-1', 'WITHSCORES');
  return flat.flatMap((member, i) => (i % 2 === 0 ? [[member, Number(flat[i + 1])]] : []));
}

function loggerInto(log: string[]): Logger {
  const at = (level: string) => (message: string) => void log.push(`${level}: ${message}`);
  return { log: at('log'), warn: at('warn'), error: at('error'), debug: at('debug') };
}
