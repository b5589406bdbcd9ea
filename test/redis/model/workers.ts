import { newToken } from '../../../lib/core/run-id.js';
import type { ClaimRequest, Finish, Ownership } from '../../../lib/core/store.js';
import { HOUR, LEASE_MS, type StoreFixture } from '../store-fixture.js';
import type { Random } from '../../support/random.js';
import { MAX_DEPTH, QUEUES, randomRun, RETENTION } from './setting.js';
import type { Trace } from './trace.js';
import { awaitedSteps, openWaits, type World } from './world.js';

/** How many executions are remembered: most of them have ended or been lost meanwhile. */
const REMEMBERED = 30;

/**
 * What workers do with the runs that they claimed: also with those that have long been given to
 * another, of which they do not know.
 */
export class Workers {
  /** Writes that were accepted from those who had no right to them. */
  readonly intrusions: string[] = [];
  #executions: Ownership[] = [];
  #lastClaim: ClaimRequest | undefined;

  constructor(
    private readonly fixture: StoreFixture,
    private readonly random: Random,
    private readonly trace: Trace,
    /** The depth of every run that is known, by id: children are one deeper than their parents. */
    private readonly depths: Map<string, number>,
  ) {}

  async claim(): Promise<void> {
    const queues = this.random.chance(0.7) ? QUEUES : [this.random.pick(QUEUES)];
    const workerId = `worker${this.random.below(3)}`;
    await this.#claim({ workerId, token: newToken(), queues, limit: 1 + this.random.below(4), leaseMs: LEASE_MS });
  }

  /** As after a lost reply. */
  async repeatClaim(): Promise<void> {
    if (this.#lastClaim) await this.#claim(this.#lastClaim);
  }

  async #claim(request: ClaimRequest): Promise<void> {
    this.#lastClaim = request;
    const { runs } = await this.fixture.store.work.claim(request);
    this.trace.note('claim', `${request.workerId} <= ${request.limit}: ${this.trace.names(runs.map(({ id }) => id))}`);
    // A child whose start was refused half-way is seen here first.
    for (const { id } of runs) if (!this.depths.has(id)) this.depths.set(id, MAX_DEPTH);
    const executions = runs.map(({ id, token }) => ({ runId: id, token }));
    this.#executions = [...this.#executions, ...executions].slice(-REMEMBERED);
  }

  /** Ends of executions, of those lost too, and repeated ones, that travel in one call. */
  async finish(world: World): Promise<void> {
    if (this.#executions.length === 0) return;
    const count = this.random.chance(0.5) ? 1 : 2 + this.random.below(3);
    await Promise.all(
      Array.from({ length: count }, async () => {
        const owner = this.#pick(world);
        const outcome = this.#outcome();
        const workflow = world.runs.get(owner.runId)?.['workflow'] ?? 'w';
        const result = await this.fixture.store.work.finish({ workflow, ...owner, outcome }, RETENTION);
        this.#noteWrite('finish', world, owner, { what: outcome.status, result });
      }),
    );
  }

  #outcome(): Finish['outcome'] {
    return this.random.weighted<() => Finish['outcome']>([
      [6, () => ({ status: 'succeeded', output: '1' })],
      [2, () => ({ status: 'failed', error: '{}' })],
      [1, () => ({ status: 'canceled' })],
      [3, () => ({ status: 'retry', error: '{}', delayMs: this.random.pick([0, HOUR]) })],
    ])();
  }

