// Not by the front door: Nest would make every new worker slow to load.
import { WorkflowRegistry } from '../../../lib/engine/workflow-registry.js';
import { startWorker } from '../../../lib/runtime/start-worker.js';
import { Journal } from './journal.js';
import { defineWorkflows } from './workflows.js';
import type { WorkerOrder } from './worker-process.js';

/*
 * The process that is killed. It loads everything at once, and waits for the order to start.
 */
const CONCURRENCY = 4;

async function work({ connection, prefix, journal, leaseMs }: WorkerOrder): Promise<void> {
  const registry = new WorkflowRegistry();
  const onBegun = (): void => void process.send?.('begun');
  const { parcel, label } = defineWorkflows({ worker: process.pid, journal: new Journal(journal), onBegun });
  registry.add(parcel);
  registry.add(label);
  const worker = await startWorker({
    app: 'chaos',
    ...{ connection, prefix, registry },
    concurrency: CONCURRENCY,
    // That workers vanish is what is wanted.
    logger: { log: () => undefined, warn: () => undefined, error: (message) => console.error(message) },
    // Only the worker is at fault here, and it is killed more often than a run of ours may be recovered by default.
    runtime: { leaseMs, reaperIntervalMs: 50, maxRecoveries: 1_000 },
  });
  process.on('message', (message: unknown) => {
    if (message === 'stop') void worker.stop().then(() => process.disconnect());
  });
}

process.once('message', (order: WorkerOrder) => void work(order));
process.on('disconnect', () => process.exit());
process.send?.('loaded');
