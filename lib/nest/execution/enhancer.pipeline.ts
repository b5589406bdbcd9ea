import { Inject, Injectable, type ArgumentsHost } from '@nestjs/common';
import { type ContextId, ExternalContextCreator, ModulesContainer } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import type { WorkflowContext } from '../../engine/context.js';
import { currentScope } from '../../engine/execution-scope.js';
import type { ProviderWrapper } from '../discovery/discovered-workflow.js';
import { RUN_PARAMS_METADATA } from '../redflow.metadata.js';
import { REDFLOW_OPTIONS } from '../redflow.module-definition.js';
import type { ResolvedModuleOptions } from '../redflow.options.js';
import { RunContextCreator } from './run-context.creator.js';

/** What `host.getType()` says in an enhancer of a workflow; the arguments are `[ctx, input]`. */
export type RedflowContextType = 'redflow';

export type RunPipeline = (ctx: WorkflowContext<never>, input: unknown) => Promise<unknown>;

/** An instance with a `run` method, and where Nest has it from. */
export interface WorkflowInstance {
  readonly instance: { run(...args: unknown[]): unknown };
  readonly wrapper: ProviderWrapper;
  /** Of the run, where the instance was made for it alone. */
  readonly contextId: ContextId | undefined;
}

const CONTEXT_TYPE: RedflowContextType = 'redflow';
const NEST_CONTEXT = { guards: true, interceptors: true, filters: false };
const PARAMS_FACTORY = { exchangeKeyForValue: (_type: number, _data: unknown, [, input]: unknown[]): unknown => input };

/**
 * Calls `run` through Nest's enhancers, once per execution (an attempt, or its continuation after a wait): guards, then
 * interceptors around pipes and `run`, with exception filters around all of it.
 *
 * - A guard that refuses fails the attempt with Nest's `ForbiddenException`.
 * - Pipes get the input as a `body`. Its type is known to `ValidationPipe` where TypeScript emits it: put the pipe on the
 *   method (`@UsePipes` on `run`), or give `expectedType`.
 * - What an exception filter throws, or an `Error` that it returns or its Observable ends with, is what the attempt
 *   fails with; retries follow it. A filter that returns nothing, or a promise of nothing, has only looked: the original
 *   error stands. Any other value is the output of the run, as it would be the reply of a GraphQL or RPC handler.
 */
@Injectable()
export class EnhancerPipeline {
  readonly #creator: RunContextCreator;
  readonly #globals: boolean;

  constructor(
    @Inject(ExternalContextCreator) creator: ExternalContextCreator,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(REDFLOW_OPTIONS) { globalEnhancers }: ResolvedModuleOptions,
  ) {
    this.#globals = globalEnhancers;
    this.#creator = globalEnhancers ? RunContextCreator.sharing(creator) : RunContextCreator.withoutGlobals(modules);
  }

  create({ instance, wrapper, contextId }: WorkflowInstance): RunPipeline {
    const creator = this.#creator;
    const call = creator.create(
      instance,
      instance.run,
      'run',
      RUN_PARAMS_METADATA,
      PARAMS_FACTORY,
      contextId,
      wrapper.id,
      NEST_CONTEXT,
      CONTEXT_TYPE,
    );
    const filters = creator['filtersContextCreator'].create(instance, instance.run, wrapper.host?.token ?? '', contextId, wrapper.id);
    filters.next = async (error: unknown, host: ArgumentsHost) => {
      // Given up: whatever failed meanwhile is no failure of the run.
      if (currentScope()?.execution.abandoned.aborted) throw error;
      return settle(error, filters.invokeCustomFilters(error, host));
    };
    return creator['externalErrorProxy'].createProxy(call, filters, CONTEXT_TYPE);
  }

  /**
   * Nest makes request-scoped global enhancers (`APP_GUARD` with `Scope.REQUEST`) for controllers only: workflows
   * have to ask for them. Such a workflow gets an instance per run.
   */
  bindGlobalEnhancers(wrapper: ProviderWrapper): void {
    const config = this.#globals ? this.#creator['guardsContextCreator']['config'] : undefined;
    if (!config) return;
    const scoped = [
      ...config.getGlobalRequestGuards(),
      ...config.getGlobalRequestInterceptors(),
      ...config.getGlobalRequestPipes(),
      ...config.getGlobalRequestFilters(),
    ];
    const bound = new Set(wrapper.getEnhancersMetadata());
    for (const enhancer of scoped) if (!bound.has(enhancer)) wrapper.addEnhancerMetadata(enhancer);
  }
}

async function settle(error: unknown, answer: unknown): Promise<unknown> {
  const value = isObservable(answer) ? await lastValueFrom(answer, { defaultValue: undefined }) : await answer;
  if (value === undefined) throw error;
  if (value instanceof Error) throw value;
  return value;
}
