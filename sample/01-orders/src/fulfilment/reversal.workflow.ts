import { Workflow, type WorkflowContext } from '@redflow/nestjs';
import { z } from 'zod';
import { OrderReversal } from './order-reversal.js';

const ReversalInput = z.object({ orderId: z.string() });
type ReversalInput = z.output<typeof ReversalInput>;

/** Reverses one order that did not succeed. Started by the sweep, once per order. */
@Workflow({
  name: 'reversal',
  queue: 'orders',
  schema: ReversalInput,
  maxConcurrency: 10,
  retries: { maxAttempts: 10 },
})
export class ReversalWorkflow {
  constructor(private readonly reversal: OrderReversal) {}

  async run({ step }: WorkflowContext<typeof ReversalInput>, { orderId }: ReversalInput): Promise<void> {
    await this.reversal.reverse(orderId, step);
  }
}