  async spawn(world: World): Promise<void> {
    if (this.#executions.length === 0) return;
    const owner = this.#pick(world);
    const depth = this.#depthOf(owner) + 1;
    if (depth > MAX_DEPTH) return;
    // Names of steps are unique within an execution.
    const names = this.random.chance(0.3) ? ['a', 'b:'] : [this.random.pick(['a', 'b:', 'ä', ''])];
    const steps = await Promise.all(names.map((step) => this.#spawnOne(world, owner, { step, depth })));
    // As a handler does that awaits what it has started.
    if (this.random.chance(0.6)) await this.#suspend(world, owner, steps.flat());
  }

  /** @returns the step, if it is awaited */
  async #spawnOne(world: World, owner: Ownership, { step, depth }: { step: string; depth: number }): Promise<string[]> {
    const options = { step, awaited: this.random.chance(0.8) };
    const child = { ...randomRun(this.random, depth), delayMs: undefined };
    const spawned = await this.fixture.spawn(owner, child, options);
    const result = typeof spawned === 'object' ? this.trace.name(spawned.id) : spawned;
    if (typeof spawned === 'object' && !this.depths.has(spawned.id)) this.depths.set(spawned.id, depth);
    this.#noteWrite('spawn', world, owner, { what: JSON.stringify(options), result });
    return options.awaited ? [step] : [];
  }

  async suspend(world: World): Promise<void> {
    if (this.#executions.length === 0) return;
    const owner = this.#pick(world);
    // Of some outcomes that have arrived the execution does not know yet.
    const waits = this.random.chance(0.5) ? awaitedSteps(world, owner.runId) : openWaits(world, owner.runId);
    await this.#suspend(
      world,
      owner,
      waits.map(({ step }) => step),
    );
  }

  async #suspend(world: World, owner: Ownership, steps: readonly string[]): Promise<void> {
    const wakeAt = steps.length === 0 || this.random.chance(0.3) ? Date.now() + HOUR : undefined;
    const { state } = await this.fixture.store.work.suspend({ ...owner, steps, wakeAt });
    const what = `for ${JSON.stringify(steps)}${wakeAt ? ' or a time' : ''}`;
    this.#noteWrite('suspend', world, owner, { what, result: state });
  }

  async release(world: World): Promise<void> {
    if (this.#executions.length === 0) return;
    const owner = this.#pick(world);
    const to = this.random.pick(['ready', 'orphan'] as const);
    const result = await this.fixture.store.work.release({ ...owner, to });
    this.#noteWrite('release', world, owner, { what: to, result });
  }

  async record(world: World): Promise<void> {
    if (this.#executions.length === 0) return;
    const { work } = this.fixture.store;
    const owner = this.#pick(world);
    const step = { name: 'written', kind: 'step', status: 'succeeded', seq: 9, attempts: 1, startedAt: 1 } as const;
    const [step1, failure, leases] = await Promise.all([
      work.recordStep({ ...owner, step }),
      work.recordFailure({ ...owner, error: '{}' }),
      work.extendLeases({ runs: this.#executions, leaseMs: LEASE_MS }),
    ]);
    this.#noteWrite('step', world, owner, { what: '', result: step1 });
    this.#noteWrite('failure', world, owner, { what: '', result: failure });
    this.#executions.forEach((each, index) => this.#checkFence('extend', world, each, leases[index] as string));
  }

  /** Mostly one that still has its run. */
  #pick(world: World): Ownership {
    const live = this.#executions.filter(({ runId, token }) => {
      const run = world.runs.get(runId);
      return run?.['status'] === 'running' && run['token'] === token;
    });
    return this.random.pick(live.length > 0 && this.random.chance(0.75) ? live : this.#executions);
  }

  #depthOf({ runId }: Ownership): number {
    return this.depths.get(runId) ?? 0;
  }

  #noteWrite(write: string, world: World, owner: Ownership, { what, result }: { what: string; result: string }): void {
    this.trace.note(write, `${this.trace.name(owner.runId)} ${what}: ${result}`);
    this.#checkFence(write, world, owner, result);
  }

  #checkFence(write: string, world: World, { runId, token }: Ownership, result: string): void {
    if (result !== 'lost' && world.runs.get(runId)?.['token'] !== token) {
      this.intrusions.push(`${write} of a former owner of ${runId}: ${result}`);
    }
  }
}
