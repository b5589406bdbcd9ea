import { useStore } from '../store-fixture.js';

describe('release', () => {
  const store = useStore();

  const release = async (to: 'ready' | 'orphan', result = 'released') =>
    expect(await store().store.work.release({ runId: 'r1', token: 'token-r1', to })).toBe(result);

  it('gives a run back to any worker, ahead of the others, without counting an attempt', async () => {
    await store().running('r1');
    await store().queued('r2');
    expect(await store().changes(() => release('ready'))).toEqual({
      'run:r1': { status: 'queued', resume: '1', token: '' },
      'q:q:ready': ['r1', 'r2'],
      'workflow-runs:w:queued': { r1: 'now' },
      'workflow-runs:w:running': null,
      leases: null,
    });
    expect(await store().changes(() => release('ready', 'lost'))).toEqual({});
    expect(await store().claim('t', 1)).toMatchObject([{ id: 'r1', attempt: 1 }]);
  });

  it('keeps a run for a worker that knows its workflow, and gives its slot to the next', async () => {
    await store().register('w');
    await store().running('r1');
    await store().queued('r2');
    await store().claim('parks');
    expect(await store().changes(() => release('orphan'))).toEqual({
      'run:r1': { status: 'queued', resume: '1', token: '' },
      orphans: ['r1'],
      'q:q:ready': ['r2'],
      'workflow-parked:w': null,
      'workflow-runs:w:queued': { r1: 'now' },
      'workflow-runs:w:running': null,
      leases: null,
    });
    expect(await store().changes(() => release('orphan', 'lost'))).toEqual({});
  });

  it('does not let go of a run that no worker could ever take', async () => {
    await store().running('r1');
    expect(await store().changes(() => release('orphan', 'unregistered'))).toEqual({});
  });

  it('never lets a run that is to be canceled execute again', async () => {
    const owner = await store().running('r1');
    await store().cancel('r1', { reason: 'enough' });
    await release('ready');
    expect(await store().claim('t')).toEqual([]);
    expect(await store().finish(owner)).toBe('lost');
    await store().recover();
    expect(await store().store.runs.getRun('r1')).toMatchObject({ status: 'canceled', cancelReason: 'enough' });
    expect(await store().snapshot()).not.toHaveProperty('leases');
  });
});
