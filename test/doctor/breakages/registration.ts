import { nothing, type Breakage, type Ground } from './breakage.js';

const registersTrigger = ({ fixture }: Ground) =>
  fixture.register('w', { cron: [{ id: 'a:b', expression: '* * * * *' }] });
const TRIGGER = 'w:a%3Ab';

export const OF_REGISTRATION: readonly Breakage[] = [
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
