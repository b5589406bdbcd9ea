import { ConfigurationError } from '../../core/errors/configuration.error.js';
import type { StepTools } from '../../engine/context.js';
import { currentScope, runInScope } from '../../engine/execution-scope.js';
import { resolveReference, WORKFLOW_DEFINITION } from '../../engine/workflow-reference.js';
import type { WorkflowDefinition, WorkflowInput, WorkflowOutput } from '../../engine/workflow.js';
import { WorkflowMetadataAccessor } from '../../nest/discovery/workflow-metadata.accessor.js';
import { PromptSteps } from './prompt-steps.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- parameters are contravariant: only `any` accepts every method
type WorkflowInstance = { run(...args: any[]): unknown };

/**
 * What {@link runWorkflow} can run: an instance of a class with `@Workflow`, made by hand with its fakes; a function
 * that makes one, which is called for every execution, as another process would; or what `defineWorkflow` gave.
 */
export type RunnableWorkflow = WorkflowInstance | (() => WorkflowInstance) | WorkflowDefinition<never, unknown>;

type ClassOf<T> = abstract new () => T;

type ReferenceTo<W> =
  W extends WorkflowDefinition<never, unknown>
    ? W
    : W extends () => infer T
      ? T extends WorkflowInstance
        ? ClassOf<T>
        : never
      : W extends WorkflowInstance
        ? ClassOf<W>
        : never;

/** What a caller passes to a runnable workflow. */
export type InputOf<W> = WorkflowInput<ReferenceTo<W>>;

/** What its handler gives. */
export type OutputOf<W> = WorkflowOutput<ReferenceTo<W>>;

/** What `WorkflowContext` and `WorkflowFailure` have in common here. */
interface WithSteps {
  readonly step: StepTools;
  readonly signal: AbortSignal;
}

type Handler = (ctx: WithSteps, input: unknown) => unknown;
type FailureMethod = (failure: WithSteps) => unknown;

/**
 * The workflow as the engine knows it; retries of its steps do not wait.
 *
 * @throws ConfigurationError for a class, an instance of a class without `@Workflow`, or something else
 */
export function toDefinition(workflow: RunnableWorkflow): WorkflowDefinition<never, unknown> {
  return isDefinition(workflow) ? fromDefinition(workflow) : fromInstances(instanceFactory(workflow));
}

function isDefinition(workflow: RunnableWorkflow): workflow is WorkflowDefinition<never, unknown> {
  return typeof workflow === 'object' && workflow !== null && 'handler' in workflow;
}

function fromDefinition(definition: WorkflowDefinition<never, unknown>): WorkflowDefinition<never, unknown> {
  const handler = definition.handler as unknown as Handler;
  const onFailure = definition.onFailure as unknown as FailureMethod | undefined;
  return {
    ...definition,
    handler: (ctx: WithSteps, input: unknown) => promptly(ctx, undefined, (prompt) => handler(prompt, input)),
    onFailure: onFailure && ((failure: WithSteps) => promptly(failure, undefined, onFailure)),
  };
}

function fromInstances(make: () => WorkflowInstance): WorkflowDefinition<never, unknown> {
  const first = make();
  const { definition } = resolveReference(first.constructor as ClassOf<WorkflowInstance>);
  if (!definition) throw new ConfigurationError('workflow', 'is not decorated with @Workflow');
  const [failureMethod] = new WorkflowMetadataAccessor().failureMethods(Object.getPrototypeOf(first) as object);
  return {
    ...definition,
    handler: (ctx: WithSteps, input: unknown) => {
      const instance = make();
      return promptly(ctx, instance, (prompt) => instance.run(prompt, input));
    },
    onFailure:
      failureMethod === undefined
        ? undefined
        : (failure: WithSteps) => {
            const instance = make() as WorkflowInstance & Record<string | symbol, FailureMethod>;
            return promptly(failure, instance, (prompt) => instance[failureMethod]?.(prompt));
          },
  };
}

function instanceFactory(
  workflow: Exclude<RunnableWorkflow, WorkflowDefinition<never, unknown>>,
): () => WorkflowInstance {
  if (typeof workflow !== 'function') return () => checkInstance(workflow);
  if (Object.hasOwn(workflow, WORKFLOW_DEFINITION)) {
    throw new ConfigurationError('workflow', `must be an instance, not the class: new ${workflow.name}(…)`);
  }
  return () => checkInstance(workflow());
}

function checkInstance(instance: WorkflowInstance): WorkflowInstance {
  if (typeof instance === 'object' && instance !== null && typeof instance.run === 'function') return instance;
  throw new ConfigurationError(
    'workflow',
    'must be an instance with a method run(ctx, input), a function that makes one, or a definition',
  );
}

/** From here on the `@Step` methods of the instance are steps of this execution. */
function promptly<C extends WithSteps>(
  context: C,
  instance: object | undefined,
  body: (context: C) => unknown,
): unknown {
  const scope = currentScope();
  if (!scope) return body(context);
  const step = new PromptSteps(context.step);
  scope.execution.instance = instance;
  return runInScope({ ...scope, step }, () => body(withSteps(context, step)));
}

// The signal of a context is a getter of its class, which a copy does not have.
function withSteps<C extends WithSteps>(context: C, step: StepTools): C {
  return Object.defineProperty({ ...context, step }, 'signal', { get: () => context.signal, enumerable: true });
}
