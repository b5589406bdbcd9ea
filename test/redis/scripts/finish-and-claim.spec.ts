import { jest } from '@jest/globals';
import type { Claim, FinishResult, Ownership } from '../../../lib/core/store.js';
import { SCRIPTS } from '../../../lib/redis/scripts.js';
import { KEEP, LEASE_MS, newRun, plannedRemoval, useStore } from '../store-fixture.js';

/** What is asked for in one turn of the event loop travels in one call. */
describe('finish and claim', () => {
  const store = useStore();
  const request = { workerId: 'worker', token: 't2', queues: ['q'], limit: 1, leaseMs: LEASE_MS };
  const outcome = { status: 'succeeded', output: '"out"' } as const;

  async function turnOver(owner: Ownership): Promise<[FinishResult, Claim]> {
    const finished = store().store.work.finish({ workflow: 'w', ...owner, outcome }, KEEP);
    return Promise.all([finished, store().store.work.claim(request)]);
  }

  it('ends a run and takes the next into its slot, once', async () => {
    await store().register('w', { maxConcurrency: 1 });
    const owner = await store().running('r1');
    await store().queued('r2');
    const both = async () => {
      const [status, claim] = await turnOver(owner);
      expect([status, claim.runs.map(({ id }) => id)]).toEqual(['succeeded', ['r2']]);
    };
    expect(await store().changes(both)).toEqual({
      'run:r1': { status: 'succeeded', finishedAt: 'now', output: '"out"' },
      'run:r2': { status: 'running', token: 't2', startedAt: 'now' },
      'workflow-runs:w:succeeded': { r1: 'now' },
      'workflow-runs:w:running': { r1: null, r2: 'now' },
      'workflow-runs:w:queued': null,
      ...plannedRemoval('w:succeeded', 24),
      leases: { r1: null, r2: 'now+1h' },
      'q:q:ready': null,
      'worker:worker:claim': 't2 r2, expires now+2h',
    });
    expect(await store().changes(both)).toEqual({});
  });

  it('makes one call of both', async () => {
    const owner = await store().running('r1');
    const scripts = async (): Promise<number> => {
      const stats = await store().redis.commands.info('commandstats');
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
    };
    await turnOver(owner);
    const before = await scripts();
    await turnOver(owner);
    expect((await scripts()) - before).toBe(1);
  });

  it('takes the run that the freed slot wakes', async () => {
    await store().register('w', { maxConcurrency: 1 });
    const owner = await store().running('r1');
    await store().queued('r2');
    expect(await store().claim('parks')).toEqual([]);
    const [, claim] = await turnOver(owner);
    expect(claim.runs).toMatchObject([{ id: 'r2' }]);
  });

  it('claims for a writer that has lost its run, and changes nothing of that run', async () => {
    await store().register('w', { maxConcurrency: 2 });
    const owner = await store().running('r1');
    await store().queued('r2');
    const [status, claim] = await turnOver({ ...owner, token: 'stale' });
    expect([status, claim.runs.map(({ id }) => id)]).toEqual(['lost', ['r2']]);
    expect(await store().store.runs.getRun('r1')).toMatchObject({ status: 'running' });
  });

  it('hands over what was claimed without waiting until a canceled family is gone', async () => {
    await store().register('w', { maxConcurrency: 2 });
    const owner = await store().running('r1');
    await store().spawn(owner, newRun('c1', { queue: 'other' }));
    await store().queued('r2');
    await store().cancel('r1');
    const endless = jest.spyOn(SCRIPTS.cascade, 'call').mockReturnValue(new Promise(() => undefined));
    try {
      const [status, claim] = await turnOver(owner);
      expect([status, claim.runs.map(({ id }) => id)]).toEqual(['canceled', ['r2']]);
      expect(endless).toHaveBeenCalledTimes(1);
    } finally {
      endless.mockRestore();
    }
  });

  it('serves each alone where one spoils the call', async () => {
    await store().register('w', { maxConcurrency: 3 });
    const owner = await store().running('r1');
    await store().queued('r2');
    // The write of the index is refused: the call fails behind it, before it comes to the claim.
    await store().redis.commands.set(store().keys.index('w', 'succeeded'), 'no index');
    const [status, claim] = await turnOver(owner);
    expect([status, claim.runs.map(({ id }) => id)]).toEqual(['succeeded', ['r2']]);
  });
});
