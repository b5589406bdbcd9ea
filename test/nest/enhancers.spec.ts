import {
  Injectable,
  SetMetadata,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentMetadata,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, Reflector } from '@nestjs/core';
import { Workflow, type RedflowContextType, type WorkflowContext } from '@redflow/nestjs';
import { z } from 'zod';
import { outputOf, useNest } from './nest-apps.js';
import { body, events, Journal, NotingFilter, NotingGuard, NotingInterceptor, NotingPipe } from './noting-enhancers.js';

beforeEach(() => void events.splice(0));

@Workflow({ name: 'of-class' })
@UseGuards(NotingGuard)
@UseInterceptors(NotingInterceptor)
@UsePipes(NotingPipe)
@UseFilters(NotingFilter)
class OfClass {
  async run(ctx: WorkflowContext, input: unknown): Promise<string> {
    return body(ctx, input);
  }
}

@Workflow({ name: 'of-method' })
class OfMethod {
  @UseGuards(NotingGuard)
  @UseInterceptors(NotingInterceptor)
  @UsePipes(NotingPipe)
  @UseFilters(NotingFilter)
  async run(ctx: WorkflowContext, input: unknown): Promise<string> {
    return body(ctx, input);
  }
}

@Workflow({ name: 'bare' })
class Bare {
  async run(ctx: WorkflowContext, input: unknown): Promise<string> {
    return body(ctx, input);
  }
}

const GLOBALS = [
  { provide: APP_GUARD, useClass: NotingGuard },
  { provide: APP_INTERCEPTOR, useClass: NotingInterceptor },
  { provide: APP_PIPE, useClass: NotingPipe },
  { provide: APP_FILTER, useClass: NotingFilter },
];

const ALL = ['guard', 'before', 'pipe body', 'run'];

describe('enhancers', () => {
  const nest = useNest();

  describe.each([
    ['of the class', OfClass, []],
    ['of the method', OfMethod, []],
    ['of the application, with globalEnhancers: true', Bare, GLOBALS],
  ])('%s', (_where, workflow, globals) => {
    const start = () =>
      nest.start({ imports: [nest.redflow({ globalEnhancers: true })], providers: [Journal, ...globals, workflow] });

    it('apply once per execution, with injected dependencies', async () => {
      await expect(outputOf(await start(), workflow, 'x')).resolves.toBe('<X>');
      expect(events).toEqual([...ALL, 'after']);
    });

    it('a guard that refuses fails the run before anything else is called', async () => {
      const result = outputOf(await start(), workflow, 'forbidden');
      await expect(result).rejects.toMatchObject({ error: { name: 'ForbiddenException' } });
      expect(events).toEqual(['guard']);
    });

    it('an exception filter replaces the error that it catches', async () => {
      const result = outputOf(await start(), workflow, 'fail');
      await expect(result).rejects.toMatchObject({ error: { name: 'TypeError', message: 'filtered: failed' } });
      expect(events).toEqual([...ALL, 'filter']);
    });
  });

  it('of the application do not apply by default', async () => {
    const app = await nest.start({ providers: [Journal, ...GLOBALS, Bare] });
    await expect(outputOf(app, Bare, 'x')).resolves.toBe('x');
    await expect(outputOf(app, Bare, 'fail')).rejects.toMatchObject({ error: { name: 'RangeError' } });
    expect(events).toEqual(['run', 'run']);
  });

  it.each([true, false])('set with app.useGlobal… follow globalEnhancers: %p', async (globalEnhancers) => {
    const app = await nest.start({ imports: [nest.redflow({ globalEnhancers })], providers: [Bare] });
    const http = nest.own(app.createNestApplication({ logger: false }));
    http.useGlobalGuards(new NotingGuard(new Journal()));
    http.useGlobalInterceptors(new NotingInterceptor(new Journal()));
    http.useGlobalPipes(new NotingPipe(new Journal()));
    http.useGlobalFilters(new NotingFilter(new Journal()));
    await expect(outputOf(app, Bare, 'x')).resolves.toBe(globalEnhancers ? '<X>' : 'x');
    expect(events).toEqual(globalEnhancers ? [...ALL, 'after'] : ['run']);
  });

  it('know that they are in a workflow: type, class, handler, metadata, arguments', async () => {
    @Injectable()
    class Curious implements NestInterceptor {
      constructor(private readonly reflector: Reflector) {}
      intercept(context: ExecutionContext, next: CallHandler) {
        const [ctx, input] = context.getArgs<[WorkflowContext, unknown]>();
        const label = this.reflector.get<string>('label', context.getHandler());
        const { name } = context.getClass();
        events.push([context.getType<RedflowContextType>(), name, label, ctx.run.workflow, input].join(' '));
        return next.handle();
      }
    }
    @Workflow({ name: 'labelled' })
    @UseInterceptors(Curious)
    class Labelled {
      @SetMetadata('label', 'vip')
      async run(): Promise<void> {}
    }
    const app = await nest.start({ providers: [Labelled] });
    await outputOf(app, Labelled, 'x');
    expect(events).toEqual(['redflow Labelled vip labelled x']);
  });

  it('pipes get the type of the input where the method is decorated, and the parsed input of the schema', async () => {
    class OrderDto {
      orderId!: string;
    }
    const Order = z.object({ orderId: z.string().transform((id) => `order-${id}`) });
    class ToDto implements PipeTransform {
      transform(value: object, { metatype }: ArgumentMetadata): unknown {
        events.push(String(metatype?.name));
        return Object.assign(new (metatype as new () => object)(), value);
      }
    }
    @Workflow({ schema: Order })
    class Piped {
      @UsePipes(ToDto)
      async run(ctx: WorkflowContext<typeof Order>, input: OrderDto): Promise<unknown> {
        return [input instanceof OrderDto, ctx.input === input, input.orderId];
      }
    }
    const app = await nest.start({ providers: [Piped] });
    await expect(outputOf(app, Piped, { orderId: '7' })).resolves.toEqual([true, true, 'order-7']);
    expect(events).toEqual(['OrderDto']);
  });

  it('an error of a pipe or an interceptor reaches the filters too', async () => {
    class Refuse implements PipeTransform {
      transform(): never {
        throw new RangeError('refused');
      }
    }
    @Workflow()
    @UseFilters(NotingFilter)
    class Refused {
      @UsePipes(Refuse)
      async run(): Promise<void> {}
    }
    const app = await nest.start({ providers: [Journal, Refused] });
    await expect(outputOf(app, Refused)).rejects.toMatchObject({ error: { message: 'filtered: refused' } });
  });

  it('apply again at each attempt', async () => {
    @Workflow({ retries: { maxAttempts: 3, backoff: { type: 'fixed', delayMs: 1 } } })
    @UseGuards(NotingGuard)
    @UseFilters(NotingFilter)
    class Stubborn {
      async run(ctx: WorkflowContext): Promise<number> {
        if (ctx.run.attempt < 3) throw new RangeError('again');
        return ctx.run.attempt;
      }
    }
    const app = await nest.start({ providers: [Journal, Stubborn] });
    await expect(outputOf(app, Stubborn)).resolves.toBe(3);
    expect(events).toEqual(['guard', 'filter', 'guard', 'filter', 'guard']);
  });
});
