import { setTimeout as delay } from 'node:timers/promises';
import { startWorker, type RunningWorker, type WorkerOptions } from '../../../lib/index.js';
import { Journal } from './journal.js';
import { readSettings } from './settings.js';
import { quickRegistry, stormRegistry } from './workflows.js';

const { url, prefix, journals, leaseMs } = readSettings();
const journal = new Journal(journals);
const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };

process.on('unhandledRejection', (error) => {
  journal.write({ event: 'refused', what: `unhandled rejection: ${String(error)}` });
  process.exit(70);
});

const common = {
  connection: url,
  prefix,
  drainTimeoutMs: 500,
  // Storms crash workers far more often than poison pills do.
  runtime: { leaseMs, reaperIntervalMs: 200, maxRecoveries: 1_000 },
  logger: silent,
};
const workers: readonly WorkerOptions[] = [
  { ...common, app: 'storm', registry: stormRegistry(journal), concurrency: 20 },
  { ...common, app: 'storm-quick', registry: quickRegistry(), concurrency: 2 },
];

/** As a supervisor would: a worker that finds no Redis is started again. */
async function start(options: WorkerOptions): Promise<RunningWorker> {
  for (;;) {
    try {
      return await startWorker(options);
    } catch (error) {
      journal.write({ event: 'refused', what: `start: ${(error as Error).message}` });
      await delay(200);
    }
  }
}

const running = await Promise.all(workers.map(start));

process.on('SIGTERM', () => {
  void Promise.all(running.map((worker) => worker.stop())).then(() => {
    journal.close();
    process.exit(0);
  });
});
process.send?.('ready');
