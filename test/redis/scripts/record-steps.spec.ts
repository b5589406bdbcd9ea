import { useStore } from '../store-fixture.js';

describe('record-steps', () => {
  const store = useStore();
  const step = { name: 'charge:1', kind: 'step', status: 'succeeded', seq: 2, attempts: 1, startedAt: 5 } as const;

  it('stores a step, and writes the same again', async () => {
    const owner = await store().running('r1');
    const record = async () =>
      expect(await store().store.work.recordStep({ ...owner, step: { ...step, payload: '"paid"' } })).toBe('held');
    expect(await store().changes(record)).toEqual({
      'run:r1:steps': {
        'scharge:1': 'step succeeded 2 1 5 - - -\n"paid"',
      },
    });
    expect(await store().changes(record)).toEqual({});
    expect(await store().store.runs.getSteps('r1')).toEqual([{ ...step, payload: '"paid"' }]);
  });

  describe('a record that comes late, over a connection that was given up', () => {
    const running = { ...step, status: 'running', attempts: 0, runAttempt: 1 } as const;
    const tried = { ...running, attempts: 1 } as const;
    const failed = { ...running, status: 'failed', attempts: 2, finishedAt: 9, payload: '{"message":"x"}' } as const;
    const succeeded = { ...step, attempts: 2, runAttempt: 1, finishedAt: 9, payload: '"paid"' } as const;

    it.each([
      ['running', 'succeeded', running, succeeded],
      ['tried', 'succeeded', tried, succeeded],
      ['failed', 'succeeded', failed, succeeded],
      ['running', 'failed', running, failed],
      ['running', 'tried', running, tried],
    ])('does not take the place of the one that followed it: %s after %s', async (_late, _known, late, known) => {
      const owner = await store().running('r1');
      await store().store.work.recordStep({ ...owner, step: known });
      const repeat = async () => expect(await store().store.work.recordStep({ ...owner, step: late })).toBe('held');
      expect(await store().changes(repeat)).toEqual({});
      expect(await store().store.runs.getSteps('r1')).toEqual([known]);
    });

    it.each([
      ['tried', 'running', tried, running],
      ['failed', 'tried', failed, tried],
      ['running', 'failed in the attempt before', { ...running, runAttempt: 2 }, failed],
      ['succeeded', 'failed', succeeded, failed],
    ])('is not one that follows: %s after %s', async (_next, _known, next, known) => {
      const owner = await store().running('r1');
      await store().store.work.recordStep({ ...owner, step: known });
      await store().store.work.recordStep({ ...owner, step: next });
      expect(await store().store.runs.getSteps('r1')).toEqual([next]);
    });
  });

  it('stores the failure of the last attempt beside the steps', async () => {
    const owner = await store().running('r1');
    const record = () => store().store.work.recordFailure({ ...owner, error: '{"message":"x"}' });
    expect(await store().changes(record)).toEqual({ 'run:r1:steps': { f: '{"message":"x"}' } });
    expect(await store().store.runs.getSteps('r1')).toEqual([]);
  });

  it('stores the steps of many runs in one call, each by its own right', async () => {
    await store().register('w', { maxConcurrency: 9 });
    const [first, second] = [await store().running('r1'), await store().running('r2')];
    await store().cancel('r2');
    const { work } = store().store;
    const states = await Promise.all([
      work.recordStep({ ...first, step }),
      work.recordStep({ ...first, token: 'wrong', step: { ...step, name: 'other' } }),
      work.recordStep({ ...second, step }),
    ]);
    expect(states).toEqual(['held', 'lost', 'cancel_requested']);
    expect((await store().store.runs.getSteps('r1')).map(({ name }) => name)).toEqual(['charge:1']);
    expect(await store().store.runs.getSteps('r2')).toHaveLength(1);
  });
});
