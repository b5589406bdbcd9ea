// Nest
export { RedflowModule } from './nest/redflow.module.js';
export { getRedflowClientToken } from './nest/redflow.module-definition.js';
export type {
  RedflowInstanceOptions,
  RedflowModuleAsyncOptions,
  RedflowModuleOptions,
  RedflowOptionsFactory,
} from './nest/redflow.options.js';
export {
  RedflowHealthIndicator,
  type LivenessOptions,
  type ReadinessOptions,
  type RedflowHealth,
} from './nest/health/redflow.health-indicator.js';
export { getRedflowHealthToken } from './nest/health/redflow.health-token.js';
export { InjectRedflow } from './nest/decorators/inject-redflow.decorator.js';
export { OnFailure } from './nest/decorators/on-failure.decorator.js';
export { Step, type StepDecoratorOptions } from './nest/decorators/step.decorator.js';
export { Workflow, type WorkflowDecoratorOptions } from './nest/decorators/workflow.decorator.js';
export type { RedflowContextType } from './nest/execution/enhancer.pipeline.js';

// Without Nest
export { createClient } from './runtime/create-client.js';
export { startWorker, type RunningWorker } from './runtime/start-worker.js';
export type { ClientOptions, RedflowOptions, WorkerOptions } from './runtime/options.js';
export type { ClusterConnection, ConnectionOption } from './redis/connection-options.js';
export { defineWorkflow } from './engine/define-workflow.js';
export { WorkflowRegistry } from './engine/workflow-registry.js';
export type { Worker, WorkerState } from './engine/worker.js';
export type { RuntimeOptions, WorkerSettings } from './engine/worker-options.js';

// Operating
export { aclRules } from './redis/acl-rules.js';
export { examine, type ExamineOptions } from './runtime/doctor.js';
export type { DoctorReport, Violation, ViolationCode } from './redis/doctor/violation.js';

// Starting and watching runs
export { RedflowClient, type CancelOptions, type ListRunsOptions, type RunList } from './engine/client.js';
export type { RunHandle } from './engine/run-handle.js';
export type { RunHandles, RunOptions, RunRequest } from './engine/run-options.js';
export type { RunState, RunStatus, TerminalStatus } from './core/run.js';
export type { StepState, StepStatus } from './core/step.js';
export type { CronTrigger, WorkflowRecord } from './core/store.js';

// Writing workflows
export { currentStep } from './engine/execution-scope.js';
export type {
  ChildOptions,
  ParsedInput,
  RunInfo,
  StepOptions,
  StepScope,
  StepTools,
  WorkflowContext,
  WorkflowFailure,
} from './engine/context.js';
export type {
  CronOptions,
  FailureHandler,
  WorkflowClass,
  WorkflowDefinition,
  WorkflowHandler,
  WorkflowInput,
  WorkflowOptions,
  WorkflowOutput,
  WorkflowReference,
} from './engine/workflow.js';
export type { Journaled } from './core/journaled.js';
export type { Backoff, RetryOptions } from './core/retry.js';
export type { RetentionOptions, RetentionRule } from './core/retention.js';
export type { Codec } from './core/codec.js';
export type { PayloadLimits } from './core/payloads.js';
export type { Logger } from './engine/logger.js';

// Errors
export type { ErrorKind, SerializedError } from './core/serialized-error.js';
export { ConfigurationError } from './core/errors/configuration.error.js';
export { ConnectionError } from './core/errors/connection.error.js';
export { DuplicateStepError } from './core/errors/duplicate-step.error.js';
export { IdempotencyConflictError } from './core/errors/idempotency-conflict.error.js';
export { LeaseLostError } from './core/errors/lease-lost.error.js';
export { NonRetriableError } from './core/errors/non-retriable.error.js';
export { RedflowError } from './core/errors/redflow.error.js';
export { RetryAfterError } from './core/errors/retry-after.error.js';
export { RunCanceledError } from './core/errors/run-canceled.error.js';
export { RunFailedError } from './core/errors/run-failed.error.js';
export { RunNotFoundError } from './core/errors/run-not-found.error.js';
export { SerializationError } from './core/errors/serialization.error.js';
export { TimeoutError } from './core/errors/timeout.error.js';
export { UnknownWorkflowError } from './core/errors/unknown-workflow.error.js';
export { ValidationError } from './core/errors/validation.error.js';
