import { NonRetriableError } from '../core/errors/non-retriable.error.js';
import { RunCanceledError } from '../core/errors/run-canceled.error.js';
import { RunFailedError } from '../core/errors/run-failed.error.js';
import { TimeoutError } from '../core/errors/timeout.error.js';
import type { Journaled } from '../core/journaled.js';
import { checkInteger, checkName, MAX_TIMER_MS } from '../core/names.js';
import { serializeError } from '../core/error-serializer.js';
import type { Payloads } from '../core/payloads.js';
import { checkRetries } from '../core/retry.js';
import { newRunId } from '../core/run-id.js';
import type { StepRecord } from '../core/step.js';
import type { NewRun, RunOutcome, SpawnedChild, WorkerStore } from '../core/store.js';
import type { ChildOptions, RunInfo, StepOptions, StepScope, StepTools } from './context.js';
import { currentScope } from './execution-scope.js';
import type { ExecutionSession } from './execution-session.js';
import { encodeInput } from './input.js';
import { persist } from './persist.js';
import { StepBody } from './step-body.js';
import type { StepHistory } from './step-history.js';
import type { StoreClock } from './store-clock.js';
import { parseStoredError } from './stored-error.js';
import { reviveError } from './revived-error.js';
import { resolveReference } from './workflow-reference.js';
import type { WorkflowInput, WorkflowOutput, WorkflowReference } from './workflow.js';

export interface StepContextParts {
  readonly run: RunInfo;
  readonly session: ExecutionSession;
  readonly history: StepHistory;
  readonly store: WorkerStore;
  readonly payloads: Payloads;
  readonly clock: StoreClock;
}

/** `outcome`: the child had ended before. */
type SpawnedStep = StepRecord & { readonly outcome?: RunOutcome };

/** The durable operations of one execution: a hit in the history is answered from it, a miss is executed and stored. */
export class StepContext implements StepTools {
  #made: StepBody | undefined;

  constructor(private readonly parts: StepContextParts) {}

