import { HOUR, useStore } from '../store-fixture.js';

describe('resign-cron', () => {
  const store = useStore();

  it('gives the leadership up, of its holder only', async () => {
    await store().store.registry.cronAgenda({ leaderId: 'one', ttlMs: HOUR });
    const resign = (leader: string) => () => store().store.registry.resignCron(leader);
    expect(await store().changes(resign('two'))).toEqual({});
    expect(await store().changes(resign('one'))).toEqual({ 'lock:cron': null });
    expect(await store().changes(resign('one'))).toEqual({});
  });
});
