import {
  Injectable,
  Scope,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Workflow, type WorkflowContext } from '@redflow/nestjs';
import { outputOf, useNest } from './nest-apps.js';
import { body, events, Journal } from './noting-enhancers.js';

beforeEach(() => void events.splice(0));

@Workflow({ name: 'bare' })
class Bare {
  async run(ctx: WorkflowContext, input: unknown): Promise<string> {
    return body(ctx, input);
  }
}

describe('enhancers', () => {
  const nest = useNest();

  describe('that are request-scoped', () => {
    @Injectable({ scope: Scope.REQUEST })
    class Counting implements NestInterceptor {
      #calls = 0;
      constructor(private readonly journal: Journal) {}
      intercept(_context: ExecutionContext, next: CallHandler) {
        this.journal.note(`call ${++this.#calls}`);
        return next.handle();
      }
    }
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient implements CanActivate {
      constructor(private readonly journal: Journal) {}
      canActivate(): boolean {
        this.journal.note('transient');
        return true;
      }
    }

    it('are made for each run', async () => {
      @Workflow()
      @UseInterceptors(Counting)
      class Counted {
        async run(): Promise<void> {}
      }
      const app = await nest.start({ providers: [Journal, Counted] });
      await outputOf(app, Counted);
      await outputOf(app, Counted);
      expect(events).toEqual(['call 1', 'call 1']);
    });

    it('or transient, are injected as well', async () => {
      @Workflow()
      @UseGuards(Transient)
      class Guarded {
        async run(): Promise<void> {}
      }
      const app = await nest.start({ providers: [Journal, Guarded] });
      await outputOf(app, Guarded);
      expect(events).toEqual(['transient']);
    });

    it.each([true, false])('and global follow globalEnhancers: %p', async (globalEnhancers) => {
      const app = await nest.start({
        imports: [nest.redflow({ globalEnhancers })],
        providers: [Journal, { provide: APP_INTERCEPTOR, useClass: Counting, scope: Scope.REQUEST }, Bare],
      });
      await outputOf(app, Bare, 'x');
      await outputOf(app, Bare, 'y');
      expect(events).toEqual(globalEnhancers ? ['call 1', 'run', 'call 1', 'run'] : ['run', 'run']);
    });
  });
});
