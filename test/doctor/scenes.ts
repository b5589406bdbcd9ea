import { newRunId, newToken } from '../../lib/core/run-id.js';
import type { Ownership } from '../../lib/core/store.js';
import { HOUR, KEEP, newRun, type StoreFixture } from '../redis/store-fixture.js';

/**
 * Every transition of runs, as clients and workers make them, one scene after the other; `pause` is called
 * where everything must be in order. Each scene has a queue of its own.
 */
export type Scene = (fixture: StoreFixture, pause: () => Promise<void>) => Promise<void>;

const RETRY = (delayMs: number) => ({ status: 'retry', error: '{"message":"again"}', delayMs }) as const;
const FOREVER = { workflow: 'plain', maxAttempts: 5 };

function expectIds(what: string, runs: readonly { readonly id: string }[], ids: readonly string[]): void {
  const actual = runs.map(({ id }) => id).join();
  if (actual !== ids.join()) throw new Error(`${what}: ${actual || 'none'} instead of ${ids.join()}`);
}

function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)} instead of ${String(expected)}`);
}

/** Claims the run that is the next of its queue, under a token of its own. */
async function claimNext(fixture: StoreFixture, id: string, queue: string): Promise<Ownership> {
  const token = newToken();
  expectIds('the next run', await fixture.claim(token, 1, [queue]), [id]);
  return { runId: id, token };
}

const stepOf = (name: string, seq: number) =>
  ({
    name,
    kind: 'step',
    status: 'succeeded',
    seq,
    attempts: 1,
    startedAt: 1,
    finishedAt: 2,
    payload: '"done"',
  }) as const;

const enqueue: Scene = async ({ store }, pause) => {
  await store.runs.enqueue(newRun('e1', { queue: 'enqueue', workflow: 'plain' }));
  await store.runs.enqueue(newRun('e2', { queue: 'enqueue', workflow: 'plain', delayMs: HOUR }));
  await pause();
  for (const name of ['', 'a:b', 'workflow:x:queued', 'größer 🚀', '*?[x]', 'x'.repeat(2_000)]) {
    const key = { idempotencyKey: `${name}:key`, idempotencyTtlMs: HOUR };
    const run = { queue: `enqueue:${name}`, workflow: name, ...key };
    const first = await store.runs.enqueue(newRun(newRunId(), run));
    const second = await store.runs.enqueue(newRun(newRunId(), run));
    expectEqual(`the second run of key ${name}`, second.id, first.id);
  }
  await pause();
};

const execute: Scene = async (fixture, pause) => {
  const owner = await fixture.running('x1', { queue: 'execute', workflow: 'plain' });
  await fixture.store.work.recordStep({ ...owner, step: stepOf('a:b', 1) });
  await fixture.store.work.recordStep({ ...owner, step: stepOf('', 2) });
  await fixture.store.work.extendLeases({ runs: [owner], leaseMs: HOUR });
  await pause();
  expectEqual('finish', await fixture.finish(owner, '"out"'), 'succeeded');
  const failing = await fixture.running('x2', { queue: 'execute', workflow: 'plain' });
  await fixture.store.work.recordFailure({ ...failing, error: '{"message":"broken"}' });
  expectEqual('fail', await fixture.fail(failing), 'failed');
  await pause();
};

/** Ends, in turn, every way in which a slot becomes free; each time the next parked run must have it. */
const slots: Scene = async (fixture, pause) => {
  const queue = 'slots';
  const { work } = fixture.store;
  const ways: ((owner: Ownership) => Promise<unknown>)[] = [
    (owner) => fixture.finish(owner),
    (owner) => fixture.fail(owner),
    (owner) => fixture.cancel(owner.runId).then(() => fixture.finish(owner)),
    (owner) => work.finish({ ...owner, outcome: RETRY(HOUR) }, KEEP),
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

const raiseLimit: Scene = async (fixture, pause) => {
  const queue = 'limit';
  await fixture.register('raised', { maxConcurrency: 1, queue });
  for (const id of ['l1', 'l2', 'l3']) await fixture.queued(id, { workflow: 'raised', queue });
  await fixture.claim('limit-1', 20, [queue]);
  await fixture.register('raised', { maxConcurrency: 3, queue });
  await pause();
  expectIds('after raising', await fixture.claim('limit-2', 20, [queue]), ['l2', 'l3']);
};

const retry: Scene = async (fixture, pause) => {
  const owner = await fixture.running('t1', { queue: 'retry', ...FOREVER });
  await fixture.store.work.finish({ ...owner, outcome: RETRY(HOUR) }, KEEP);
  await pause();
  await fixture.makeDue('t1');
  await fixture.store.work.promote();
  await pause();
  const second = await claimNext(fixture, 't1', 'retry');
  await fixture.store.work.finish({ ...second, outcome: RETRY(0) }, KEEP);
  await pause();
  const third = await fixture.claim('third', 1, ['retry']);
  expectIds('third attempt', third, ['t1']);
  expectEqual('attempt', third[0]?.attempt, 3);
  await fixture.finish({ runId: 't1', token: 'third' });
  await pause();
};

const children: Scene = async (fixture, pause) => {
  const queue = 'family';
  const parent = await fixture.running('p1', { queue, ...FOREVER });
  const child = { queue, workflow: 'plain', idempotencyTtlMs: HOUR };
  await fixture.spawn(parent, newRun('c1', { ...child, idempotencyKey: 'p1/a' }), { step: 'a:1', seq: 1 });
  await fixture.spawn(parent, newRun('c2', { ...child, idempotencyKey: 'p1/b' }), { step: 'b', seq: 2 });
  await fixture.spawn(parent, newRun('c3', { ...child, idempotencyKey: 'p1/c' }), {
    step: 'c',
    seq: 3,
    awaited: false,
  });
  await pause();
  await fixture.store.work.suspend({ ...parent, steps: ['a:1', 'b'] });
  await pause();
  await fixture.finish(await claimNext(fixture, 'c1', queue), '1');
  await pause();
  const again = await claimNext(fixture, 'p1', queue);
  await fixture.store.work.suspend({ ...again, steps: ['b'] });
  await fixture.fail(await claimNext(fixture, 'c2', queue));
  await pause();
  const last = await fixture.claim('p1-last', 1, [queue]);
  expectIds('the parent', last, ['p1']);
  expectEqual('outcomes', last[0]?.outcomes.length, 2);
  await fixture.finish({ runId: 'p1', token: 'p1-last' });
  await fixture.finish(await claimNext(fixture, 'c3', queue));
  await pause();
};

const manyChildren: Scene = async (fixture, pause) => {
  const queue = 'many';
  await fixture.register('busy', { maxConcurrency: 50, queue });
  const parent = await fixture.running('m0', { queue, ...FOREVER });
  const steps = Array.from({ length: 12 }, (_, index) => `child ${index}`);
  for (const [index, step] of steps.entries()) {
    await fixture.spawn(parent, newRun(`m${index + 1}`, { queue, workflow: 'busy' }), { step, seq: index + 1 });
  }
  await fixture.store.work.suspend({ ...parent, steps });
  const running = await fixture.claim('many', 20, [queue]);
  expectEqual('children', running.length, 12);
  for (const { id } of running.slice(0, 2)) await fixture.finish({ runId: id, token: 'many' });
  await pause();
  await fixture.makeDue('m0');
  await fixture.store.work.promote();
  const again = await claimNext(fixture, 'm0', queue);
  await fixture.store.work.suspend({ ...again, steps: steps.slice(2), wakeAt: Date.now() + HOUR });
  await pause();
  for (const { id } of running.slice(2)) await fixture.finish({ runId: id, token: 'many' });
  await pause();
  const last = await claimNext(fixture, 'm0', queue);
  await fixture.finish(last);
};

const cancel: Scene = async (fixture, pause) => {
  const queue = 'cancel';
  const { runs, work } = fixture.store;
  await runs.enqueue(newRun('k1', { queue, workflow: 'plain', delayMs: HOUR }));
  await fixture.cancel('k1', { reason: 'enough' });
  await pause();
  const parent = await fixture.running('k2', { queue, ...FOREVER });
  await fixture.spawn(parent, newRun('k3', { queue, workflow: 'plain' }));
  await work.suspend({ ...parent, steps: ['child'] });
  await fixture.cancel('k2');
  expectEqual('the child', (await runs.getRun('k3'))?.status, 'canceled');
  await pause();
  const running = await fixture.running('k4', { queue, ...FOREVER });
  await fixture.spawn(running, newRun('k5', { queue, workflow: 'plain' }));
  await fixture.cancel('k4', { keepChildren: true });
  await fixture.finish(running);
  await pause();
  await fixture.finish(await claimNext(fixture, 'k5', queue));
  await pause();
};

const recovery: Scene = async (fixture, pause) => {
  const queue = 'recovery';
  await fixture.register('plain', { maxConcurrency: 100, queue });
  await fixture.running('v1', { queue, ...FOREVER });
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
  await pause();
  expectEqual('adopted', await fixture.store.work.adopt({ workflows: ['plain'], queues: [queue] }), 1);
  await pause();
  await fixture.finish(await claimNext(fixture, 'v1', queue));
};

const retention: Scene = async (fixture, pause) => {
  const queue = 'retention';
  const { runs, work } = fixture.store;
  await fixture.register('kept', { maxConcurrency: 10, queue });
  const rule = { ageMs: HOUR, count: 1 };
  const few = { succeeded: rule, failed: rule, canceled: rule };
  for (const id of ['r1', 'r2', 'r3']) {
    const owner = await fixture.running(id, { workflow: 'kept', queue });
    await work.recordStep({ ...owner, step: stepOf('a', 1) });
    await fixture.spawn(owner, newRun(`${id}c`, { workflow: 'kept', queue: 'retention-2' }), {
      awaited: false,
      seq: 2,
    });
    await work.finish({ ...owner, outcome: { status: 'succeeded', output: '1' } }, few);
  }
  expectEqual('the oldest', await runs.getRun('r1'), undefined);
  await pause();
  await fixture.redis.commands.zadd(fixture.keys.key('expiring'), 'XX', 1, 'r3');
  await work.tidy({ retention: KEEP });
  expectEqual('what has expired', await runs.getRun('r3'), undefined);
  await pause();
};

const registration: Scene = async (fixture, pause) => {
  const { registry } = fixture.store;
  const trigger = { id: 'a:b', workflow: 'ticking', expression: '* * * * *', input: '1' };
  await fixture.register('ticking', { queue: 'ticks', cron: [trigger, { id: '', expression: '0 0 * * *' }] });
  await pause();
  const agenda = await registry.cronAgenda({ leaderId: 'leader', ttlMs: HOUR });
  expectEqual('triggers to plan', agenda.due.length, 2);
  const next = Date.now() + HOUR;
  for (const { trigger: due, dueAt } of agenda.due) {
    expectEqual('plan', await registry.cronTick({ trigger: due, dueAt, nextAt: next, runId: newRunId() }), 'planned');
  }
  await pause();
  const tick = { trigger, dueAt: next, nextAt: next + HOUR };
  expectEqual('tick', await registry.cronTick({ ...tick, runId: 'g1' }), 'fired');
  expectEqual('tick', await registry.cronTick({ ...tick, runId: 'g2' }), 'stale');
  await pause();
  await claimNext(fixture, 'g1', 'ticks');
  const later = { trigger, dueAt: next + HOUR, nextAt: next + 2 * HOUR };
  expectEqual('tick', await registry.cronTick({ ...later, runId: 'g3' }), 'skipped');
  await registry.resignCron('leader');
  await fixture.register('ticking', { queue: 'ticks', cron: [trigger] });
  await pause();
  await fixture.redis.commands.hset(fixture.keys.key('workflow', 'ticking'), 'updatedAt', 1);
  await fixture.register('other');
  expectEqual('a stale workflow', await registry.getWorkflow('ticking'), undefined);
  await pause();
};

export const SCENES: Readonly<Record<string, Scene>> = {
  enqueue,
  execute,
  slots,
  raiseLimit,
  retry,
  children,
  manyChildren,
  cancel,
  recovery,
  retention,
  registration,
};
