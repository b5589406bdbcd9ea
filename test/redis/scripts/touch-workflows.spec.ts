import { useStore } from '../store-fixture.js';

describe('touch-workflows', () => {
  const store = useStore();
  const touch = (app: string, names: string[], complete: boolean) => async () =>
    expect(await store().store.registry.touch({ app, names })).toBe(complete);

  it('says that the app is alive', async () => {
    await store().register('w');
    await store().redis.commands.hset(store().keys.key('workflow', 'w'), 'updatedAt', '1');
    expect(await store().changes(touch('app', ['w'], true))).toEqual({ 'workflow:w': { updatedAt: 'now' } });
    expect(await store().changes(touch('app', ['w'], true))).toEqual({});
  });

  it('tells of what is missing, and writes nothing for it', async () => {
    await store().register('w');
    expect(await store().changes(touch('app', ['w', 'gone'], false))).toEqual({});
  });

  it('does not speak for another app', async () => {
    await store().register('w');
    await store().redis.commands.hset(store().keys.key('workflow', 'w'), 'updatedAt', '1');
    expect(await store().changes(touch('other', ['w'], false))).toEqual({});
  });
});
