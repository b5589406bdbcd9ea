import 'reflect-metadata';
import { Injectable, type InjectableOptions } from '@nestjs/common';
import type { z } from 'zod';
import { buildDefinition } from '../../engine/define-workflow.js';
import { WORKFLOW_DEFINITION } from '../../engine/workflow-reference.js';
import type { WorkflowDefinition, WorkflowOptions } from '../../engine/workflow.js';
import { RUN_PARAMS_METADATA, WORKFLOW_METADATA } from '../redflow.metadata.js';

export interface WorkflowDecoratorOptions<
  Schema extends z.ZodType = z.ZodType,
  OutputSchema extends z.ZodType = z.ZodType,
>
  extends WorkflowOptions<Schema, OutputSchema>, InjectableOptions {
  /** Unique in the application. Default: the name of the class. */
  readonly name?: string;
  /** The `name` of the `RedflowModule` that runs it. Default: the unnamed one. */
  readonly instance?: string;
}

/** The definition as callers see it; the handler needs an instance, which only an application has. */
export type ClassDefinition = Omit<WorkflowDefinition, 'handler' | 'onFailure'>;

export interface WorkflowMetadata {
  readonly name: string;
  readonly instance: string | undefined;
  /** @throws ConfigurationError for bad options: at bootstrap, or when a run is started before */
  readonly definition: () => ClassDefinition;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- constructor parameters are contravariant: only `any` accepts every class
type AnyClass = abstract new (...args: any[]) => object;

/** `unknown` for a class whose `run` can take the output of the schema; else an object type whose one key says what is wrong. */
type WorkflowRefusal<C extends AnyClass, Schema extends z.ZodType> =
  InstanceType<C> extends { run(...args: infer Params): unknown }
    ? unknown extends z.output<Schema>
      ? unknown
      : Params extends [infer Ctx, infer Input, ...unknown[]]
        ? CanTake<Schema, Ctx, Input>
        : Params extends [infer Ctx, ...unknown[]]
          ? CanTake<Schema, Ctx, unknown>
          : unknown
    : unknown;

type CanTake<Schema extends z.ZodType, Ctx, Input> = [z.output<Schema>] extends [Input]
  ? Ctx extends { readonly input: infer CtxInput }
    ? [z.output<Schema>] extends [CtxInput]
      ? unknown
      : { readonly '@Workflow: the output of `schema` does not fit `WorkflowContext<…>` of `run`': true }
    : unknown
  : { readonly '@Workflow: the output of `schema` does not fit the second parameter of `run`': true };

/**
 * Makes a class with a method `run(ctx, input)` a durable workflow. List the class among the providers of any
 * module and it is found; with `scope: Scope.REQUEST`, or request-scoped dependencies, each execution gets an
 * instance of its own and `@Inject(REQUEST)` gives its {@link WorkflowContext}.
 *
 * Guards, interceptors, pipes and exception filters of the class and of `run` apply, once per execution: see
 * {@link EnhancerPipeline}.
 *
 * A subclass that is not decorated itself is the same workflow in another version (`useClass`, a stand-in in a
 * test): provided instead of its parent it runs in its place; provided beside it, it is an error. Decorate the
 * subclass to make it a workflow of its own: it inherits no options.
 *
 * Bad options, a missing `run`, two workflows of one name are errors at bootstrap that name the class.
 */
export function Workflow<Schema extends z.ZodType = z.ZodType, OutputSchema extends z.ZodType = z.ZodType>(
  options: WorkflowDecoratorOptions<Schema, OutputSchema> = {},
) {
  return <C extends AnyClass>(target: C & WorkflowRefusal<C, Schema>): void => {
    const { scope, durable } = options;
    // Only then: an @Injectable below this decorator keeps its own scope.
    if (scope !== undefined || durable !== undefined) Injectable({ scope, durable })(target as unknown as () => void);
    const definition = once(() => describe(options.name ?? target.name, options));
    const metadata: WorkflowMetadata = { name: options.name ?? target.name, instance: options.instance, definition };
    Reflect.defineMetadata(WORKFLOW_METADATA, metadata, target);
    Reflect.defineMetadata(RUN_PARAMS_METADATA, RUN_PARAMS, target, 'run');
    Object.defineProperty(target, WORKFLOW_DEFINITION, { get: definition, configurable: true });
  };
}

// `RouteParamtypes.BODY` of Nest, at index 1: to pipes `input` is a body, which is what `ValidationPipe` validates.
const RUN_PARAMS = { '3:1': { index: 1, pipes: [] } };

function describe(name: string, options: WorkflowOptions): ClassDefinition {
  const {
    handler: _handler,
    onFailure: _onFailure,
    ...definition
  } = buildDefinition(name, options, () => undefined, undefined);
  return definition as ClassDefinition;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
