import { ExternalContextCreator, ModulesContainer, NestContainer } from '@nestjs/core';
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
  /** With all enhancers, the global ones included. */
  static sharing(creator: ExternalContextCreator): RunContextCreator {
    return Object.assign(Object.create(RunContextCreator.prototype) as RunContextCreator, creator);
  }

  /** Without the global enhancers. */
  static withoutGlobals(modules: ModulesContainer): RunContextCreator {
    return RunContextCreator.sharing(ExternalContextCreator.fromContainer(new ModulesView(modules)));
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

// Context creators look up enhancers in the modules; a container without ApplicationConfig has no global ones.
class ModulesView extends NestContainer {
  constructor(private readonly appModules: ModulesContainer) {
    super();
  }

  override getModules(): ModulesContainer {
    return this.appModules;
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
