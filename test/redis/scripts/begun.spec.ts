import { newToken } from '../../../lib/core/run-id.js';
import type { Ownership } from '../../../lib/core/store.js';
import { SCRIPTS } from '../../../lib/redis/scripts.js';
import { nextMillisecond } from '../../doctor/scenes/scene.js';
import { LEASE_MS, newRun, useStore } from '../store-fixture.js';

describe('a run that is begun for the first time', () => {
  const store = useStore();
  const hashOf = (id: string) => store().redis.commands.hgetall(store().keys.key('run', id));
  const left = async () => {
    const of = (workflow: string) => store().redis.commands.hkeys(store().keys.key('begun', workflow));
    return [...(await of('w')), ...(await of('parent'))];
  };
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

  it('is listed in its place among those that run, and not among those that wait', async () => {
    for (const id of ['r1', 'r2', 'r3', 'r4']) {
      await store().queued(id, { workflow: id === 'r2' ? 'other' : 'w' });
      await nextMillisecond(store());
    }
    const [longer] = [await store().execute('r1'), await store().execute('r2'), await store().execute('r3')];
    await store().store.work.extendLeases({ runs: [longer], leaseMs: LEASE_MS });
    expect(await left()).toEqual(['r3']);
    const idsOf = async (query: object) =>
      (await store().store.runs.listRuns({ limit: 10, offset: 0, ...query })).runs.map(({ id }) => id);
    expect(await idsOf({ status: 'running' })).toEqual(['r3', 'r2', 'r1']);
    expect(await idsOf({ status: 'running', workflow: 'w' })).toEqual(['r3', 'r1']);
    expect(await idsOf({ status: 'running', limit: 1, offset: 1 })).toEqual(['r2']);
    expect(await idsOf({ status: 'queued' })).toEqual(['r4']);
    expect(await idsOf({ status: 'queued', workflow: 'w', limit: 1 })).toEqual(['r4']);
    expect(await idsOf({ workflow: 'w' })).toEqual(['r4', 'r3', 'r1']);
    const { runs, nextCursor: cursor } = await store().store.runs.listRuns({ limit: 1, offset: 0, status: 'running' });
    expect(runs.map(({ id }) => id)).toEqual(['r3']);
    expect(await idsOf({ status: 'running', cursor })).toEqual(['r2', 'r1']);
  });

  it('holds a slot', async () => {
    await store().register('w', { maxConcurrency: 2 });
    for (const id of ['r1', 'r2', 'r3']) await store().queued(id);
    expect(await store().claim('t1', 1)).toMatchObject([{ id: 'r1' }]);
    expect(await store().claim('t2')).toMatchObject([{ id: 'r2' }]);
    expect(await store().claim('t3')).toEqual([]);
    await store().finish({ runId: 'r1', token: 't1' });
    expect(await store().claim('t4')).toMatchObject([{ id: 'r3' }]);
  });

  it('is recovered by its own deadline, whatever those of others are', async () => {
    const soon = { workerId: 'soon', token: 'soon', queues: ['q'], limit: 1, leaseMs: 1 };
    await store().queued('r1');
    await store().queued('r2');
    await store().claim('t', 1);
    await store().store.work.claim(soon);
    await nextMillisecond(store());
    await nextMillisecond(store());
    expect(await store().recover()).toMatchObject({ recovered: ['r2'], nextDeadline: expect.any(Number) });
    expect(await left()).toEqual(['r1']);
    await store().finish({ runId: 'r1', token: 't' });
    expect(await store().recover()).toMatchObject({ recovered: [], nextDeadline: undefined });
  });

  it('is recovered though there are more of them than one call recovers', async () => {
    await store().register('w', { maxConcurrency: 1_000 });
    const ids = Array.from({ length: 250 }, (_, index) => `r${index}`);
    await Promise.all(ids.map((id) => store().queued(id)));
    for (const token of ['t1', 't2', 't3']) await store().claim(token, 100);
    for (const id of ids) await store().expireLease(id);
    const recovered: string[] = [];
    for (let more = true; more;) {
      const recovery = await store().recover();
      recovered.push(...recovery.recovered);
      more = recovery.more;
    }
    expect(recovered.sort()).toEqual(ids.sort());
    expect(await left()).toEqual([]);
  });

  it('ends as well where its worker names another workflow', async () => {
    const owner = await store().running('r1');
    expect(await store().finish({ ...owner, workflow: 'other' }, '"out"')).toBe('succeeded');
    expect(await left()).toEqual([]);
    expect(await store().snapshot()).toMatchObject({ 'workflow-runs:w:succeeded': { r1: 'now' } });
    expect(await store().snapshot()).not.toHaveProperty('leases');
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
    expect(await store().redis.commands.object('ENCODING', store().keys.key('begun', 'w'))).toBe('hashtable');
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
    await store().redis.commands.hset(store().keys.key('begun', 'w'), 'r1', 'no line');
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
