import { HOUR, KEEP, newRun, useStore } from '../store-fixture.js';

describe('spawn-children', () => {
  const store = useStore();
  const key = { idempotencyKey: 'k', idempotencyTtlMs: HOUR };
  const child = newRun('c1', { workflow: 'child', input: '1', ...key });

  it('starts a child, links it to its parent and stores the step', async () => {
    const parent = await store().running('p');
    const spawn = async () =>
      expect(await store().spawn(parent, child, { step: 'ä:1' })).toEqual({
        id: 'c1',
        now: expect.any(Number) as number,
        outcome: undefined,
      });
    expect(await store().changes(spawn)).toEqual({
      'run:c1': {
        ...{ workflow: 'child', queue: 'q', status: 'queued', createdAt: 'now', input: '1' },
        ...{ idempotencyKey: 'k', parentRunId: 'p', dependents: 'p:4:ä:1' },
      },
      'run:p:children': ['c1'],
      'run:p:steps': {
        'sä:1': 'workflow running 1 1 1 - - c1\n',
      },
      'q:q:ready': ['c1'],
      'runs:created': { c1: 'now' },
      'runs:workflows': ['child', 'w'],
      'workflow-runs:child:queued': { c1: 'now' },
      'idempo:child:k': 'c1, expires now+1h',
    });
    expect(await store().changes(spawn)).toEqual({});
  });

  it('starts a child that nobody awaits without a link', async () => {
    const parent = await store().running('p');
    const changes = await store().changes(() => store().spawn(parent, child, { awaited: false }));
    expect(changes).not.toHaveProperty('run:p:children');
    expect(changes['run:c1']).not.toHaveProperty('dependents');
  });

  it('finds the child of a former execution, which has started it under another id', async () => {
    const parent = await store().running('p');
    await store().spawn(parent, child);
    const again = async () =>
      expect(await store().spawn(parent, { ...child, id: 'c2' })).toMatchObject({ id: 'c1', outcome: undefined });
    expect(await store().changes(again)).toEqual({});
  });

  it.each(['succeeded', 'failed', 'canceled'] as const)('gives the outcome of a child that has %s', async (status) => {
    const parent = await store().running('p');
    const owner = await store().running('c1', { workflow: 'child', ...key });
    const payload = { succeeded: '"out"', failed: '{"message":"x"}', canceled: undefined }[status];
    if (status === 'succeeded') await store().finish(owner, payload);
    else if (status === 'failed') await store().fail(owner, payload);
    else await store().store.work.finish({ workflow: 'w', ...owner, outcome: { status } }, KEEP);
    const spawn = async () =>
      expect(await store().spawn(parent, { ...child, id: 'c2' })).toMatchObject({
        id: 'c1',
        outcome: { status, payload },
      });
    const changes = await store().changes(spawn);
    expect(Object.keys(changes)).toEqual(['run:p:steps']);
    expect(changes['run:p:steps']).toMatchObject({ ochild: `${status} now\n${payload ?? ''}` });
    expect(await store().changes(spawn)).toEqual({});
  });

  it('lets two steps and two parents await one child', async () => {
    const parents = [await store().running('p1', { workflow: 'a' }), await store().running('p2', { workflow: 'b' })];
    for (const parent of parents) {
      await store().spawn(parent, child, { step: 'one' });
      await store().spawn(parent, child, { step: 'two', seq: 2 });
      await store().store.work.suspend({ ...parent, steps: ['one', 'two'] });
    }
    await store().finish(await store().execute('c1'), '"out"');
    const claimed = await store().claim('t');
    expect(claimed.map(({ id }) => id).sort()).toEqual(['p1', 'p2']);
    for (const { outcomes } of claimed) expect(outcomes.map(({ step }) => step).sort()).toEqual(['one', 'two']);
  });

  it('is not confused by a step whose name looks like the link of another', async () => {
    await store().register('w', { maxConcurrency: 9 });
    const [first, second] = [await store().running('p1'), await store().running('p2')];
    await store().spawn(first, child, { step: 'p2:3:one' });
    await store().spawn(second, child, { step: 'one' });
    await store().store.work.suspend({ ...second, steps: ['one'] });
    await store().finish(await store().execute('c1'));
    expect((await store().claim('t')).map(({ id }) => id)).toEqual(['p2']);
  });

  it('starts nothing for a parent that is to be canceled, or that is lost', async () => {
    const parent = await store().running('p');
    const wrong = async () => expect(await store().spawn({ ...parent, token: 'wrong' }, child)).toBe('lost');
    expect(await store().changes(wrong)).toEqual({});
    await store().cancel('p');
    const canceled = async () => expect(await store().spawn(parent, child)).toBe('cancel_requested');
    expect(await store().changes(canceled)).toEqual({});
  });

  it('leaves whole children, each ready once, where the steps of the parent cannot be written', async () => {
    const parent = await store().running('p');
    await store().redis.commands.set(store().keys.key('steps', 'p'), 'no hash');
    const spawned = await Promise.allSettled([
      store().spawn(parent, newRun('c1', { workflow: 'a' }), { step: 'one' }),
      store().spawn(parent, newRun('c2', { workflow: 'b' }), { step: 'two' }),
    ]);
    expect(spawned.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await store().snapshot()).toMatchObject({
      'q:q:ready': ['c1', 'c2'],
      'workflow-runs:a:queued': { c1: 'now' },
      'workflow-runs:b:queued': { c2: 'now' },
    });
  });
});
