import type { RedflowClient } from '../engine/client.js';
import type { WorkerSettings } from '../engine/worker-options.js';
import type { Worker } from '../engine/worker.js';
import type { WorkflowRegistry } from '../engine/workflow-registry.js';
import type { RedflowOptions } from './options.js';

/** One store for a client and, if wanted, a worker: what the Nest module holds. */
export declare class RedflowRuntime {
  /** Checks the options. Connects lazily. @throws ConfigurationError */
  constructor(options: RedflowOptions);
  readonly client: RedflowClient;
  /** Syncs the registry, then starts the loops. @throws ConfigurationError, ConnectionError */
  startWorker(request: { app: string; registry: WorkflowRegistry; settings: WorkerSettings }): Promise<Worker>;
  /** Closes every connection that it opened. Stop the worker first. */
  close(): Promise<void>;
}
