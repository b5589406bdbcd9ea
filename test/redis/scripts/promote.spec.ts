import { HOUR, useStore } from '../store-fixture.js';

describe('promote', () => {
  const store = useStore();

  it('makes due runs ready, and tells when the next is due', async () => {
    await store().queued('r1', { delayMs: HOUR });
    await store().queued('r2', { delayMs: 2 * HOUR });
    await store().makeDue('r1');
    const promote = async () => {
      const { promoted, now, nextDueAt } = await store().store.work.promote();
      expect(nextDueAt).toBeGreaterThan(now + HOUR);
      return promoted;
    };
    const changes = await store().changes(async () => expect(await promote()).toBe(1));
    expect(changes).toEqual({
      'run:r1': { status: 'queued' },
      'q:q:ready': ['r1'],
      scheduled: { r1: null },
      'workflow-runs:w:queued': { r1: 'now' },
      'workflow-runs:w:scheduled': { r1: null },
    });
    expect(await store().changes(async () => expect(await promote()).toBe(0))).toEqual({});
  });

  it('has nothing to tell where nothing is planned', async () => {
    expect(await store().store.work.promote()).toMatchObject({ promoted: 0, nextDueAt: undefined });
  });

  it.each(['succeeded', 'running', 'queued'])('drops the stale entry of a run that is %s', async (status) => {
    const owner = await store().running('r1');
    if (status === 'succeeded') await store().finish(owner);
    if (status === 'queued') await store().store.work.release({ ...owner, to: 'ready' });
    await store().redis.commands.zadd(store().keys.key('scheduled'), 1, 'r1');
    const changes = await store().changes(() => store().store.work.promote());
    expect(changes).toEqual({ scheduled: null });
  });

  it('drops entries of runs that are missing or cannot be read, and promotes the others', async () => {
    for (const id of ['gone', 'odd', 'half', 'r1']) await store().queued(id, { delayMs: HOUR });
    await store().redis.commands.del(store().keys.key('run', 'gone'), store().keys.key('run', 'odd'));
    await store().redis.commands.set(store().keys.key('run', 'odd'), 'no hash');
    await store().redis.commands.hdel(store().keys.key('run', 'half'), 'queue');
    for (const id of ['gone', 'odd', 'half', 'r1']) await store().makeDue(id);
    await store().store.work.promote();
    expect(await store().snapshot()).toMatchObject({ 'q:q:ready': ['r1'] });
    expect(await store().snapshot()).not.toHaveProperty('scheduled');
  });
});
