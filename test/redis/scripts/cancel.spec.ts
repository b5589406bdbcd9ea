import { HOUR, newRun, plannedRemoval, useStore } from '../store-fixture.js';

describe('cancel', () => {
  const store = useStore();
  const canceled = { status: 'canceled', finishedAt: 'now', cancelRequestedAt: 'now', cancelReason: 'enough' };
  const ended = { ...plannedRemoval('w:canceled', 72), 'workflow-runs:w:canceled': { r1: 'now' } };

  const cancel = (result: string) => async () => expect(await store().cancel('r1', { reason: 'enough' })).toBe(result);

  it('ends a queued run at once; its entry is dropped when it is popped', async () => {
    await store().queued('r1');
    expect(await store().changes(cancel('canceled'))).toEqual({
      'run:r1': canceled,
      'workflow-runs:w:queued': null,
      ...ended,
    });
    expect(await store().changes(cancel('unchanged'))).toEqual({});
    expect(await store().claim('t')).toEqual([]);
  });

  it('ends a scheduled run at once', async () => {
    await store().queued('r1', { delayMs: HOUR });
    expect(await store().changes(cancel('canceled'))).toEqual({
      'run:r1': { ...canceled, runAt: null },
      'workflow-runs:w:scheduled': null,
      scheduled: null,
      ...ended,
    });
    expect(await store().changes(cancel('unchanged'))).toEqual({});
  });

  it('ends a waiting run at once', async () => {
    const owner = await store().running('r1');
    await store().store.work.suspend({ ...owner, steps: [], wakeAt: Date.now() + HOUR });
    expect(await store().changes(cancel('canceled'))).toEqual({
      'run:r1': canceled,
      'workflow-runs:w:waiting': null,
      scheduled: null,
      ...ended,
    });
    expect(await store().changes(cancel('unchanged'))).toEqual({});
  });

  it('asks a running run to end', async () => {
    await store().running('r1');
    expect(await store().changes(cancel('requested'))).toEqual({
      'run:r1': { cancelRequestedAt: 'now', cancelReason: 'enough' },
    });
    expect(await store().changes(cancel('unchanged'))).toEqual({});
  });

  it('leaves a run alone that has ended', async () => {
    await store().finish(await store().running('r1'));
    expect(await store().changes(cancel('unchanged'))).toEqual({});
  });

  it.each(['missing', 'odd'])('tells of a run that is %s', async (kind) => {
    if (kind === 'odd') await store().redis.commands.set(store().keys.key('run', 'r1'), 'no hash');
    expect(await store().changes(cancel('missing'))).toEqual({});
  });

  it('takes a parked run out of the line', async () => {
    const owner = await store().running('r0');
    for (const id of ['r1', 'r2']) await store().queued(id);
    await store().claim('parks');
    expect(await store().changes(cancel('canceled'))).toMatchObject({ 'workflow-parked:w': { r1: null } });
    await store().finish(owner);
    expect(await store().claim('t')).toMatchObject([{ id: 'r2' }]);
  });

  it('passes the turn of a ready run on to a parked one', async () => {
    const owner = await store().running('r0');
    for (const id of ['r1', 'r2']) await store().queued(id);
    await store().claim('parks');
    await store().finish(owner);
    await cancel('canceled')();
    expect(await store().claim('t')).toMatchObject([{ id: 'r2' }]);
  });

  it('tells the parent that awaits it', async () => {
    const parent = await store().running('p', { workflow: 'parent' });
    await store().spawn(parent, newRun('r1'));
    await store().store.work.suspend({ ...parent, steps: ['child'] });
    await cancel('canceled')();
    expect(await store().claim('t')).toMatchObject([
      { id: 'p', outcomes: [{ step: 'child', status: 'canceled', payload: 'enough' }] },
    ]);
  });
});
