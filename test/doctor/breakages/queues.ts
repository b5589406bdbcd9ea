import { HOUR } from '../../redis/store-fixture.js';
import { executes, type Breakage, type Ground } from './breakage.js';

/** One run of `w` runs, `r2` is parked. */
const parks = async ({ fixture }: Ground): Promise<void> => {
  await fixture.register('w', { maxConcurrency: 1 });
  await fixture.queued('r1');
  await fixture.queued('r2');
  await fixture.claim('first', 5);
};

export const OF_QUEUES: readonly Breakage[] = [
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
