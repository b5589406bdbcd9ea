import type { INestApplicationContext, ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';
import {
  RedflowClient,
  RedflowModule,
  type Logger,
  type RedflowInstanceOptions,
  type RedflowModuleOptions,
  type RunHandle,
  type WorkflowReference,
} from '@redflow/nestjs';
import { useRedis, type TestRedis } from '../support/redis.js';

export const SILENT: Logger = { log() {}, warn() {}, error() {}, debug() {} };

export interface NestApps {
  readonly redis: TestRedis;
  /** `RedflowModule.forRoot` on the Redis and the prefix of the test. */
  redflow(options?: Partial<RedflowModuleOptions & RedflowInstanceOptions>): ReturnType<typeof RedflowModule.forRoot>;
  /** An initialized application with `redflow()` unless `metadata.imports` says otherwise; closed after the test. */
  start(
    metadata: ModuleMetadata,
    adjust?: (builder: TestingModuleBuilder) => TestingModuleBuilder,
  ): Promise<TestingModule>;
  /** Closes an application of any kind after the test. */
  own<A extends INestApplicationContext>(app: A): A;
}

/** Applications of a test, on Redis; what is still open after it is closed. */
export function useNest(): NestApps {
  const open = new Set<INestApplicationContext>();
  // Before the hook of `useRedis`, which finds what was left open.
  afterEach(async () => {
    for (const app of open) await app.close();
    open.clear();
  });
  const redis = useRedis();

  const apps: NestApps = {
    redis,
    redflow: (options = {}) => RedflowModule.forRoot({ app: 'test', logger: SILENT, ...redis.options, ...options }),
    async start(metadata, adjust = (builder) => builder) {
      const builder = Test.createTestingModule({ ...metadata, imports: metadata.imports ?? [apps.redflow()] });
      const app = apps.own(await adjust(builder).compile());
      return app.init();
    },
    own(app) {
      open.add(app);
      return app;
    },
  };
  return apps;
}

/** Starts a run. */
export async function begin(
  app: INestApplicationContext,
  workflow: WorkflowReference,
  input: unknown = null,
): Promise<{ redflow: RedflowClient; handle: RunHandle }> {
  const redflow = app.get(RedflowClient);
  return { redflow, handle: await redflow.run(workflow, input) };
}

/** Runs a workflow to its end and gives its output. */
export async function outputOf(
  app: INestApplicationContext,
  workflow: WorkflowReference,
  input: unknown = null,
): Promise<unknown> {
  const { handle } = await begin(app, workflow, input);
  return handle.result({ timeoutMs: 10_000 });
}
