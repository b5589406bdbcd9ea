import {
  OnFailure,
  Step,
  Workflow,
  type WorkflowContext,
  type WorkflowDefinition,
  type WorkflowFailure,
  WorkflowRegistry,
  defineWorkflow,
} from '@redflow/nestjs';
import { z } from 'zod';
import type { Equal, Expect } from './expect-type.js';
import { OrderInput, OrderWorkflow, type RawOrder, greet, plain } from './fixtures.js';

type Order = z.output<typeof OrderInput>;

export type Definitions = [
  Expect<Equal<typeof greet, WorkflowDefinition<RawOrder, { at: string; items: string[]; seen: Date }>>>,
  Expect<Equal<typeof plain, WorkflowDefinition<{ n: number }, number>>>,
];

export const handlersGetTheParsedInput = defineWorkflow(
  'typed',
  {
    schema: OrderInput,
    onFailure: (failure) => failure satisfies WorkflowFailure<Order>,
  },
  (ctx, input) => {
    ctx satisfies WorkflowContext<Order>;
    input satisfies Order;
    // @ts-expect-error items have been split
    input.items.toUpperCase();
    return input.priority.toFixed();
  },
);

// @ts-expect-error the handler does not take what the schema gives
defineWorkflow('wrong-handler', { schema: OrderInput }, (_ctx, input: { items: string }) => input.items);

// @ts-expect-error options are known
defineWorkflow('wrong-option', { maxConcurency: 1 }, () => 1);

new WorkflowRegistry().add(greet).add(plain);
// @ts-expect-error a class is not a definition
new WorkflowRegistry().add(OrderWorkflow);

@Workflow({ schema: OrderInput })
export class ContextOfParsedInput {
  run(_ctx: WorkflowContext<Order>, input: Order): string[] {
    return input.items;
  }
}

@Workflow({ schema: OrderInput })
export class InputOfContext {
  run({ input }: WorkflowContext<typeof OrderInput>): string[] {
    return input.items;
  }
}

@Workflow({ schema: OrderInput })
export class WiderInput {
  run(_ctx: WorkflowContext, input: { orderId: string }): string {
    return input.orderId;
  }
}

// @ts-expect-error `run` takes what callers pass, not what the schema gives
@Workflow({ schema: OrderInput })
export class TakesRawInput {
  run(_ctx: WorkflowContext<typeof OrderInput>, input: RawOrder): string {
    return input.items;
  }
}

// @ts-expect-error the context belongs to another schema
@Workflow({ schema: OrderInput })
export class OtherContext {
  run(ctx: WorkflowContext<{ n: number }>): number {
    return ctx.input.n;
  }
}

// @ts-expect-error options are known
@Workflow({ maxConcurency: 1 })
export class WrongOption {
  run(): void {}
}

export class StepMethods {
  @Step()
  async plain(id: string): Promise<string> {
    return id;
  }

  @Step({ timeoutMs: 4_000 })
  async limited(id: string, _count: number): Promise<string> {
    return id;
  }

  @Step({ key: (id: string) => id })
  async keyedByItsFirst(id: string, _count: number): Promise<string> {
    return id;
  }

  @Step({ key: (id: string) => id, retries: { maxAttempts: 2 } })
  async keyed(id: string): Promise<{ id: string }> {
    return { id };
  }

  // @ts-expect-error a step is asynchronous
  @Step()
  synchronous(): number {
    return 1;
  }

  // @ts-expect-error the key takes the arguments of the method
  @Step({ key: (id: number) => String(id) })
  async wrongKey(id: string): Promise<string> {
    return id;
  }

  // @ts-expect-error a date comes back as a string: a step is typed as what it returns
  @Step()
  async notWhatComesBack(): Promise<Date> {
    return new Date();
  }

  @OnFailure()
  async compensate(failure: WorkflowFailure<Order>): Promise<void> {
    failure.input satisfies Order;
  }
}
