import { RedflowClient, Workflow, type RunState, type TerminalStatus, type WorkflowContext } from '@redflow/nestjs';
import { z } from 'zod';
import { ReversalWorkflow } from './reversal.workflow.js';

const OrderReference = z.object({ id: z.string() });

/** How far the sweep looks back, in ms. */
const HORIZON_MS = 24 * 3_600_000;

/**
 * Finds the orders that ended without success and has them reversed. A canceled order has no failure
 * handler, and that of a failed one may have failed itself; the sweep goes by what is stored, so it
 * forgets none of them.
 */
@Workflow({
  name: 'sweep',
  queue: 'orders',
  // A demo is short. In production every few minutes is enough.
  cron: [{ id: 'unsuccessful-orders', expression: '*/2 * * * * *' }],
})
export class SweepWorkflow {
  constructor(private readonly redflow: RedflowClient) {}

  async run(ctx: WorkflowContext): Promise<{ started: number }> {
    let started = 0;
    for (const status of ['failed', 'canceled'] as const) {
      for await (const orders of this.ordersThatEnded(status, ctx.signal)) started += await this.reverse(orders);
    }
    if (started > 0) ctx.logger.log(`${started} orders are being reversed`);
    return { started };
  }

  private async *ordersThatEnded(status: TerminalStatus, signal: AbortSignal): AsyncGenerator<RunState[]> {
    let cursor: string | undefined;
    do {
      signal.throwIfAborted();
      const page = await this.redflow.listRuns({ workflow: 'order', status, limit: 100, cursor });
      yield page.runs;
      const oldest = page.runs.at(-1);
      cursor = oldest && oldest.createdAt > Date.now() - HORIZON_MS ? page.nextCursor : undefined;
    } while (cursor !== undefined);
  }

  /** The id of the order's run as idempotency key: every sweep after the first finds the same reversal. */
  private async reverse(orders: readonly RunState[]): Promise<number> {
    const handles = await this.redflow.runMany(
      orders.map((run) => ({
        workflow: ReversalWorkflow,
        input: { orderId: OrderReference.parse(run.input).id },
        options: { idempotencyKey: run.id },
      })),
    );
    return handles.filter((handle) => handle.created).length;
  }
}
