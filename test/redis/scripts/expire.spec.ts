import { nextMillisecond } from '../../doctor/scenes/scene.js';
import { HOUR, KEEP, newRun, useStore } from '../store-fixture.js';

describe('expire', () => {
  const store = useStore();
  const tidy = (removed: number) => async () =>
    expect(await store().store.work.tidy({ retention: KEEP })).toEqual({ removed, more: false });

  const outlive = (id: string) => store().outlive(id);

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
      'runs:expiring': { 'w:succeeded': 'now+24h' },
      'workflow-runs:w:succeeded': { r1: null },
    });
    expect(await store().changes(tidy(0))).toEqual({});
  });

  it('goes by the end of each run, and comes back when the next one is due', async () => {
    const plan = () => store().redis.commands.zscore(store().keys.key('expiring'), 'w:succeeded');
    for (const id of ['r1', 'r2']) await store().finish(await store().running(id));
    const { finishedAt = 0 } = (await store().store.runs.getRun('r2')) ?? {};
    expect(Number(await plan())).toBeLessThanOrEqual(finishedAt + 24 * HOUR);
    await outlive('r1');
    await tidy(1)();
    expect(Number(await plan())).toBe(finishedAt + 24 * HOUR);
    await outlive('r2');
    await tidy(1)();
    expect(Object.keys(await store().snapshot()).filter((key) => key.startsWith('run'))).toEqual(['runs:workflows']);
  });

  it('finds what is outlived behind many that were created before, and ended later', async () => {
    await store().register('w', { maxConcurrency: 1_000 });
    const ids = Array.from({ length: 250 }, (_, index) => `r${index}`);
    await Promise.all(ids.map((id) => store().queued(id)));
    for (const token of ['t1', 't2', 't3']) {
      const runs = await store().claim(token, 100);
      await Promise.all(runs.map(({ id }) => store().finish({ runId: id, token })));
    }
    await nextMillisecond(store());
    const { commands } = store().redis;
    for (const id of ids) await commands.zadd(store().keys.index('w', 'succeeded'), 1, id);
    const outlived = await commands.zrange(store().keys.index('w', 'succeeded'), '100', '249');
    for (const id of outlived) await outlive(id);
    let removed = 0;
    while (removed < outlived.length) {
      await commands.zadd(store().keys.key('expiring'), 'XX', 1, 'w:succeeded');
      removed += (await store().store.work.tidy({ retention: KEEP })).removed;
    }
    expect(removed).toBe(150);
    expect(await commands.zcard(store().keys.index('w', 'succeeded'))).toBe(100);
  });

  it('keeps from then on for ever what is told to be', async () => {
    await store().finish(await store().running('r1'));
    const ever = { ...KEEP, succeeded: { ageMs: Infinity, count: Infinity } };
    const outcome = { status: 'succeeded' } as const;
    await store().store.work.finish({ ...(await store().running('r2')), workflow: 'w', outcome }, ever);
    const snapshot = await store().snapshot();
    for (const key of ['runs:expiring', 'runs:retention']) expect(snapshot).not.toHaveProperty(key);
  });

  it('drops entries of runs that are gone or cannot be read', async () => {
    for (const id of ['r1', 'gone', 'odd']) await store().finish(await store().running(id));
    await store().redis.commands.del(store().keys.key('run', 'gone'));
    await store().redis.commands.set(store().keys.key('run', 'odd'), 'no hash');
    await outlive('r1');
    await tidy(1)();
    const { 'run:odd': odd, ...left } = await store().snapshot();
    expect(odd).toBe('no hash');
    expect(Object.keys(left).filter((key) => key.startsWith('run'))).toEqual(['runs:workflows']);
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
