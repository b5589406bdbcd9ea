import { useStore } from '../store-fixture.js';

describe('touch-workflows', () => {
  const store = useStore();
  const touch = (app: string, names: string[], complete: boolean) => async () =>
    expect(await store().store.registry.touch({ app, names })).toBe(complete);
  const age = (name: string) => store().redis.commands.hset(store().keys.key('workflow', name), 'updatedAt', '1');
  const names = (count: number) => Array.from({ length: count }, (_, index) => `w${index}`);

  it('says that the app is alive, for as long as it matters', async () => {
    await store().register('w');
    expect(await store().changes(touch('app', ['w'], true))).toEqual({ 'app:app:alive': { w: 'now' } });
    expect(await store().changes(touch('app', ['w'], true))).toEqual({});
    const ttl = await store().redis.commands.pttl(store().keys.key('alive', 'app'));
    expect(ttl).toBeGreaterThan(600_000);
    expect(ttl).toBeLessThanOrEqual(3_600_000);
  });

  it('keeps an entry from being removed, and from being taken over', async () => {
    await store().register('w');
    await touch('app', ['w'], true)();
    await age('w');
    const { registry } = store().store;
    expect(await registry.removeStale({ app: 'app', names: [], ageMs: 30_000 })).toEqual([]);
    const workflow = { name: 'w', queue: 'q', maxConcurrency: 1, cron: [], maxAttempts: 1, onFailure: false };
    const other = { app: 'other', workflows: [{ ...workflow, retriesJson: '{}' }] };
    expect(await registry.sync(other)).toEqual({ removed: [], foreign: ['w'] });
    await store().redis.commands.zadd(store().keys.key('alive', 'app'), 1, 'w');
    expect(await registry.sync(other)).toEqual({ removed: [], foreign: [] });
  });

  it('tells of what is missing, and says nothing for it', async () => {
    await store().register('w');
    expect(await store().changes(touch('app', ['w', 'gone'], false))).toEqual({ 'app:app:alive': { w: 'now' } });
    await store().redis.commands.del(store().keys.key('workflow', 'w'));
    expect(await store().changes(touch('app', ['w', 'gone'], false))).toEqual({});
  });

  it('does not speak for another app', async () => {
    await store().register('w');
    expect(await store().changes(touch('other', ['w'], false))).toEqual({});
  });

  it('looks up some of many names in each turn, and all of them in some turns', async () => {
    const { registry } = store().store;
    const { commands } = store().redis;
    for (const name of names(120)) await commands.hset(store().keys.key('workflow', name), 'app', 'app');
    await touch('app', names(120), true)();
    expect(await commands.zcard(store().keys.key('alive', 'app'))).toBe(120);
    await commands.del(store().keys.key('workflow', 'w70'));
    const complete = [];
    for (let turn = 0; turn < 3; turn++) complete.push(await registry.touch({ app: 'app', names: names(120) }));
    expect(complete).toEqual([false, true, false]);
  });
});
