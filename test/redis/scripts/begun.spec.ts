import { newToken } from '../../../lib/core/run-id.js';
import type { Ownership } from '../../../lib/core/store.js';
import { SCRIPTS } from '../../../lib/redis/scripts.js';
import { LEASE_MS, newRun, useStore } from '../store-fixture.js';

describe('a run that is begun for the first time', () => {
  const store = useStore();
  const hashOf = (id: string) => store().redis.commands.hgetall(store().keys.key('run', id));
  const left = () => store().redis.commands.hkeys(store().keys.key('begun'));
  const keyed = newRun('r1', { idempotencyKey: 'k' });
  const RUNNING = { status: 'running', attempt: 1, startedAt: expect.any(Number) };

  beforeEach(() => store().register('w', { maxConcurrency: 10 }));

  it('is not written to, and running for all who look', async () => {
    await store().queued('r1');
    const before = await hashOf('r1');
    await store().claim('t');
    expect(await hashOf('r1')).toEqual(before);
    expect(await left()).toEqual(['r1']);
    expect(await store().store.runs.getRun('r1')).toMatchObject(RUNNING);
    const page = { limit: 10, offset: 0 };
    for (const query of [page, { ...page, status: 'running' as const }, { ...page, workflow: 'w' }]) {
      expect((await store().store.runs.listRuns(query)).runs).toMatchObject([{ id: 'r1', ...RUNNING }]);
    }
  });

  it('is written whole by its end, under the token that ended it', async () => {
    const owner = await store().running('r1');
    expect(await store().finish(owner, '"out"')).toBe('succeeded');
    expect(await left()).toEqual([]);
    expect(await hashOf('r1')).toMatchObject({ status: 'succeeded', token: owner.token, output: '"out"' });
    expect(await store().store.runs.getRun('r1')).toMatchObject({ ...RUNNING, status: 'succeeded' });
    expect(await store().finish(owner, '"out"')).toBe('succeeded');
  });

  it('takes the first of two ends that travel in one call', async () => {
    const owner = await store().running('r1');
    expect(await Promise.all([store().finish(owner), store().fail(owner)])).toEqual(['succeeded', 'succeeded']);
    expect(await store().snapshot()).toMatchObject({ 'workflow-runs:w:succeeded': { r1: 'now' } });
    expect(await store().snapshot()).not.toHaveProperty('workflow-runs:w:failed');
  });

  it('is not given away twice, though a ready list should name it again', async () => {
    await store().queued('r1');
    await store().redis.commands.rpush(store().keys.key('ready', 'q'), 'r1', 'r1');
    expect(await store().claim('t1', 2)).toMatchObject([{ id: 'r1' }]);
    expect(await store().claim('t2')).toEqual([]);
  });

  it('is looked up, not searched for, by Redis', async () => {
    await store().queued('r1');
    await store().claim(newToken());
    expect(await store().redis.commands.object('ENCODING', store().keys.key('begun'))).toBe('hashtable');
  });

  it('is written at once where its end is to be told', async () => {
    const parent = await store().running('p', { workflow: 'parent' });
    await store().spawn(parent, newRun('child'));
    await store().queued('awaited');
    await SCRIPTS.watchRuns.call(store().openLink(), store().keys.root, ['client', 'awaited']);
    await store().claim('t');
    expect(await left()).toEqual(['p']);
    for (const id of ['child', 'awaited']) expect(await hashOf(id)).toMatchObject({ status: 'running', token: 't' });
  });

  it.each<[string, (owner: Ownership) => Promise<unknown>]>([
    ['waits for its end', () => SCRIPTS.watchRuns.call(store().openLink(), store().keys.root, ['client', 'r1'])],
    ['asks it to end', () => store().cancel('r1')],
    ['renews its lease', (owner) => store().store.work.extendLeases({ runs: [owner], leaseMs: LEASE_MS })],
    ['awaits it as a child', async () => store().spawn(await store().running('p', { workflow: 'parent' }), keyed)],
  ])('is written when somebody %s', async (_who, act) => {
    await store().queued('r1', keyed);
    const owner = await store().execute('r1');
    await act(owner);
    expect(await left()).not.toContain('r1');
    expect(await hashOf('r1')).toMatchObject({ status: 'running', token: owner.token, startedAt: expect.any(String) });
    expect(await store().finish(owner)).not.toBe('lost');
  });

  it('whose line is none is not executed, and does not keep others from being recovered', async () => {
    const owners = [await store().running('r1'), await store().running('r2')];
    await store().redis.commands.hset(store().keys.key('begun'), 'r1', 'no line');
    expect(await Promise.all(owners.map((owner) => store().finish(owner)))).toEqual(['lost', 'succeeded']);
    await store().running('r3');
    for (const id of ['r1', 'r3']) await store().expireLease(id);
    await store().recover();
    expect(await left()).toEqual([]);
    expect(await store().claim('t')).toMatchObject([{ id: 'r3' }]);
  });

  it.each<[string, (key: string) => Promise<unknown>]>([
    ['gone', (key) => store().redis.commands.del(key)],
    ['no hash', (key) => store().redis.commands.set(key, 'no hash')],
    ['that of no run', (key) => store().redis.commands.hdel(key, 'status')],
  ])('whose hash is %s cannot end, and leaves nothing behind', async (_what, spoil) => {
    const owner = await store().running('r1');
    const key = store().keys.key('run', 'r1');
    await spoil(key);
    const spoilt = await store().redis.commands.dump(key);
    expect(await store().finish(owner)).toBe('lost');
    await store().expireLease('r1');
    await store().recover();
    expect(await left()).toEqual([]);
    expect(await store().redis.commands.dump(key)).toEqual(spoilt);
    expect(await store().snapshot()).not.toHaveProperty('workflow-runs:w:running');
  });
});
