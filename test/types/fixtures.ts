import { Step, Workflow, type WorkflowContext, defineWorkflow } from '@redflow/nestjs';
import { z } from 'zod';

/** What callers pass differs from what the handler gets: a default, a coercion and a transform. */
export const OrderInput = z.object({
  orderId: z.string(),
  priority: z.number().default(0),
  items: z.string().transform((text) => text.split(',')),
});

export interface RawOrder {
  orderId: string;
  priority?: number | undefined;
  items: string;
}

export interface Shipment {
  readonly shippedAt: Date;
  readonly weights: Map<string, number>;
  readonly note: string | undefined;
}

export interface JournaledShipment {
  readonly shippedAt: string;
  readonly weights: Record<string, never>;
  readonly note: string | undefined;
}

@Workflow({ name: 'order', schema: OrderInput })
export class OrderWorkflow {
  async run(ctx: WorkflowContext<typeof OrderInput>, input: z.output<typeof OrderInput>): Promise<Shipment> {
    const items: string[] = ctx.input.items;
    await this.pack(items.concat(input.items));
    return { shippedAt: new Date(), weights: new Map(), note: undefined };
  }

  @Step({ timeoutMs: 1_000, key: (items: string[]) => items.join() })
  async pack(items: string[]): Promise<number> {
    return items.length;
  }
}

/** Without a schema the second parameter of `run` is the input. */
@Workflow({ name: 'label' })
export class LabelWorkflow {
  run(_ctx: WorkflowContext, input: { orderId: string }): string {
    return input.orderId;
  }
}

@Workflow({ name: 'sweep', cron: [{ expression: '0 3 * * *' }] })
export class SweepWorkflow {
  async run(): Promise<void> {}
}

export const greet = defineWorkflow('greet', { schema: OrderInput }, async ({ input, step }) => {
  const at = await step.run('at', () => new Date());
  return { at, items: input.items, seen: new Date() };
});

export const plain = defineWorkflow('plain', {}, (_ctx, input: { n: number }) => input.n);
