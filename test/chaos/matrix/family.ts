import { createClient, examine, type Violation } from '../../../lib/index.js';
import { WorkerProcess } from './support/worker-process.js';
import type { WorkerOrder } from './support/worker-order.js';

export interface FamilyResult {
  readonly output: unknown;
  /** Runs of the child workflow: one for each step. */
  readonly children: number;
  /** Bodies of children that were executed, over both workers. */
  readonly childBodies: number;
  /** Executions of the parent's body: each wake-up is a replay. */
  readonly parentBodies: number;
  readonly attempt: number | undefined;
  readonly violations: readonly Violation[];
}

export function expectedFamily(children: number): { sum: number; failed: number } {
  const numbers = Array.from({ length: children }, (_, index) => index).filter((index) => index % 10 !== 9);
  return { sum: numbers.reduce((sum, index) => sum + index, 0), failed: children - numbers.length };
}

/** A parent of many children, some of which fail; the only worker is killed when half of them have ended. */
export async function killParentHalfway(options: {
  connection: string;
  prefix: string;
  children: number;
}): Promise<FamilyResult> {
  const { connection, prefix, children } = options;
  const order: WorkerOrder = { connection, prefix, workflows: ['family'], concurrency: 50, leaseMs: 2_000 };
  const client = createClient({ connection, prefix });
  const workers = [await WorkerProcess.start(order)];
  try {
    const parent = await client.runByName('parent', children);
    await workers[0]?.whenHeard('child', Math.ceil(children / 2));
    await workers[0]?.kill();
    workers.push(await WorkerProcess.start(order));
    const output = await parent.result({ timeoutMs: 120_000 });
    const heard = (event: string) => workers.reduce((sum, worker) => sum + worker.heard(event).length, 0);
    const { violations, runs } = await examine({ connection, prefix, leaseGraceMs: 0 });
    const { attempt } = await parent.state();
    return {
      output,
      children: runs - 1,
      childBodies: heard('child'),
      parentBodies: heard('parent'),
      attempt,
      violations,
    };
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
    await client.close();
  }
}
