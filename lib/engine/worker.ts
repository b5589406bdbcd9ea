import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { newToken } from '../core/run-id.js';
import type { Payloads } from '../core/payloads.js';
import type { Retention } from '../core/retention.js';
import type { Bell, Claim, ClaimedRun, Store } from '../core/store.js';
import { ConnectionError } from '../core/errors/connection.error.js';
import { Cron } from './cron.js';
import type { ExecutionSession } from './execution-session.js';
import { Executor } from './executor.js';
import { Heartbeat } from './heartbeat.js';
import { Housekeeper } from './housekeeper.js';
import type { Logger } from './logger.js';
import { Recoverer } from './recoverer.js';
import { Scheduler } from './scheduler.js';
import { Service } from './service.js';
import { StoreClock } from './store-clock.js';
import type { ResolvedWorkerSettings } from './worker-options.js';
import type { WorkflowRegistry } from './workflow-registry.js';

export interface WorkerParts {
  readonly store: Store;
  readonly registry: WorkflowRegistry;
  readonly payloads: Payloads;
  readonly retention: Retention;
  readonly app: string;
  readonly settings: ResolvedWorkerSettings;
  readonly logger: Logger;
}

// With the watchdog of the bell (3 s) a dead connection is found within 10 s.
const BELL_TIMEOUT_MS = 6_000;
const ADOPT_INTERVAL_MS = 1_000;
const GIVE_BACK_PAUSE_MS = 500;
const GIVE_BACK_ATTEMPTS = 120;

/** `quiet`: it takes no more runs, and those that it has go on. `stopped`: it is closed. */
export type WorkerState = 'running' | 'quiet' | 'stopped';

/** Executes runs: claims as many as it has free slots, keeps their leases, and looks after what is due, lost and outlived. */
export class Worker {
  readonly #id = newToken();
  readonly #sessions = new Set<ExecutionSession>();
  readonly #clock = new StoreClock();
  readonly #executor: Executor;
  readonly #claims: Service;
  readonly #heartbeat: Heartbeat;
  readonly #scheduler: Scheduler;
  readonly #recoverer: Recoverer;
  readonly #housekeeper: Housekeeper;
  readonly #cron: Cron | undefined;
  readonly #bell: Bell;
  /** Names the claim until its answer has arrived, so that a repeated claim gives the same runs. */
  #claimToken = newToken();
  #active = 0;
  #firstQueue = 0;
  #slotFreed: (() => void) | undefined;
  #drained: (() => void) | undefined;
  #quiet = false;
  #stopped = false;
  #adoptAfter = 0;
  #stopping: Promise<void> | undefined;

