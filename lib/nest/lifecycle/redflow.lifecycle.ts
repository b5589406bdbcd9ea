import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import type { WorkerSettings } from '../../engine/worker-options.js';
import type { Worker, WorkerState } from '../../engine/worker.js';
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

  /** Of this process; `undefined` where it needs no worker. */
  get workerState(): WorkerState | 'starting' | undefined {
    if (!this.#needsWorker()) return undefined;
    if (this.#phase === 'closed') return 'stopped';
    if (this.#phase === 'stopping') return 'quiet';
    return this.#workers.length > 0 ? 'running' : 'starting';
  }

  /** From the begin of a shutdown on, and after a failed start. */
  get isStopping(): boolean {
    return this.#phase === 'stopping' || this.#phase === 'closed';
  }

  /** Ms since the loops of all workers have taken a turn. */
  get sinceTurnMs(): number {
    return Math.max(0, ...this.#workers.map((worker) => worker.sinceTurnMs));
  }

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

  // A process without workflows would only remove those of its app from Redis: it is a producer.
  #needsWorker(): boolean {
    const { worker } = this.options;
    return worker !== false && (this.workflows.registry.list().length > 0 || worker.queues !== undefined);
  }

  async #startWorker(): Promise<void> {
    const { worker: settings, app, logger } = this.options;
    if (settings === false || this.#phase !== 'started' || !this.#needsWorker()) return;
    const { registry } = this.workflows;
    const queues = this.#unservedQueues(settings);
    this.#workers.push(await this.runtime.startWorker({ app, registry, settings: { ...settings, queues } }));
    for (const queue of queues) this.#served.add(queue);
    const names = registry.list().map(({ name }) => name);
    logger.log(`Worker started: workflows ${names.join(', ')}; queues ${[...this.#served].join(', ')}`);
  }

  /** Of lazily loaded modules. A running worker knows them by the registry; new queues, and cron, need another one. */
  async #serveNew(fresh: readonly DiscoveredWorkflow[]): Promise<void> {
    const { worker: settings, app } = this.options;
    if (fresh.length === 0 || settings === false || this.#phase !== 'started') return;
    const hasCron = fresh.some(({ definition }) => definition.cron.length > 0);
    if (hasCron || this.#unservedQueues(settings).length > 0) return this.#startWorker();
    await this.runtime.client.syncRegistry(this.workflows.registry, { app });
  }

  #unservedQueues(settings: WorkerSettings): string[] {
    return (settings.queues ?? this.workflows.registry.queues()).filter((queue) => !this.#served.has(queue));
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
