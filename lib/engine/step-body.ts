import { setTimeout as delay } from 'node:timers/promises';
import { TimeoutError } from '../core/errors/timeout.error.js';
import { serializeError } from '../core/error-serializer.js';
import { MAX_TIMER_MS } from '../core/names.js';
import type { StepRecord } from '../core/step.js';
import type { StepOptions, StepScope, StepTools } from './context.js';
import { runInScope } from './execution-scope.js';
import { persist } from './persist.js';
import { nextAttemptDelay } from './retry-policy.js';
import type { StepContextParts } from './step-context.js';

// A step that takes longer is shown as running; for shorter ones the write would only cost.
const SHOW_RUNNING_AFTER_MS = 100;

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
    const { history, clock, run } = this.parts;
    const interrupted = known?.status === 'running' && known.runAttempt === run.attempt ? known : undefined;
    const base: StepRecord = {
      name: options.name,
      kind: 'step',
      status: 'running',
      seq: known?.seq ?? history.nextSeq(),
      attempts: interrupted?.attempts ?? 0,
      startedAt: interrupted?.startedAt ?? clock.now(),
      runAttempt: run.attempt,
    };
    for (let attempt = base.attempts + 1; ; attempt++) {
      const result = await this.#attempt({ ...base, attempts: attempt - 1 }, options, fn, attempt);
      if ('record' in result) return result.record;
      await this.#afterFailure({ ...base, attempts: attempt }, options, result.error);
    }
  }

  /** What the function of a step gets that was called within another one. */
  outerScope(name: string): StepScope {
    return this.#scope(name, 1, this.parts.session.signal);
  }

  async #attempt(
    record: StepRecord,
    options: StepOptions,
    fn: (scope: StepScope) => unknown,
    attempt: number,
  ): Promise<{ record: StepRecord } | { error: unknown }> {
    const { payloads, clock, session } = this.parts;
    let shown: Promise<void> | undefined;
    const showRunning = setTimeout(() => {
      shown = this.store(record).catch(() => undefined);
    }, SHOW_RUNNING_AFTER_MS);
    let payload: string | undefined;
    try {
      payload = payloads.encode(`output of step "${options.name}"`, await this.#call(options, fn, attempt));
    } catch (error) {
      return { error };
    } finally {
      clearTimeout(showRunning);
      // A write that has to be repeated must not come after the one that follows, and take its place.
      await shown;
    }
    const succeeded: StepRecord = {
      ...record,
      status: 'succeeded',
      attempts: attempt,
      finishedAt: clock.now(),
      payload,
    };
    await this.store(succeeded);
    // The step is stored; a handler whose execution has ended must not go on with it.
    if (session.isEnded) await session.enter();
    return { record: succeeded };
  }

  async #afterFailure(record: StepRecord, options: StepOptions, error: unknown): Promise<void> {
    const { session, clock } = this.parts;
    if (session.isEnded || session.canceled) {
      await session.enter();
    }
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
  async store(step: StepRecord): Promise<void> {
    const { session, store, history } = this.parts;
    const { runId, token } = session;
    const state = await persist(session, () => store.recordStep({ runId, token, step }), undefined);
    if (state !== 'lost' && state !== undefined) history.put(step);
    if (state !== undefined) session.observe(state);
  }

  async #call(options: StepOptions, fn: (scope: StepScope) => unknown, attempt: number): Promise<unknown> {
    const { session } = this.parts;
    const { name, timeoutMs } = options;
    if (timeoutMs === undefined) return this.#enter(fn, this.#scope(name, attempt, session.signal));
    const limit = new AbortController();
    const scope = this.#scope(name, attempt, AbortSignal.any([session.signal, limit.signal]));
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new TimeoutError(`step "${name}"`, timeoutMs);
        reject(error);
        limit.abort(error);
      }, timeoutMs);
    });
    try {
      return await Promise.race([this.#enter(fn, scope), expired]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #enter(fn: (scope: StepScope) => unknown, stepScope: StepScope): Promise<unknown> {
    const inside = { step: this.tools, insideStep: true, stepScope, execution: this.parts.session };
    return runInScope(inside, async () => fn(stepScope));
  }

  #scope(name: string, attempt: number, signal: AbortSignal): StepScope {
    const { run, session } = this.parts;
    return { signal, attempt, idempotencyKey: `${run.id}/${name}`, fence: session.token };
  }
}
