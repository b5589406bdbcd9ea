import { ConnectionError } from '../../../lib/core/errors/connection.error.js';
import { isTerminal, type RunStatus } from '../../../lib/core/run.js';
import { newRunId, newToken } from '../../../lib/core/run-id.js';
import { LEASE_MS, type StoreFixture } from '../store-fixture.js';
import { Random } from '../../support/random.js';
import { LIMITS, QUEUES, randomRun, RETENTION, WORKFLOWS } from './setting.js';
import { spoil } from './spoil.js';
import { Trace } from './trace.js';
import { Workers } from './workers.js';
import { openWaits, readWorld, type World } from './world.js';

/**
 * Several workers and clients on one keyspace, each operation drawn at random. Time passes when an
 * operation says so: a seed gives the same sequence again.
 */
export class Simulation {
  readonly trace: Trace;
  readonly workers: Workers;
  /** Runs that were canceled alone. */
  readonly keptChildren = new Set<string>();
  /** Runs that a client canceled at once. */
  readonly canceled = new Set<string>();
  /** Runs whose hash was damaged on purpose. */
  readonly spoilt = new Set<string>();
  readonly #random: Random;
  readonly #depths = new Map<string, number>();

  constructor(
    private readonly fixture: StoreFixture,
    seed: number,
    /** How often a run is damaged, beside the other operations. */
    private readonly spoilWeight = 0,
  ) {
    this.#random = new Random(seed);
    this.trace = new Trace(seed);
    this.workers = new Workers(fixture, this.#random, this.trace, this.#depths);
  }

  async start(): Promise<void> {
    for (const [name, maxConcurrency] of Object.entries(LIMITS)) await this.#setLimit(name, maxConcurrency);
  }

  world(): Promise<World> {
    const names = { runs: [...this.#depths.keys()], workflows: WORKFLOWS, queues: QUEUES };
    return readWorld(this.fixture.redis.commands, this.fixture.keys, names);
  }

  /** One operation, or some that travel together. */
  async step(world: World): Promise<void> {
    const { workers } = this;
    await this.#random.weighted<() => Promise<unknown>>([
      [14, () => this.#enqueue()],
      [12, () => workers.claim()],
      [3, () => workers.repeatClaim()],
      [10, () => workers.finish(world)],
      [5, () => this.#cancel(world)],
      [10, () => this.#asFarAsPossible(() => workers.spawn(world))],
      [8, () => this.#asFarAsPossible(() => workers.suspend(world))],
      [4, () => workers.release(world)],
      [3, () => this.#asFarAsPossible(() => workers.record(world))],
      [3, () => this.#adopt(this.#random.pick([WORKFLOWS, ['one'], []]))],
      [4, () => this.#loseLeases(world)],
      [1, () => this.#recover(2)],
      [5, () => this.#letTimePass(world)],
      [1, () => this.#promote()],
      [2, () => this.#tidy()],
      [1, () => this.#setLimit(this.#random.pick(Object.keys(LIMITS)), 1 + this.#random.below(4))],
      [this.spoilWeight, () => this.#spoil(world)],
    ])();
  }

  // The steps of a damaged run may be what cannot be written.
  async #asFarAsPossible(operation: () => Promise<unknown>): Promise<void> {
    try {
      await operation();
    } catch (error) {
      if (this.spoilt.size === 0 || !(error instanceof ConnectionError && error.refused)) throw error;
      this.trace.note('refused', error.message);
    }
  }

  /** Executes whatever is left until it has ended, or 100 rounds are over. */
  async drain(): Promise<World> {
    for (let round = 0; round < 100; round++) {
      const world = await this.world();
      if (round > 0 && this.openRuns(world).length === 0) break;
      if (this.spoilt.size > 0) await this.#goOn(world);
      for (const id of world.leases) await this.fixture.expireLease(id);
      for (const id of world.scheduled) await this.fixture.makeDue(id);
      await this.#recover(1_000);
      await this.#tidy();
      await this.#adopt(WORKFLOWS);
      while ((await this.#executeAll()) > 0);
    }
    return this.world();
  }

  async #executeAll(): Promise<number> {
    const { work } = this.fixture.store;
    const { runs } = await work.claim({
      ...{ workerId: 'drain', token: newToken(), queues: QUEUES },
      ...{ limit: 10, leaseMs: LEASE_MS },
    });
    const outcome = { status: 'succeeded' } as const;
    const finishes = runs.map(({ id, token, workflow }) => ({ runId: id, token, workflow, outcome }));
    await Promise.all(finishes.map((finish) => work.finish(finish, RETENTION)));
    this.trace.note('drain', this.trace.names(runs.map(({ id }) => id)));
    return runs.length;
  }

  // A parent of a damaged run waits in vain; a slot that a damaged run has taken along is found by the next run.
  async #goOn(world: World): Promise<void> {
    const { runs } = this.fixture.store;
    for (const id of this.openRuns(world)) {
      if (!openWaits(world, id).some(({ childId }) => this.spoilt.has(childId))) continue;
      await runs.cancel({ id, keepChildren: true, retention: RETENTION.canceled });
    }
    const next = WORKFLOWS.map((workflow) => ({ id: newRunId(), workflow, queue: QUEUES[0] }));
    for (const { id } of await runs.enqueueMany(next)) this.#know(id);
  }

  /** The runs that have not ended, but for those that are damaged. */
  openRuns(world: World): string[] {
    const isOpen = (status: string | undefined): boolean => status !== undefined && !isTerminal(status as RunStatus);
    return [...world.runs].filter(([id, { status }]) => !this.spoilt.has(id) && isOpen(status)).map(([id]) => id);
  }

  /** Retention outlives everything. */
  async outlive(world: World): Promise<void> {
    for (const [id, { status }] of world.runs) if (status !== undefined) await this.fixture.outlive(id);
    for (let more = true; more;) ({ more } = await this.fixture.store.work.tidy({ retention: RETENTION }));
  }

  async #enqueue(): Promise<void> {
    const runs = Array.from({ length: this.#random.chance(0.2) ? 3 : 1 }, () => randomRun(this.#random, 0));
    const enqueued = await this.fixture.store.runs.enqueueMany(runs);
    for (const { id } of enqueued) this.#know(id);
    const what = enqueued.map(({ id }, index) => `${this.trace.name(id)} of ${runs[index]?.workflow}`);
    this.trace.note('enqueue', what.join());
  }

  async #cancel(world: World): Promise<void> {
    if (world.runs.size === 0) return;
    const open = this.openRuns(world);
    const id = this.#random.pick(open.length > 0 ? open : [...world.runs.keys()]);
    const keepChildren = this.#random.chance(0.3);
    const result = await this.fixture.store.runs.cancel({ id, keepChildren, retention: RETENTION.canceled });
    if (result === 'canceled') this.canceled.add(id);
    if (keepChildren && result !== 'unchanged') this.keptChildren.add(id);
    this.trace.note('cancel', `${this.trace.name(id)}${keepChildren ? ' alone' : ''}: ${result}`);
  }

  async #adopt(workflows: readonly string[]): Promise<void> {
    this.trace.note('adopt', `${await this.fixture.store.work.adopt({ workflows, queues: QUEUES })}`);
  }

  async #loseLeases(world: World): Promise<void> {
    for (const id of world.leases.filter(() => this.#random.chance(0.5))) await this.fixture.expireLease(id);
    await this.#recover(2);
  }

  async #recover(maxRecoveries: number): Promise<void> {
    const request = { maxRecoveries, recoveryError: '{}', retention: RETENTION };
    const { recovered, poisoned } = await this.fixture.store.work.recover(request);
    this.trace.note('recover', `${this.trace.names(recovered)}, poisoned: ${this.trace.names(poisoned)}`);
  }

  async #letTimePass(world: World): Promise<void> {
    for (const id of world.scheduled.filter(() => this.#random.chance(0.5))) await this.fixture.makeDue(id);
    if (this.#random.chance(0.5)) await this.#promote();
    else await this.workers.claim();
  }

  async #promote(): Promise<void> {
    this.trace.note('promote', `${(await this.fixture.store.work.promote()).promoted}`);
  }

  async #tidy(): Promise<void> {
    this.trace.note('tidy', `${(await this.fixture.store.work.tidy({ retention: RETENTION })).removed}`);
  }

  async #setLimit(name: string, maxConcurrency: number): Promise<void> {
    this.trace.note('limit', `${name} ${maxConcurrency}`);
    await this.fixture.register(name, { maxConcurrency });
  }

  async #spoil(world: World): Promise<void> {
    const open = this.openRuns(world);
    if (open.length === 0) return;
    const id = this.#random.pick(open);
    this.spoilt.add(id);
    this.trace.note('spoil', `${this.trace.name(id)} ${await spoil(this.fixture, this.#random, id)}`);
  }

  #know(id: string): void {
    if (!this.#depths.has(id)) this.#depths.set(id, 0);
  }
}
