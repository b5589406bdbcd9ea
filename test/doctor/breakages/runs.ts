import { HOUR, LEASE_MS } from '../../redis/store-fixture.js';
import { executes, nothing, type Breakage, type Ground } from './breakage.js';

/** A run that is running, and has held its lease for so long that it was written. */
const renewed = async ({ fixture }: Ground) =>
  fixture.store.work.extendLeases({ runs: [await fixture.running('r')], leaseMs: LEASE_MS });
const ended = async ({ fixture }: Ground, id = 'r') => fixture.finish(await fixture.running(id));

export const OF_RUNS: readonly Breakage[] = [
  {
    name: 'runs that cannot be read',
    breakIt: async ({ fixture, redis, key }) => {
      for (const id of ['r1', 'r2', 'r3', 'r4']) await fixture.queued(id);
      await redis.hset(key('run', 'r1'), 'status', 'paused');
      await redis.hdel(key('run', 'r2'), 'createdAt');
      await redis.del(key('run', 'r3'));
      await redis.set(key('run', 'r3'), 'x');
      await redis.hdel(key('run', 'r4'), 'workflow');
    },
    found: ['corrupt_run r1', 'corrupt_run r2', 'corrupt_run r3', 'corrupt_run r4'],
  },
  {
    name: 'a run that is not in the list of all',
    breakIt: async ({ fixture, redis, key }) => {
      await fixture.queued('r');
      await redis.zrem(key('created'), 'r');
    },
    found: ['unindexed_run r'],
    healed: executes,
  },
  {
    name: 'a run that is not in the index of its status',
    breakIt: async (ground) => {
      await renewed(ground);
      await ground.redis.zrem(ground.index('running'), 'r');
    },
    found: ['unindexed_run r'],
    healed: ({ fixture }) => fixture.finish({ runId: 'r', token: 'token-r' }),
  },
  {
    name: 'a run that was just begun, and is in no index',
    breakIt: async ({ fixture, redis, index }) => {
      await fixture.running('r');
      await redis.zrem(index('queued'), 'r');
    },
    found: ['unindexed_run r'],
    healed: ({ fixture }) => fixture.finish({ runId: 'r', token: 'token-r' }),
  },
  {
    name: 'a workflow that is not among those of runs',
    breakIt: async ({ fixture, redis, key }) => {
      await fixture.queued('r');
      await redis.srem(key('runWorkflows'), 'w');
    },
    found: ['unindexed_run r'],
    healed: executes,
  },
  {
    name: 'a run in the index of another status',
    breakIt: async (ground) => {
      await ended(ground);
      await ground.redis.zadd(ground.index('running'), 1, 'r');
    },
    found: ['foreign_member r'],
    healed: nothing,
  },
  {
    name: 'a run in the index of another workflow',
    breakIt: async (ground) => {
      await ended(ground);
      await ground.redis.zadd(ground.fixture.keys.index('a:b', 'waiting'), 1, 'r');
    },
    found: ['foreign_member r'],
    healed: nothing,
  },
  {
    name: 'runs that are gone, in every index',
    breakIt: async ({ redis, key, index }) => {
      const names = ['created', 'leases', 'scheduled'] as const;
      for (const [i, name] of names.entries()) await redis.zadd(key(name), 1, `g${i}`);
      await redis.zadd(key('parked', 'w'), 1, 'g3');
      await redis.zadd(key('expiring'), 1, 'w:failed');
      await redis.zadd(index('failed'), 1, 'g4');
    },
    found: [0, 1, 2, 3, 4].map((i) => `foreign_member g${i}`),
    healed: nothing,
  },
  {
    name: 'leases, plans and places that a run must not have',
    breakIt: async (ground) => {
      const { fixture, redis, key } = ground;
      await ended(ground, 'r1');
      await fixture.queued('r2');
      await fixture.queued('r3', { delayMs: HOUR });
      await redis.zadd(key('leases'), 1, 'r1');
      await redis.zadd(key('scheduled'), 1, 'r2');
      await redis.zadd(key('parked', 'w'), 1, 'r3');
    },
    found: [
      ...['foreign_member r1', 'foreign_member r2', 'foreign_member r3'],
      // A consequence: what is parked in vain is counted against the ready runs.
      'parked_forever w',
    ],
    healed: (ground) => executes(ground, 'r2'),
  },
  {
    name: 'what claims have left of runs that are not just begun',
    breakIt: async (ground) => {
      await ended(ground, 'r1');
      await ground.fixture.queued('r2', { workflow: 'x' });
      const line = 'token 1 1 1 w';
      await ground.redis.hset(ground.key('begun', 'w'), { r1: line, r2: line, g: line });
    },
    found: ['foreign_member g', 'foreign_member r1', 'foreign_member r2'],
    healed: nothing,
  },
  {
    name: 'a run that runs without a lease',
    breakIt: async (ground) => {
      await renewed(ground);
      await ground.redis.zrem(ground.key('leases'), 'r');
    },
    found: ['lease_missing r'],
    healed: async (ground) => {
      await ground.fixture.recover();
      await executes(ground);
    },
  },
  {
    name: 'a run that was just begun, of a workflow without a lease',
    breakIt: async ({ fixture, redis, key }) => {
      await fixture.running('r');
      await redis.zrem(key('leases'), '@w');
    },
    found: ['lease_missing r'],
    healed: async (ground) => {
      await ground.fixture.expireLease('r');
      await ground.fixture.recover();
      await executes(ground);
    },
  },
  {
    name: 'the lease of a workflow of which no run was just begun',
    breakIt: ({ redis, key }) => redis.zadd(key('leases'), 1, '@w'),
    found: ['foreign_member @w'],
    healed: nothing,
  },
  {
    name: 'a lease that nobody recovers',
    breakIt: async ({ fixture }) => {
      await fixture.running('r');
      await fixture.expireLease('r');
    },
    found: ['lease_expired r'],
  },
  {
    name: 'ends that are none',
    breakIt: async (ground) => {
      const { redis, key } = ground;
      for (const id of ['r1', 'r2']) await ended(ground, id);
      await ground.fixture.queued('r3');
      await redis.hdel(key('run', 'r1'), 'finishedAt');
      await redis.hset(key('run', 'r2'), 'runAt', 1);
      await redis.hset(key('run', 'r3'), 'finishedAt', 1);
    },
    found: ['terminal_unfinished r1', 'terminal_unfinished r2', 'terminal_unfinished r3'],
  },
  {
    name: 'runs that would be kept for ever',
    breakIt: async (ground) => {
      await ended(ground);
      await ground.redis.zrem(ground.key('expiring'), 'w:succeeded');
    },
    found: ['not_expiring workflow-runs:w:succeeded'],
  },
  {
    name: 'attempts that cannot be',
    breakIt: async ({ fixture, redis, key }) => {
      for (const id of ['r1', 'r2', 'r3']) await fixture.queued(id);
      await redis.hset(key('run', 'r1'), 'attempt', 2);
      await redis.hset(key('run', 'r2'), 'attempt', 'many');
      await redis.hset(key('run', 'r3'), 'attempt', 0);
    },
    found: ['attempt_out_of_range r1', 'attempt_out_of_range r2', 'attempt_out_of_range r3'],
  },
];
