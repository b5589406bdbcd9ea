import type { Redis } from 'ioredis';
import type { KeyName } from '../../lib/redis/keys.js';
import { HOUR, newRun, type StoreFixture } from '../redis/store-fixture.js';

/** A prefix that something has broken, and what the doctor must find there: no less and no more. */
export interface Breakage {
  readonly name: string;
  readonly breakIt: (ground: Ground) => Promise<unknown>;
  /** `code subject`, sorted. */
  readonly found: readonly string[];
  /** How a worker goes on once it is repaired; without it, it is not repaired. */
  readonly healed?: (ground: Ground) => Promise<unknown>;
}

export interface Ground {
  readonly fixture: StoreFixture;
  readonly redis: Redis;
  key(name: KeyName, part?: string): string;
  index(status: string): string;
}

export function groundOf(fixture: StoreFixture): Ground {
  return {
    fixture,
    redis: fixture.redis.commands,
    key: (name, part) => fixture.keys.key(name, part),
    index: (status) => fixture.keys.index('w', status),
  };
}

const nothing = async (): Promise<void> => undefined;
const ended = async ({ fixture }: Ground, id = 'r') => fixture.finish(await fixture.running(id));

/** The run is claimed again and ends. */
const executes = async ({ fixture }: Ground, id = 'r'): Promise<void> => {
  const [run] = await fixture.claim(`healed-${id}`, 1);
  if (run?.id !== id) throw new Error(`claimed ${run?.id ?? 'nothing'} instead of ${id}`);
  await fixture.finish({ runId: id, token: `healed-${id}` });
};

/** A parent that waits for a child which is queued in a queue of its own. */
const waits = async ({ fixture }: Ground): Promise<void> => {
  const parent = await fixture.running('p');
  await fixture.spawn(parent, newRun('c', { queue: 'q2', workflow: 'w2' }), { step: 'a:b' });
  await fixture.store.work.suspend({ ...parent, steps: ['a:b'] });
};
const childEnds = async ({ fixture }: Ground) => fixture.finish(await fixture.execute('c', 'q2'), '"out"');
const parentGoesOn = async (ground: Ground): Promise<void> => {
  const [run] = await ground.fixture.claim('healed', 1);
  const outcome = run?.outcomes[0];
  if (outcome?.payload !== '"out"') throw new Error(`the parent was given ${JSON.stringify(run)}`);
  await ground.fixture.finish({ runId: 'p', token: 'healed' });
};
/** One run of `w` runs, `r2` is parked. */
const parks = async ({ fixture }: Ground): Promise<void> => {
  await fixture.register('w', { maxConcurrency: 1 });
  await fixture.queued('r1');
  await fixture.queued('r2');
  await fixture.claim('first', 5);
};
const registersTrigger = ({ fixture }: Ground) =>
  fixture.register('w', { cron: [{ id: 'a:b', expression: '* * * * *' }] });
const TRIGGER = 'w:a%3Ab';

const OF_KEYS: readonly Breakage[] = [
  {
    name: 'keys that are not of redflow',
    breakIt: async ({ redis, key }) => {
      await redis.set(key('run', '').replace('run:', 'stranger'), 1);
      await redis.hset(key('run', 'a:b'), 'status', 'queued');
      await redis.zadd(key('run', '').replace('run:', 'workflow-runs:w:odd'), 1, 'x');
    },
    found: ['unknown_key run:a:b', 'unknown_key stranger', 'unknown_key workflow-runs:w:odd'],
  },
  {
    name: 'keys of the wrong type',
    breakIt: ({ redis, key }) =>
      redis.mset({ [key('leases')]: 1, [key('scheduled')]: 1, [key('workflows')]: 1, [key('ready', 'q')]: 1 }),
    found: ['wrong_type leases', 'wrong_type q:q:ready', 'wrong_type scheduled', 'wrong_type workflows'],
  },
  {
    name: 'strings that would stay for ever',
    breakIt: ({ redis, key }) =>
      redis.mset({ [key('idempotency', 'w:k')]: 'gone', [key('claim', 'x')]: 't', [key('cronLock')]: 'x' }),
    found: ['missing_ttl idempo:w:k', 'missing_ttl lock:cron', 'missing_ttl worker:x:claim'],
  },
  {
    name: 'children of a run that is gone',
    breakIt: ({ redis, key }) => redis.sadd(key('children', 'gone'), 'gone2'),
    found: ['foreign_member gone2', 'leftover_key gone'],
    healed: nothing,
  },
  {
    name: 'steps of a run that is gone',
    breakIt: ({ redis, key }) => redis.hset(key('steps', 'gone'), 'sa', '{}'),
    found: ['leftover_key gone'],
    healed: nothing,
  },
  {
    name: 'a bell that rings too often',
    breakIt: ({ redis, key }) => redis.rpush(key('bell', 'q'), '1', '1', '1'),
    found: ['bell_stuck q:q:bell'],
    healed: nothing,
  },
  {
    name: 'an idempotency key of another run',
    breakIt: async ({ fixture, redis, key }) => {
      await fixture.queued('r', { idempotencyKey: 'k', idempotencyTtlMs: HOUR });
      await fixture.queued('r2', { idempotencyKey: 'k2', idempotencyTtlMs: HOUR });
      await redis.set(key('idempotency', 'w:k'), 'r2', 'KEEPTTL');
    },
    found: ['key_mismatch idempo:w:k'],
  },
];

