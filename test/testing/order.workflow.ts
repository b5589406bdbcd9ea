import { z } from 'zod';
import { OnFailure, Step, Workflow, type WorkflowContext, type WorkflowFailure } from '@redflow/nestjs';

export const OrderInput = z.object({ orderId: z.string().min(1), items: z.number().int().positive() });
type Order = z.output<typeof OrderInput>;

/** What the workflow calls: tests pass fakes. */
export class Payments {
  capture(orderId: string): Promise<string> {
    return Promise.resolve(`charge-of-${orderId}`);
  }

  refund(_charge: string): Promise<void> {
    return Promise.resolve();
  }
}

@Workflow({ name: 'label' })
export class LabelWorkflow {
  run(_ctx: WorkflowContext, input: { orderId: string }): { label: string } {
    return { label: `label-of-${input.orderId}` };
  }
}

@Workflow({
  name: 'order',
  schema: OrderInput,
  retries: { maxAttempts: 3, backoff: { type: 'fixed', delayMs: 60_000 } },
})
export class OrderWorkflow {
  constructor(private readonly payments: Payments) {}

  async run(ctx: WorkflowContext<typeof OrderInput>, order: Order) {
    const charge = await this.charge(order.orderId);
    const [stock, label] = await Promise.all([
      ctx.step.run('reserve-stock', () => ({ reserved: order.items, at: new Date(0) })),
      ctx.step.runWorkflow('label', LabelWorkflow, { orderId: order.orderId }),
    ]);
    await ctx.step.run(
      { name: 'receipt', retries: { maxAttempts: 2, backoff: { type: 'fixed', delayMs: 60_000 } } },
      () => 'sent',
    );
    return { charge, stock, label: label.label };
  }

  @Step()
  async charge(orderId: string): Promise<string> {
    return this.payments.capture(orderId);
  }

  @OnFailure()
  async compensate({ input, step }: WorkflowFailure<Order>): Promise<void> {
    await step.run('refund', () => this.payments.refund(input.orderId));
  }
}
