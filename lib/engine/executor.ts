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
  /** Told of every session that is opened: a run may need a second one for its failure handler. */
  readonly onSession?: (session: ExecutionSession) => void;
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
  readonly info: RunInfo;
  readonly session: ExecutionSession;
  readonly steps: StepContext;
  readonly history: StepHistory;
  readonly definition: WorkflowDefinition;
}

/** Executes a claimed run: resolve, validate the input, run the handler, settle what came of it. */
export class Executor {
  constructor(private readonly parts: ExecutorParts) {}

  /** The session is there before the execution starts, so that heartbeat and shutdown can reach it. */
  openSession(run: ClaimedRun, leaseUntil: number): ExecutionSession {
    const session: ExecutionSession = new ExecutionSession(run.id, run.token, leaseUntil, (waits) =>
      this.#suspend(session, waits),
    );
    this.parts.onSession?.(session);
    return session;
  }

  async execute(run: ClaimedRun, session: ExecutionSession): Promise<ExecutionResult> {
    const definition = this.parts.registry.get(run.workflow) as WorkflowDefinition | undefined;
    if (!definition) return this.#giveBackUnknown(run, session);
    const task = this.#prepare(run, session, definition);
    if (run.failure !== undefined) return this.#runFailureHandler(task, run.failure);
    const outcome = await this.#runHandler(task);
    switch (outcome.type) {
      case 'returned':
        return this.#succeed(task, outcome.value);
      case 'threw':
        return this.#fail(task, outcome.error);
      case 'ended':
        return outcome.ending;
    }
  }

  #prepare(run: ClaimedRun, session: ExecutionSession, definition: WorkflowDefinition): Task {
    const { store, payloads, clock } = this.parts;
    const { id, workflow, queue, attempt, maxAttempts, createdAt } = run;
    const info: RunInfo = { id, workflow, queue, attempt, maxAttempts, createdAt };
    const history = new StepHistory(run.steps, run.outcomes);
    const steps = new StepContext({ run: info, session, history, store, payloads, clock });
    return { run, info, session, steps, history, definition };
  }

  async #runHandler(task: Task): Promise<HandlerOutcome> {
    const { definition, session } = task;
    return this.#inSession(task, async () => {
      const input = await this.#readInput(task);
      const ctx: WorkflowContext = { input, ...this.#tools(task) };
      const handler = definition.handler as (ctx: WorkflowContext, input: unknown) => unknown;
      session.instance = undefined;
      return handler(ctx, input);
    });
  }

  /** Runs a body of user code until it settles, the execution is given up, or its time is over. */
  async #inSession(task: Task, body: () => Promise<unknown>): Promise<HandlerOutcome> {
    const { session, steps, definition, info } = task;
    const settled = runInScope({ step: steps, insideStep: false, execution: session }, body).then(
      (value) => this.#closed(session, { type: 'returned', value }),
      (error: unknown) => this.#closed(session, { type: 'threw', error }),
    );
    const ended = session.ended.then((ending): HandlerOutcome => ({ type: 'ended', ending }));
    if (definition.timeoutMs === undefined) return Promise.race([ended, settled]);
    const timeout = new TimeoutError(`run ${info.id}`, definition.timeoutMs);
    const timer = setTimeout(() => session.end('timed_out', timeout), definition.timeoutMs);
    const outcome = await Promise.race([ended, settled]);
    clearTimeout(timer);
    return outcome.type === 'ended' && outcome.ending === 'timed_out' ? { type: 'threw', error: timeout } : outcome;
  }

  async #closed(session: ExecutionSession, outcome: HandlerOutcome): Promise<HandlerOutcome> {
    await session.close();
    return outcome;
  }

  async #readInput({ run, definition }: Task): Promise<unknown> {
    const subject = `input of workflow "${run.workflow}"`;
    const input = this.parts.payloads.decode(subject, run.input);
    return definition.schema ? parseWith(definition.schema, subject, input) : input;
  }

  async #succeed(task: Task, value: unknown): Promise<ExecutionResult> {
    const subject = `output of workflow "${task.run.workflow}"`;
    let output: string | undefined;
    try {
      const { outputSchema } = task.definition;
      output = this.parts.payloads.encode(
        subject,
        outputSchema ? await parseWith(outputSchema, subject, value) : value,
      );
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
    const state = await this.#write(task, () => this.parts.store.recordFailure({ runId, token, error: stored }));
    if (state === undefined || state === 'lost') return 'lost';
    if (state === 'cancel_requested') return this.#finish(task, { status: 'canceled' });
    return this.#runFailureHandler(this.#renew(task), stored);
  }

  // A session without what the handler has left behind, or after the time limit of the run: the run is still ours.
  #renew(task: Task): Task {
    task.session.settle();
    task.history.rewind();
    const session = this.openSession(task.run, task.session.leaseUntil);
    const { store, payloads, clock } = this.parts;
    const steps = new StepContext({ run: task.info, session, history: task.history, store, payloads, clock });
    return { ...task, session, steps };
  }

  async #runFailureHandler(task: Task, failure: string): Promise<ExecutionResult> {
    const { definition, run } = task;
    const error = parseStoredError(failure);
    const outcome = await this.#inSession(task, async () => {
      const input = await this.#readInput(task).catch(() => this.#rawInput(run));
      const onFailure = definition.onFailure as ((failure: unknown) => unknown) | undefined;
      await onFailure?.({ error, input, ...this.#tools(task) });
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
  #rawInput(run: ClaimedRun): unknown {
    try {
      return this.parts.payloads.decode('input', run.input);
    } catch {
      return undefined;
    }
  }

  #tools({ steps, session, info }: Task): Pick<WorkflowContext, 'step' | 'signal' | 'logger' | 'run'> {
    return { step: steps, signal: session.signal, logger: this.parts.logger, run: info };
  }

  async #finish(task: Task, outcome: Finish['outcome']): Promise<ExecutionResult> {
    const { runId, token } = task.session;
    const { store, retention } = this.parts;
    return (await this.#write(task, () => store.finish({ runId, token, outcome }, retention))) ?? 'lost';
  }

  // A session that ended by the time limit of the run still has its lease.
  #write<T>(task: Task, write: () => Promise<T>): Promise<T | undefined> {
    return persist(task.session.isEnded ? this.#renew(task).session : task.session, write);
  }

  async #giveBackUnknown(run: ClaimedRun, session: ExecutionSession): Promise<ExecutionResult> {
    const { store, retention, logger } = this.parts;
    const owner = { runId: run.id, token: run.token };
    const released = await persist(session, () => store.release({ ...owner, to: 'orphan' }));
    if (released !== 'unregistered') return released === 'released' ? 'released' : 'lost';
    logger.error(`run ${run.id}: workflow "${run.workflow}" is not registered anywhere`);
    const error = JSON.stringify(serializeError(new UnknownWorkflowError(run.workflow)));
    const outcome = { status: 'failed', error } as const;
    return (await persist(session, () => store.finish({ ...owner, outcome }, retention))) ?? 'lost';
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
    const result = await persist(session, () => store.suspend(request)).catch((error: unknown) => {
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
