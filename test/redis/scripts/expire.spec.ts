import { KEEP, newRun, useStore } from '../store-fixture.js';

describe('expire', () => {
  const store = useStore();
  const tidy = (removed: number) => async () =>
    expect(await store().store.work.tidy({ retention: KEEP })).toEqual({ removed, more: false });

  const outlive = (id: string) => store().redis.commands.zadd(store().keys.key('expiring'), 1, id);

  it('removes every trace of a finished run that is outlived, and nothing else', async () => {
    const owner = await store().running('r1');
    const step = { name: 's', kind: 'step', status: 'succeeded', seq: 1, attempts: 1, startedAt: 1 } as const;
    await store().store.work.recordStep({ ...owner, step });
    await store().finish(owner);
    await store().finish(await store().running('r2'));
    await outlive('r1');
    expect(await store().changes(tidy(1))).toEqual({
      'run:r1': null,
      'run:r1:steps': null,
      'runs:created': { r1: null },
      'runs:expiring': { r1: null },
      'workflow-runs:w:succeeded': { r1: null },
    });
    expect(await store().changes(tidy(0))).toEqual({});
  });

  it('drops entries of runs that are gone or cannot be read', async () => {
    await store().redis.commands.set(store().keys.key('run', 'odd'), 'no hash');
    for (const id of ['gone', 'odd']) await outlive(id);
    await tidy(2)();
    expect(await store().snapshot()).toEqual({ 'run:odd': 'no hash' });
  });

  it('leaves a child whose parent is gone able to end', async () => {
    const parent = await store().running('p', { workflow: 'parent' });
    await store().spawn(parent, newRun('c1'));
    await store().fail(parent);
    await outlive('p');
    await tidy(1)();
    expect(await store().finish(await store().execute('c1'))).toBe('succeeded');
    expect(Object.keys(await store().snapshot()).filter((key) => key.startsWith('run:p'))).toEqual([]);
  });
});
