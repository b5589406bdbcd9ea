import { HOUR, LEASE_MS, newRun, useStore } from '../store-fixture.js';

describe('claim', () => {
  const store = useStore();
  const request = { workerId: 'worker', token: 't1', queues: ['q'], limit: 10, leaseMs: LEASE_MS };

  it('takes run, lease, slot and token in one go', async () => {
    await store().register('w', { maxConcurrency: 2 });
    await store().queued('r1', { input: '"in"', maxAttempts: 3 });
    const changes = await store().changes(async () =>
      expect(await store().store.work.claim(request)).toEqual({
        now: expect.any(Number) as number,
        more: false,
        standsBy: false,
        orphans: false,
        runs: [
          {
            id: 'r1',
            token: 't1',
            workflow: 'w',
            queue: 'q',
            input: '"in"',
            attempt: 1,
            maxAttempts: 3,
            createdAt: expect.any(Number) as number,
            startedAt: expect.any(Number) as number,
            steps: [],
            outcomes: [],
          },
        ],
      }),
    );
    expect(changes).toEqual({
      'run:r1': { status: 'running', token: 't1', startedAt: 'now' },
      'q:q:ready': null,
      'workflow-runs:w:queued': null,
      'workflow-runs:w:running': { r1: 'now' },
      leases: { r1: 'now+1h' },
      'worker:worker:claim': 't1 r1, expires now+2h',
    });
  });

  it('sent again, gives the same runs again and takes no others', async () => {
    await store().register('w', { maxConcurrency: 9 });
    await store().queued('r1');
    const [first] = (await store().store.work.claim(request)).runs;
    await store().queued('r2');
    const changes = await store().changes(async () =>
      expect((await store().store.work.claim(request)).runs).toEqual([first]),
    );
    expect(changes).toEqual({});
  });

  it('sent again, leaves out what has been lost meanwhile', async () => {
    await store().queued('r1');
    await store().store.work.claim(request);
    await store().expireLease('r1');
    await store().recover();
    expect((await store().store.work.claim(request)).runs).toEqual([]);
    expect(await store().claim('t2')).toMatchObject([{ id: 'r1', attempt: 1 }]);
    expect((await store().store.work.claim(request)).runs).toEqual([]);
  });

  it('takes no more than asked for, in order, and says that more is left', async () => {
    await store().register('w', { maxConcurrency: 9 });
    for (const id of ['r1', 'r2', 'r3']) await store().queued(id);
    const claim = await store().store.work.claim({ ...request, limit: 2 });
    expect(claim).toMatchObject({ more: true, runs: [{ id: 'r1' }, { id: 'r2' }] });
  });

  describe('of many queues', () => {
    const queues = Array.from({ length: 300 }, (_, i) => `q${i}`);

    it.each([0, 1, 8, 9, 72, 73, 299])('finds the one that is not empty: q%i', async (i) => {
      await store().queued('r1', { queue: `q${i}` });
      const claim = await store().store.work.claim({ ...request, queues });
      expect(claim).toMatchObject({ more: false, runs: [{ id: 'r1' }] });
    });

    it('leaves those alone that follow where it has taken all it may, and says that there may be more', async () => {
      await store().register('w', { maxConcurrency: 9 });
      for (const i of [2, 5, 200]) await store().queued(`r${i}`, { queue: `q${i}` });
      const bells = store().redis.commands;
      for (const i of [2, 5, 200]) await bells.del(store().keys.key('bell', `q${i}`));
      const limited = { ...request, queues, limit: 1 };
      expect(await store().store.work.claim(limited)).toMatchObject({ more: true, runs: [{ id: 'r2' }] });
      expect(Object.keys(await store().snapshot()).filter((key) => key.endsWith(':bell'))).toEqual([]);
      const claim = await store().store.work.claim({ ...request, token: 't2', queues });
      expect(claim).toMatchObject({ more: false, runs: [{ id: 'r5' }, { id: 'r200' }] });
    });
  });

  it('parks what finds no slot, without stopping others behind it', async () => {
    await store().register('w', { maxConcurrency: 1 });
    await store().register('other', { maxConcurrency: 1 });
    for (const id of ['r1', 'r2', 'r3']) await store().queued(id);
    await store().queued('r4', { workflow: 'other' });
    expect((await store().claim('t')).map(({ id }) => id)).toEqual(['r1', 'r4']);
    expect(await store().snapshot()).toMatchObject({
      'workflow-parked:w': { r2: 'now', r3: 'now' },
      'workflow-runs:w:queued': { r2: 'now', r3: 'now' },
      'workflow-runs:w:running': { r1: 'now' },
    });
    expect(await store().claim('t2')).toEqual([]);
  });

  it('counts the holders of a workflow that is not registered too', async () => {
    for (const id of ['r1', 'r2']) await store().queued(id);
    expect(await store().claim('t')).toHaveLength(1);
  });

  it('promotes what is due first, and tells when the next is due', async () => {
    await store().queued('r1', { delayMs: HOUR });
    await store().queued('r2', { delayMs: 2 * HOUR });
    await store().makeDue('r1');
    const claim = await store().store.work.claim(request);
    expect(claim).toMatchObject({ runs: [{ id: 'r1' }], nextDueAt: expect.any(Number) as number });
    expect(claim.nextDueAt).toBeGreaterThan(claim.now + HOUR);
    expect(await store().store.runs.getRun('r1')).toMatchObject({ status: 'running', runAt: undefined });
  });

  it('drops runs that are terminal, missing or no runs', async () => {
    await store().queued('canceled');
    await store().cancel('canceled');
    await store().redis.commands.lpush(store().keys.key('ready', 'q'), 'missing', 'odd');
    await store().redis.commands.set(store().keys.key('run', 'odd'), 'no hash');
    await store().queued('r1');
    expect(await store().claim('t')).toMatchObject([{ id: 'r1' }]);
    expect(await store().snapshot()).not.toHaveProperty('q:q:ready');
  });

  it('does not look into queues that were not asked for', async () => {
    await store().store.runs.enqueue(newRun('r1', { queue: 'elsewhere' }));
    expect(await store().claim('t')).toEqual([]);
  });

  it('gives the history of former executions', async () => {
    const owner = await store().running('r1');
    const step = { name: 's:1', kind: 'step', status: 'succeeded', seq: 1, attempts: 1, startedAt: 1 } as const;
    await store().store.work.recordStep({ ...owner, step: { ...step, payload: '"a\nb"' } });
    await store().store.work.recordFailure({ ...owner, error: '{"message":"x"}' });
    await store().store.work.release({ ...owner, to: 'ready' });
    expect(await store().claim('t')).toMatchObject([
      { attempt: 1, steps: [{ ...step, payload: '"a\nb"' }], failure: '{"message":"x"}' },
    ]);
  });

  it('tells when the next lease ends where nothing was claimed', async () => {
    await store().running('r1');
    const claim = await store().store.work.claim(request);
    expect(claim.nextDeadline).toBeGreaterThan(claim.now);
  });
});
