import { Inject, Injectable } from '@nestjs/common';
import { checkInteger } from '../../core/names.js';
import { RedflowRuntime } from '../../runtime/redflow-runtime.js';
import { RedflowLifecycle } from '../lifecycle/redflow.lifecycle.js';
import { REDFLOW_OPTIONS, REDFLOW_RUNTIME } from '../redflow.module-definition.js';
import type { ResolvedModuleOptions } from '../redflow.options.js';

/** What `@nestjs/terminus` takes from an indicator: a `HealthIndicatorResult`. */
export type RedflowHealth<Key extends string = string> = Record<
  Key,
  {
    readonly status: 'up' | 'down';
    /** Why it is down. */
    readonly message?: string;
    /** The worker of this process; absent where it needs none. */
    readonly worker?: 'starting' | 'running' | 'quiet' | 'stopped';
  }
>;

export interface ReadinessOptions {
  /** How long Redis may take to answer, in ms. Default 1 000. */
  readonly timeoutMs?: number;
}

export interface LivenessOptions {
  /** How long ago the worker's loops may have taken their last turn, in ms. Default 30 000 and six times `commandTimeoutMs`. */
  readonly stalledAfterMs?: number;
}

const READINESS_TIMEOUT_MS = 1_000;
// The longest turn with Redis away waits for it some times, and its bell for 12 s.
const STALLED_AFTER_MS = 30_000;
const STALLED_AFTER_TIMEOUTS = 6;

/**
 * Answers of one `RedflowModule` for health checks, in the form of `@nestjs/terminus`, which need not be installed:
 *
 * ```ts
 * this.health.check([() => this.redflow.readiness()]);
 * ```
 */
@Injectable()
export class RedflowHealthIndicator {
  constructor(
    @Inject(REDFLOW_OPTIONS) private readonly options: ResolvedModuleOptions,
    @Inject(REDFLOW_RUNTIME) private readonly runtime: RedflowRuntime,
    @Inject(RedflowLifecycle) private readonly lifecycle: RedflowLifecycle,
  ) {}

  /**
   * Whether this process can be given work: Redis answers, and its worker, if it is to have one, takes runs. Down
   * from the begin of a shutdown. Never rejects for a reason of Redis.
   *
   * @param key under which the answer stands. Default `redflow`, for a named instance `redflow:<name>`
   */
  async readiness<Key extends string = string>(
    key: Key = this.#key as Key,
    { timeoutMs = READINESS_TIMEOUT_MS }: ReadinessOptions = {},
  ): Promise<RedflowHealth<Key>> {
    checkInteger('timeoutMs', timeoutMs, 1);
    const worker = this.lifecycle.workerState;
    if (this.lifecycle.isStopping) return down(key, 'the application is shutting down', worker);
    if (worker !== undefined && worker !== 'running') return down(key, `the worker is ${worker}`, worker);
    const problem = await this.#problemOfRedis(timeoutMs);
    return problem === undefined ? up(key, worker) : down(key, problem, worker);
  }

  /**
   * Whether this process works: the loops of its worker take turns. Says nothing of Redis: a restart would not bring
   * it back. Up where there is no worker.
   *
   * @param key under which the answer stands. Default `redflow`, for a named instance `redflow:<name>`
   */
  liveness<Key extends string = string>(
    key: Key = this.#key as Key,
    options: LivenessOptions = {},
  ): RedflowHealth<Key> {
    const { stalledAfterMs = STALLED_AFTER_MS + STALLED_AFTER_TIMEOUTS * this.runtime.commandTimeoutMs } = options;
    checkInteger('stalledAfterMs', stalledAfterMs, 1);
    const { workerState, sinceTurnMs } = this.lifecycle;
    if (sinceTurnMs <= stalledAfterMs) return up(key, workerState);
    return down(key, `the worker has taken no turn for ${Math.round(sinceTurnMs)} ms`, workerState);
  }

  get #key(): string {
    return this.options.name === undefined ? 'redflow' : `redflow:${this.options.name}`;
  }

  async #problemOfRedis(timeoutMs: number): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`Redis does not answer within ${timeoutMs} ms`), timeoutMs);
    });
    const answer = this.runtime.ping().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : 'Redis does not answer'),
    );
    const problem = await Promise.race([answer, late]);
    clearTimeout(timer);
    return problem;
  }
}

function up<Key extends string>(key: Key, worker: RedflowHealth[string]['worker']): RedflowHealth<Key> {
  return { [key]: { status: 'up', ...(worker && { worker }) } } as RedflowHealth<Key>;
}

function down<Key extends string>(
  key: Key,
  message: string,
  worker: RedflowHealth[string]['worker'],
): RedflowHealth<Key> {
  return { [key]: { status: 'down', message, ...(worker && { worker }) } } as RedflowHealth<Key>;
}
