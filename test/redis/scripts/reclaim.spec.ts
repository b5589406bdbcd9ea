import { plannedRemoval, useStore } from '../store-fixture.js';

describe('reclaim', () => {
  const store = useStore();

  const recover = (expected: { recovered?: string[]; poisoned?: string[] }, maxRecoveries?: number) => async () =>
    expect(await store().recover(maxRecoveries)).toMatchObject({ recovered: [], poisoned: [], ...expected });

  it('makes a run ready whose lease has expired, ahead of the others, without counting an attempt', async () => {
    const owner = await store().running('r1');
    await store().queued('r2');
    await store().expireLease('r1');
    expect(await store().changes(recover({ recovered: ['r1'] }))).toEqual({
      'run:r1': { status: 'queued', resume: '1', token: '', recoveries: '1' },
      'q:q:ready': ['r1', 'r2'],
      'workflow-runs:w:queued': { r1: 'now' },
      'workflow-runs:w:running': null,
      leases: null,
    });
    expect(await store().changes(recover({}))).toEqual({});
    expect(await store().finish(owner)).toBe('lost');
    expect(await store().claim('t', 1)).toMatchObject([{ id: 'r1', attempt: 1 }]);
  });

  it('leaves leases alone that still run, and tells when the next ends', async () => {
    await store().running('r1');
    const changes = await store().changes(async () => {
      const { recovered, now, nextDeadline } = await store().recover();
      expect(recovered).toEqual([]);
      expect(nextDeadline).toBeGreaterThan(now);
    });
    expect(changes).toEqual({});
  });

  it('fails a run that was recovered too often, and passes its slot on', async () => {
    await store().running('r1');
    await store().queued('r2');
    await store().claim('parks');
    await store().expireLease('r1');
    expect(await store().changes(recover({ poisoned: ['r1'] }, 0))).toEqual({
      'run:r1': {
        ...{ status: 'failed', finishedAt: 'now', token: '', recoveries: '1' },
        error: '{"message":"recovered too often"}',
      },
      'q:q:ready': ['r2'],
      'workflow-parked:w': null,
      'workflow-runs:w:failed': { r1: 'now' },
      'workflow-runs:w:running': null,
      ...plannedRemoval('w:failed', 48),
      leases: null,
    });
    expect(await store().changes(recover({}, 0))).toEqual({});
  });

  it('cancels a run for which that was requested', async () => {
    await store().running('r1');
    await store().cancel('r1', { reason: 'enough' });
    await store().expireLease('r1');
    expect(await store().changes(recover({}))).toEqual({
      'run:r1': { status: 'canceled', finishedAt: 'now', token: '' },
      'workflow-runs:w:canceled': { r1: 'now' },
      'workflow-runs:w:running': null,
      ...plannedRemoval('w:canceled', 72),
      leases: null,
    });
  });

  it('drops the lease of what is no running run, and frees a slot that it held', async () => {
    await store().running('r1');
    await store().queued('r2');
    await store().claim('parks');
    await store().redis.commands.del(store().keys.key('run', 'r1'));
    await store().expireLease('r1');
    await recover({})();
    expect(await store().claim('t')).toMatchObject([{ id: 'r2' }]);
  });
});
