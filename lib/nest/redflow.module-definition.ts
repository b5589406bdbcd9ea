import type { FactoryProvider, InjectionToken, Provider, Type } from '@nestjs/common';
import { ConfigurationError } from '../core/errors/configuration.error.js';
import { RedflowClient } from '../engine/client.js';
import { RedflowRuntime } from '../runtime/redflow-runtime.js';
import {
  resolveOptions,
  type RedflowModuleAsyncOptions,
  type RedflowModuleOptions,
  type RedflowOptionsFactory,
  type ResolvedModuleOptions,
} from './redflow.options.js';

/** Inside one module: its {@link ResolvedModuleOptions}. Never exported, so it needs no name of its own per instance. */
export const REDFLOW_OPTIONS = Symbol('redflow options');
/** Inside one module: the {@link RedflowRuntime} behind client and worker. */
export const REDFLOW_RUNTIME = Symbol('redflow runtime');

/**
 * The token of the client of an instance: the class `RedflowClient` for the unnamed one. For custom providers and
 * tests; classes use `@InjectRedflow(name)`.
 */
export function getRedflowClientToken(name?: string): InjectionToken<RedflowClient> {
  return name === undefined ? RedflowClient : `RedflowClient:${name}`;
}

/** What every instance provides beside its options. */
export function instanceProviders(name: string | undefined): Provider[] {
  return [
    {
      provide: REDFLOW_RUNTIME,
      useFactory: (options: ResolvedModuleOptions) => new RedflowRuntime(options),
      inject: [REDFLOW_OPTIONS],
    },
    {
      provide: getRedflowClientToken(name),
      useFactory: (runtime: RedflowRuntime) => runtime.client,
      inject: [REDFLOW_RUNTIME],
    },
  ];
}

// Factories, not values: a bad option is an error at bootstrap then, in whatever form it was given.
export function optionsProvider(name: string | undefined, options: RedflowModuleOptions): FactoryProvider {
  return { provide: REDFLOW_OPTIONS, useFactory: () => resolveOptions(name, options) };
}

export function asyncOptionsProviders(name: string | undefined, options: RedflowModuleAsyncOptions): Provider[] {
  const { useFactory, useClass, useExisting, inject = [] } = options;
  if ([useFactory, useClass, useExisting].filter((form) => form !== undefined).length !== 1) {
    return [{ provide: REDFLOW_OPTIONS, useFactory: refuseForms }];
  }
  if (useFactory) {
    const provide = async (...given: unknown[]): Promise<ResolvedModuleOptions> =>
      resolveOptions(name, await useFactory(...given));
    return [{ provide: REDFLOW_OPTIONS, useFactory: provide, inject }];
  }
  const provider: FactoryProvider = {
    provide: REDFLOW_OPTIONS,
    useFactory: async (factory: RedflowOptionsFactory) => resolveOptions(name, await factory.createRedflowOptions()),
    inject: [(useExisting ?? useClass) as Type<RedflowOptionsFactory>],
  };
  return useClass ? [provider, { provide: useClass, useClass }] : [provider];
}

function refuseForms(): never {
  throw new ConfigurationError(
    'RedflowModule.forRootAsync',
    'needs exactly one of useFactory, useClass and useExisting',
  );
}