const OF_RUNS: readonly Breakage[] = [
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
    breakIt: async ({ fixture, redis, index }) => {
      await fixture.running('r');
      await redis.zrem(index('running'), 'r');
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
      await ground.redis.zadd(ground.fixture.keys.index('a:b', 'succeeded'), 1, 'r');
    },
    found: ['foreign_member r'],
    healed: nothing,
  },
  {
    name: 'runs that are gone, in every index',
    breakIt: async ({ redis, key, index }) => {
      const names = ['created', 'expiring', 'leases', 'scheduled'] as const;
      for (const [i, name] of names.entries()) await redis.zadd(key(name), 1, `g${i}`);
      await redis.zadd(key('parked', 'w'), 1, 'g4');
      await redis.zadd(index('failed'), 1, 'g5');
    },
    found: [0, 1, 2, 3, 4, 5].map((i) => `foreign_member g${i}`),
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
      await redis.zadd(key('expiring'), 1, 'r2');
      await redis.zadd(key('parked', 'w'), 1, 'r3');
    },
    found: [
      ...['foreign_member r1', 'foreign_member r2', 'foreign_member r2', 'foreign_member r3'],
      // A consequence: what is parked in vain is counted against the ready runs.
      'parked_forever w',
    ],
    healed: (ground) => executes(ground, 'r2'),
  },
  {
    name: 'a run that runs without a lease',
    breakIt: async ({ fixture, redis, key }) => {
      await fixture.running('r');
      await redis.zrem(key('leases'), 'r');
    },
    found: ['lease_missing r'],
    healed: async (ground) => {
      await ground.fixture.recover();
      await executes(ground);
    },
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
    name: 'a run that would be kept for ever',
    breakIt: async (ground) => {
      await ended(ground);
      await ground.redis.zrem(ground.key('expiring'), 'r');
    },
    found: ['not_expiring r'],
  },
  {
    name: 'attempts that cannot be',
    breakIt: async ({ fixture, redis, key }) => {
      for (const id of ['r1', 'r2', 'r3']) await fixture.queued(id);
      await redis.hset(key('run', 'r1'), 'attempt', 2);
      await redis.hset(key('run', 'r2'), 'attempt', 'many');
      await redis.hset(key('run', 'r3'), 'startedAt', 1);
    },
    found: ['attempt_out_of_range r1', 'attempt_out_of_range r2', 'attempt_out_of_range r3'],
  },
];

const OF_QUEUES: readonly Breakage[] = [
  {
    name: 'queued runs that are in no list',
    breakIt: async ({ fixture, redis, key }) => {
      await fixture.queued('r');
      await redis.del(key('ready', 'q'));
    },
    found: ['queued_nowhere r'],
    healed: executes,
  },
  {
    name: 'a queued run that is neither ready nor parked',
    breakIt: async (ground) => {
      await parks(ground);
      await ground.redis.zrem(ground.key('parked', 'w'), 'r2');
    },
    found: ['queued_nowhere r2'],
    healed: async (ground) => {
      await ground.fixture.finish({ runId: 'r1', token: 'first' });
      await executes(ground, 'r2');
    },
  },
  {
    name: 'a scheduled run without a time',
    breakIt: async ({ fixture, redis, key }) => {
      await fixture.queued('r', { delayMs: HOUR });
      await redis.zrem(key('scheduled'), 'r');
    },
    found: ['schedule_missing r'],
    healed: async (ground) => {
      await ground.fixture.makeDue('r');
      await executes(ground);
    },
  },
  {
    name: 'parked runs that a free slot passes by',
    breakIt: async (ground) => {
      await parks(ground);
      await ground.fixture.finish({ runId: 'r1', token: 'first' });
      await ground.redis.lpop(ground.key('ready', 'q'));
      await ground.redis.zadd(ground.key('parked', 'w'), 1, 'r2');
    },
    found: ['parked_forever w'],
    healed: (ground) => executes(ground, 'r2'),
  },
  {
    name: 'more holders than slots',
    breakIt: async ({ fixture, redis, key }) => {
      await fixture.register('w', { maxConcurrency: 2 });
      await fixture.queued('r1');
      await fixture.queued('r2');
      await fixture.claim('both', 2);
      await redis.hset(key('workflow', 'w'), 'maxConcurrency', 1);
    },
    found: ['slots_exceeded w'],
  },
];