  run<T>(step: string | StepOptions, fn: (scope: StepScope) => T | Promise<T>): Promise<Journaled<T>> {
    return handled(this.#run(step, fn) as Promise<Journaled<T>>);
  }

  runWorkflow<W extends WorkflowReference>(
    step: string | ChildOptions,
    workflow: W,
    input: WorkflowInput<W>,
  ): Promise<Journaled<WorkflowOutput<W>>> {
    return handled(this.#runWorkflow(step, workflow, input) as Promise<Journaled<WorkflowOutput<W>>>);
  }

  emitWorkflow<W extends WorkflowReference>(
    step: string | Omit<ChildOptions, 'timeoutMs'>,
    workflow: W,
    input: WorkflowInput<W>,
  ): Promise<string> {
    return handled(this.#emitWorkflow(step, workflow, input));
  }

  async #run(step: string | StepOptions, fn: (scope: StepScope) => unknown): Promise<unknown> {
    const { session, history } = this.parts;
    const options = toStepOptions(step);
    const entering = session.enter();
    if (entering) await entering;
    // A step within a step is part of the outer one.
    if (currentScope()?.insideStep) return this.#roundTrip(options.name, await fn(this.#body.outerScope(options.name)));
    const known = history.begin(options.name, 'step');
    if (known?.status === 'succeeded') return this.#decode(known);
    this.#throwIfFailed(known);
    session.hold();
    try {
      return this.#decode(await this.#body.execute(options, fn, known));
    } finally {
      session.release();
    }
  }

  async #runWorkflow(step: string | ChildOptions, workflow: WorkflowReference, input: unknown): Promise<unknown> {
    const { session, history } = this.parts;
    const options = toChildOptions(step);
    await session.enter();
    // The outer step is busy until the child has ended: the run could never be suspended.
    if (currentScope()?.insideStep) {
      throw new NonRetriableError(`step "${options.name}": runWorkflow cannot be called inside another step`);
    }
    const begun = history.begin(options.name, 'workflow');
    this.#throwIfFailed(begun);
    const settled = history.outcome(options.name);
    const known = begun && (await this.#awaitAnew(options, begun, settled !== undefined));
    if (settled) return this.#unwrap(options.name, known?.childId ?? '', workflow, settled);
    const record: SpawnedStep =
      known?.childId === undefined
        ? await session.work(() => this.#spawn(options, workflow, input, 'workflow'))
        : known;
    const outcome = record.outcome ?? (await this.#await(options, record));
    return this.#unwrap(options.name, record.childId ?? '', workflow, outcome);
  }

  async #emitWorkflow(step: string | ChildOptions, workflow: WorkflowReference, input: unknown): Promise<string> {
    const { session, history } = this.parts;
    const options = toChildOptions(step);
    await session.enter();
    // The next attempt of an outer step comes here again.
    const insideStep = currentScope()?.insideStep === true;
    const known = insideStep ? history.find(options.name) : history.begin(options.name, 'emit');
    if (known?.childId !== undefined) return known.childId;
    return (await session.work(() => this.#spawn(options, workflow, input, 'emit'))).childId as string;
  }

  async #spawn(
    options: ChildOptions,
    workflow: WorkflowReference,
    input: unknown,
    kind: 'workflow' | 'emit',
  ): Promise<SpawnedStep> {
    const { session, store, clock } = this.parts;
    const child = await this.#childRun(options, workflow, input);
    const step = this.#childRecord(options.name, kind, child.id);
    const request = { ...ownership(session), step, child, awaited: kind === 'workflow' };
    const spawned = await persist(session, () => store.spawnChild(request), 'lost' as const);
    if (spawned === 'lost') session.lose();
    if (spawned === 'cancel_requested') session.cancel();
    await session.enter();
    const { id, now, outcome } = spawned as SpawnedChild;
    clock.set(now);
    const record = { ...step, childId: id };
    this.parts.history.put(record);
    return { ...record, outcome };
  }

  async #childRun(options: ChildOptions, workflow: WorkflowReference, input: unknown): Promise<NewRun> {
    const { run, payloads } = this.parts;
    const { name, definition } = resolveReference(workflow);
    return {
      id: newRunId(),
      workflow: checkName('workflow name', name),
      input: await encodeInput(payloads, name, definition?.schema, input),
      queue: definition?.queue,
      maxAttempts: definition?.retries.maxAttempts,
      idempotencyKey: options.idempotencyKey ?? `${run.id}/${options.name}`,
      idempotencyTtlMs: CHILD_KEY_TTL_MS,
    };
  }

  #childRecord(name: string, kind: 'workflow' | 'emit', childId: string): StepRecord {
    const { history, clock, run } = this.parts;
    const now = clock.now();
    const common = {
      name,
      kind,
      seq: history.nextSeq(),
      attempts: 1,
      startedAt: now,
      runAttempt: run.attempt,
      childId,
    };
    return kind === 'emit' ? { ...common, status: 'succeeded', finishedAt: now } : { ...common, status: 'running' };
  }

  #await(options: ChildOptions, record: StepRecord): Promise<RunOutcome> {
    const { session, clock } = this.parts;
    const { name, timeoutMs } = options;
    const deadlineAt = timeoutMs === undefined ? undefined : record.startedAt + timeoutMs;
    return new Promise((resolve, reject) => {
      const expire = (): void => void session.work(() => this.#timeOut(options, record)).catch(reject);
      if (deadlineAt !== undefined && deadlineAt <= clock.now()) return expire();
      session.addWait({ step: name, deadlineAt, resolve, reject, expire });
      if (deadlineAt !== undefined) this.#expireAt(deadlineAt);
    });
  }

  // While other branches keep the run from being suspended; after that the store wakes it.
  #expireAt(deadlineAt: number): void {
    const { session, clock } = this.parts;
    const delayMs = Math.min(deadlineAt - clock.now(), MAX_TIMER_MS);
    const timer = setTimeout(() => session.expire(clock.now()), delayMs);
    session.onEnded(() => clearTimeout(timer));
    session.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  }

  // Stored, so that the step stays failed when the run is replayed, whatever the child has come to by then.
  async #timeOut({ name, timeoutMs }: ChildOptions, record: StepRecord): Promise<never> {
    const { session, clock } = this.parts;
    const error = new TimeoutError(`step "${name}"`, timeoutMs ?? 0);
    const payload = JSON.stringify(serializeError(error));
    await this.#body.store({ ...record, status: 'failed', finishedAt: clock.now(), payload });
    if (session.isEnded) await session.enter();
    throw error;
  }

