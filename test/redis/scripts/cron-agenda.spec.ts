import { HOUR, useStore } from '../store-fixture.js';

describe('cron-agenda', () => {
  const store = useStore();
  const cron = [{ id: 'a', expression: '0 * * * *' }];
  const agenda = (leaderId: string) => store().store.registry.cronAgenda({ leaderId, ttlMs: 24 * HOUR });
  const plan = (at: number) => store().redis.commands.zadd(store().keys.key('cronNext'), at, 'w:a');

  it('makes the first who asks leader, and tells what is unplanned', async () => {
    await store().register('w', { cron });
    const ask = async () =>
      expect(await agenda('one')).toMatchObject({
        leader: true,
        heldMs: 0,
        nextDueAt: undefined,
        due: [{ trigger: { workflow: 'w', id: 'a', expression: '0 * * * *' }, dueAt: undefined }],
      });
    expect(await store().changes(ask)).toEqual({ 'lock:cron': 'one, expires now+24h' });
    expect(await store().changes(ask)).toEqual({});
  });

  it('tells what is due, and when the next is', async () => {
    await store().register('w', { cron: [...cron, { id: 'b', expression: '1 * * * *' }] });
    const next = Date.now() + HOUR;
    await store().redis.commands.zadd(store().keys.key('cronNext'), 5, 'w:a', next, 'w:b');
    expect(await agenda('one')).toMatchObject({ due: [{ dueAt: 5 }], nextDueAt: next });
  });

  it('tells others nothing but how long the leader holds', async () => {
    await store().register('w', { cron });
    await agenda('one');
    const ask = async () => {
      const { leader, due, heldMs } = await agenda('two');
      expect({ leader, due }).toEqual({ leader: false, due: [] });
      expect(heldMs).toBeGreaterThan(0);
    };
    expect(await store().changes(ask)).toEqual({});
    await plan(Date.now() + HOUR);
    expect(await agenda('two')).toMatchObject({ leader: false, heldMs: 0, nextDueAt: expect.any(Number) as number });
  });

  it('drops the plan of a trigger without a definition', async () => {
    await plan(5);
    expect((await agenda('one')).due).toEqual([]);
    expect(await store().snapshot()).not.toHaveProperty('cron:next');
  });
});
