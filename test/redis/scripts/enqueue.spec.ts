import { HOUR, newRun, useStore } from '../store-fixture.js';

describe('enqueue', () => {
  const store = useStore();

  it('writes a run that is ready, whole', async () => {
    const run = newRun('r1', { input: '{"a":1}', maxAttempts: 3, idempotencyKey: 'k', idempotencyTtlMs: 24 * HOUR });
    expect(await store().store.runs.enqueue(run)).toEqual({ id: 'r1', created: true, existingInput: undefined });
    expect(await store().snapshot()).toEqual({
      'run:r1': {
        workflow: 'w',
        queue: 'q',
        status: 'queued',
        createdAt: 'now',
        input: '{"a":1}',
        maxAttempts: '3',
        idempotencyKey: 'k',
      },
      'runs:created': { r1: 'now' },
      'runs:workflows': ['w'],
      'workflow-runs:w:queued': { r1: 'now' },
      'q:q:ready': ['r1'],
      'q:q:bell': ['1'],
      'idempo:w:k': 'r1, expires now+24h',
    });
  });

  it.each([
    ['a delay', { delayMs: 2 * HOUR }],
    ['a time', { runAt: Date.now() + 2 * HOUR }],
  ])('writes a run that is scheduled by %s', async (_, when) => {
    await store().store.runs.enqueue(newRun('r1', when));
    expect(await store().snapshot()).toEqual({
      'run:r1': { workflow: 'w', queue: 'q', status: 'scheduled', createdAt: 'now', runAt: 'now+2h' },
      'runs:created': { r1: 'now' },
      'runs:workflows': ['w'],
      'workflow-runs:w:scheduled': { r1: 'now' },
      scheduled: { r1: 'now+2h' },
      'q:q:bell': ['1'],
    });
  });

  it('makes ready at once what was due in the past', async () => {
    await store().store.runs.enqueue(newRun('r1', { runAt: 1 }));
    expect((await store().store.runs.getRun('r1'))?.status).toBe('queued');
  });

  it('takes queue and attempts from the metadata of the workflow, else the defaults', async () => {
    await store().register('known', { queue: 'its queue', maxAttempts: 4 });
    await store().store.runs.enqueue({ id: 'r1', workflow: 'known' });
    await store().store.runs.enqueue({ id: 'r2', workflow: 'unknown' });
    await store().store.runs.enqueue({ id: 'r3', workflow: 'known', queue: 'mine', maxAttempts: 1 });
    expect(await store().store.runs.getRun('r1')).toMatchObject({ queue: 'its queue', maxAttempts: 4 });
    expect(await store().store.runs.getRun('r2')).toMatchObject({ queue: 'default', maxAttempts: 1 });
    expect(await store().store.runs.getRun('r3')).toMatchObject({ queue: 'mine', maxAttempts: 1 });
  });

  it.each([
    ['without a key', {}],
    ['with a key', { idempotencyKey: 'k', idempotencyTtlMs: 24 * HOUR }],
  ])('sent again, finds the run of the first call and calls it its own (%s)', async (_, key) => {
    const run = newRun('r1', { input: '1', ...key });
    await store().store.runs.enqueue(run);
    const changes = await store().changes(async () =>
      expect(await store().store.runs.enqueue(run)).toMatchObject({ id: 'r1', created: true }),
    );
    expect(changes).toEqual({});
  });

  it('keeps runs of one call apart, whatever they have in common', async () => {
    const { runs } = store().store;
    await runs.enqueue(newRun('r8', { input: 'old' }));
    const wanted = [
      newRun('r1', { input: 'a', maxAttempts: 2 }),
      newRun('r2', { input: 'b', maxAttempts: 2 }),
      newRun('r3', { maxAttempts: 2 }),
      newRun('r4', { input: 'd', maxAttempts: 2, delayMs: HOUR, idempotencyKey: 'k', idempotencyTtlMs: HOUR }),
      newRun('r5', { input: 'e', maxAttempts: 2 }),
      newRun('r6', { input: 'f', maxAttempts: 2, queue: 'other' }),
      newRun('r7', { input: 'g', maxAttempts: 2, queue: 'other', workflow: 'v' }),
      newRun('r8', { input: 'h', maxAttempts: 2, queue: 'other', workflow: 'v' }),
      newRun('r9', { input: 'i', maxAttempts: 3, queue: 'other', workflow: 'v' }),
    ];
    const enqueued = await runs.enqueueMany(wanted);
    expect(enqueued.map(({ id, created }) => [id, created])).toEqual(
      Array.from({ length: 9 }, (_, index) => [`r${index + 1}`, true]),
    );
    const stored = await Promise.all(enqueued.map(({ id }) => runs.getRun(id)));
    expect(stored.map((run) => [run?.workflow, run?.queue, run?.maxAttempts, run?.input, run?.status])).toEqual([
      ['w', 'q', 2, 'a', 'queued'],
      ['w', 'q', 2, 'b', 'queued'],
      ['w', 'q', 2, undefined, 'queued'],
      ['w', 'q', 2, 'd', 'scheduled'],
      ['w', 'q', 2, 'e', 'queued'],
      ['w', 'other', 2, 'f', 'queued'],
      ['v', 'other', 2, 'g', 'queued'],
      ['w', 'q', 1, 'old', 'queued'],
      ['v', 'other', 3, 'i', 'queued'],
    ]);
    expect(stored.map((run) => run?.idempotencyKey)).toEqual(
      [...'...k.....'].map((key) => (key === '.' ? undefined : key)),
    );
    expect(await store().changes(() => runs.enqueueMany(wanted))).toEqual({});
  });

  it('gives the run that holds the key, and its input', async () => {
    const key = { idempotencyKey: 'k', idempotencyTtlMs: 24 * HOUR };
    await store().store.runs.enqueue(newRun('r1', { input: '1', ...key }));
    const changes = await store().changes(async () =>
      expect(await store().store.runs.enqueue(newRun('r2', { input: '2', ...key }))).toEqual({
        id: 'r1',
        created: false,
        existingInput: '1',
      }),
    );
    expect(changes).toEqual({});
  });

  it('gives one run to callers of one turn that share a key', async () => {
    const runs = ['r1', 'r2', 'r3'].map((id) => newRun(id, { idempotencyKey: 'k', idempotencyTtlMs: HOUR }));
    const enqueued = await store().store.runs.enqueueMany(runs);
    expect(enqueued.map(({ id, created }) => [id, created])).toEqual([
      ['r1', true],
      ['r1', false],
      ['r1', false],
    ]);
    expect(await store().snapshot()).toMatchObject({ 'q:q:ready': ['r1'], 'runs:created': { r1: 'now' } });
  });

  it('replaces a pointer to a run that is gone', async () => {
    await store().redis.commands.set(store().keys.key('idempotency', 'w:k'), 'gone');
    const run = newRun('r1', { idempotencyKey: 'k', idempotencyTtlMs: HOUR });
    expect(await store().store.runs.enqueue(run)).toMatchObject({ id: 'r1', created: true });
    expect(await store().snapshot()).toMatchObject({ 'idempo:w:k': 'r1, expires now+1h', 'q:q:ready': ['r1'] });
  });

  it('replaces a pointer to what is no run', async () => {
    await store().redis.commands.set(store().keys.key('idempotency', 'w:k'), 'odd');
    await store().redis.commands.set(store().keys.key('run', 'odd'), 'no hash');
    const run = newRun('r1', { idempotencyKey: 'k', idempotencyTtlMs: HOUR });
    expect(await store().store.runs.enqueue(run)).toMatchObject({ id: 'r1', created: true });
  });

  it.each([
    ['without a status', ['workflow', 'w', 'queue', 'q', 'createdAt', '1']],
    ['with its input alone', ['input', '"first"']],
    ['without an index entry', ['workflow', 'w', 'queue', 'q', 'createdAt', '1', 'status', 'queued']],
  ])('repairs a partial run behind a pointer, under its own id (%s)', async (_, fields) => {
    await store().redis.commands.set(store().keys.key('idempotency', 'w:k'), 'half');
    await store().redis.commands.hset(store().keys.key('run', 'half'), ...fields);
    const run = newRun('r1', { input: '"second"', idempotencyKey: 'k', idempotencyTtlMs: HOUR });
    expect(await store().store.runs.enqueue(run)).toMatchObject({ id: 'half', created: true });
    expect((await store().claim('t'))[0]).toMatchObject({
      id: 'half',
      input: fields.includes('input') ? '"first"' : '"second"',
    });
  });

  it('repairs a partial run that has its own id', async () => {
    await store().redis.commands.hset(store().keys.key('run', 'r1'), 'status', 'queued', 'workflow', 'w');
    await store().store.runs.enqueue(newRun('r1'));
    expect(await store().claim('t')).toMatchObject([{ id: 'r1' }]);
  });

  it('wakes a worker only for the run that is due first', async () => {
    await store().store.runs.enqueue(newRun('r1', { delayMs: HOUR }));
    await store().redis.commands.del(store().keys.key('bell', 'q'));
    await store().store.runs.enqueue(newRun('r2', { delayMs: 2 * HOUR }));
    expect(await store().snapshot()).not.toHaveProperty('q:q:bell');
    await store().store.runs.enqueue(newRun('r3', { delayMs: HOUR / 2 }));
    expect(await store().snapshot()).toHaveProperty('q:q:bell');
  });
});
