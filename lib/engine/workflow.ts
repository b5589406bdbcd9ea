import type { z } from 'zod';
import type { RetryOptions } from '../core/retry.js';
import type { WorkflowContext, WorkflowFailure } from './context.js';

/** A trigger that starts a run at every tick of a cron expression. */
export interface CronOptions {
  /** Unique within the workflow. Default: the expression and the time zone. */
  readonly id?: string;
  /** Five fields, or six with seconds first. */
  readonly expression: string;
  /** IANA name. Default `UTC`. */
  readonly timezone?: string;
  /** Input of the runs that it starts. `null` stays `null`. */
  readonly input?: unknown;
}

/** What a workflow is; the same for `@Workflow` and {@link defineWorkflow}. */
export interface WorkflowOptions<Schema extends z.ZodType = z.ZodType, OutputSchema extends z.ZodType = z.ZodType> {
  /** The queue of its runs. Default `default`. */
  readonly queue?: string;
  /** At most so many of its runs execute at one instant, over all workers. Default 1. */
  readonly maxConcurrency?: number;
  /** Validates the input: when a run is started and before each execution. */
  readonly schema?: Schema;
  /** Validates the output before it is stored. */
  readonly outputSchema?: OutputSchema;
  readonly cron?: readonly CronOptions[];
  /** Default: one attempt. */
  readonly retries?: RetryOptions;
  /** Time limit of one attempt, and of the failure handler, in ms; time suspended not counted. Default: none. */
  readonly timeoutMs?: number;
}

/** A handler: `(ctx, input)`, where `input` is `ctx.input`. */
export type WorkflowHandler<Input, Output> = (ctx: WorkflowContext<Input>, input: Input) => Output | Promise<Output>;

export type FailureHandler<Input> = (failure: WorkflowFailure<Input>) => unknown;

declare const RAW_INPUT: unique symbol;
declare const OUTPUT: unique symbol;

/**
 * A workflow that can be registered and run. Made by {@link defineWorkflow}; on the Nest side from a
 * decorated class. `RawInput` is what callers pass, before the schema has transformed it.
 */
export interface WorkflowDefinition<RawInput = unknown, Output = unknown> {
  readonly name: string;
  readonly queue: string;
  readonly maxConcurrency: number;
  readonly schema: z.ZodType | undefined;
  readonly outputSchema: z.ZodType | undefined;
  readonly cron: readonly CronOptions[];
  readonly retries: RetryOptions;
  readonly timeoutMs: number | undefined;
  readonly handler: WorkflowHandler<never, unknown>;
  readonly onFailure: FailureHandler<never> | undefined;
  /** Types only. */
  readonly [RAW_INPUT]?: (input: RawInput) => void;
  /** Types only. */
  readonly [OUTPUT]?: Output;
}

/** A class with a `run` method: what `@Workflow` decorates. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- constructor and method parameters are contravariant: only `any` accepts every class
export type WorkflowClass = abstract new (...args: any[]) => { run(...args: any[]): unknown };

/** What names a workflow where one is to be started. */
export type WorkflowReference = WorkflowClass | WorkflowDefinition<never, unknown> | string;

type RunMethod<C> = C extends abstract new (...args: never[]) => { run: infer Run } ? Run : never;

type RawInputOfMethod<Run> = Run extends (ctx: infer Ctx, ...rest: infer Rest) => unknown
  ? Ctx extends WorkflowContext<infer T>
    ? T extends z.ZodType
      ? z.input<T>
      : InputOfRest<Rest, T>
    : InputOfRest<Rest, unknown>
  : unknown;

type InputOfRest<Rest extends unknown[], Fallback> = Rest extends []
  ? Fallback
  : Rest extends [(infer Input)?, ...unknown[]]
    ? Input
    : Fallback;

/**
 * The input that a caller passes. Of a class: the second parameter of `run`; with
 * `WorkflowContext<typeof schema>` as the first parameter, the input type of that schema.
 */
export type WorkflowInput<W> = W extends string
  ? unknown
  : W extends WorkflowDefinition<infer RawInput, unknown>
    ? RawInput
    : RawInputOfMethod<RunMethod<W>>;

/** The output of the handler, before it was stored. */
export type WorkflowOutput<W> = W extends string
  ? unknown
  : W extends WorkflowDefinition<never, infer Output>
    ? Output
    : RunMethod<W> extends (...args: never[]) => infer R
      ? Awaited<R>
      : unknown;
