import { KEEP, newRun, useStore } from '../store-fixture.js';

describe('cascade', () => {
  const store = useStore();

  it('cancels the children of a waiting parent, theirs too, and asks the running ones to end', async () => {
    const parent = await store().running('p', { workflow: 'parent' });
    await store().spawn(parent, newRun('c1', { workflow: 'child' }), { step: 'one' });
    await store().spawn(parent, newRun('c2', { workflow: 'other' }), { step: 'two' });
    const child = await store().execute('c1');
    await store().spawn(child, newRun('g1', { workflow: 'grandchild' }));
    await store().store.work.suspend({ ...child, steps: ['child'] });
    await store().execute('c2');
    await store().store.work.suspend({ ...parent, steps: ['one', 'two'] });

    expect(await store().cancel('p')).toBe('canceled');
    const statusOf = async (id: string) => (await store().store.runs.getRun(id))?.status;
    expect(await Promise.all(['c1', 'g1', 'c2'].map(statusOf))).toEqual(['canceled', 'canceled', 'running']);
    expect(await store().store.runs.getRun('c1')).toMatchObject({ cancelReason: 'the parent run was canceled' });
    expect(await store().store.runs.getRun('c2')).toMatchObject({ cancelRequestedAt: expect.any(Number) as number });
    expect(await store().snapshot()).not.toHaveProperty('cascades');
  });

  it('leaves children alone that nobody awaits, and all of them where the caller wants so', async () => {
    const parent = await store().running('p', { workflow: 'parent' });
    await store().spawn(parent, newRun('c1'), { step: 'one', awaited: false });
    await store().spawn(parent, newRun('c2', { workflow: 'kept' }), { step: 'two' });
    await store().store.work.suspend({ ...parent, steps: ['two'] });
    expect(await store().cancel('p', { keepChildren: true })).toBe('canceled');
    expect((await store().claim('t')).map(({ id }) => id)).toEqual(['c1', 'c2']);
  });

  it('keeps the wish for the children of a running parent until it ends', async () => {
    const parent = await store().running('p', { workflow: 'parent' });
    await store().spawn(parent, newRun('c1'));
    await store().cancel('p', { keepChildren: true });
    expect(await store().finish(parent)).toBe('canceled');
    expect(await store().claim('t')).toMatchObject([{ id: 'c1' }]);
  });

  it('is taken up by a sweep where the caller died half-way', async () => {
    const parent = await store().running('p', { workflow: 'parent' });
    await store().spawn(parent, newRun('c1'));
    await store().cancel('p');
    await store().expireLease('p');
    await store().recover();
    expect(await store().snapshot()).toMatchObject({ cascades: ['p'] });
    const tidy = () => store().store.work.tidy({ retention: KEEP });
    expect(await store().changes(tidy)).toMatchObject({ cascades: null, 'run:c1': { status: 'canceled' } });
    expect(await store().changes(tidy)).toEqual({});
  });
});
