import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Payloads } from '../core/payloads.js';
import type { Retention } from '../core/retention.js';
import type { Bell, Claim, ClaimedRun, Ownership, Store } from '../core/store.js';
import { ClaimLoop } from './claim-loop.js';
import { Cron } from './cron.js';
import { ExecutionQueue } from './execution-queue.js';
import { Executor, type ExecutionResult } from './executor.js';
import { Heartbeat } from './heartbeat.js';
import { Housekeeper } from './housekeeper.js';
import { IdleBell } from './idle-bell.js';
import type { Logger } from './logger.js';
import { Placements, type ClaimedBatch, type Placement } from './placements.js';
import { ReadAhead } from './read-ahead.js';
import { Recoverer } from './recoverer.js';
import { Scheduler } from './scheduler.js';
import { Slots } from './slots.js';
import { StoreClock } from './store-clock.js';
import { Turnstile } from './turnstile.js';
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

// Two, so that the store works on the claim of one while the runs of the other are executed.
const CLAIM_LOOPS = 2;
const ADOPT_INTERVAL_MS = 1_000;
const GIVE_BACK_PAUSE_MS = 500;
const GIVE_BACK_ATTEMPTS = 120;
// How long a run that was claimed ahead waits at most; its lease is not renewed meanwhile.
const PATIENCE_MS = 50;
const PATIENCE_OF_LEASE = 1 / 4;

/** `quiet`: it takes no more runs, and those that it has go on. `stopped`: it is closed. */
export type WorkerState = 'running' | 'quiet' | 'stopped';

