import type { Bell } from '../../lib/core/store.js';
import { eventually } from '../support/eventually.js';
import { HOUR, newRun, useStore } from './store-fixture.js';

describe('bell', () => {
  let bell: Bell | undefined;
  // Before the hook of the store, which looks for connections that are left.
  afterEach(() => bell?.close());
  const store = useStore();

  function open(): Bell {
    bell = store().store.openBell();
    return bell;
  }

  const listening = (queues: string[], timeoutMs = HOUR) => ({ workerId: 'x', queues, timeoutMs });
  const BLOCKED = /flags=\w*b/;
  const blocked = async () => (await store().connections(BLOCKED)).length > 0;

  it('rings when a run becomes ready', async () => {
    const waiting = open().wait(listening(['other', 'q']));
    await eventually(blocked);
    await store().queued('r1');
    expect(await waiting).toEqual({ queue: 'q' });
  });

  it('rings at once for what became ready before', async () => {
    await store().queued('r1');
    await open().wait(listening(['q']));
    expect(await store().snapshot()).not.toHaveProperty('q:q:bell');
  });

  it('wakes one worker for many runs; the claim that leaves some rings again', async () => {
    await store().register('w', { maxConcurrency: 9 });
    await store().store.runs.enqueueMany(['r1', 'r2', 'r3'].map((id) => newRun(id)));
    expect((await store().snapshot())['q:q:bell']).toEqual(['1']);
    await open().wait(listening(['q']));
    await store().claim('t', 2);
    await bell?.wait(listening(['q']));
    expect(await store().claim('t2', 2)).toHaveLength(1);
  });

  it('ends without a ring when the time is over', async () => {
    expect(await open().wait(listening(['q'], 1))).toBeUndefined();
  });

  it('ends a wait, and every later one, when it is closed', async () => {
    const waiting = open().wait(listening(['q']));
    await eventually(blocked);
    await bell?.close();
    await waiting;
    await bell?.wait(listening(['q']));
  });

  it('survives a connection that is cut', async () => {
    const waiting = open().wait(listening(['q']));
    await eventually(blocked);
    await store().cut(BLOCKED);
    await store().queued('r1');
    await waiting;
  });
});