const OF_CHILDREN: readonly Breakage[] = [
  {
    name: 'a wake-up that was lost',
    breakIt: async (ground) => {
      const { redis, key, index } = ground;
      await waits(ground);
      await childEnds(ground);
      await redis.del(key('ready', 'q'));
      await redis.hset(key('run', 'p'), 'status', 'waiting');
      const createdAt = (await redis.zscore(index('queued'), 'p')) ?? '';
      await redis.zrem(index('queued'), 'p');
      await redis.zadd(index('waiting'), createdAt, 'p');
    },
    found: ['waiting_forever p'],
    healed: parentGoesOn,
  },
  {
    name: 'a child that does not know who waits',
    breakIt: async (ground) => {
      await waits(ground);
      await ground.redis.hdel(ground.key('run', 'c'), 'dependents');
    },
    found: ['wait_broken p'],
    healed: async (ground) => {
      await childEnds(ground);
      await parentGoesOn(ground);
    },
  },
  {
    name: 'a child that its parent does not know',
    breakIt: async (ground) => {
      await waits(ground);
      await ground.redis.del(ground.key('children', 'p'));
    },
    found: ['wait_broken p'],
    healed: async ({ fixture, redis, key }) => {
      await fixture.cancel('p');
      if ((await redis.hget(key('run', 'c'), 'status')) !== 'canceled') throw new Error('the child goes on');
    },
  },
  {
    name: 'an outcome that was not delivered',
    breakIt: async (ground) => {
      await waits(ground);
      await ground.redis.hdel(ground.key('run', 'c'), 'dependents');
      await childEnds(ground);
    },
    found: ['foreign_member c', 'wait_broken p'],
    healed: parentGoesOn,
  },
  {
    name: 'a child that is gone without an outcome',
    breakIt: async (ground) => {
      const { redis, key, fixture } = ground;
      await waits(ground);
      await redis.del(key('run', 'c'), key('ready', 'q2'), fixture.keys.index('w2', 'queued'), key('children', 'p'));
      await redis.zrem(key('created'), 'c');
    },
    found: ['wait_broken p'],
  },
  {
    name: 'steps that cannot be read',
    breakIt: async ({ fixture, redis, key }) => {
      await fixture.running('r');
      const fields = { s: 'no JSON', 'sa:b': '{"status":"running"}\n', sc: 'null', o: 'succeeded', 'oa:b': 'what 1\n' };
      await redis.hset(key('steps', 'r'), { ...fields, future: '?' });
    },
    found: Array.from({ length: 5 }, () => 'corrupt_step r'),
  },
];

const OF_REGISTRATION: readonly Breakage[] = [
  {
    name: 'workflows of which set and metadata disagree',
    breakIt: async ({ fixture, redis, key }) => {
      await fixture.register('w');
      await redis.srem(key('workflows'), 'w');
      await redis.sadd(key('workflows'), 'a:b');
    },
    found: ['workflow_unlisted a:b', 'workflow_unlisted w'],
    healed: nothing,
  },
  {
    name: 'metadata that cannot be',
    breakIt: async ({ fixture, redis, key }) => {
      await fixture.register('w');
      await redis.hset(key('workflow', 'w'), 'maxConcurrency', 'all');
    },
    found: ['corrupt_workflow w'],
  },
  {
    name: 'a trigger without a next tick',
    breakIt: async (ground) => {
      await registersTrigger(ground);
      await ground.redis.zrem(ground.key('cronNext'), TRIGGER);
    },
    found: [`trigger_unplanned ${TRIGGER}`],
    healed: async ({ fixture }) => {
      const { due } = await fixture.store.registry.cronAgenda({ leaderId: 'l', ttlMs: 1 });
      if (due.length !== 1) throw new Error('the trigger is not to be planned');
    },
  },
  {
    name: 'a trigger that no workflow names',
    breakIt: async ({ redis, key }) => {
      await redis.hset(key('cronDef'), TRIGGER, '{"workflow":"w","id":"a:b","expression":"* * * * *"}');
      await redis.zadd(key('cronNext'), 1, TRIGGER, 1, 'x:%');
    },
    found: [`trigger_unregistered ${TRIGGER}`, 'trigger_unregistered x:%'],
    healed: nothing,
  },
  {
    name: 'a trigger without a definition',
    breakIt: async (ground) => {
      await registersTrigger(ground);
      await ground.redis.hdel(ground.key('cronDef'), TRIGGER);
    },
    found: [`trigger_undefined ${TRIGGER}`],
  },
  {
    name: 'a definition that cannot be read',
    breakIt: async (ground) => {
      await registersTrigger(ground);
      await ground.redis.hset(ground.key('cronDef'), TRIGGER, '{"workflow":');
    },
    found: [`corrupt_trigger ${TRIGGER}`],
  },
];

export const BREAKAGES = [...OF_KEYS, ...OF_RUNS, ...OF_QUEUES, ...OF_CHILDREN, ...OF_REGISTRATION];
