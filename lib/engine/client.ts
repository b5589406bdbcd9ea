import { isDeepStrictEqual } from 'node:util';
import { ConfigurationError } from '../core/errors/configuration.error.js';
import { IdempotencyConflictError } from '../core/errors/idempotency-conflict.error.js';
import { RunCanceledError } from '../core/errors/run-canceled.error.js';
import { RunFailedError } from '../core/errors/run-failed.error.js';
import { RunNotFoundError } from '../core/errors/run-not-found.error.js';
import { TimeoutError } from '../core/errors/timeout.error.js';
import type { Journaled } from '../core/journaled.js';
import { checkInteger, checkName, MAX_TIMER_MS } from '../core/names.js';
import type { Payloads } from '../core/payloads.js';
import type { Retention } from '../core/retention.js';
import { newRunId } from '../core/run-id.js';
import { RUN_STATUSES, type RunState, type RunStatus } from '../core/run.js';
import type { StepState } from '../core/step.js';
import type { EnqueuedRun, NewRun, RunOutcome, Store, WorkflowRecord } from '../core/store.js';
import { encodeInput } from './input.js';
import { ClientRunHandle, type RunHandle } from './run-handle.js';
import { idempotency, startTime, type RunHandles, type RunOptions, type RunRequest } from './run-options.js';
import { toRunState, toStepState } from './run-view.js';
import { syncRegistry } from './registration.js';
import { resolveReference, type ResolvedReference } from './workflow-reference.js';
import type { WorkflowRegistry } from './workflow-registry.js';
import type { WorkflowInput, WorkflowOutput, WorkflowReference } from './workflow.js';
import { parseStoredError } from './stored-error.js';

export interface ListRunsOptions {
  readonly status?: RunStatus;
  readonly workflow?: string;
  /** Runs per page, 1 to 1 000. Default 50. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
  /** Runs to skip, at most 10 000; a negative number counts as 0. For deep pages use the cursor. */
  readonly offset?: number;
}

export interface RunList {
  /** Newest first. */
  readonly runs: RunState[];
  readonly nextCursor?: string;
}

export interface CancelOptions {
  /** Kept with the run as `cancelReason`. */
  readonly reason?: string;
  /** Whether the children that the run waits for are canceled too. Default true. */
  readonly cancelChildren?: boolean;
}

export interface ClientParts {
  readonly store: Store;
  readonly payloads: Payloads;
  readonly retention: Retention;
}

const DEFAULT_PAGE = 50;
const MAX_PAGE = 1_000;
const MAX_OFFSET = 10_000;

/** Starts, finds, awaits and cancels runs. */
export class RedflowClient {
  readonly #store: Store;
  readonly #payloads: Payloads;
  readonly #retention: Retention;

  /** @internal use `createClient`, or inject it */
  constructor(parts: ClientParts) {
    this.#store = parts.store;
    this.#payloads = parts.payloads;
    this.#retention = parts.retention;
  }

  /**
   * Starts a run. Resolves once Redis has it.
   *
   * @throws ValidationError, SerializationError, ConfigurationError before Redis is touched;
   *   IdempotencyConflictError; ConnectionError
   */
  async run<W extends WorkflowReference>(
    workflow: W,
    input: WorkflowInput<W>,
    options: RunOptions = {},
  ): Promise<RunHandle<Journaled<WorkflowOutput<W>>>> {
    return this.#start(resolveReference(workflow), input, options);
  }

  /** Like {@link run}, by name: queue, attempts and limits come from the metadata of the workflow in Redis. */
  async runByName<Output = unknown>(
    name: string,
    input: unknown,
    options: RunOptions = {},
  ): Promise<RunHandle<Output>> {
    return this.#start({ name: checkName('workflow name', name), definition: undefined }, input, options);
  }

  /** Like {@link runByName}, and gives only the id. */
  async emitWorkflow(name: string, input: unknown, options: RunOptions = {}): Promise<string> {
    return (await this.runByName(name, input, options)).id;
  }

