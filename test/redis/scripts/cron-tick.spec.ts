import { HOUR, useStore } from '../store-fixture.js';

describe('cron-tick', () => {
  const store = useStore();
  const trigger = { id: 'a', workflow: 'w', expression: '0 * * * *', input: 'null' };
  const nextAt = Date.now() + HOUR;

  beforeEach(async () => {
    await store().register('w', { cron: [{ id: 'a', expression: '0 * * * *', input: 'null' }] });
    await store().redis.commands.zadd(store().keys.key('cronNext'), 5, 'w:a');
  });

  const tick = (result: string, change: object = {}) => {
    const request = { trigger, dueAt: 5, nextAt, runId: 'r1', ...change };
    return async () => expect(await store().store.registry.cronTick(request)).toBe(result);
  };

  it('starts one run and plans the next tick', async () => {
    expect(await store().changes(tick('fired'))).toEqual({
      'run:r1': { workflow: 'w', queue: 'q', status: 'queued', createdAt: 'now', input: 'null' },
      'cron:next': { 'w:a': 'now+1h' },
      'q:q:bell': ['1'],
      'q:q:ready': ['r1'],
      'runs:created': { r1: 'now' },
      'runs:workflows': ['w'],
      'workflow-runs:w:queued': { r1: 'now' },
    });
    expect(await store().changes(tick('stale'))).toEqual({});
    expect(await store().changes(tick('stale', { runId: 'r2' }))).toEqual({});
  });

  it('only plans a trigger that had no plan', async () => {
    await store().redis.commands.zadd(store().keys.key('cronNext'), 0, 'w:a');
    const changes = await store().changes(tick('planned', { dueAt: undefined }));
    expect(changes).toEqual({ 'cron:next': { 'w:a': 'now+1h' } });
  });

  it('forgets a trigger that has no next tick', async () => {
    expect(await store().changes(tick('fired', { nextAt: undefined }))).toMatchObject({ 'cron:next': null });
  });

  it.each(['running', 'waiting'])(
    'skips while a run of the workflow is %s, and plans the next tick',
    async (status) => {
      const owner = await store().running('r0');
      if (status === 'waiting') await store().store.work.suspend({ ...owner, steps: [], wakeAt: Date.now() + HOUR });
      expect(await store().changes(tick('skipped'))).toEqual({ 'cron:next': { 'w:a': 'now+1h' } });
    },
  );

  it('does nothing for a trigger that has changed or is gone', async () => {
    expect(await store().changes(tick('stale', { trigger: { ...trigger, input: '1' } }))).toEqual({});
    await store().store.registry.sync({ app: 'app', workflows: [] });
    await store().register('w', { cron: [] });
    expect(await store().changes(tick('stale'))).toEqual({});
  });
});
