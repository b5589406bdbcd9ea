import { HOUR, KEEP, newRun, type StoreFixture } from '../../redis/store-fixture.js';
import {
  claimNext,
  expectEqual,
  expectIds,
  expectStatus,
  nextMillisecond,
  start,
  stepOf,
  type Scene,
} from './scene.js';

const ONE = { ageMs: HOUR, count: 1 };
const FEW = { succeeded: ONE, failed: ONE, canceled: ONE };

export const cancel: Scene = async (fixture, pause) => {
  const queue = 'cancel';
  const { runs, work } = fixture.store;
  await runs.enqueue(newRun('k1', { queue, workflow: 'plain', delayMs: HOUR }));
  await fixture.cancel('k1', { reason: 'enough' });
  await pause();
  const parent = await fixture.running('k2', { queue, workflow: 'plain', maxAttempts: 5 });
  await fixture.spawn(parent, newRun('k3', { queue, workflow: 'plain' }));
  await work.suspend({ ...parent, steps: ['child'] });
  await fixture.cancel('k2');
  expectEqual('the child', (await runs.getRun('k3'))?.status, 'canceled');
  await pause();
  const running = await fixture.running('k4', { queue, workflow: 'plain', maxAttempts: 5 });
  await fixture.spawn(running, newRun('k5', { queue, workflow: 'plain' }));
  await fixture.cancel('k4', { keepChildren: true });
  await fixture.finish(running);
  await pause();
  await fixture.finish(await claimNext(fixture, 'k5', queue));
  await pause();
};

/** A running parent is to be canceled: when it ends, however it ends, its children are canceled with it. */
export const cancelFamilies: Scene = async (fixture, pause) => {
  const queue = 'families';
  const { work } = fixture.store;
  const ends: readonly ((owner: { runId: string; token: string }) => Promise<unknown>)[] = [
    (owner) => fixture.finish(owner),
    ({ runId }) => fixture.expireLease(runId).then(() => fixture.recover()),
    async (owner) => {
      await work.release({ ...owner, to: 'ready' });
      expectEqual('an end after the release', await fixture.finish(owner), 'lost');
      await fixture.recover();
    },
  ];
  await fixture.register('nursed', { maxConcurrency: 1, queue: 'families-2' });
  for (const [index, end] of ends.entries()) {
    const id = `f${index}`;
    const parent = await start(fixture, id, { queue });
    await fixture.spawn(parent, newRun(`${id}c`, { queue: 'families-2', workflow: 'nursed' }));
    await fixture.cancel(id, { reason: 'enough' });
    await nextMillisecond(fixture);
    await end(parent);
    expectEqual('reason', (await fixture.store.runs.getRun(id))?.cancelReason, 'enough');
    expectEqual('a late end', await fixture.finish(parent), index === 0 ? 'canceled' : 'lost');
    await pause();
    await nextMillisecond(fixture);
    await work.tidy({ retention: FEW });
    await expectStatus(fixture, `${id}c`, 'canceled');
    // Of those that were canceled one is kept.
    if (index > 1) await expectStatus(fixture, `f${index - 1}c`, undefined);
    await pause();
  }
};

/** Canceled with its parent, a ready child leaves what it stood for to the next. */
export const cancelReadyChild: Scene = async (fixture, pause) => {
  const queue = 'next';
  await fixture.register('single', { maxConcurrency: 1, queue });
  await fixture.queued('j1', { workflow: 'single', queue });
  const parent = await start(fixture, 'j0', { queue: 'next-parent' });
  const first = await claimNext(fixture, 'j1', queue);
  await fixture.spawn(parent, newRun('j2', { workflow: 'single', queue }));
  await fixture.queued('j3', { workflow: 'single', queue });
  expectIds('while one runs', await fixture.claim('next', 5, [queue]), []);
  await fixture.finish(first);
  await fixture.store.work.suspend({ ...parent, steps: ['child'] });
  await fixture.cancel('j0');
  await pause();
  await fixture.finish(await claimNext(fixture, 'j3', queue));
};

export const recovery: Scene = async (fixture, pause) => {
  const queue = 'recovery';
  await fixture.register('plain', { maxConcurrency: 100, queue });
  await fixture.running('v1', { queue, workflow: 'plain', maxAttempts: 5 });
  await fixture.expireLease('v1');
  await fixture.recover();
  await pause();
  const again = await fixture.claim('v1-again', 1, [queue]);
  expectIds('recovered', again, ['v1']);
  expectEqual('attempt', again[0]?.attempt, 1);
  await fixture.store.work.release({ runId: 'v1', token: 'v1-again', to: 'ready' });
  await pause();
  const orphan = await claimNext(fixture, 'v1', queue);
  await fixture.store.work.release({ ...orphan, to: 'orphan' });
  await fixture.register('foreign', { queue });
  await fixture.queued('v2', { queue, workflow: 'foreign' });
  await fixture.store.work.release({ ...(await claimNext(fixture, 'v2', queue)), to: 'orphan' });
  await pause();
  expectEqual('adopted', await fixture.store.work.adopt({ workflows: ['plain'], queues: [queue] }), 1);
  await pause();
  await fixture.finish(await claimNext(fixture, 'v1', queue));
};

