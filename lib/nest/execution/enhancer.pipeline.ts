import { Inject, Injectable, type Type } from '@nestjs/common';
import { ModuleRef, type ApplicationConfig, type ContextId } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
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
  readonly instance: { readonly run: (...args: unknown[]) => void };
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
  readonly #config: ApplicationConfig | undefined;

  constructor(
    @Inject(ModuleRef) moduleRef: ModuleRef,
    @Inject(REDFLOW_OPTIONS) { globalEnhancers }: ResolvedModuleOptions,
  ) {
    // Protected, and the one way to the container that Nest's context creators want.
    const container = moduleRef['container'];
    this.#config = globalEnhancers ? container.applicationConfig : undefined;
    this.#creator = new RunContextCreator(container, this.#config);
  }

  create({ instance, wrapper, contextId }: WorkflowInstance): RunPipeline {
    const { run } = instance;
    const call = this.#creator.create(
      instance,
      run,
      'run',
      RUN_PARAMS_METADATA,
      PARAMS_FACTORY,
      contextId,
      wrapper.id,
      NEST_CONTEXT,
      CONTEXT_TYPE,
    ) as RunPipeline;
    const filters = this.#creator.filters.create(instance, run, wrapper.host?.token ?? '', contextId, wrapper.id);
    return async (ctx, input) => {
      try {
        return await call(ctx, input);
      } catch (error) {
        // Given up: whatever failed meanwhile is no failure of the run.
        if (currentScope()?.execution.abandoned.aborted) throw error;
        const host = new ExecutionContextHost([ctx, input], instance.constructor as Type, run);
        host.setType(CONTEXT_TYPE);
        return settle(error, filters.invokeCustomFilters(error, host));
      }
    };
  }

  /**
   * Nest makes request-scoped global enhancers (`APP_GUARD` with `Scope.REQUEST`) for controllers only: workflows
   * have to ask for them. Such a workflow gets an instance per run.
   */
  bindGlobalEnhancers(wrapper: ProviderWrapper): void {
    const config = this.#config;
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
