import { HOUR, newRun } from '../../redis/store-fixture.js';
import { claimNext, expectEqual, expectIds, expectStatus, start, type Scene } from './scene.js';

export const children: Scene = async (fixture, pause) => {
  const queue = 'family';
  const parent = await fixture.running('p1', { queue, workflow: 'plain', maxAttempts: 5 });
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

export const manyChildren: Scene = async (fixture, pause) => {
  const queue = 'many';
  await fixture.register('busy', { maxConcurrency: 50, queue });
  const parent = await fixture.running('m0', { queue, workflow: 'plain', maxAttempts: 5 });
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

/** Two parents wait for one child, and a third comes when it has ended. */
export const sharedChild: Scene = async (fixture, pause) => {
  const queue = 'shared';
  const child = (id: string) =>
    newRun(id, { queue: 'shared-child', workflow: 'plain', idempotencyKey: 'shared', idempotencyTtlMs: HOUR });
  for (const id of ['h1', 'h2']) {
    const parent = await start(fixture, id, { queue });
    await fixture.spawn(parent, child(`${id}c`));
    await fixture.store.work.suspend({ ...parent, steps: ['child'] });
    await pause();
  }
  await fixture.finish(await claimNext(fixture, 'h1c', 'shared-child'), '1');
  await pause();
  for (const id of ['h2', 'h1']) await fixture.finish(await claimNext(fixture, id, queue));
  const late = await start(fixture, 'h3', { queue });
  await fixture.spawn(late, child('h3c'));
  expectEqual('suspend', (await fixture.store.work.suspend({ ...late, steps: ['child'] })).state, 'woken');
  await fixture.finish(late);
  await pause();
};

/** What a wait takes back: former recoveries no longer count. */
export const longWait: Scene = async (fixture, pause) => {
  const queue = 'long';
  await start(fixture, 'y1', { queue });
  await fixture.expireLease('y1');
  await fixture.recover(1);
  const again = await claimNext(fixture, 'y1', queue);
  await fixture.store.work.suspend({ ...again, steps: [], wakeAt: Date.now() + HOUR });
  await pause();
  await fixture.makeDue('y1');
  await fixture.store.work.promote();
  await pause();
  await claimNext(fixture, 'y1', queue);
  await fixture.expireLease('y1');
  await fixture.recover(1);
  await expectStatus(fixture, 'y1', 'queued');
  await fixture.finish(await claimNext(fixture, 'y1', queue));
};
