import { useStore } from '../store-fixture.js';
import { SCRIPTS } from '../../../lib/redis/scripts.js';

describe('watch-runs', () => {
  const store = useStore();

  // Called by name: the typed store keeps the id of its client to itself.
  const watch = (client: string, ...ids: string[]) =>
    SCRIPTS.watchRuns.call(store().openLink(), store().keys.root, [client, ...ids]);

  it('registers each client once with a run that goes on', async () => {
    await store().queued('r1');
    const first = async () => expect(await watch('client1', 'r1')).toEqual(['queued', null]);
    expect(Object.keys(await store().changes(first))).toEqual(['run:r1']);
    expect(await store().changes(first)).toEqual({});
    expect(Object.keys(await store().changes(() => watch('client2', 'r1')))).toEqual(['run:r1']);
    const waiters = await store().redis.commands.hget(store().keys.key('run', 'r1'), 'waiters');
    expect(waiters?.trim().split(' ').sort()).toEqual(['client1', 'client2']);
  });

  it('answers at once for runs that have ended, or are missing', async () => {
    await store().finish(await store().running('r1'), '"out"');
    await store().fail(await store().running('r2'), '{"message":"x"}');
    await store().queued('r3');
    await store().cancel('r3', { reason: 'enough' });
    await store().finish(await store().running('r4', { workflow: 'other' }));
    const all = async () =>
      expect(await watch('client', 'r1', 'r2', 'r3', 'r4', 'gone')).toEqual([
        ...['succeeded', '"out"', 'failed', '{"message":"x"}'],
        ...['canceled', 'enough', 'succeeded', null, 'missing', null],
      ]);
    expect(await store().changes(all)).toEqual({});
  });
});
