import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { ConfigurationError } from '../../core/errors/configuration.error.js';
import { checkInteger, checkName } from '../../core/names.js';
import type { StepMetadata } from '../decorators/step.decorator.js';
import type { WorkflowMetadata } from '../decorators/workflow.decorator.js';
import { EnhancerPipeline } from '../execution/enhancer.pipeline.js';
import { getRedflowClientToken, REDFLOW_OPTIONS } from '../redflow.module-definition.js';
import type { ResolvedModuleOptions } from '../redflow.options.js';
import type { DiscoveredWorkflow, ProviderWrapper } from './discovered-workflow.js';
import { WorkflowMetadataAccessor } from './workflow-metadata.accessor.js';

/** Finds the workflows of this instance among the providers of all modules. */
@Injectable()
export class WorkflowExplorer {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(WorkflowMetadataAccessor) private readonly accessor: WorkflowMetadataAccessor,
    @Inject(EnhancerPipeline) private readonly pipeline: EnhancerPipeline,
    @Inject(REDFLOW_OPTIONS) private readonly options: ResolvedModuleOptions,
  ) {}

  /** @throws ConfigurationError that names the class */
  explore(): DiscoveredWorkflow[] {
    this.#refuseTwins();
    return this.discovery.getProviders().flatMap((wrapper) => {
      const found = wrapper.isAlias ? undefined : this.#classOf(wrapper);
      if (!found) return [];
      this.#checkInstance(found);
      return found.metadata.instance === this.options.name ? [this.#describe(wrapper, found)] : [];
    });
  }

  // A class provider is its class; a factory or a value what it made, or, where that is no workflow (a stand-in in a
  // test, an instance that does not exist yet), what it is provided as.
  #classOf(wrapper: ProviderWrapper): WorkflowClassRef | undefined {
    const made = wrapper.isNotMetatype ? classOfInstance(wrapper.instance) : wrapper.metatype;
    for (const candidate of [made, wrapper.token]) {
      if (typeof candidate !== 'function') continue;
      const metadata = this.accessor.workflow(candidate);
      if (metadata) return { classRef: candidate, metadata };
    }
    return undefined;
  }

  #describe(wrapper: ProviderWrapper, { classRef, metadata }: WorkflowClassRef): DiscoveredWorkflow {
    this.pipeline.bindGlobalEnhancers(wrapper);
    const perRun = wrapper.isTransient || !wrapper.isDependencyTreeStatic();
    const prototype = classRef.prototype as object;
    checkRun(classRef, perRun ? prototype : (wrapper.instance as object));
    for (const step of this.accessor.steps(prototype)) checkStep(classRef, step);
    return {
      wrapper,
      definition: naming(classRef, () => checkedDefinition(metadata)),
      label: `${classRef.name} (${wrapper.host?.name ?? 'no module'})`,
      failureMethod: this.#failureMethod(classRef, prototype),
      perRun,
    };
  }

  #failureMethod(classRef: ClassRef, prototype: object): string | symbol | undefined {
    const methods = this.accessor.failureMethods(prototype);
    if (methods.length < 2) return methods[0];
    const names = methods.map(String).join(' and ');
    throw new ConfigurationError(`workflow class ${classRef.name}`, `has more than one @OnFailure method: ${names}`);
  }

  // A run of such a workflow would wait for ever.
  #checkInstance({ classRef, metadata: { instance } }: WorkflowClassRef): void {
    if (this.#instancesNamed(instance) > 0) return;
    const missing =
      instance === undefined ? 'the unnamed RedflowModule, and there is none' : `an unknown instance "${instance}"`;
    throw new ConfigurationError(`workflow class ${classRef.name}: instance`, `belongs to ${missing}`);
  }

  #refuseTwins(): void {
    const { name } = this.options;
    if (this.#instancesNamed(name) < 2) return;
    const which = name === undefined ? 'without a name' : `with the name "${name}"`;
    throw new ConfigurationError('name', `two RedflowModules ${which} are imported: give each a name of its own`);
  }

  #instancesNamed(name: string | undefined): number {
    const token = getRedflowClientToken(name);
    return this.discovery
      .getProviders()
      .filter((wrapper) => wrapper.token === token && wrapper.host?.providers.has(REDFLOW_OPTIONS)).length;
  }
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- what Nest calls a metatype
type ClassRef = Function;

interface WorkflowClassRef {
  readonly classRef: ClassRef;
  readonly metadata: WorkflowMetadata;
}

function classOfInstance(instance: unknown): unknown {
  if (typeof instance !== 'object' || instance === null) return undefined;
  return (Object.getPrototypeOf(instance) as object | null)?.constructor;
}

function checkedDefinition({ name, definition }: WorkflowMetadata): DiscoveredWorkflow['definition'] {
  if (name === '') throw new ConfigurationError('name', 'is required for a class without a name');
  return definition();
}

function checkRun({ name }: ClassRef, instance: { run?: unknown }): void {
  if (typeof instance.run !== 'function') {
    throw new ConfigurationError(`workflow class ${name}`, 'has no method run(ctx, input)');
  }
}

function checkStep(classRef: ClassRef, { method, options }: StepMetadata): void {
  if (method === 'run')
    throw new ConfigurationError(`workflow class ${classRef.name}`, '@Step cannot decorate run itself');
  const option = (key: string): string => `@Step ${String(method)}: ${key}`;
  naming(classRef, () => {
    if (options.name !== undefined) checkName(option('name'), options.name);
    if (options.timeoutMs !== undefined) checkInteger(option('timeoutMs'), options.timeoutMs, 1);
    if (options.retries?.maxAttempts !== undefined)
      checkInteger(option('retries.maxAttempts'), options.retries.maxAttempts, 1);
  });
}

/** A problem with an option is reported with the class that has it. */
function naming<T>(classRef: ClassRef, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const problem = error.message.slice(error.option.length + 2);
    throw new ConfigurationError(`workflow class ${classRef.name}: ${error.option}`, problem);
  }
}
