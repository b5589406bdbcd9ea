import type { FactoryProvider, ModuleMetadata, Type } from '@nestjs/common';
import { Logger as NestLogger } from '@nestjs/common';
import { ConfigurationError } from '../core/errors/configuration.error.js';
import type { Logger } from '../engine/logger.js';
import { checkApp } from '../engine/registration.js';
import { resolveWorkerSettings, type WorkerSettings } from '../engine/worker-options.js';
import { WorkflowRegistry } from '../engine/workflow-registry.js';
import { resolveOptions as resolveRuntimeOptions, type RedflowOptions } from '../runtime/options.js';

/** What {@link RedflowModule.forRoot} takes. */
export interface RedflowModuleOptions extends RedflowOptions {
  /**
   * The application that owns the workflows, the same in all its processes: workflows that it no longer
   * has are removed from Redis. Required, not empty after trimming.
   */
  readonly app: string;
  /** Settings of the worker of this process, or `false` for a process that only starts runs. Default `{}`. */
  readonly worker?: WorkerSettings | false;
  /**
   * Whether global guards, pipes, interceptors and filters (`APP_GUARD` …, `app.useGlobalGuards` …) apply to
   * runs too. Default `false`: a guard made for HTTP must not break runs.
   */
  readonly globalEnhancers?: boolean;
}

/** What tells several `RedflowModule`s of one application apart. */
export interface RedflowInstanceOptions {
  /**
   * The name of this instance: inject its client with `@InjectRedflow(name)`, and give it its workflows
   * with `@Workflow({ instance: name })`. Default: the unnamed instance.
   */
  readonly name?: string;
  /** Whether the client can be injected in every module. Default `true`. */
  readonly isGlobal?: boolean;
}

/** Makes the options of a module: `useClass` and `useExisting` of {@link RedflowModule.forRootAsync}. */
export interface RedflowOptionsFactory {
  createRedflowOptions(): RedflowModuleOptions | Promise<RedflowModuleOptions>;
}

/** What {@link RedflowModule.forRootAsync} takes: exactly one of `useFactory`, `useClass`, `useExisting`. */
export interface RedflowModuleAsyncOptions extends RedflowInstanceOptions, Pick<ModuleMetadata, 'imports'> {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what is injected is known to the caller alone
  readonly useFactory?: (...dependencies: any[]) => RedflowModuleOptions | Promise<RedflowModuleOptions>;
  /** Tokens of what `useFactory` gets. */
  readonly inject?: FactoryProvider['inject'];
  readonly useClass?: Type<RedflowOptionsFactory>;
  readonly useExisting?: Type<RedflowOptionsFactory> | string | symbol;
}

/** Options of a module after checking, with every default applied. */
export interface ResolvedModuleOptions extends RedflowOptions {
  readonly name: string | undefined;
  readonly app: string;
  readonly worker: WorkerSettings | false;
  readonly globalEnhancers: boolean;
  readonly logger: Logger;
}

const DEFAULTS = { worker: {}, globalEnhancers: false } as const;
const LOGGER_CONTEXT = 'Redflow';

/**
 * Checks the options of a module, sync or async, and applies the defaults: the only place that knows them.
 *
 * @throws ConfigurationError that names the option
 */
export function resolveOptions(name: string | undefined, options: RedflowModuleOptions): ResolvedModuleOptions {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigurationError('RedflowModule', 'the options must be an object: { app, … }');
  }
  const resolved = {
    ...options,
    name: checkInstanceName(name),
    app: checkApp(options.app),
    worker: checkWorker(options.worker ?? DEFAULTS.worker),
    globalEnhancers: checkBoolean('globalEnhancers', options.globalEnhancers ?? DEFAULTS.globalEnhancers),
    logger: checkLogger(options.logger ?? new NestLogger(LOGGER_CONTEXT)),
  };
  resolveRuntimeOptions(resolved);
  return resolved;
}

function checkInstanceName(name: unknown): string | undefined {
  if (name === undefined) return undefined;
  if (typeof name === 'string' && name.trim() !== '') return name;
  throw new ConfigurationError('name', 'must be a non-empty string, or absent for the unnamed instance');
}

function checkWorker(worker: WorkerSettings | false): WorkerSettings | false {
  if (worker === false) return false;
  if (typeof worker !== 'object' || worker === null) {
    throw new ConfigurationError('worker', 'must be an object with the settings of the worker, or false');
  }
  resolveWorkerSettings(worker, new WorkflowRegistry());
  return worker;
}

function checkBoolean(option: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new ConfigurationError(option, 'must be true or false');
  return value;
}

function checkLogger(logger: Logger): Logger {
  for (const method of ['log', 'warn', 'error'] as const) {
    if (typeof logger?.[method] !== 'function') {
      throw new ConfigurationError('logger', `must have the methods log, warn and error; ${method} is missing`);
    }
  }
  return logger;
}
