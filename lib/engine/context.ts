import type { z } from 'zod';
import type { Journaled } from '../core/journaled.js';
import type { RetryOptions } from '../core/retry.js';
import type { SerializedError } from '../core/serialized-error.js';
import type { Logger } from './logger.js';
import type { WorkflowInput, WorkflowOutput, WorkflowReference } from './workflow.js';

/** The run that is being executed. */
export interface RunInfo {
  readonly id: string;
  readonly workflow: string;
  readonly queue: string;
  /** 1 in the first execution; recovery after a crash and resumption after a wait do not count. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Ms since the epoch. */
  readonly createdAt: number;
}

/** What a step's function gets. */
export interface StepScope {
  /** Aborts when the step runs out of time, the run is canceled, the lease is lost or the worker shuts down. */
  readonly signal: AbortSignal;
  /** 1 in the first execution of the step's body. */
  readonly attempt: number;
  /** The same over all attempts and processes: for the systems that the step calls. */
  readonly idempotencyKey: string;
  /** The token of this execution of the run: a system that compares fences can refuse a former owner. */
  readonly fence: string;
}

export interface StepOptions {
  readonly name: string;
  /** Time limit of one attempt of the step in ms. Default: none. */
  readonly timeoutMs?: number;
  /** Default: one attempt. */
  readonly retries?: RetryOptions;
}

export interface ChildOptions {
  readonly name: string;
  /** How long the step waits for the child, in ms; the child goes on. Default: for ever. */
  readonly timeoutMs?: number;
  /** Default: made of parent run, step and child workflow. */
  readonly idempotencyKey?: string;
}

/** The durable operations of a run. */
export interface StepTools {
  /**
   * Executes `fn` once: its first success is stored and returned ever after.
   *
   * @throws DuplicateStepError when a step of that name was called before in this execution
   * @throws the error of `fn` after its last attempt; TimeoutError; SerializationError
   */
  run<T>(step: string | StepOptions, fn: (scope: StepScope) => T | Promise<T>): Promise<Journaled<T>>;
  /**
   * Starts a run of another workflow, once, and resolves with its output. The run is suspended
   * meanwhile: it holds no worker and no concurrency slot. Not inside the function of another step.
   *
   * @throws RunFailedError, RunCanceledError, TimeoutError, ValidationError, DuplicateStepError, NonRetriableError
   */
  runWorkflow<W extends WorkflowReference>(
    step: string | ChildOptions,
    workflow: W,
    input: WorkflowInput<W>,
  ): Promise<Journaled<WorkflowOutput<W>>>;
  /** Starts a run of another workflow, once, and resolves with its id without waiting for it. */
  emitWorkflow<W extends WorkflowReference>(
    step: string | Omit<ChildOptions, 'timeoutMs'>,
    workflow: W,
    input: WorkflowInput<W>,
  ): Promise<string>;
}

/** `T` itself, or the output type of `T` where it is a schema. */
export type ParsedInput<T> = T extends z.ZodType ? z.output<T> : T;

/**
 * What a handler gets. `T` is the type of the input, or the type of its zod schema
 * (`WorkflowContext<typeof OrderInput>`), which also tells callers what to pass.
 */
export interface WorkflowContext<T = unknown> {
  readonly input: ParsedInput<T>;
  readonly step: StepTools;
  /**
   * Aborts when the run is canceled, times out, loses its lease, or the worker shuts down. Made when it is asked for:
   * a copy of the context (`{ ...ctx }`) is without it.
   */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly run: RunInfo;
}

/** What the `onFailure` handler gets, once, after the last attempt has failed. Never on cancellation. */
export interface WorkflowFailure<Input = unknown> {
  readonly error: SerializedError;
  readonly input: Input;
  readonly run: RunInfo;
  /** Steps of the failure handler are durable too: a crash does not repeat what was undone. */
  readonly step: StepTools;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}
