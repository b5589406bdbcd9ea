import { HOUR } from '../../redis/store-fixture.js';
import { nothing, type Breakage } from './breakage.js';

export const OF_KEYS: readonly Breakage[] = [
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
      redis.mset({
        [key('begun', 'w')]: 1,
        [key('leases')]: 1,
        [key('scheduled')]: 1,
        [key('workflows')]: 1,
        [key('ready', 'q')]: 1,
      }),
    found: [
      'wrong_type leases',
      'wrong_type q:q:ready',
      'wrong_type scheduled',
      'wrong_type workflow-begun:w',
      'wrong_type workflows',
    ],
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
