import { HOUR, useStore } from '../store-fixture.js';

describe('extend-leases', () => {
  const store = useStore();

  it('renews the leases of many runs in one call, and answers in their order', async () => {
    await store().register('w', { maxConcurrency: 9 });
    const first = await store().running('r1');
    const second = await store().running('r2');
    const third = await store().running('r3');
    await store().cancel('r2');
    await store().finish(third);
    const runs = [{ runId: 'missing', token: 't' }, third, second, { runId: 'r1', token: 'wrong' }, first];
    const extend = async () =>
      expect(await store().store.work.extendLeases({ runs, leaseMs: 3 * HOUR })).toEqual([
        'lost',
        'lost',
        'cancel_requested',
        'lost',
        'held',
      ]);
    expect(await store().changes(extend)).toEqual({ leases: { r1: 'now+3h', r2: 'now+3h' } });
    expect(await store().changes(extend)).toEqual({});
  });

  it('renews a lease that has expired, as long as nobody has recovered the run', async () => {
    const owner = await store().running('r1');
    await store().expireLease('r1');
    expect(await store().store.work.extendLeases({ runs: [owner], leaseMs: HOUR })).toEqual(['held']);
    expect((await store().recover()).recovered).toEqual([]);
  });
});
