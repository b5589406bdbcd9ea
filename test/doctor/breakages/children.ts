import { newRun } from '../../redis/store-fixture.js';
import type { Breakage, Ground } from './breakage.js';

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

export const OF_CHILDREN: readonly Breakage[] = [
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
