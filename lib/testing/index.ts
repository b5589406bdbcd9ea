// A Redis for tests and samples
export { launchRedis, type LaunchedRedis, type LaunchOptions, type RedisSource } from './redis-launcher.js';
export { NoRedisError } from './redis/no-redis.error.js';

// Tests on a Redis
export { RedflowTestingModule, type RedflowTestingOptions } from './nest/redflow-testing.module.js';
export { awaitRun, type AwaitRunOptions, type EndedRun } from './await-run.js';
export { RunNotEndedError } from './run-not-ended.error.js';

// Tests without Redis
export { runWorkflow, type FinishedRun, type RunWorkflowOptions } from './in-process/run-workflow.js';
export type { RunnableWorkflow } from './in-process/runnable-workflow.js';
export type { ChildStub } from './in-process/child-stubs.js';
export type { Replay } from './in-process/crashes.js';
