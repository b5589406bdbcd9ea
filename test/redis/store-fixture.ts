import { Redis } from 'ioredis';
import type { Retention } from '../../lib/core/retention.js';
import type { ClaimedRun, NewRun, Ownership, WorkflowRecord } from '../../lib/core/store.js';
import { Keyspace } from '../../lib/redis/keys.js';
import { RedisLink, type LinkOptions } from '../../lib/redis/link.js';
import { RedisStore } from '../../lib/redis/redis-store.js';
import { useRedis, type TestRedis } from '../support/redis.js';
import { expireLease } from './begun.js';
import { changesBetween, takeSnapshot, type Changes, type Snapshot } from './keyspace-snapshot.js';

export const HOUR = 3_600_000;
/** Long, so that no lease ends while a test runs; {@link StoreFixture.expireLease} ends one. */
export const LEASE_MS = HOUR;
export const KEEP: Retention = {
  succeeded: { ageMs: 24 * HOUR, count: 1_000 },
  failed: { ageMs: 48 * HOUR, count: 1_000 },
  canceled: { ageMs: 72 * HOUR, count: 1_000 },
};

const TIMEOUT = { commandTimeoutMs: 20_000 };

/** What the first end of a workflow and a status leaves for its removal. */
export const plannedRemoval = (plan: string, hours: number) => ({
  'runs:expiring': { [plan]: `now+${hours}h` },
  'runs:retention': { [plan]: `${hours * HOUR}` },
});

export const newRun = (id: string, run: Partial<NewRun> = {}): NewRun => ({ id, workflow: 'w', queue: 'q', ...run });

export class StoreFixture {
  readonly keys: Keyspace;
  readonly #links: RedisLink[] = [];

  readonly store: RedisStore;
  readonly #connection: () => Redis;

  constructor(readonly redis: TestRedis) {
    // Named, so that a test can tell its connections from those of others.
    this.#connection = () => new Redis(redis.url, { connectionName: redis.prefix, lazyConnect: true });
    this.keys = new Keyspace(redis.prefix);
    this.store = new RedisStore({ connection: this.#connection, prefix: redis.prefix, ...TIMEOUT });
  }

  /** A connection of its own; closed with the store. */
  openLink(options: Partial<LinkOptions> = {}): RedisLink {
    const link = new RedisLink({ connection: this.#connection, purpose: 'commands', ...TIMEOUT, ...options });
    this.#links.push(link);
    return link;
  }

  /** The ids of this test's own connections whose line in the list of Redis matches. */
  async connections(pattern: RegExp): Promise<string[]> {
    const list = (await this.redis.commands.client('LIST')) as string;
    const own = list.split('\n').filter((line) => line.includes(` name=${this.redis.prefix} `) && pattern.test(line));
    return own.map((line) => /id=(\d+)/.exec(line)?.[1] as string);
  }

  /** Cuts this test's own connections that match. */
  async cut(pattern: RegExp): Promise<void> {
    const ids = await this.connections(pattern);
    if (ids.length === 0) throw new Error(`no connection matches ${pattern}`);
    for (const id of ids) await this.redis.commands.client('KILL', 'ID', id);
  }

  async close(): Promise<void> {
    await Promise.all([this.store.close(), ...this.#links.map((link) => link.close())]);
  }

  snapshot(): Promise<Snapshot> {
    return takeSnapshot(this.redis.commands, this.redis.prefix);
  }

  /** What an action has changed in all of Redis, under the prefix. */
  async changes(action: () => Promise<unknown>): Promise<Changes> {
    const before = await this.snapshot();
    await action();
    return changesBetween(before, await this.snapshot());
  }

  async register(name: string, workflow: Partial<WorkflowRecord> = {}): Promise<void> {
    const defaults = { queue: 'q', maxConcurrency: 1, cron: [], maxAttempts: 1, onFailure: false, retriesJson: '{}' };
    const record = { name, ...defaults, ...workflow };
    await this.store.registry.sync({ app: 'app', workflows: [record] });
  }

  /** A run that is queued. */
  async queued(id: string, run: Partial<NewRun> = {}): Promise<void> {
    await this.store.runs.enqueue(newRun(id, run));
  }

  claim(token: string, limit = 10, queues: readonly string[] = ['q']): Promise<ClaimedRun[]> {
    const request = { workerId: `worker-${token}`, token, queues, limit, leaseMs: LEASE_MS };
    return this.store.work.claim(request).then(({ runs }) => runs);
  }

  /** A run that is running, under the token `token-<id>`. */
  async running(id: string, run: Partial<NewRun> = {}): Promise<Ownership> {
    await this.queued(id, run);
    return this.execute(id, run.queue);
  }

  /** Claims the run that is the next of its queue. */
  async execute(id: string, queue = 'q'): Promise<Ownership> {
    const token = `token-${id}`;
    const runs = await this.claim(token, 1, [queue]);
    if (runs[0]?.id !== id) throw new Error(`claimed ${runs[0]?.id ?? 'nothing'} instead of ${id}`);
    return { runId: id, token };
  }

  /** A child of a running run; the fields of its step are as a worker writes them. */
  spawn(owner: Ownership, child: NewRun, { step = 'child', awaited = true, seq = 1 } = {}) {
    const kind = awaited ? ('workflow' as const) : ('emit' as const);
    const status = awaited ? ('running' as const) : ('succeeded' as const);
    const record = { name: step, kind, status, seq, attempts: 1, startedAt: 1, childId: child.id };
    return this.store.work.spawnChild({ ...owner, step: record, child, awaited });
  }

  finish(owner: Ownership & { workflow?: string }, output?: string) {
    return this.store.work.finish({ workflow: 'w', ...owner, outcome: { status: 'succeeded', output } }, KEEP);
  }

  fail(owner: Ownership & { workflow?: string }, error = '{"message":"broken"}') {
    return this.store.work.finish({ workflow: 'w', ...owner, outcome: { status: 'failed', error } }, KEEP);
  }

  cancel(id: string, { reason, keepChildren = false }: { reason?: string; keepChildren?: boolean } = {}) {
    return this.store.runs.cancel({ id, reason, keepChildren, retention: KEEP.canceled });
  }

  recover(maxRecoveries = 5) {
    const recoveryError = '{"message":"recovered too often"}';
    return this.store.work.recover({ maxRecoveries, recoveryError, retention: KEEP });
  }

  /** Moves the deadline of a running run to the past. */
  async expireLease(id: string): Promise<void> {
    await expireLease(this.redis.commands, this.keys.root, id);
  }

  /** Moves the end of a run so far to the past that retention has outlived it. */
  async outlive(id: string): Promise<void> {
    const { commands } = this.redis;
    const key = this.keys.key('run', id);
    const [workflow, status] = await commands.hmget(key, 'workflow', 'status');
    await commands.hset(key, 'finishedAt', 1);
    await commands.zadd(this.keys.key('expiring'), 'XX', 1, `${workflow}:${status}`);
  }

  /** Moves the time for which a run is planned to the past. */
  async makeDue(id: string): Promise<void> {
    await this.redis.commands.zadd(this.keys.key('scheduled'), 'XX', 1, id);
  }
}

/** A store on the test's Redis, fresh for each test. */
export function useStore(): () => StoreFixture {
  let fixture: StoreFixture;
  // Before `useRedis`, whose own hook looks for connections that are left.
  afterEach(() => fixture.close());
  const redis = useRedis();
  beforeEach(() => {
    fixture = new StoreFixture(redis);
  });
  return () => fixture;
}
