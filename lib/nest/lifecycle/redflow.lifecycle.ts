import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import type { Worker } from '../../engine/worker.js';
import type { RedflowRuntime } from '../../runtime/redflow-runtime.js';
import type { DiscoveredWorkflow } from '../discovery/discovered-workflow.js';
import { DiscoveredWorkflows } from '../discovery/discovered-workflows.registry.js';
import { LazyModulesObserver } from '../discovery/lazy-modules.observer.js';
import { REDFLOW_OPTIONS, REDFLOW_RUNTIME } from '../redflow.module-definition.js';
import type { ResolvedModuleOptions } from '../redflow.options.js';

/**
 * Ties the instance to the life of the application: scan, start, quiet, drain, close. Lives on after a failed
 * start, so that `app.close()` cleans up whatever there is.
 */
@Injectable()
export class RedflowLifecycle
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #workers: Worker[] = [];
  readonly #served = new Set<string>();
  #phase: 'init' | 'started' | 'stopping' | 'closed' = 'init';
  #turn: Promise<void> = Promise.resolve();

  constructor(
    @Inject(REDFLOW_OPTIONS) private readonly options: ResolvedModuleOptions,
    @Inject(REDFLOW_RUNTIME) private readonly runtime: RedflowRuntime,
    @Inject(DiscoveredWorkflows) private readonly workflows: DiscoveredWorkflows,
    @Inject(LazyModulesObserver) private readonly lazyModules: LazyModulesObserver,
  ) {}

  onModuleInit(): void {
    this.workflows.refresh();
    this.lazyModules.observe(() => this.#inTurn(() => this.#serveNew(this.workflows.refresh())));
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#phase = 'started';
    try {
      await this.#inTurn(() => this.#startWorker());
    } catch (error) {
      // Nest calls no shutdown hook by itself after a failed start: leave no connection behind.
      await this.#close();
      throw error;
    }
  }

  onModuleDestroy(): void {
    this.lazyModules.unobserve();
    if (this.#phase !== 'closed') this.#phase = 'stopping';
    for (const worker of this.#workers) worker.quiet();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#turn.catch(() => undefined);
    await Promise.all(this.#workers.splice(0).map((worker) => worker.stop()));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#close();
  }

  // A process that has no workflow would only remove those of its app from Redis: it is a producer.
  async #startWorker(): Promise<void> {
    const { worker: settings } = this.options;
    if (settings === false || this.#phase !== 'started') return;
    const { registry } = this.workflows;
    if (registry.list().length === 0 && settings.queues === undefined) return;
    const queues = (settings.queues ?? registry.queues()).filter((queue) => !this.#served.has(queue));
    const worker = await this.runtime.startWorker({ app: this.options.app, registry, settings: { ...settings, queues } });
    this.#workers.push(worker);
    for (const queue of queues) this.#served.add(queue);
    this.options.logger.log(`Runs workflows of ${queues.map((queue) => `"${queue}"`).join(', ')}`);
  }

  /** Of lazily loaded modules: the running worker knows them by the registry; a new queue needs a worker of its own. */
  async #serveNew(fresh: readonly DiscoveredWorkflow[]): Promise<void> {
    const { worker: settings, app } = this.options;
    if (fresh.length === 0 || settings === false || this.#phase !== 'started') return;
    const unserved = fresh.some(({ definition }) => !this.#served.has(definition.queue));
    if (unserved && settings.queues === undefined) return this.#startWorker();
    await this.runtime.client.syncRegistry(this.workflows.registry, { app });
  }

  async #inTurn(action: () => Promise<void>): Promise<void> {
    const turn = this.#turn.catch(() => undefined).then(action);
    this.#turn = turn;
    return turn;
  }

  async #close(): Promise<void> {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    await this.runtime.close();
  }
}
