import { useStore } from '../store-fixture.js';

describe('adopt', () => {
  const store = useStore();

  async function orphan(id: string, workflow: string, queue = 'q'): Promise<void> {
    await store().register(workflow);
    const owner = await store().running(id, { workflow, queue });
    await store().store.work.release({ ...owner, to: 'orphan' });
  }

  it('takes the runs of known workflows and queues, and leaves the others', async () => {
    await orphan('r1', 'known');
    await orphan('r2', 'unknown');
    await orphan('r3', 'known', 'elsewhere');
    const adopt = (adopted: number) => async () =>
      expect(await store().store.work.adopt({ workflows: ['known'], queues: ['q'] })).toBe(adopted);
    expect(await store().changes(adopt(1))).toEqual({ 'q:q:ready': ['r1'], orphans: ['r2', 'r3'] });
    expect(await store().changes(adopt(0))).toEqual({});
    expect(await store().claim('t')).toMatchObject([{ id: 'r1', attempt: 1 }]);
  });

  it('drops what is canceled, missing or no run', async () => {
    await orphan('r1', 'known');
    await store().cancel('r1');
    await store().redis.commands.rpush(store().keys.key('orphans'), 'missing', 'odd');
    await store().redis.commands.set(store().keys.key('run', 'odd'), 'no hash');
    expect(await store().store.work.adopt({ workflows: ['known'], queues: ['q'] })).toBe(0);
    expect(await store().snapshot()).not.toHaveProperty('orphans');
  });

  it.each(['workflow', 'queue'])('drops a run without a %s, and takes the others', async (field) => {
    for (const id of ['r1', 'r2']) await orphan(id, 'known');
    await store().redis.commands.hdel(store().keys.key('run', 'r1'), field);
    expect(await store().store.work.adopt({ workflows: ['known'], queues: ['q'] })).toBe(1);
    expect(await store().claim('t')).toMatchObject([{ id: 'r2' }]);
  });

  it('is told of by a claim that has slots left', async () => {
    const request = { workerId: 'worker', token: 't', queues: ['q'], limit: 1, leaseMs: 1_000 };
    expect((await store().store.work.claim(request)).orphans).toBe(false);
    await orphan('r1', 'known');
    expect((await store().store.work.claim(request)).orphans).toBe(true);
  });
});
