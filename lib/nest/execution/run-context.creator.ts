import { ExternalContextCreator, type ApplicationConfig, type NestContainer } from '@nestjs/core';
import { ExternalExceptionFilterContext } from '@nestjs/core/exceptions/external-exception-filter-context.js';
import { GuardsConsumer, GuardsContextCreator } from '@nestjs/core/guards/index.js';
import { InterceptorsConsumer, InterceptorsContextCreator } from '@nestjs/core/interceptors/index.js';
import { PipesConsumer, PipesContextCreator } from '@nestjs/core/pipes/index.js';
import { concat, defer, EMPTY, fromEvent, isObservable, lastValueFrom, NEVER, takeUntil, type Observable } from 'rxjs';
import type { WorkflowContext } from '../../engine/context.js';
import { currentScope } from '../../engine/execution-scope.js';

type PipesFn = NonNullable<ReturnType<ExternalContextCreator['createPipesFn']>>;

/**
 * Nest's external context, made fit for executions that are given up while the handler is pending (a run that
 * is suspended, a lease that is lost): interceptors then see neither a value nor an error, filters are not called, but
 * the pipeline is unsubscribed, so that `finalize` and time-outs of interceptors end.
 */
export class RunContextCreator extends ExternalContextCreator {
  readonly filters: ExternalExceptionFilterContext;

  /** @param config where the global enhancers are; without it they do not apply */
  constructor(container: NestContainer, config: ApplicationConfig | undefined) {
    const filters = new ExternalExceptionFilterContext(container, config);
    super(
      new GuardsContextCreator(container, config),
      new GuardsConsumer(),
      new InterceptorsContextCreator(container, config),
      new InterceptorsConsumer(),
      container.getModules(),
      new PipesContextCreator(container, config),
      new PipesConsumer(),
      filters,
    );
    this.filters = filters;
  }

  override async transformToResult(result: unknown): Promise<unknown> {
    return isObservable(result) ? lastValueFrom(untilAbandoned(result)) : result;
  }

  /** Pipes see the input alone; `ctx.input` stays the value that `run` gets as its second argument. */
  override createPipesFn(...[pipes, params]: Parameters<ExternalContextCreator['createPipesFn']>): PipesFn {
    const applyPipes = super.createPipesFn(pipes, params);
    return async (args, ctx, input) => {
      args[1] = input;
      await applyPipes?.(args, ctx, input);
      // Given up while guards or pipes were pending: `run` must not start any more.
      if (currentScope()?.execution.abandoned.aborted) await new Promise<never>(() => undefined);
      args[0] = withInput(ctx as WorkflowContext, args[1]);
    };
  }
}

function untilAbandoned<T>(result: Observable<T>): Observable<T> {
  const abandoned = currentScope()?.execution.abandoned;
  if (!abandoned) return result;
  if (abandoned.aborted) return NEVER;
  return concat(
    result.pipe(takeUntil(fromEvent(abandoned, 'abort'))),
    defer(() => (abandoned.aborted ? NEVER : EMPTY)),
  );
}

function withInput(ctx: WorkflowContext, input: unknown): WorkflowContext {
  if (Object.is(ctx.input, input)) return ctx;
  const { step, signal, logger, run } = ctx;
  return { input, step, signal, logger, run };
}
