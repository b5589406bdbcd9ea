import { createClient, examine, type RunHandle, type Violation } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { WorkerProcess } from './support/worker-process.js';
import type { WorkerOrder } from './support/worker-order.js';

export interface RollingResult {
  readonly restarts: number;
  readonly runs: number;
  /** Outputs other than the attempt 1. */
  readonly wrong: readonly unknown[];
  /** Processes that did not end with 0, or wrote to their standard error. */
  readonly unclean: readonly string[];
  /** What workers said of runs whose worker had vanished: none has. */
  readonly recovered: readonly string[];
  readonly handedBack: number;
  readonly violations: readonly Violation[];
}

const WORKERS = 4;
const CONCURRENCY = 2;
const PATIENCE_MS = 60_000;
const SHORT = { steps: 3, stepMs: 5 };
/** Longer than the drain. */
const LONG = { steps: 3, stepMs: 500 };
/** Enough of the long ones for every slot, so that no worker goes without. */
const INPUTS = [SHORT, SHORT, ...Array.from({ length: WORKERS * CONCURRENCY }, () => LONG)];

/** Replaces the workers one after the other by SIGTERM, so many rounds, each in the middle of a long run. */
export async function rollWorkers(options: {
  connection: string;
  prefix: string;
  rounds: number;
}): Promise<RollingResult> {
  const { connection, prefix, rounds } = options;
  // A lease so long that a run which is not handed back would be missed.
  const order: WorkerOrder = {
    ...{ connection, prefix, workflows: ['steady'] },
    ...{ concurrency: CONCURRENCY, leaseMs: 60_000, drainTimeoutMs: 150 },
  };
  const client = createClient({ connection, prefix });
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => WorkerProcess.start(order)));
  const gone: WorkerProcess[] = [];
  const handles: RunHandle[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < WORKERS; i++) {
        const old = workers[i] as WorkerProcess;
        const started = await client.runMany(INPUTS.map((input) => ({ workflow: 'steady', input })));
        handles.push(...started);
        const next = WorkerProcess.start(order);
        const long = new Set(started.filter((_, n) => INPUTS[n] === LONG).map(({ id }) => id));
        await eventually(() => old.heard('body').some(({ run = '' }) => long.has(run)), PATIENCE_MS);
        old.signal('SIGTERM');
        await old.whenExited();
        gone.push(old);
        workers[i] = await next;
      }
    }
    const outputs = await Promise.all(handles.map((handle) => handle.result({ timeoutMs: PATIENCE_MS }).catch(String)));
    for (const worker of workers) worker.signal('SIGTERM');
    await Promise.all(workers.map((worker) => worker.whenExited()));
    gone.push(...workers);
    const { violations } = await examine({ connection, prefix, leaseGraceMs: 0 });
    return {
      ...judge(gone),
      restarts: rounds * WORKERS,
      runs: handles.length,
      violations,
      wrong: outputs.filter((output) => output !== 1),
    };
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
    await client.close();
  }
}

function judge(workers: readonly WorkerProcess[]): Pick<RollingResult, 'unclean' | 'recovered' | 'handedBack'> {
  const said = workers.flatMap((worker) => [...worker.heard('warn'), ...worker.heard('error')]);
  const messages = said.map(({ detail }) => detail ?? '');
  const handedBack = messages.map((message) => /^shutdown: (\d+) runs/.exec(message)?.[1] ?? 0).map(Number);
  return {
    unclean: workers
      .filter(({ exitCode, errors }) => exitCode !== 0 || errors !== '')
      .map((w) => `${w.exitCode}: ${w.errors}`),
    recovered: messages.filter((message) => message.includes('vanished') || message.includes('closed')),
    handedBack: handedBack.reduce((sum, count) => sum + count, 0),
  };
}
