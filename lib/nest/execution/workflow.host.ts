import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import type { Type } from '@nestjs/common';
import type { WorkflowContext, WorkflowFailure } from '../../engine/context.js';
import { currentScope } from '../../engine/execution-scope.js';
import type { DiscoveredWorkflow } from '../discovery/discovered-workflow.js';
import type { EnhancerPipeline, RunPipeline, WorkflowInstance } from './enhancer.pipeline.js';

type FailureMethods = Record<string | symbol, (failure: WorkflowFailure<never>) => unknown>;

/** Gives each execution of a workflow its instance: the shared one, or one of its own whose request is the run. */
export class WorkflowHost {
  #shared: RunPipeline | undefined;

  constructor(
    private readonly workflow: DiscoveredWorkflow,
    private readonly pipeline: EnhancerPipeline,
  ) {}

  async run(ctx: WorkflowContext<never>, input: unknown): Promise<unknown> {
    const owner = await this.#instanceFor(ctx);
    adopt(owner.instance);
    return this.#pipelineOf(owner)(ctx, input);
  }

  async fail(failure: WorkflowFailure<never>): Promise<unknown> {
    const { instance } = await this.#instanceFor(failure);
    adopt(instance);
    const { failureMethod } = this.workflow;
    return failureMethod === undefined ? undefined : (instance as unknown as FailureMethods)[failureMethod]?.(failure);
  }

  // At the first run, not at bootstrap: `app.useGlobalGuards()` may be called until then.
  #pipelineOf(owner: WorkflowInstance): RunPipeline {
    return owner.contextId ? this.pipeline.create(owner) : (this.#shared ??= this.pipeline.create(owner));
  }

  async #instanceFor(request: WorkflowContext<never> | WorkflowFailure<never>): Promise<WorkflowInstance> {
    const { wrapper, perRun } = this.workflow;
    if (!perRun) return { instance: wrapper.instance as WorkflowInstance['instance'], wrapper, contextId: undefined };
    const contextId = ContextIdFactory.getByRequest(request);
    // The ModuleRef of its own module: any other may not know a lazily loaded one.
    const moduleRef = wrapper.host?.getProviderByKey<ModuleRef>(ModuleRef).instance as ModuleRef;
    moduleRef.registerRequestByContextId(wrapper.isDependencyTreeDurable() ? contextId.payload : request, contextId);
    const token = wrapper.token as Type<WorkflowInstance['instance']>;
    return { instance: await moduleRef.resolve(token, contextId, { strict: true }), wrapper, contextId };
  }
}

/** From here on the `@Step` methods of the instance are steps of this execution. */
function adopt(instance: object): void {
  const scope = currentScope();
  if (scope) scope.execution.instance = instance;
}