/** The end that the recovery gives a run: the worker that has lost it can change nothing, and few are kept. */
export const poison: Scene = async (fixture, pause) => {
  const queue = 'poison';
  const poisoned = { maxRecoveries: 0, recoveryError: '{"message":"too often"}', retention: FEW };
  for (const id of ['n1', 'n2']) {
    const owner = await start(fixture, id, { queue });
    await fixture.expireLease(id);
    await fixture.store.work.extendLeases({ runs: [owner], leaseMs: HOUR });
    expectEqual('recovered', (await fixture.store.work.recover(poisoned)).poisoned.length, 0);
    await fixture.expireLease(id);
    await nextMillisecond(fixture);
    await fixture.store.work.recover(poisoned);
    expectEqual('a late end', await fixture.finish(owner), 'lost');
    await pause();
  }
  await expectStatus(fixture, 'n1', undefined);
};

export const retention: Scene = async (fixture, pause) => {
  const queue = 'retention';
  const { runs, work } = fixture.store;
  await fixture.register('kept', { maxConcurrency: 10, queue });
  for (const id of ['r1', 'r2', 'r3']) {
    const owner = await start(fixture, id, { queue, workflow: 'kept' });
    await work.recordStep({ ...owner, step: stepOf('a', 1) });
    const emitted = newRun(`${id}c`, { workflow: 'kept', queue: 'retention-2' });
    await fixture.spawn(owner, emitted, { awaited: false, seq: 2 });
    expectEqual('steps', (await runs.getSteps(id)).length, 2);
    await nextMillisecond(fixture);
    await work.finish({ ...owner, outcome: { status: 'succeeded', output: '1' } }, FEW);
  }
  await expectStatus(fixture, 'r1', undefined);
  await pause();
  for (const id of ['r4', 'r5']) {
    await nextMillisecond(fixture);
    await runs.enqueue(newRun(id, { workflow: 'kept', queue, delayMs: HOUR }));
    await runs.cancel({ id, keepChildren: false, retention: ONE });
  }
  await expectStatus(fixture, 'r4', undefined);
  await pause();
  await expire(fixture, 'r3');
  await pause();
};

/** The key of a run that was removed still says that there was one. */
export const keyOutlivesRun: Scene = async (fixture, pause) => {
  const key = { idempotencyKey: 'a:b/ü', idempotencyTtlMs: HOUR, workflow: 'key:ed', queue: 'keys' };
  await fixture.queued('i1', key);
  await fixture.finish(await claimNext(fixture, 'i1', 'keys'));
  await expire(fixture, 'i1');
  await pause();
  const again = await fixture.store.runs.enqueue(newRun('i2', key));
  expectEqual('the run of the key', `${again.id} ${again.created}`, 'i1 false');
  await pause();
};

/** A run is removed while a child that it once waited for goes on. */
export const removeParent: Scene = async (fixture, pause) => {
  const queue = 'bereft';
  const parent = await start(fixture, 'z1', { queue });
  await fixture.spawn(parent, newRun('z2', { queue, workflow: 'plain' }));
  await fixture.finish(parent);
  await pause();
  await expire(fixture, 'z1');
  await pause();
  await fixture.finish(await claimNext(fixture, 'z2', queue));
  await pause();
};

/** Entries of runs of which nothing is left go, too; and the plan goes with the last run, or where runs are kept for ever. */
export const removeNothing: Scene = async (fixture, pause) => {
  const queue = 'nothing';
  const { redis, keys, store } = fixture;
  const index = keys.index('nothing', 'succeeded');
  const plan = () => redis.commands.zscore(keys.key('expiring'), 'nothing:succeeded');
  const age = () => redis.commands.hget(keys.key('retention'), 'nothing:succeeded');
  for (const id of ['ne1', 'ne2', 'ne3', 'ne4']) await fixture.queued(id, { workflow: 'nothing', queue });
  await fixture.finish(await claimNext(fixture, 'ne1', queue));
  await redis.commands.zadd(index, 1, 'nobody');
  await redis.commands.zadd(keys.key('created'), 1, 'nobody');
  await redis.commands.zadd(keys.key('expiring'), 1, 'nothing:succeeded');
  await store.work.tidy({ retention: KEEP });
  await pause();
  expectEqual('left', (await redis.commands.zrange(index, '0', '-1')).join(), 'ne1');
  expectEqual('planned', Number(await plan()) > 1, true);
  await expire(fixture, 'ne1');
  expectEqual('plans', [await plan(), await age()].join(), ',');

  await fixture.finish(await claimNext(fixture, 'ne2', queue));
  expectEqual('planned', Number(await plan()) > 1, true);
  const ever = { ...KEEP, succeeded: { ageMs: Infinity, count: Infinity } };
  const owner = await claimNext(fixture, 'ne3', queue);
  await store.work.finish({ ...owner, outcome: { status: 'succeeded' } }, ever);
  expectEqual('plans', [await plan(), await age()].join(), ',');
  await fixture.finish(await claimNext(fixture, 'ne4', queue));
};

async function expire(fixture: StoreFixture, id: string): Promise<void> {
  await fixture.outlive(id);
  await fixture.store.work.tidy({ retention: KEEP });
  await expectStatus(fixture, id, undefined);
}
