import { useStore } from '../store-fixture.js';

describe('remove-stale-workflows', () => {
  const store = useStore();
  const cron = [{ id: 'a', expression: '* * * * *' }];

  const age = (name: string) => store().redis.commands.hset(store().keys.key('workflow', name), 'updatedAt', '1');
  const sync = (app: string) => async () => (await store().store.registry.sync({ app, workflows: [] })).removed;

  it('removes what an app no longer registers, with its triggers; runs stay', async () => {
    await store().register('old', { cron });
    await age('old');
    await store().queued('r1', { workflow: 'old' });
    const changes = await store().changes(async () => expect(await sync('app')()).toEqual(['old']));
    expect(changes).toEqual({ 'workflow:old': null, workflows: null, 'cron:def': null, 'cron:next': null });
    expect(await store().changes(async () => expect(await sync('app')()).toEqual([]))).toEqual({});
  });

  it('leaves alone what is young, or of another app', async () => {
    await store().register('young', { cron });
    expect(await store().changes(sync('app'))).toEqual({});
    await age('young');
    expect(await store().changes(sync('other'))).toEqual({});
  });

  it('leaves alone what is registered', async () => {
    await store().register('kept', { cron });
    await age('kept');
    await store().register('kept', { cron });
    expect((await store().snapshot())['workflows']).toEqual(['kept']);
  });

  it('removes a name without metadata', async () => {
    await store().redis.commands.sadd(store().keys.key('workflows'), 'half');
    expect(await sync('app')()).toEqual(['half']);
  });
});