  // Another attempt of the run waits for the same child, and has the whole time for it again.
  async #awaitAnew({ timeoutMs }: ChildOptions, known: StepRecord, settled: boolean): Promise<StepRecord> {
    const { run, session, clock } = this.parts;
    if (known.runAttempt === run.attempt) return known;
    if (known.status === 'running' && (settled || timeoutMs === undefined)) return known;
    const { payload: _error, finishedAt: _end, ...kept } = known;
    const renewed: StepRecord = { ...kept, status: 'running', startedAt: clock.now(), runAttempt: run.attempt };
    await session.work(() => this.#body.store(renewed));
    await session.enter();
    return renewed;
  }

  /** What has failed in this attempt of the run stays failed; another attempt executes it again. */
  #throwIfFailed(known: StepRecord | undefined): void {
    if (known?.status !== 'failed' || known.runAttempt !== this.parts.run.attempt) return;
    throw reviveError(parseStoredError(known.payload));
  }

  #unwrap(step: string, childId: string, workflow: WorkflowReference, outcome: RunOutcome): unknown {
    switch (outcome.status) {
      case 'succeeded':
        return this.parts.payloads.decode(`output of step "${step}"`, outcome.payload);
      case 'canceled':
        throw new RunCanceledError(childId, outcome.payload);
      case 'failed':
        throw new RunFailedError(childId, resolveReference(workflow).name, parseStoredError(outcome.payload));
    }
  }

  get #body(): StepBody {
    this.#made ??= new StepBody(this.parts, this);
    return this.#made;
  }

  #roundTrip(step: string, value: unknown): unknown {
    const subject = `output of step "${step}"`;
    return this.parts.payloads.decode(subject, this.parts.payloads.encode(subject, value));
  }

  #decode(record: StepRecord): unknown {
    return this.parts.payloads.decode(`output of step "${record.name}"`, record.payload);
  }
}

// Only for the moment between starting a child and knowing it, which one script makes the same; generous, as a
// key of the user's own may be shared by parents that come later.
const CHILD_KEY_TTL_MS = 30 * 86_400_000;

function ownership({ runId, token }: ExecutionSession): { runId: string; token: string } {
  return { runId, token };
}

function toStepOptions(step: string | StepOptions): StepOptions {
  const options = typeof step === 'string' ? { name: step } : step;
  checkName('step name', options.name);
  const option = (key: string): string => `step "${options.name}": ${key}`;
  if (options.timeoutMs !== undefined) checkInteger(option('timeoutMs'), options.timeoutMs, 1, MAX_TIMER_MS);
  if (options.retries !== undefined) checkRetries(option('retries'), options.retries);
  return options;
}

function toChildOptions(step: string | ChildOptions): ChildOptions {
  const options = typeof step === 'string' ? { name: step } : step;
  checkName('step name', options.name);
  if (options.timeoutMs !== undefined) checkInteger(`step "${options.name}": timeoutMs`, options.timeoutMs, 1);
  if (options.idempotencyKey !== undefined) checkName(`step "${options.name}": idempotencyKey`, options.idempotencyKey);
  return options;
}

// A step that nobody awaits must not end the process when it fails.
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
