import type { WorkerState } from '../engine/worker.js';
import type { WorkerOptions } from './options.js';
import { RedflowRuntime } from './redflow-runtime.js';

/** A worker without Nest. */
export interface RunningWorker {
  readonly state: WorkerState;
  /** Ms since its loops last took a turn, which they do whether Redis is there or not. */
  readonly sinceTurnMs: number;
  /** Stops claiming; what runs goes on. */
  quiet(): void;
  /** Stops claiming, waits up to `drainTimeoutMs` for running handlers, hands back the rest at once, closes its connections. */
  stop(): Promise<void>;
}

/**
 * Starts a worker without Nest: publishes the registry, then executes runs.
 *
 * @throws ConfigurationError that names the option; ConnectionError where Redis cannot be reached
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const runtime = new RedflowRuntime(options);
  const { app, registry, queues, concurrency, drainTimeoutMs, runtime: timing } = options;
  const settings = { queues, concurrency, drainTimeoutMs, runtime: timing };
  const worker = await runtime.startWorker({ app, registry, settings }).catch(async (error: unknown) => {
    await runtime.close();
    throw error;
  });
  let stopped: Promise<void> | undefined;
  return {
    get state() {
      return worker.state;
    },
    get sinceTurnMs() {
      return worker.sinceTurnMs;
    },
    quiet: () => worker.quiet(),
    stop: () => (stopped ??= worker.stop().then(() => runtime.close())),
  };
}
