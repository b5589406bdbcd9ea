import { Injectable } from '@nestjs/common';
import { Step, Workflow, type WorkflowContext } from '@redflow/nestjs';
import { z } from 'zod';

export const GreetingInput = z.object({ name: z.string(), excited: z.boolean().default(true) });

@Injectable()
export class Greeter {
  greet(name: string): string {
    return `hello ${name}`;
  }
}

@Workflow({ name: 'greeting', schema: GreetingInput })
export class GreetingWorkflow {
  constructor(private readonly greeter: Greeter) {}

  async run(ctx: WorkflowContext<typeof GreetingInput>): Promise<{ text: string; at: Date }> {
    const greeting = await this.greet(ctx.input.name);
    const text = await ctx.step.run('finish', () => (ctx.input.excited ? `${greeting}!` : greeting));
    return { text, at: new Date(0) };
  }

  @Step()
  async greet(name: string): Promise<string> {
    return this.greeter.greet(name);
  }
}
