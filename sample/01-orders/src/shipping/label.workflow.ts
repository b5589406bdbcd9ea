import { Workflow, type WorkflowContext } from '@redflow/nestjs';
import { z } from 'zod';
import { Address } from '../orders/order.input.js';
import { ShippingService } from './shipping.service.js';

const LabelInput = z.object({ orderId: z.string(), shipTo: Address });
type LabelInput = z.output<typeof LabelInput>;

export interface Label {
  readonly trackingNumber: string;
  readonly lines: readonly string[];
}

/** Buys the label of a parcel. A workflow of its own: shipping has its own queue, limit and attempts. */
@Workflow({
  name: 'label',
  queue: 'shipping',
  schema: LabelInput,
  maxConcurrency: 25,
  retries: { maxAttempts: 5, backoff: { type: 'exponential', delayMs: 300, maxMs: 5_000 } },
})
export class LabelWorkflow {
  constructor(private readonly shipping: ShippingService) {}

  async run(ctx: WorkflowContext<typeof LabelInput>, { orderId, shipTo }: LabelInput): Promise<Label> {
    const label = await ctx.step.run('buy-label', (call) => this.shipping.buyLabel(orderId, shipTo, call));
    const town = [shipTo.postalCode, shipTo.city].filter(Boolean).join(' ');
    return { trackingNumber: label.trackingNumber, lines: [...shipTo.lines, town, shipTo.country] };
  }
}
