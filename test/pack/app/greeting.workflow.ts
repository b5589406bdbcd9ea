import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  Scope,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { type RedflowContextType, Step, Workflow, type WorkflowContext } from '@redflow/nestjs';
import { type Observable, map } from 'rxjs';
import { z } from 'zod';

export const GreetingInput = z.object({ name: z.string(), excited: z.boolean().default(true) });

export interface Greeting {
  text: string;
  at: Date;
}

@Injectable({ scope: Scope.REQUEST })
export class Greeter {
  constructor(@Inject(REQUEST) private readonly context: WorkflowContext) {}

  greet(name: string): string {
    return `hello ${name} in attempt ${this.context.run.attempt}`;
  }
}

@Injectable()
export class RunsOnly implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.getType<RedflowContextType>() === 'redflow';
  }
}

@Injectable()
export class Politeness implements NestInterceptor<Greeting, Greeting> {
  intercept(_context: ExecutionContext, next: CallHandler<Greeting>): Observable<Greeting> {
    return next.handle().pipe(map((greeting) => ({ ...greeting, text: `${greeting.text}, please` })));
  }
}

@UseGuards(RunsOnly)
@UseInterceptors(Politeness)
@Workflow({ name: 'greeting', schema: GreetingInput })
export class GreetingWorkflow {
  constructor(private readonly greeter: Greeter) {}

  async run(ctx: WorkflowContext<typeof GreetingInput>): Promise<Greeting> {
    const greeting = await this.greet(ctx.input.name);
    const text = await ctx.step.run('finish', () => (ctx.input.excited ? `${greeting}!` : greeting));
    return { text, at: new Date(0) };
  }

  @Step()
  async greet(name: string): Promise<string> {
    return this.greeter.greet(name);
  }
}