  /** Starts many runs in few round trips; the handles are in the order of the requests. All are checked before the first is sent. */
  async runMany<Ws extends readonly WorkflowReference[]>(
    requests: readonly [...{ [I in keyof Ws]: RunRequest<Ws[I]> }],
  ): Promise<RunHandles<Ws>> {
    const list = requests as readonly RunRequest[];
    const prepared = await Promise.all(
      list.map(({ workflow, input, options }) => this.#prepare(resolveReference(workflow), input, options ?? {})),
    );
    const enqueued = await this.#store.runs.enqueueMany(prepared);
    const handles = enqueued.map((run, index) => {
      this.#checkConflict(prepared[index] as NewRun, run, list[index]?.options ?? {});
      return new ClientRunHandle(this, run.id, run.created);
    });
    return handles as unknown as RunHandles<Ws>;
  }

  getHandle<Output = unknown>(runId: string): RunHandle<Output> {
    return new ClientRunHandle<Output>(this, checkName('runId', runId), false);
  }

  async getRun(runId: string): Promise<RunState | undefined> {
    const record = isRunId(runId) ? await this.#store.runs.getRun(runId) : undefined;
    return record && toRunState(record, this.#payloads);
  }

  /** In order of `seq`. Empty for a run that does not exist. */
  async getRunSteps(runId: string): Promise<StepState[]> {
    const records = isRunId(runId) ? await this.#store.runs.getSteps(runId) : [];
    return records.map((record) => toStepState(record, this.#payloads)).sort((a, b) => a.seq - b.seq);
  }

  /** A page of runs, newest first; `status` and `workflow` apply together. */
  async listRuns(options: ListRunsOptions = {}): Promise<RunList> {
    if (options.status !== undefined && !RUN_STATUSES.includes(options.status)) {
      throw new ConfigurationError(
        'status',
        `must be one of ${RUN_STATUSES.join(', ')}, got "${String(options.status)}"`,
      );
    }
    const offset = options.offset ?? 0;
    const page = await this.#store.runs.listRuns({
      status: options.status,
      workflow: options.workflow === undefined ? undefined : checkName('workflow', options.workflow),
      limit: checkInteger('limit', options.limit ?? DEFAULT_PAGE, 1, MAX_PAGE),
      offset: Math.max(0, checkInteger('offset', offset, Number.MIN_SAFE_INTEGER, MAX_OFFSET)),
      cursor: options.cursor,
    });
    return { runs: page.runs.map((record) => toRunState(record, this.#payloads)), nextCursor: page.nextCursor };
  }

  /**
   * Cancels a run: one that does not execute at once, a running one as soon as its worker has noticed
   * (within a second). Says whether the call changed anything.
   */
  async cancelRun(runId: string, options: CancelOptions = {}): Promise<boolean> {
    if (!isRunId(runId)) return false;
    const result = await this.#store.runs.cancel({
      id: runId,
      reason: options.reason === undefined ? undefined : checkName('reason', options.reason),
      keepChildren: options.cancelChildren === false,
      retention: this.#retention.canceled,
    });
    return result === 'canceled' || result === 'requested';
  }

  /** The workflows that workers have registered. */
  async listWorkflows(): Promise<WorkflowRecord[]> {
    return this.#store.registry.listWorkflows();
  }

  async getWorkflow(name: string): Promise<WorkflowRecord | undefined> {
    return this.#store.registry.getWorkflow(checkName('workflow name', name));
  }

  /** Publishes the workflows of an app; `startWorker` does it by itself. */
  async syncRegistry(
    registry: WorkflowRegistry,
    options: { readonly app: string },
  ): Promise<{ removed: string[]; foreign: string[] }> {
    return syncRegistry({ store: this.#store.registry, payloads: this.#payloads }, registry, options.app);
  }

  /** Closes the connections that the client has opened. Pending waits reject. */
  async close(): Promise<void> {
    await this.#store.close();
  }

  /** @internal */
  async requireRun(runId: string): Promise<RunState> {
    const run = await this.getRun(runId);
    if (!run) throw new RunNotFoundError(runId);
    return run;
  }

  /** @internal */
  async waitForResult(runId: string, timeoutMs: number | undefined): Promise<unknown> {
    if (!isRunId(runId)) throw new RunNotFoundError(runId);
    if (timeoutMs === undefined) return this.#unwrap(runId, await this.#store.runs.waitForOutcome(runId));
    checkInteger('timeoutMs', timeoutMs, 0);
    const abort = new AbortController();
    const timer = setTimeout(
      () => abort.abort(new TimeoutError(`run ${runId}`, timeoutMs)),
      Math.min(timeoutMs, MAX_TIMER_MS),
    );
    try {
      return await this.#unwrap(runId, await this.#store.runs.waitForOutcome(runId, abort.signal));
    } finally {
      clearTimeout(timer);
    }
  }

  async #unwrap(runId: string, outcome: RunOutcome): Promise<unknown> {
    switch (outcome.status) {
      case 'succeeded':
        return this.#payloads.decode(`output of run ${runId}`, outcome.payload);
      case 'canceled':
        throw new RunCanceledError(runId, outcome.payload);
      case 'failed': {
        const run = await this.#store.runs.getRun(runId);
        throw new RunFailedError(runId, run?.workflow ?? 'unknown', parseStoredError(outcome.payload));
      }
    }
  }

  async #start<Output>(reference: ResolvedReference, input: unknown, options: RunOptions): Promise<RunHandle<Output>> {
    const run = await this.#prepare(reference, input, options);
    const enqueued = await this.#store.runs.enqueue(run);
    this.#checkConflict(run, enqueued, options);
    return new ClientRunHandle<Output>(this, enqueued.id, enqueued.created);
  }

  async #prepare({ name, definition }: ResolvedReference, input: unknown, options: RunOptions): Promise<NewRun> {
    return {
      id: newRunId(),
      workflow: name,
      input: await encodeInput(this.#payloads, name, definition?.schema, input),
      queue: options.queue === undefined ? definition?.queue : checkName('queue', options.queue),
      maxAttempts:
        options.maxAttempts === undefined
          ? definition?.retries.maxAttempts
          : checkInteger('maxAttempts', options.maxAttempts, 1),
      ...startTime(options),
      ...idempotency(options),
    };
  }

  #checkConflict(run: NewRun, enqueued: EnqueuedRun, options: RunOptions): void {
    if (enqueued.created || options.onConflict !== 'reject' || enqueued.existingInput === run.input) return;
    const subject = `input of workflow "${run.workflow}"`;
    const existing = this.#payloads.decode(subject, enqueued.existingInput);
    if (isDeepStrictEqual(existing, this.#payloads.decode(subject, run.input))) return;
    throw new IdempotencyConflictError(run.workflow, options.idempotencyKey ?? '', enqueued.id);
  }
}

// What is no id of a run must not reach a key: `<id>:steps` is one too.
function isRunId(runId: string): boolean {
  return /^[0-9a-z]{1,64}$/.test(checkName('runId', runId));
}
