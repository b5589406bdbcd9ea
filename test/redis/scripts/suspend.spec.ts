import type { Ownership } from '../../../lib/core/store.js';
import { HOUR, newRun, useStore } from '../store-fixture.js';

describe('suspend', () => {
  const store = useStore();

  async function parentOf(child: string): Promise<Ownership> {
    const parent = await store().running('p', { workflow: 'parent' });
    await store().spawn(parent, newRun(child));
    return parent;
  }

  it('gives lease and slot back', async () => {
    const parent = await parentOf('c');
    const suspend = async () =>
      expect(await store().store.work.suspend({ ...parent, steps: ['child'] })).toEqual({ state: 'suspended' });
    expect(await store().changes(suspend)).toEqual({
      'run:p': { status: 'waiting', resume: '1' },
      'workflow-runs:parent:running': null,
      'workflow-runs:parent:waiting': { p: 'now' },
      leases: null,
    });
    expect(await store().changes(suspend)).toEqual({});
  });

  it('plans the time to wake up at the latest', async () => {
    const parent = await parentOf('c');
    const wakeAt = Date.now() + 2 * HOUR;
    const changes = await store().changes(() => store().store.work.suspend({ ...parent, steps: ['child'], wakeAt }));
    expect(changes).toMatchObject({ scheduled: { p: 'now+2h' } });
    await store().makeDue('p');
    await store().store.work.promote();
    expect((await store().claim('t')).map(({ id }) => id)).toContain('p');
  });

  it('goes on where an outcome was there before', async () => {
    const parent = await parentOf('c');
    await store().finish(await store().execute('c'), '"out"');
    const changes = await store().changes(async () =>
      expect(await store().store.work.suspend({ ...parent, steps: ['other', 'child'] })).toMatchObject({
        state: 'woken',
        outcomes: [{ step: 'child', status: 'succeeded', payload: '"out"' }],
      }),
    );
    expect(changes).toEqual({});
  });

  it('goes on where the time is over already', async () => {
    const parent = await parentOf('c');
    const suspend = async () =>
      expect(await store().store.work.suspend({ ...parent, steps: ['child'], wakeAt: 1 })).toEqual({
        state: 'woken',
        outcomes: [],
      });
    expect(await store().changes(suspend)).toEqual({});
  });

  it('wakes a parked run', async () => {
    const parent = await parentOf('c');
    await store().queued('next', { workflow: 'parent' });
    await store().execute('c');
    expect(await store().claim('parks')).toEqual([]);
    await store().store.work.suspend({ ...parent, steps: ['child'] });
    expect(await store().claim('t')).toMatchObject([{ id: 'next' }]);
  });

  it('does not suspend a run that is to be canceled', async () => {
    const parent = await parentOf('c');
    await store().cancel('p');
    const suspend = async () =>
      expect(await store().store.work.suspend({ ...parent, steps: ['child'] })).toEqual({ state: 'cancel_requested' });
    expect(await store().changes(suspend)).toEqual({});
  });

  it('answers the same to a repeated call after the run was woken', async () => {
    const parent = await parentOf('c');
    await store().store.work.suspend({ ...parent, steps: ['child'] });
    await store().finish(await store().execute('c'));
    const suspend = async () =>
      expect(await store().store.work.suspend({ ...parent, steps: ['child'] })).toEqual({ state: 'suspended' });
    expect(await store().changes(suspend)).toEqual({});
  });
});
