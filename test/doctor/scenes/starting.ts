import { newRunId } from '../../../lib/core/run-id.js';
import type { HandedRun } from '../../../lib/core/store.js';
import { Presence } from '../../../lib/redis/presence.js';
import { HOUR, KEEP, newRun, type StoreFixture } from '../../redis/store-fixture.js';
import { claimNext, expectEqual, expectIds, expectStatus, retryIn, start, stepOf, type Scene } from './scene.js';

export const enqueue: Scene = async ({ store }, pause) => {
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

export const execute: Scene = async (fixture, pause) => {
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

export const retry: Scene = async (fixture, pause) => {
  const owner = await fixture.running('t1', { queue: 'retry', workflow: 'plain', maxAttempts: 5 });
  await fixture.store.work.finish({ workflow: 'w', ...owner, outcome: retryIn(HOUR) }, KEEP);
  await pause();
  await fixture.makeDue('t1');
  await fixture.store.work.promote();
  await pause();
  const second = await claimNext(fixture, 't1', 'retry');
  await fixture.store.work.finish({ ...second, outcome: retryIn(0) }, KEEP);
  await pause();
  const third = await fixture.claim('third', 1, ['retry']);
  expectIds('third attempt', third, ['t1']);
  expectEqual('attempt', third[0]?.attempt, 3);
  await fixture.finish({ runId: 't1', token: 'third' });
  await pause();
};

/** A claim stands by, and is handed the run that is started next; then it is so again, and withdraws. */
export const handOver: Scene = async (fixture, pause) => {
  const { store, keys } = fixture;
  const queue = 'hand-over';
  const presence = new Presence(keys, fixture.openLink({ purpose: 'subscriber' }));
  await presence.announce();
  const claim = async (token: string, standby: string, limit = 2) => {
    const standBy = { token: standby, presence: presence.name ?? '' };
    const request = { workerId: 'idle', token, queues: limit > 0 ? [queue] : [], limit, leaseMs: HOUR };
    return (await store.work.claim({ ...request, ...(limit > 0 && { standBy }) })).runs;
  };
  expectIds('the first claim', await claim('ha', 'hb'), []);
  await pause();
  await fixture.queued('handed1', { queue, workflow: 'handed' });
  await expectStatus(fixture, 'handed1', 'running');
  await pause();
  expectEqual('what is ready', await fixture.redis.commands.llen(keys.key('ready', queue)), 0);
  expectEqual('the message', (await readInbox(fixture)).run.id, 'handed1');
  expectIds('the next claim', await claim('hb', 'hc'), ['handed1']);
  await fixture.finish({ runId: 'handed1', token: 'hb' });
  expectIds('the one after it', await claim('hd', 'he'), []);
  await fixture.queued('handed2', { queue, workflow: 'handed' });
  await expectStatus(fixture, 'handed2', 'running');
  await pause();
  expectIds('the claim of the second', await claim('he', 'hf'), ['handed2']);
  await fixture.finish({ runId: 'handed2', token: 'he' });
  expectIds('an empty claim', await claim('hg', 'hh'), []);
  expectIds('the last claim', await claim('hh', '', 0), []);
  await fixture.queued('handed3', { queue, workflow: 'handed' });
  await expectStatus(fixture, 'handed3', 'queued');
  await pause();
};

async function readInbox({ store }: StoreFixture): Promise<HandedRun> {
  const bell = store.openBell();
  try {
    const heard = await bell.wait({ workerId: 'idle', queues: [], timeoutMs: 50 });
    if (!heard || !('handed' in heard)) throw new Error('nothing was handed over');
    return heard.handed;
  } finally {
    await bell.close();
  }
}

/** The reply of a claim was lost: the repeated one gives the same runs. */
export const repeatedClaim: Scene = async (fixture, pause) => {
  await fixture.queued('b1', { queue: 'repeated', workflow: 'plain' });
  await fixture.queued('b2', { queue: 'repeated', workflow: 'plain' });
  const first = await fixture.claim('repeated', 1, ['repeated']);
  await fixture.expireLease('b1');
  expectIds('the repeated claim', await fixture.claim('repeated', 1, ['repeated']), ['b1']);
  expectIds('the claim', first, ['b1']);
  expectEqual('recovered', (await fixture.recover()).recovered.length, 0);
  await pause();
  await fixture.finish({ runId: 'b1', token: 'repeated' });
};

/** Callers hear of an end, of a large output too. */
export const watch: Scene = async (fixture, pause) => {
  const signal = AbortSignal.timeout(5_000);
  for (const [id, size] of [
    ['w1', 1],
    ['w2', 50_000],
  ] as const) {
    const owner = await start(fixture, id, { queue: 'watch' });
    const outcome = fixture.store.runs.waitForOutcome(id, signal);
    await pause();
    await fixture.finish(owner, `"${'x'.repeat(size)}"`);
    expectEqual('outcome', (await outcome).payload?.length, size + 2);
  }
};
