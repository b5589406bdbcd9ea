import type { Redis } from 'ioredis';
import { RUN_STATUSES, type RunStatus } from '../../../lib/core/run.js';
import type { Keyspace } from '../../../lib/redis/keys.js';
import { decodeStepHeader } from '../../../lib/redis/records.js';
import { isRun, readLine, withLine } from '../begun.js';

export type Fields = Readonly<Record<string, string>>;

/** All of the keyspace that says where runs are, as plain data. */
export interface World {
  /** Empty for a run that was removed. */
  readonly runs: ReadonlyMap<string, Fields>;
  readonly steps: ReadonlyMap<string, Fields>;
  readonly children: ReadonlyMap<string, readonly string[]>;
  /** By workflow, by status. */
  readonly index: ReadonlyMap<string, ReadonlyMap<RunStatus, readonly string[]>>;
  readonly limits: ReadonlyMap<string, number>;
  readonly parked: ReadonlyMap<string, readonly string[]>;
  /** By queue. */
  readonly ready: ReadonlyMap<string, readonly string[]>;
  readonly orphans: readonly string[];
  readonly scheduled: readonly string[];
  readonly leases: readonly string[];
  readonly created: readonly string[];
  /** `<workflow>:<status>` whose runs are to be removed. */
  readonly expiring: readonly string[];
}

export interface WorldNames {
  readonly runs: readonly string[];
  readonly workflows: readonly string[];
  readonly queues: readonly string[];
}

export async function readWorld(redis: Redis, keys: Keyspace, names: WorldNames): Promise<World> {
  const members = (key: string): Promise<string[]> => redis.zrange(key, '0', '-1');
  // A key that was spoilt on purpose is not of its type.
  const hash = (key: string): Promise<Fields> => redis.hgetall(key).catch(() => ({}));
  const lines = await each(names.workflows, (workflow) => hash(keys.key('begun', workflow)));
  const [hashes, steps, children, index, limits, parked, ready] = await Promise.all([
    each(names.runs, (id) => hash(keys.key('run', id))),
    each(names.runs, (id) => hash(keys.key('steps', id))),
    each(names.runs, (id) => redis.smembers(keys.key('children', id))),
    each(names.workflows, (workflow) => each(RUN_STATUSES, (status) => members(keys.index(workflow, status)))),
    each(names.workflows, async (name) =>
      Number((await redis.hget(keys.key('workflow', name), 'maxConcurrency')) ?? 1),
    ),
    each(names.workflows, (workflow) => members(keys.key('parked', workflow))),
    each(names.queues, (queue) => redis.lrange(keys.key('ready', queue), 0, -1)),
  ]);
  const [orphans, scheduled, leases, created, expiring] = await Promise.all([
    redis.lrange(keys.key('orphans'), 0, -1),
    members(keys.key('scheduled')),
    members(keys.key('leases')),
    members(keys.key('created')),
    members(keys.key('expiring')),
  ]);
  const world = { runs: hashes, steps, children, index, limits, parked, ready, orphans, scheduled, created, expiring };
  return withLines({ ...world, leases: leases.filter(isRun) }, lines);
}

// What claims have left in place of hash, index and lease.
function withLines(world: World, lines: ReadonlyMap<string, Fields>): World {
  const runs = new Map(world.runs);
  const index = new Map([...world.index].map(([workflow, statuses]) => [workflow, new Map(statuses)]));
  const leases = [...world.leases];
  for (const [workflow, its] of lines) {
    for (const [id, text] of Object.entries(its)) {
      // Whatever became of its hash, who has the token may end it.
      const run = { ...runs.get(id), token: text.split(' ', 1)[0] ?? '' };
      runs.set(id, withLine(run, readLine(run, text)));
      const ids = index.get(workflow) as Map<RunStatus, readonly string[]>;
      // One whose hash is damaged has its slot until it is recovered.
      ids.set('running', [...(ids.get('running') ?? []), id]);
      ids.set(
        'queued',
        (ids.get('queued') ?? []).filter((each) => each !== id),
      );
      leases.push(id);
    }
  }
  return { ...world, runs, index, leases };
}

async function each<K, V>(names: readonly K[], read: (name: K) => Promise<V>): Promise<ReadonlyMap<K, V>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await read(name)] as const)));
}

/** The awaited steps of a run that have no outcome yet, with the child that each awaits. */
export function openWaits(world: World, id: string): { step: string; childId: string }[] {
  return awaitedSteps(world, id).filter(({ step }) => !(`o${step}` in (world.steps.get(id) ?? {})));
}

/** The steps of a run that await a child, with the child. */
export function awaitedSteps(world: World, id: string): { step: string; childId: string }[] {
  return Object.entries(world.steps.get(id) ?? {}).flatMap(([field, record]) => {
    if (!field.startsWith('s')) return [];
    const { kind, childId } = decodeStepHeader(field.slice(1), record.slice(0, record.indexOf('\n'))) ?? {};
    return kind === 'workflow' && childId !== undefined ? [{ step: field.slice(1), childId }] : [];
  });
}
