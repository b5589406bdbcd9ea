import { RedflowError } from '../core/errors/redflow.error.js';
import { TimeoutError } from '../core/errors/timeout.error.js';
import { UnknownWorkflowError } from '../core/errors/unknown-workflow.error.js';
import { serializeError } from '../core/error-serializer.js';
import type { Payloads } from '../core/payloads.js';
import type { Retention } from '../core/retention.js';
import type { ClaimedRun, Finish, FinishResult, WorkerStore } from '../core/store.js';
import type { RunInfo, WorkflowContext } from './context.js';
import { runInScope } from './execution-scope.js';
import { ExecutionSession, type DurableWait, type Ending } from './execution-session.js';
import { FailureContext, HandlerContext } from './handler-context.js';
import { parseWith } from './input.js';
import type { Logger } from './logger.js';
import { persist } from './persist.js';
import { nextAttemptDelay } from './retry-policy.js';
import { StepContext } from './step-context.js';
import { StepHistory } from './step-history.js';
import type { StoreClock } from './store-clock.js';
import { parseStoredError } from './stored-error.js';
import type { WorkflowRegistry } from './workflow-registry.js';
import type { WorkflowDefinition } from './workflow.js';

export interface ExecutorParts {
  readonly store: WorkerStore;
  readonly registry: WorkflowRegistry;
  readonly payloads: Payloads;
  readonly retention: Retention;
  readonly clock: StoreClock;
  readonly logger: Logger;
}

/** Whoever has a run executed, and looks after it meanwhile. */
export interface ExecutionObserver {
  /** A session is opened: before the execution begins, and again for the failure handler. It takes the place of the former. */
  onSession(session: ExecutionSession): void;
  /** No user code is left to execute; the end of the run is still to be stored. */
  onExecuted(): void;
}

/** What became of an execution: the status of the run afterwards, or how the execution was given up. */
export type ExecutionResult = FinishResult | Ending;

type HandlerOutcome =
  | { readonly type: 'returned'; readonly value: unknown }
  | { readonly type: 'threw'; readonly error: unknown }
  | { readonly type: 'ended'; readonly ending: Ending };

/** One run in execution. */
interface Task {
  readonly run: ClaimedRun;
  readonly observer: ExecutionObserver | undefined;
  readonly info: RunInfo;
  readonly session: ExecutionSession;
  readonly steps: StepContext;
  readonly history: StepHistory;
  readonly definition: WorkflowDefinition;
}

/** Executes a claimed run: resolve, validate the input, run the handler, settle what came of it. */
export class Executor {
  constructor(private readonly parts: ExecutorParts) {}

  // Promises are counted here: each costs a run more than it seems to, as the scope of the execution follows it.
  execute(run: ClaimedRun, leaseUntil: number, observer?: ExecutionObserver): Promise<ExecutionResult> {
    const session = this.#openSession(run, leaseUntil, observer);
    const definition = this.parts.registry.get(run.workflow) as WorkflowDefinition | undefined;
    if (!definition) return this.#giveBackUnknown(run, session);
    const task = this.#prepare(run, session, definition, observer);
    if (run.failure !== undefined) return this.#runFailureHandler(task, run.failure);
    return this.#inSession(task, () => this.#callHandler(task)).then((outcome) => this.#settle(task, outcome));
  }