  /** @internal use `startWorker`, or the Nest module */
  constructor(private readonly parts: WorkerParts) {
    const { store, registry, payloads, retention, app, settings, logger } = parts;
    const { leaseMs, reaperIntervalMs, maxRecoveries } = settings;
    const clock = this.#clock;
    this.#bell = store.openBell();
    const onSession = (session: ExecutionSession): void => void this.#sessions.add(session);
    this.#executor = new Executor({ store: store.work, registry, payloads, retention, clock, logger, onSession });
    this.#claims = new Service('claims', () => this.#claim(), logger);
    this.#heartbeat = new Heartbeat(store.work, this.#sessions, leaseMs, logger);
    this.#scheduler = new Scheduler(store.work, clock, logger);
    this.#recoverer = new Recoverer({
      store: store.work,
      ping: () => store.ping(),
      clock,
      retention,
      logger,
      leaseMs,
      reaperIntervalMs,
      maxRecoveries,
    });
    this.#cron = registry.list().some(({ cron }) => cron.length > 0) ? new Cron(store.registry, logger) : undefined;
    const onRestored = (): void => this.#cron?.wake();
    this.#housekeeper = new Housekeeper({ store, payloads, retention, registry, app, logger, onRestored });
  }

  get state(): WorkerState {
    if (this.#stopped) return 'stopped';
    return this.#quiet ? 'quiet' : 'running';
  }

  /**
   * Ms since the loops last took a turn. While Redis is away they go on taking turns; a claim loop without
   * a free slot, or of a worker that is quiet, has none to take. 0 once stopped.
   */
  get sinceTurnMs(): number {
    if (this.#stopped) return 0;
    const { concurrency, queues } = this.parts.settings;
    const isClaiming = !this.#quiet && queues.length > 0 && this.#active < concurrency;
    const begunAt = [this.#heartbeat.turnBegunAt, ...(isClaiming ? [this.#claims.turnBegunAt] : [])];
    return performance.now() - Math.min(...begunAt);
  }

  /** @internal */
  start(): void {
    for (const part of [this.#heartbeat, this.#scheduler, this.#recoverer, this.#housekeeper, this.#cron])
      part?.start();
    if (this.parts.settings.queues.length > 0) this.#claims.start();
  }

  /** Stops claiming; what runs goes on. */
  quiet(): void {
    if (this.#quiet) return;
    this.#quiet = true;
    this.#slotFreed?.();
    void this.#bell.close();
    void this.#claims.stop();
  }

  /**
   * Stops claiming, waits up to `drainTimeoutMs` for running handlers, hands back the rest at once, and
   * closes its connections. A second call waits for the first.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.quiet();
    await this.#claims.stop();
    await this.#drain();
    const handedBack = await this.#handBack();
    if (handedBack > 0)
      this.parts.logger.warn(`shutdown: ${handedBack} runs were still executing and were handed back`);
    for (const part of [this.#cron, this.#heartbeat, this.#scheduler, this.#recoverer, this.#housekeeper])
      await part?.stop();
    await this.#bell.close();
    this.#stopped = true;
  }

  async #drain(): Promise<void> {
    if (this.#active === 0) return;
    const drained = new Promise<void>((resolve) => (this.#drained = resolve));
    const timeout = new AbortController();
    const { drainTimeoutMs } = this.parts.settings;
    await Promise.race([drained, delay(drainTimeoutMs, undefined, { signal: timeout.signal }).catch(() => undefined)]);
    timeout.abort();
  }

  async #handBack(): Promise<number> {
    const sessions = [...this.#sessions].filter((session) => !session.isEnded);
    for (const session of sessions) session.end('released');
    const released = await Promise.all(
      sessions.map(({ runId, token }) =>
        // What cannot be handed back is recovered when its lease has expired.
        this.parts.store.work.release({ runId, token, to: 'ready' }).catch(() => 'lost' as const),
      ),
    );
    return released.filter((result) => result === 'released').length;
  }

  /** One claim; then waits for what makes another worthwhile. */
  async #claim(): Promise<number> {
    const { settings, store } = this.parts;
    const limit = settings.concurrency - this.#active;
    if (limit <= 0) {
      await new Promise<void>((resolve) => (this.#slotFreed = resolve));
      return 0;
    }
    const { leaseMs } = settings;
    const queues = this.#nextQueues();
    // The lease runs from when the store got the call, which is not before it was sent.
    const leaseUntil = performance.now() + leaseMs;
    const claim = await this.#takeClaim(() =>
      store.work.claim({ workerId: this.#id, token: this.#claimToken, queues, limit, leaseMs }),
    );
    this.#clock.set(claim.now);
    for (const run of claim.runs) this.#execute(run, leaseUntil);
    this.#scheduler.plan(claim.nextDueAt);
    if (claim.runs.length === 0) this.#recoverer.plan(claim.nextDeadline);
    if (claim.orphans && (await this.#adopt(limit - claim.runs.length))) return 0;
    if (!claim.more && claim.runs.length < limit && !this.#quiet) await this.#bell.wait(queues, BELL_TIMEOUT_MS);
    return 0;
  }

  // Each claim begins with another queue, so that the backlog of one does not starve the others.
  #nextQueues(): readonly string[] {
    const { queues } = this.parts.settings;
    if (queues.length < 2) return queues;
    this.#firstQueue = (this.#firstQueue + 1) % queues.length;
    return [...queues.slice(this.#firstQueue), ...queues.slice(0, this.#firstQueue)];
  }

  async #takeClaim(send: () => Promise<Claim>): Promise<Claim> {
    try {
      const claim = await send();
      this.#claimToken = newToken();
      return claim;
    } catch (error) {
      // Without an answer the same claim is repeated; one that was refused is over.
      if (error instanceof ConnectionError && error.refused) this.#claimToken = newToken();
      throw error;
    }
  }

  async #adopt(limit: number): Promise<boolean> {
    const now = this.#clock.now();
    if (now < this.#adoptAfter) return false;
    const workflows = this.parts.registry.list().map(({ name }) => name);
    const { queues } = this.parts.settings;
    const adopted = await this.parts.store.work.adopt({ workflows, queues, limit });
    // There are only others' runs: not to be looked at again and again.
    if (adopted === 0) this.#adoptAfter = now + ADOPT_INTERVAL_MS;
    return adopted > 0;
  }

  #execute(run: ClaimedRun, leaseUntil: number): void {
    const session = this.#executor.openSession(run, leaseUntil);
    this.#active++;
    void this.#executor
      .execute(run, session)
      .catch((error: unknown) => {
        // The lease expires, and the run is recovered.
        this.parts.logger.error(`run ${run.id}: ${error instanceof Error ? error.message : 'execution failed'}`);
        session.lose();
        return 'lost' as const;
      })
      .then((result) => {
        this.#release(run);
        if (result === 'lost' && this.#heartbeat.isCutOff) void this.#giveBack(run);
      });
  }

  // No fault of the run: given back by its worker, it need not be recovered. Once another has it, this does nothing.
  async #giveBack(run: ClaimedRun): Promise<void> {
    for (let attempt = 0; attempt < GIVE_BACK_ATTEMPTS && !this.#quiet; attempt++) {
      const result = await this.parts.store.work
        .release({ runId: run.id, token: run.token, to: 'ready' })
        .catch(() => undefined);
      if (result !== undefined) return;
      await delay(GIVE_BACK_PAUSE_MS, undefined, { ref: false });
    }
  }

  #release(run: ClaimedRun): void {
    for (const session of this.#sessions) {
      if (session.runId !== run.id || session.token !== run.token) continue;
      session.settle();
      this.#sessions.delete(session);
    }
    this.#active--;
    this.#slotFreed?.();
    this.#slotFreed = undefined;
    if (this.#active === 0) this.#drained?.();
  }
}
