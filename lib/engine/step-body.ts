import { setTimeout as delay } from 'node:timers/promises';
import { TimeoutError } from '../core/errors/timeout.error.js';
import { serializeError } from '../core/error-serializer.js';
import { MAX_TIMER_MS } from '../core/names.js';
import type { StepRecord } from '../core/step.js';
import type { StepOptions, StepScope, StepTools } from './context.js';
import { runInScope } from './execution-scope.js';
import type { ExecutionSession } from './execution-session.js';
import { persist } from './persist.js';
import { nextAttemptDelay } from './retry-policy.js';
import type { StepContextParts } from './step-context.js';
import { StepInProgress } from './step-in-progress.js';

/** Executes the function of a step: attempts, time limit, and what is stored of it. */
export class StepBody {
  constructor(
    private readonly parts: StepContextParts,
    private readonly tools: StepTools,
  ) {}

  /** Gives the stored record of a success; throws the last error after storing the failure. */
  async execute(
    options: StepOptions,
    fn: (scope: StepScope) => unknown,
    known: StepRecord | undefined,
  ): Promise<StepRecord> {
    const { session, payloads } = this.parts;
    const base = this.#begun(options.name, known);
    for (let attempt = base.attempts + 1; ; attempt++) {
      const step = new StepInProgress(() => this.store({ ...base, attempts: attempt - 1 }));
      let payload: string | undefined;
      let failure: { readonly error: unknown } | undefined;
      session.stepBegins(step);
      try {
        payload = payloads.encode(`output of step "${options.name}"`, await this.#call(options, fn, attempt));
      } catch (error) {
        failure = { error };
      }
      session.stepEnds(step);
      if (step.shown) await step.shown;
      if (!failure) return this.#succeed(base, attempt, payload);
      await this.#afterFailure({ ...base, attempts: attempt }, options, failure.error);
    }
  }

  // Goes on with the attempts of an execution that was interrupted.
  #begun(name: string, known: StepRecord | undefined): StepRecord {
    const { history, clock, run } = this.parts;
    const interrupted = known?.status === 'running' && known.runAttempt === run.attempt ? known : undefined;
    return {
      name,
      kind: 'step',
      status: 'running',
      seq: known?.seq ?? history.nextSeq(),
      attempts: interrupted?.attempts ?? 0,
      startedAt: interrupted?.startedAt ?? clock.now(),
      runAttempt: run.attempt,
    };
  }

  /** What the function of a step gets that was called within another one. */
  outerScope(name: string): StepScope {
    return this.#scope(name, 1);
  }

  #succeed(base: StepRecord, attempts: number, payload: string | undefined): Promise<StepRecord> {
    const { session, clock } = this.parts;
    const { name, kind, seq, startedAt, runAttempt } = base;
    const finishedAt = clock.now();
    const record = {
      name,
      kind,
      status: 'succeeded',
      seq,
      attempts,
      startedAt,
      finishedAt,
      runAttempt,
      payload,
    } as const;
    // The step is stored; a handler whose execution has ended must not go on with it.
    return this.store(record).then(() => (session.isEnded ? session.enter()?.then(() => record) : undefined) ?? record);
  }

  async #afterFailure(record: StepRecord, options: StepOptions, error: unknown): Promise<void> {
    const { session, clock } = this.parts;
    if (session.isEnded || session.canceled) await session.enter();
    const retries = options.retries;
    const delayMs = nextAttemptDelay(error, record.attempts, retries?.maxAttempts ?? 1, retries);
    if (delayMs === undefined) {
      await this.store({
        ...record,
        status: 'failed',
        finishedAt: clock.now(),
        payload: JSON.stringify(serializeError(error)),
      });
      throw error;
    }
    // So that a crash during the delay does not give the step its attempts anew.
    await this.store(record);
    await delay(Math.min(delayMs, MAX_TIMER_MS), undefined, { signal: session.signal }).catch(() => undefined);
    await session.enter();
  }

  /** Stores what a step has come to, for the replays of the run. */
  store(step: StepRecord): Promise<void> {
    const { session, store, history } = this.parts;
    const { runId, token } = session;
    return persist(session, () => store.recordStep({ runId, token, step }), undefined).then((state) => {
      if (state !== 'lost' && state !== undefined) history.put(step);
      if (state !== undefined) session.observe(state);
    });
  }

  #call(options: StepOptions, fn: (scope: StepScope) => unknown, attempt: number): unknown {
    const { name, timeoutMs } = options;
    if (timeoutMs === undefined) return this.#enter(fn, this.#scope(name, attempt));
    return this.#callUntil(timeoutMs, name, (limit) => this.#enter(fn, this.#scope(name, attempt, limit)));
  }

  async #callUntil(timeoutMs: number, name: string, call: (limit: AbortSignal) => unknown): Promise<unknown> {
    const limit = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new TimeoutError(`step "${name}"`, timeoutMs);
        reject(error);
        limit.abort(error);
      }, timeoutMs);
    });
    try {
      return await Promise.race([call(limit.signal), expired]);
    } finally {
      clearTimeout(timer);
    }
  }

  #enter(fn: (scope: StepScope) => unknown, stepScope: StepScope): unknown {
    const inside = { step: this.tools, insideStep: true, stepScope, execution: this.parts.session };
    return runInScope(inside, () => fn(stepScope));
  }

  #scope(name: string, attempt: number, limit?: AbortSignal): StepScope {
    return new BodyScope(this.parts, name, attempt, limit);
  }
}

class BodyScope implements StepScope {
  readonly idempotencyKey: string;
  readonly fence: string;
  readonly #session: ExecutionSession;

  constructor(
    { run, session }: StepContextParts,
    name: string,
    readonly attempt: number,
    private readonly limit: AbortSignal | undefined,
  ) {
    this.idempotencyKey = `${run.id}/${name}`;
    this.fence = session.token;
    this.#session = session;
  }

  // Made when it is asked for.
  get signal(): AbortSignal {
    const { signal } = this.#session;
    return this.limit ? AbortSignal.any([signal, this.limit]) : signal;
  }
}