/** Executes runs: claims as many as it has free slots, keeps their leases, and looks after what is due, lost and outlived. */
export class Worker {
  readonly #readAhead: ReadAhead;
  readonly #slots: Slots;
  readonly #queue: ExecutionQueue<Placement>;
  readonly #placements: Placements;
  readonly #clock = new StoreClock();
  readonly #executor: Executor;
  readonly #claims: readonly ClaimLoop[];
  readonly #heartbeat: Heartbeat;
  readonly #scheduler: Scheduler;
  readonly #recoverer: Recoverer;
  readonly #housekeeper: Housekeeper;
  readonly #cron: Cron | undefined;
  readonly #bell: Bell;
  #drained: (() => void) | undefined;
  /** Once all that was given up is given back. */
  #givenUp: Promise<unknown> = Promise.resolve();
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
    this.#readAhead = new ReadAhead(settings.concurrency);
    this.#slots = new Slots(settings.concurrency, this.#readAhead);
    this.#queue = new ExecutionQueue({
      concurrency: settings.concurrency,
      patienceMs: Math.min(PATIENCE_MS, leaseMs * PATIENCE_OF_LEASE),
      onGivenUp: (placements) => this.#onGivenUp(placements),
    });
    this.#placements = new Placements({
      slots: this.#slots,
      queue: this.#queue,
      execute: (placement) => this.#execute(placement),
    });
    this.#claims = this.#claimLoops();
    this.#executor = new Executor({ store: store.work, registry, payloads, retention, clock, logger });
    this.#heartbeat = new Heartbeat(store.work, () => this.#placements.sessions, leaseMs, logger);
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
    const hasTurns = !this.#quiet && this.parts.settings.queues.length > 0;
    const isClaiming = hasTurns && this.#claims.some((loop) => loop.isClaiming);
    const claimedAt = Math.max(...this.#claims.map(({ turnBegunAt }) => turnBegunAt));
    const begunAt = [this.#heartbeat.turnBegunAt, ...(isClaiming ? [claimedAt] : [])];
    return performance.now() - Math.min(...begunAt);
  }

  /** @internal */
  start(): void {
    for (const part of [this.#heartbeat, this.#scheduler, this.#recoverer, this.#housekeeper, this.#cron])
      part?.start();
    if (this.parts.settings.queues.length === 0) return;
    for (const loop of this.#claims) loop.start();
  }

  /** Stops claiming; what runs goes on. */
  quiet(): void {
    if (this.#quiet) return;
    this.#quiet = true;
    void this.#bell.close();
    for (const loop of this.#claims) void loop.stop();
    this.#slots.close();
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
    for (const loop of this.#claims) await loop.stop();
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
    if (this.#placements.size === 0) return;
    const drained = new Promise<void>((resolve) => (this.#drained = resolve));
    const timeout = new AbortController();
    const { drainTimeoutMs } = this.parts.settings;
    await Promise.race([drained, delay(drainTimeoutMs, undefined, { signal: timeout.signal }).catch(() => undefined)]);
    timeout.abort();
  }

  async #handBack(): Promise<number> {
    this.#queue.giveUp();
    const sessions = this.#placements.sessions.filter((session) => !session.isEnded);
    for (const session of sessions) session.end('released');
    const released = await Promise.all(sessions.map((session) => this.#release(session)));
    await this.#givenUp;
    return released.filter((result) => result === 'released').length;
  }

  #claimLoops(): ClaimLoop[] {
    const { store, settings, logger } = this.parts;
    const { queues, leaseMs } = settings;
    const bell = new IdleBell(this.#bell, this.#slots);
    const onClaim = (claim: Claim, leaseUntil: number): void => this.#onClaim(claim, leaseUntil);
    const adopt = (limit: number): Promise<boolean> => this.#adopt(limit);
    const giveBack = ({ id, token }: ClaimedRun): Promise<unknown> => this.#release({ runId: id, token });
    const places = { slots: this.#slots, turnstile: new Turnstile() };
    const parts = { store: store.work, bell, ...places, queues, leaseMs, logger, onClaim, adopt, giveBack };
    return Array.from({ length: CLAIM_LOOPS }, () => new ClaimLoop(parts));
  }

  #onClaim(claim: Claim, leaseUntil: number): void {
    this.#clock.set(claim.now);
    this.#place(claim, { ...this.#readAhead.begin(claim.runs), leaseUntil });
    this.#scheduler.plan(claim.nextDueAt);
    if (claim.runs.length === 0) this.#recoverer.plan(claim.nextDeadline);
  }

  #place({ runs, now }: Claim, batch: ClaimedBatch): void {
    const placements = runs.map((run) => this.#placements.add(run, batch));
    // What was begun before may be what has ended its worker: it shall not take runs with it that only wait.
    const wasBegun = runs.some(({ startedAt }) => startedAt < now);
    const starting = wasBegun ? placements.slice(0, this.#queue.room) : placements;
    if (starting.length < placements.length) this.#onGivenUp(placements.slice(starting.length));
    for (const placement of starting) this.#queue.enter(placement);
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

  #execute(placement: Placement): void {
    const { run, batch } = placement;
    this.#executor.execute(run, batch.leaseUntil, placement).then(
      (result) => this.#onSettled(placement, result),
      (error: unknown) => {
        // The lease expires, and the run is recovered.
        this.parts.logger.error(`run ${run.id}: ${error instanceof Error ? error.message : 'execution failed'}`);
        placement.session?.lose();
        this.#onSettled(placement, 'lost');
      },
    );
  }

  #onSettled(placement: Placement, result: ExecutionResult): void {
    placement.session?.settle();
    this.#remove(placement);
    if (result === 'lost' && this.#heartbeat.isCutOff) void this.#giveBack(placement.run);
  }

  #remove(placement: Placement): void {
    this.#placements.remove(placement);
    if (this.#placements.size === 0) this.#drained?.();
  }

  // Ready again for anybody, in the order in which they were claimed: each goes to the front.
  #onGivenUp(placements: readonly Placement[]): void {
    this.#readAhead.end();
    const released = [...placements].reverse().map(async (placement) => {
      await this.#release({ runId: placement.run.id, token: placement.run.token });
      this.#remove(placement);
    });
    this.#givenUp = Promise.all([this.#givenUp, ...released]);
  }

  /** `undefined` where it got no answer: what cannot be given back is recovered when its lease has expired. */
  #release({ runId, token }: Ownership): Promise<'released' | 'unregistered' | 'lost' | undefined> {
    return this.parts.store.work.release({ runId, token, to: 'ready' }).catch(() => undefined);
  }

  // No fault of the run: given back by its worker, it need not be recovered. Once another has it, this does nothing.
  async #giveBack(run: ClaimedRun): Promise<void> {
    for (let attempt = 0; attempt < GIVE_BACK_ATTEMPTS && !this.#quiet; attempt++) {
      if ((await this.#release({ runId: run.id, token: run.token })) !== undefined) return;
      await delay(GIVE_BACK_PAUSE_MS, undefined, { ref: false });
    }
  }
}
