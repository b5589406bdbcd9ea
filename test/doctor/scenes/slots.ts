import type { Ownership } from '../../../lib/core/store.js';
import { HOUR, KEEP } from '../../redis/store-fixture.js';
import { expectEqual, expectIds, retryIn, type Scene } from './scene.js';

/** Ends, in turn, every way in which a slot becomes free; each time the next parked run must have it. */
export const slots: Scene = async (fixture, pause) => {
  const queue = 'slots';
  const { work } = fixture.store;
  const ways: ((owner: Ownership) => Promise<unknown>)[] = [
    (owner) => fixture.finish(owner),
    (owner) => fixture.fail(owner),
    (owner) => fixture.cancel(owner.runId).then(() => fixture.finish(owner)),
    (owner) => work.finish({ workflow: 'w', ...owner, outcome: retryIn(HOUR) }, KEEP),
    (owner) => work.suspend({ ...owner, steps: [], wakeAt: Date.now() + HOUR }),
    (owner) => work.release({ ...owner, to: 'orphan' }),
    (owner) => fixture.expireLease(owner.runId).then(() => fixture.recover(0)),
    (owner) =>
      fixture
        .expireLease(owner.runId)
        .then(() => fixture.cancel(owner.runId))
        .then(() => fixture.recover()),
  ];
  await fixture.register('one', { maxConcurrency: 1, queue });
  const ids = [...ways, undefined].map((_, index) => `s${index}`);
  for (const id of ids) await fixture.queued(id, { workflow: 'one', queue, maxAttempts: 3 });
  expectIds('first claim', await fixture.claim('slots-all', 20, [queue]), ['s0']);
  await pause();
  for (const [index, free] of ways.entries()) {
    const token = index === 0 ? 'slots-all' : `slots-${index}`;
    await free({ runId: `s${index}`, token });
    await pause();
    expectIds(`after way ${index}`, await fixture.claim(`slots-${index + 1}`, 20, [queue]), [`s${index + 1}`]);
  }
  // One that is ready is canceled: what it stood for goes to the next.
  await fixture.queued('s10', { workflow: 'one', queue });
  await fixture.queued('s11', { workflow: 'one', queue });
  await fixture.claim('slots-park', 20, [queue]);
  await fixture.finish({ runId: `s${ways.length}`, token: `slots-${ways.length}` });
  await fixture.cancel('s10');
  await pause();
  expectIds('after a cancellation', await fixture.claim('slots-last', 20, [queue]), ['s11']);
  await fixture.finish({ runId: 's11', token: 'slots-last' });
};

/** A run ends, and its worker asks for the next one in the same breath. */
export const turnover: Scene = async (fixture, pause) => {
  const queue = 'turnover';
  const { work } = fixture.store;
  await fixture.register('turned', { maxConcurrency: 1, queue });
  for (const id of ['turned1', 'turned2']) await fixture.queued(id, { workflow: 'turned', queue });
  expectIds('first claim', await fixture.claim('turn-1', 20, [queue]), ['turned1']);
  const [, next] = await Promise.all([
    fixture.finish({ runId: 'turned1', token: 'turn-1' }),
    work.claim({ workerId: 'turner', token: 'turn-2', queues: [queue], limit: 1, leaseMs: HOUR }),
  ]);
  expectIds('next claim', next.runs, ['turned2']);
  await pause();
  await fixture.finish({ runId: 'turned2', token: 'turn-2' });
};

export const raiseLimit: Scene = async (fixture, pause) => {
  const queue = 'limit';
  await fixture.register('raised', { maxConcurrency: 1, queue });
  for (const id of ['l1', 'l2', 'l3']) await fixture.queued(id, { workflow: 'raised', queue });
  await fixture.claim('limit-1', 20, [queue]);
  await fixture.register('raised', { maxConcurrency: 3, queue });
  await pause();
  expectIds('after raising', await fixture.claim('limit-2', 20, [queue]), ['l2', 'l3']);
};

/** A ready run that cannot be read, and one of which nothing is left: what they stood for goes to the next. */
export const spoilt: Scene = async (fixture) => {
  const queue = 'spoilt';
  const { commands } = fixture.redis;
  await fixture.register('spoilt', { maxConcurrency: 1, queue });
  for (const id of ['o1', 'o2', 'o3', 'o4', 'o5']) await fixture.queued(id, { workflow: 'spoilt', queue });
  expectIds('first', await fixture.claim('spoilt-1', 5, [queue]), ['o1']);
  await fixture.finish({ runId: 'o1', token: 'spoilt-1' });
  await commands.hdel(fixture.keys.key('run', 'o2'), 'createdAt');
  expectIds('one that cannot be read', await fixture.claim('spoilt-2', 1, [queue]), []);
  expectIds('the next', await fixture.claim('spoilt-3', 1, [queue]), ['o3']);
  await commands.del(fixture.keys.key('run', 'o3'));
  await commands.zrem(fixture.keys.key('created'), 'o3');
  expectEqual('the end of one that is gone', await fixture.finish({ runId: 'o3', token: 'spoilt-3' }), 'lost');
  expectEqual('what it has left', await commands.exists(fixture.keys.key('run', 'o3')), 0);
  await fixture.expireLease('o3');
  await fixture.recover();
  const leases = fixture.keys.key('leases');
  expectEqual('its lease', await commands.zscore(leases, '@spoilt'), null);
  expectIds('one that lasts', await fixture.claim('spoilt-4', 1, [queue]), ['o4']);
  await fixture.store.work.extendLeases({ runs: [{ runId: 'o4', token: 'spoilt-4' }], leaseMs: HOUR });
  await commands.del(fixture.keys.key('run', 'o4'));
  await commands.zrem(fixture.keys.key('created'), 'o4');
  await fixture.expireLease('o4');
  await fixture.recover();
  expectIds('the last', await fixture.claim('spoilt-5', 1, [queue]), ['o5']);
  await fixture.finish({ runId: 'o5', token: 'spoilt-5' });
  await commands.zadd(leases, 1, '@spoilt');
  await fixture.recover();
  expectEqual('the lease of nobody', await commands.zscore(leases, '@spoilt'), null);
};

/** Of two runs that were begun just now, the worker of one has vanished. */
export const half: Scene = async (fixture) => {
  const queue = 'half';
  await fixture.register('half', { maxConcurrency: 2, queue });
  for (const id of ['hf1', 'hf2']) await fixture.queued(id, { workflow: 'half', queue });
  for (const id of ['hf1', 'hf2']) expectIds('both', await fixture.claim(`of-${id}`, 1, [queue]), [id]);
  await fixture.expireLease('hf1');
  const { recovered, now } = await fixture.recover();
  expectEqual('recovered', recovered.join(), 'hf1');
  const next = await fixture.redis.commands.zscore(fixture.keys.key('leases'), '@half');
  expectEqual('the next is later', Number(next) > now, true);
  await fixture.finish({ runId: 'hf2', token: 'of-hf2' });
  expectIds('again', await fixture.claim('of-both', 1, [queue]), ['hf1']);
  await fixture.finish({ runId: 'hf1', token: 'of-both' });
};
