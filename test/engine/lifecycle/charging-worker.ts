import { WorkflowRegistry } from '../../../lib/engine/workflow-registry.js';
import { startWorker } from '../../../lib/runtime/start-worker.js';
import { chargingWorkflow } from './charging-workflow.js';

/** Tells its parent of every step that it executes, and hangs in `REDFLOW_TEST_HANG`. */
const hang = process.env['REDFLOW_TEST_HANG'];
const tell = (message: unknown): void => void process.send?.(message);

const workflow = chargingWorkflow((step) => {
  tell(step);
  return step === hang ? new Promise(() => undefined) : undefined;
});

await startWorker({
  app: 'test',
  registry: new WorkflowRegistry().add(workflow),
  connection: process.env['REDFLOW_TEST_URL'],
  prefix: process.env['REDFLOW_TEST_PREFIX'],
  serverChecks: false,
  runtime: { leaseMs: 1_000 },
});
tell('ready');
