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
