import { ConfigurationError } from '../core/errors/configuration.error.js';
import { checkInteger, checkName, MAX_TIMER_MS } from '../core/names.js';
import type { WorkflowRegistry } from './workflow-registry.js';

export interface RuntimeOptions {
  /** How long a worker that has vanished keeps its runs, in ms. At least 100. Default 5 000. */
  readonly leaseMs?: number;
  /** Shortest time between two looks for expired leases, in ms. Default 500. */
  readonly reaperIntervalMs?: number;
  /** A run that was recovered more often is failed with kind `recovery_limit`. Default 5. */
  readonly maxRecoveries?: number;
}

export interface WorkerSettings {
  /** The queues that it serves. Default: those of the registered workflows. */
  readonly queues?: readonly string[];
  /** Runs that it executes at once. Default 10. */
  readonly concurrency?: number;
  /** How long a shutdown waits for running handlers, in ms. Default 10 000. */
  readonly drainTimeoutMs?: number;
  readonly runtime?: RuntimeOptions;
}

export interface ResolvedWorkerSettings {
  readonly queues: readonly string[];
  readonly concurrency: number;
  readonly drainTimeoutMs: number;
  readonly leaseMs: number;
  readonly reaperIntervalMs: number;
  readonly maxRecoveries: number;
}

const MAX_CONCURRENCY = 100_000;

/** Checks the settings of a worker and applies the defaults: the only place that knows them. @throws ConfigurationError */
export function resolveWorkerSettings(settings: WorkerSettings, registry: WorkflowRegistry): ResolvedWorkerSettings {
  const runtime = settings.runtime ?? {};
  const queues = settings.queues ?? registry.queues();
  if (!Array.isArray(queues)) throw new ConfigurationError('worker.queues', 'must be a list of names');
  return {
    queues: queues.map((queue, index) => checkName(`worker.queues[${index}]`, queue)),
    concurrency: checkInteger('worker.concurrency', settings.concurrency ?? 10, 1, MAX_CONCURRENCY),
    drainTimeoutMs: checkInteger('worker.drainTimeoutMs', settings.drainTimeoutMs ?? 10_000, 0, MAX_TIMER_MS),
    leaseMs: checkInteger('worker.runtime.leaseMs', runtime.leaseMs ?? 5_000, 100, MAX_TIMER_MS),
    reaperIntervalMs: checkInteger('worker.runtime.reaperIntervalMs', runtime.reaperIntervalMs ?? 500, 1, MAX_TIMER_MS),
    maxRecoveries: checkInteger('worker.runtime.maxRecoveries', runtime.maxRecoveries ?? 5, 0),
  };
}
