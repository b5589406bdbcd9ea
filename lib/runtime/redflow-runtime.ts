import { RedflowClient } from '../engine/client.js';
import type { Logger } from '../engine/logger.js';
import { checkApp, checkRegistry, syncRegistry } from '../engine/registration.js';
import { resolveWorkerSettings, type WorkerSettings } from '../engine/worker-options.js';
import { Worker } from '../engine/worker.js';
import type { WorkflowRegistry } from '../engine/workflow-registry.js';
import { RedisStore } from '../redis/redis-store.js';
import { CONSOLE_LOGGER } from './console-logger.js';
import { resolveOptions, type RedflowOptions, type ResolvedOptions } from './options.js';

export interface WorkerRequest {
  readonly app: string;
  readonly registry: WorkflowRegistry;
  readonly settings: WorkerSettings;
}

/** One store for a client and, if wanted, workers: where engine and Redis are put together. */
export class RedflowRuntime {
  readonly client: RedflowClient;
  readonly #store: RedisStore;
  readonly #options: ResolvedOptions;
  readonly #logger: Logger;
  #serverChecked: boolean;

  /** Checks the options. Connects on first use. @throws ConfigurationError */
  constructor(options: RedflowOptions) {
    this.#options = resolveOptions(options);
    this.#logger = options.logger ?? CONSOLE_LOGGER;
    this.#serverChecked = options.serverChecks === false;
    const { connection, prefix, commandTimeoutMs, retention, payloads } = this.#options;
    this.#store = new RedisStore({
      connection,
      prefix,
      commandTimeoutMs,
      onConnection: (state, reason) =>
        state === 'lost'
          ? this.#logger.warn(`connection to Redis lost: ${reason}`)
          : this.#logger.log('connection to Redis restored'),
    });
    this.client = new RedflowClient({ store: this.#store, payloads, retention });
  }

  /** Syncs the registry, then starts the loops. @throws ConfigurationError, ConnectionError */
  async startWorker(request: WorkerRequest): Promise<Worker> {
    const registry = checkRegistry(request.registry);
    const { payloads, retention } = this.#options;
    const app = checkApp(request.app);
    const settings = resolveWorkerSettings(request.settings, registry);
    const { foreign } = await syncRegistry({ store: this.#store.registry, payloads }, registry, app);
    for (const name of foreign) this.#logger.warn(`workflow "${name}" is registered by another app than "${app}"`);
    await this.#warnOfServer();
    const worker = new Worker({
      store: this.#store,
      registry,
      payloads,
      retention,
      app,
      settings,
      logger: this.#logger,
    });
    worker.start();
    return worker;
  }

  get commandTimeoutMs(): number {
    return this.#options.commandTimeoutMs;
  }

  /** Whether Redis answers. @throws ConnectionError */
  async ping(): Promise<void> {
    await this.#store.ping();
  }

  // Once per runtime: the server is the same for all its workers.
  async #warnOfServer(): Promise<void> {
    if (this.#serverChecked) return;
    this.#serverChecked = true;
    const warnings = await this.#store.checkServer().catch(() => []);
    for (const warning of warnings) this.#logger.warn(`Redis: ${warning}`);
  }

  /** Closes every connection that it has opened. Stop the workers first. */
  async close(): Promise<void> {
    await this.client.close();
  }
}
