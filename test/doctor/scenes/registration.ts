import { newRunId } from '../../../lib/core/run-id.js';
import { HOUR } from '../../redis/store-fixture.js';
import { claimNext, expectEqual, type Scene } from './scene.js';

export const registration: Scene = async (fixture, pause) => {
  const { registry } = fixture.store;
  const trigger = { id: 'a:b', workflow: 'ticking', expression: '* * * * *', input: '1' };
  await fixture.register('ticking', { queue: 'ticks', cron: [trigger, { id: '', expression: '0 0 * * *' }] });
  await pause();
  const agenda = await registry.cronAgenda({ leaderId: 'leader', ttlMs: HOUR });
  expectEqual('triggers to plan', agenda.due.length, 2);
  const next = Date.now() + HOUR;
  for (const { trigger: due, dueAt } of agenda.due) {
    expectEqual('plan', await registry.cronTick({ trigger: due, dueAt, nextAt: next, runId: newRunId() }), 'planned');
  }
  await pause();
  const tick = { trigger, dueAt: next, nextAt: next + HOUR };
  expectEqual('tick', await registry.cronTick({ ...tick, runId: 'g1' }), 'fired');
  expectEqual('tick', await registry.cronTick({ ...tick, runId: 'g2' }), 'stale');
  await pause();
  await claimNext(fixture, 'g1', 'ticks');
  const later = { trigger, dueAt: next + HOUR, nextAt: next + 2 * HOUR };
  expectEqual('tick', await registry.cronTick({ ...later, runId: 'g3' }), 'skipped');
  await registry.resignCron('leader');
  await fixture.register('ticking', { queue: 'ticks', cron: [trigger] });
  await pause();
  await fixture.redis.commands.hset(fixture.keys.key('workflow', 'ticking'), 'updatedAt', 1);
  await fixture.register('other');
  expectEqual('a stale workflow', await registry.getWorkflow('ticking'), undefined);
  await pause();
};

/** A living app keeps its workflows; a trigger that never fires again, or that nobody defines, is not planned. */
export const upkeep: Scene = async (fixture, pause) => {
  const { registry } = fixture.store;
  const { commands } = fixture.redis;
  const trigger = { id: 'last', workflow: 'kept-alive', expression: '* * * * *' };
  await fixture.register('kept-alive', { queue: 'upkeep', cron: [trigger] });
  await commands.hset(fixture.keys.key('workflow', 'kept-alive'), 'updatedAt', 1);
  expectEqual('touch', await registry.touch({ app: 'app', names: ['kept-alive'] }), true);
  await fixture.register('another');
  await pause();
  const agenda = await registry.cronAgenda({ leaderId: 'first', ttlMs: HOUR });
  expectEqual('leader', agenda.leader, true);
  expectEqual('another leader', (await registry.cronAgenda({ leaderId: 'second', ttlMs: HOUR })).leader, false);
  expectEqual(
    'plan',
    await registry.cronTick({ trigger, dueAt: undefined, nextAt: undefined, runId: 'u1' }),
    'planned',
  );
  await commands.zadd(fixture.keys.key('cronNext'), 0, 'nobody:x');
  expectEqual('due', (await registry.cronAgenda({ leaderId: 'first', ttlMs: HOUR })).due.length, 0);
  await fixture.register('kept-alive', { queue: 'upkeep', cron: [trigger] });
  await pause();
};