  #openSession(run: ClaimedRun, leaseUntil: number, observer: ExecutionObserver | undefined): ExecutionSession {
    const session: ExecutionSession = new ExecutionSession(run.id, run.token, leaseUntil, (waits) =>
      this.#suspend(session, waits),
    );
    observer?.onSession(session);
    return session;
  }

  #settle(task: Task, outcome: HandlerOutcome): Promise<ExecutionResult> | ExecutionResult {
    switch (outcome.type) {
      case 'returned':
        return this.#succeed(task, outcome.value);
      case 'threw':
        return this.#fail(task, outcome.error);
      case 'ended':
        return outcome.ending;
    }
  }

  #prepare(
    run: ClaimedRun,
    session: ExecutionSession,
    definition: WorkflowDefinition,
    observer: ExecutionObserver | undefined,
  ): Task {
    const { store, payloads, clock } = this.parts;
    const { id, workflow, queue, attempt, maxAttempts, createdAt } = run;
    const info: RunInfo = { id, workflow, queue, attempt, maxAttempts, createdAt };
    const history = new StepHistory(run.steps, run.outcomes);
    const steps = new StepContext({ run: info, session, history, store, payloads, clock });
    return { run, observer, info, session, steps, history, definition };
  }

  #callHandler(task: Task): unknown {
    if (!task.definition.schema) return this.#enterHandler(task, this.#decodeInput(task));
    return this.#parseInput(task).then((input) => this.#enterHandler(task, input));
  }

  #enterHandler(task: Task, input: unknown): unknown {
    const handler = task.definition.handler as (ctx: WorkflowContext, input: unknown) => unknown;
    task.session.instance = undefined;
    const { info, steps, session } = task;
    return handler(new HandlerContext({ input, run: info, step: steps, session, logger: this.parts.logger }), input);
  }

  /** Runs a body of user code until it settles, the execution is given up, or its time is over. */
  #inSession(task: Task, body: () => unknown): Promise<HandlerOutcome> {
    return task.definition.timeoutMs === undefined
      ? this.#untilEnded(task, body)
      : this.#untilTimedOut(task, body, task.definition.timeoutMs);
  }

  async #untilTimedOut(task: Task, body: () => unknown, timeoutMs: number): Promise<HandlerOutcome> {
    const { session, info } = task;
    const timeout = new TimeoutError(`run ${info.id}`, timeoutMs);
    const timer = setTimeout(() => session.end('timed_out', timeout), timeoutMs);
    const outcome = await this.#untilEnded(task, body);
    clearTimeout(timer);
    return outcome.type === 'ended' && outcome.ending === 'timed_out' ? { type: 'threw', error: timeout } : outcome;
  }

  #untilEnded({ session, steps }: Task, body: () => unknown): Promise<HandlerOutcome> {
    return new Promise((resolve) => {
      const settle = (outcome: HandlerOutcome): void => {
        const decided = session.close();
        if (decided) void decided.then(() => resolve(outcome));
        else resolve(outcome);
      };
      session.onEnded((ending) => resolve({ type: 'ended', ending }));
      outcomeOf(() => runInScope({ step: steps, insideStep: false, execution: session }, body)).then(
        (value) => settle({ type: 'returned', value }),
        (error: unknown) => settle({ type: 'threw', error }),
      );
    });
  }

  #decodeInput({ run }: Task): unknown {
    return this.parts.payloads.decode(inputOf(run), run.input);
  }

  async #parseInput(task: Task): Promise<unknown> {
    const { schema } = task.definition;
    const input = this.#decodeInput(task);
    return schema ? parseWith(schema, inputOf(task.run), input) : input;
  }

  #succeed(task: Task, value: unknown): Promise<ExecutionResult> {
    const { outputSchema } = task.definition;
    if (!outputSchema) return this.#storeOutput(task, value);
    return parseWith(outputSchema, outputOf(task.run), value).then(
      (output) => this.#storeOutput(task, output),
      (error: unknown) => this.#fail(task, error),
    );
  }

  #storeOutput(task: Task, value: unknown): Promise<ExecutionResult> {
    let output: string | undefined;
    try {
      output = this.parts.payloads.encode(outputOf(task.run), value);
    } catch (error) {
      return this.#fail(task, error);
    }
    return this.#finish(task, { status: 'succeeded', output });
  }

  async #fail(task: Task, error: unknown): Promise<ExecutionResult> {
    const { run, definition } = task;
    if (task.session.canceled) return this.#finish(task, { status: 'canceled' });
    const stored = JSON.stringify(serializeError(error));
    const delayMs = nextAttemptDelay(error, run.attempt, run.maxAttempts, definition.retries);
    if (delayMs !== undefined) return this.#finish(task, { status: 'retry', error: stored, delayMs });
    if (!definition.onFailure) return this.#finish(task, { status: 'failed', error: stored });
    const { runId, token } = task.session;
    const state = await this.#write(
      task,
      () => this.parts.store.recordFailure({ runId, token, error: stored }),
      'lost' as const,
    );
    if (state === 'lost') return 'lost';
    if (state === 'cancel_requested') return this.#finish(task, { status: 'canceled' });
    return this.#runFailureHandler(this.#renew(task), stored);
  }

  // A session without what the handler has left behind, or after the time limit of the run: the run is still ours.
  #renew(task: Task): Task {
    task.session.settle();
    task.history.rewind();
    const session = this.#openSession(task.run, task.session.leaseUntil, task.observer);
    const { store, payloads, clock } = this.parts;
    const steps = new StepContext({ run: task.info, session, history: task.history, store, payloads, clock });
    return { ...task, session, steps };
  }

  async #runFailureHandler(task: Task, failure: string): Promise<ExecutionResult> {
    const { definition, run } = task;
    const error = parseStoredError(failure);
    const outcome = await this.#inSession(task, async () => {
      const input = await this.#parseInput(task).catch(() => this.#rawInput(task));
      const onFailure = definition.onFailure as ((failure: unknown) => unknown) | undefined;
      const { info, steps, session } = task;
      await onFailure?.(
        new FailureContext({ input, run: info, step: steps, session, logger: this.parts.logger }, error),
      );
    });
    if (outcome.type === 'ended') return outcome.ending;
    if (outcome.type === 'threw') {
      this.parts.logger.error(
        `onFailure of run ${run.id} (${run.workflow}) failed: ${serializeError(outcome.error).message}`,
      );
    }
    return this.#finish(task, { status: 'failed', error: failure });
  }

  // An input that the schema refuses is the very reason of some failures; the handler still gets it.
  #rawInput(task: Task): unknown {
    try {
      return this.#decodeInput(task);
    } catch {
      return undefined;
    }
  }

  #finish(task: Task, outcome: Finish['outcome']): Promise<ExecutionResult> {
    const { runId, token } = task.session;
    const { workflow } = task.run;
    const { store, retention } = this.parts;
    task.observer?.onExecuted();
    return this.#write(task, () => store.finish({ runId, token, workflow, outcome }, retention), 'lost');
  }

  // A session that ended by the time limit of the run still has its lease.
  #write<T, E>(task: Task, write: () => Promise<T>, ended: E): Promise<T | E> {
    return persist(task.session.isEnded ? this.#renew(task).session : task.session, write, ended);
  }

  async #giveBackUnknown(run: ClaimedRun, session: ExecutionSession): Promise<ExecutionResult> {
    const { store, retention, logger } = this.parts;
    const owner = { runId: run.id, token: run.token };
    const released = await persist(session, () => store.release({ ...owner, to: 'orphan' }), 'lost' as const);
    if (released !== 'unregistered') return released === 'released' ? 'released' : 'lost';
    logger.error(`run ${run.id}: workflow "${run.workflow}" is not registered anywhere`);
    const error = JSON.stringify(serializeError(new UnknownWorkflowError(run.workflow)));
    const outcome = { status: 'failed', error } as const;
    const finish = { ...owner, workflow: run.workflow, outcome };
    return persist(session, () => store.finish(finish, retention), 'lost' as const);
  }

  async #suspend(session: ExecutionSession, waits: readonly DurableWait[]): Promise<void> {
    const { store, clock } = this.parts;
    const deadlines = waits.map(({ deadlineAt }) => deadlineAt).filter((at) => at !== undefined);
    const request = {
      runId: session.runId,
      token: session.token,
      steps: waits.map(({ step }) => step),
      wakeAt: deadlines.length > 0 ? Math.min(...deadlines) : undefined,
    };
    const result = await persist(session, () => store.suspend(request), undefined).catch((error: unknown) => {
      session.end('lost', error instanceof Error ? error : new RedflowError('suspending failed'));
      return undefined;
    });
    if (!result) return;
    if (result.state === 'suspended') session.end('suspended');
    else if (result.state !== 'woken') session.observe(result.state);
    else if (result.outcomes.length > 0) session.deliver(result.outcomes);
    // The store says that the time is over, whatever the clock here shows.
    else session.expire(Math.max(clock.now(), request.wakeAt ?? 0));
  }
}

/** A handler that does not wait gives a value, or throws at once. */
function outcomeOf(call: () => unknown): Promise<unknown> {
  try {
    return Promise.resolve(call());
  } catch (error) {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a handler may throw anything
    return Promise.reject(error);
  }
}

function inputOf(run: ClaimedRun): string {
  return `input of workflow "${run.workflow}"`;
}

function outputOf(run: ClaimedRun): string {
  return `output of workflow "${run.workflow}"`;
}
