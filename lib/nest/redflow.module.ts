import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { LazyModulesObserver } from './discovery/lazy-modules.observer.js';
import { WorkflowMetadataAccessor } from './discovery/workflow-metadata.accessor.js';
import { WorkflowExplorer } from './discovery/workflow.explorer.js';
import { DiscoveredWorkflows } from './discovery/discovered-workflows.registry.js';
import { EnhancerPipeline } from './execution/enhancer.pipeline.js';
import { RedflowHealthIndicator } from './health/redflow.health-indicator.js';
import { getRedflowHealthToken } from './health/redflow.health-token.js';
import { RedflowLifecycle } from './lifecycle/redflow.lifecycle.js';
import {
  asyncOptionsProviders,
  getRedflowClientToken,
  instanceProviders,
  optionsProvider,
} from './redflow.module-definition.js';
import type { RedflowInstanceOptions, RedflowModuleAsyncOptions, RedflowModuleOptions } from './redflow.options.js';

const INTERNALS: Provider[] = [
  WorkflowMetadataAccessor,
  WorkflowExplorer,
  DiscoveredWorkflows,
  LazyModulesObserver,
  EnhancerPipeline,
  RedflowLifecycle,
];

/**
 * Durable workflows for a Nest application: provides {@link RedflowClient} and {@link RedflowHealthIndicator}, finds the classes with `@Workflow` among
 * the providers of all modules, and runs them in this process unless `worker: false`.
 *
 * Import it once, in the root module; it is global unless `isGlobal: false`. Several instances (other prefixes, other
 * Redis servers) live side by side under a `name` each.
 *
 * Workers start in `onApplicationBootstrap`, when `onModuleInit` of all providers is done. On shutdown they
 * stop taking runs in `onModuleDestroy`, drain in `beforeApplicationShutdown`, and Redis is closed in
 * `onApplicationShutdown`: what workflows need while they drain should close there too.
 */
@Module({})
export class RedflowModule {
  /** A bad option is a `ConfigurationError` at bootstrap that names it. */
  static forRoot(options: RedflowModuleOptions & RedflowInstanceOptions): DynamicModule {
    const { name, isGlobal, ...moduleOptions } = options ?? {};
    return defineInstance({ name, isGlobal }, [optionsProvider(name, moduleOptions)]);
  }

  /** Like {@link forRoot}, with options from a factory, a class or an existing provider. */
  static forRootAsync(options: RedflowModuleAsyncOptions): DynamicModule {
    return defineInstance(options, asyncOptionsProviders(options.name, options), options.imports);
  }
}

function defineInstance(
  { name, isGlobal = true }: RedflowInstanceOptions,
  options: Provider[],
  imports: DynamicModule['imports'] = [],
): DynamicModule {
  return {
    module: RedflowModule,
    global: isGlobal,
    imports: [DiscoveryModule, ...imports],
    providers: [
      ...options,
      ...instanceProviders(name),
      ...INTERNALS,
      { provide: getRedflowHealthToken(name), useClass: RedflowHealthIndicator },
    ],
    exports: [getRedflowClientToken(name), getRedflowHealthToken(name)],
  };
}
