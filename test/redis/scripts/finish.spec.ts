import { HOUR, KEEP, plannedRemoval, useStore } from '../store-fixture.js';

describe('finish', () => {
  const store = useStore();
  const retry = (delayMs: number) => ({ status: 'retry', error: '{"message":"x"}', delayMs }) as const;

  const leave = { leases: null, 'workflow-runs:w:running': null };

  it.each([
    [
      'succeeded',
      { status: 'succeeded', output: '"out"' },
      { 'run:r1': { status: 'succeeded', finishedAt: 'now', output: '"out"' }, ...plannedRemoval('w:succeeded', 24) },
    ],
    [
      'failed',
      { status: 'failed', error: '{"message":"x"}' },
      {
        'run:r1': { status: 'failed', finishedAt: 'now', error: '{"message":"x"}' },
        ...plannedRemoval('w:failed', 48),
      },
    ],
    [
      'canceled',
      { status: 'canceled' },
      { 'run:r1': { status: 'canceled', finishedAt: 'now' }, ...plannedRemoval('w:canceled', 72) },
    ],
  ] as const)('ends a run as %s, once', async (status, outcome, expected) => {
    const owner = await store().running('r1');
    const finish = async () =>
      expect(await store().store.work.finish({ workflow: 'w', ...owner, outcome }, KEEP)).toBe(status);
    const index = { [`workflow-runs:w:${status}`]: { r1: 'now' } };
    expect(await store().changes(finish)).toEqual({ ...expected, ...index, ...leave });
    expect(await store().changes(finish)).toEqual({});
  });

  it('plans another attempt', async () => {
    const owner = await store().running('r1');
    const finish = async () =>
      expect(await store().store.work.finish({ workflow: 'w', ...owner, outcome: retry(HOUR) }, KEEP)).toBe(
        'scheduled',
      );
    expect(await store().changes(finish)).toEqual({
      'run:r1': { status: 'scheduled', runAt: 'now+1h', error: '{"message":"x"}' },
      'workflow-runs:w:scheduled': { r1: 'now' },
      scheduled: { r1: 'now+1h' },
      ...leave,
    });
    expect(await store().changes(finish)).toEqual({});
  });

  it('starts another attempt at once where there is no delay', async () => {
    const owner = await store().running('r1');
    const finish = async () =>
      expect(await store().store.work.finish({ workflow: 'w', ...owner, outcome: retry(0) }, KEEP)).toBe('queued');
    expect(await store().changes(finish)).toEqual({
      'run:r1': { status: 'queued', error: '{"message":"x"}' },
      'workflow-runs:w:queued': { r1: 'now' },
      'q:q:ready': ['r1'],
      ...leave,
    });
    expect(await store().changes(finish)).toEqual({});
    expect(await store().claim('t')).toMatchObject([{ id: 'r1', attempt: 2 }]);
  });

  it.each([{ status: 'succeeded', output: '1' }, { status: 'failed', error: '{}' }, retry(HOUR)] as const)(
    'lets a requested cancellation win over $status',
    async (outcome) => {
      const owner = await store().running('r1');
      expect(await store().cancel('r1', { reason: 'enough' })).toBe('requested');
      expect(await store().store.work.finish({ workflow: 'w', ...owner, outcome }, KEEP)).toBe('canceled');
      const run = await store().store.runs.getRun('r1');
      expect(run).toMatchObject({ status: 'canceled', cancelReason: 'enough', output: undefined, error: undefined });
    },
  );

  it('gives the slot to the oldest parked run, ahead of what is ready', async () => {
    const owner = await store().running('r1');
    for (const id of ['r2', 'r3']) await store().queued(id);
    await store().claim('parks');
    await store().queued('r4', { workflow: 'other' });
    await store().finish(owner);
    expect(await store().snapshot()).toMatchObject({ 'q:q:ready': ['r2', 'r4'], 'workflow-parked:w': { r3: 'now' } });
  });

  it('gives the outcome to an awaiting parent, and wakes it', async () => {
    const parent = await store().running('p', { workflow: 'parent' });
    await store().spawn(parent, { id: 'c', workflow: 'w', queue: 'q' }, { step: 'x:1' });
    await store().store.work.suspend({ ...parent, steps: ['x:1'] });
    const child = await store().execute('c');
    const changes = await store().changes(() => store().finish(child, '"out"'));
    expect(changes).toEqual({
      'run:c': { status: 'succeeded', finishedAt: 'now', output: '"out"' },
      'run:p': { status: 'queued' },
      'run:p:children': null,
      'run:p:steps': { 'ox:1': 'succeeded now\n"out"' },
      'q:q:ready': ['p'],
      ...plannedRemoval('w:succeeded', 24),
      'workflow-runs:parent:queued': { p: 'now' },
      'workflow-runs:parent:waiting': null,
      'workflow-runs:w:running': null,
      'workflow-runs:w:succeeded': { c: 'now' },
      leases: null,
    });
    expect(await store().claim('t')).toMatchObject([
      { id: 'p', attempt: 1, outcomes: [{ step: 'x:1', status: 'succeeded', payload: '"out"' }] },
    ]);
  });

  it('keeps the newest so many of a status, and removes the others', async () => {
    const few = { ...KEEP, succeeded: { ageMs: Infinity, count: 1 } };
    const first = await store().running('r1');
    await store().store.work.finish({ workflow: 'w', ...first, outcome: { status: 'succeeded' } }, few);
    const second = await store().running('r2');
    await store().store.work.finish({ workflow: 'w', ...second, outcome: { status: 'succeeded' } }, few);
    const snapshot = await store().snapshot();
    expect(snapshot).not.toHaveProperty('run:r1');
    expect(snapshot).not.toHaveProperty('runs:expiring');
    expect(snapshot).toMatchObject({ 'runs:created': { r2: 'now' }, 'workflow-runs:w:succeeded': { r2: 'now' } });
  });

  it('cancels the children of a canceled run, even one that is not kept itself', async () => {
    const none = { ...KEEP, canceled: { ageMs: Infinity, count: 0 } };
    const parent = await store().running('p', { workflow: 'parent' });
    await store().spawn(parent, { id: 'c', workflow: 'w', queue: 'q' });
    await store().store.work.finish({ workflow: 'parent', ...parent, outcome: { status: 'canceled' } }, none);
    expect(['canceled', undefined]).toContain((await store().store.runs.getRun('c'))?.status);
    expect(await store().claim('t')).toEqual([]);
  });

  it.each([
    ['createdAt', 'absurd'],
    ['status', 'paused'],
  ])('ends the runs of one call each for itself, though the %s of one is "%s"', async (field, value) => {
    await store().register('w', { maxConcurrency: 3 });
    const owners = [await store().running('r1'), await store().running('r2'), await store().running('r3')];
    await store().store.work.extendLeases({ runs: owners, leaseMs: HOUR });
    await store().redis.commands.hset(store().keys.key('run', 'r2'), field, value);
    const results = await Promise.all(owners.map((owner) => store().finish(owner)));
    expect(results).toEqual(['succeeded', 'lost', 'succeeded']);
    expect(await store().redis.commands.hget(store().keys.key('run', 'r2'), field)).toBe(value);
    expect(await store().snapshot()).toMatchObject({ 'workflow-runs:w:succeeded': { r1: 'now', r3: 'now' } });
  });
});
