import { inspect } from 'node:util';
import { ConnectionError } from '../../lib/core/errors/connection.error.js';
import { newRun, useStore, type StoreFixture } from './store-fixture.js';

const SECRET = 'SECRET-f3a1';

/** Keys of a wrong type make Redis refuse the calls. */
const REFUSED: Readonly<Record<string, (fixture: StoreFixture) => Promise<unknown>>> = {
  'an input': async ({ store, keys, redis }) => {
    await redis.commands.set(keys.key('created'), 'no zset');
    return store.runs.enqueue(newRun('r1', { input: SECRET }));
  },
  'an idempotency key': async ({ store, keys, redis }) => {
    await redis.commands.set(keys.key('created'), 'no zset');
    return store.runs.enqueue(newRun('r1', { idempotencyKey: SECRET, idempotencyTtlMs: 1_000 }));
  },
  'a step result': async (fixture) => {
    const owner = await fixture.running('r1');
    await fixture.redis.commands.set(fixture.keys.key('steps', 'r1'), 'no hash');
    const step = { name: 's', kind: 'step', status: 'succeeded', seq: 1, attempts: 1, startedAt: 1 } as const;
    return fixture.store.work.recordStep({ ...owner, step: { ...step, payload: SECRET } });
  },
  'an output': async (fixture) => {
    const owner = await fixture.running('r1');
    await fixture.redis.commands.set(fixture.keys.index('w', 'succeeded'), 'no zset');
    return fixture.finish(owner, SECRET);
  },
  'an error': async (fixture) => {
    const owner = await fixture.running('r1');
    await fixture.redis.commands.set(fixture.keys.index('w', 'failed'), 'no zset');
    return fixture.fail(owner, SECRET);
  },
  'the input of a child': async (fixture) => {
    const owner = await fixture.running('r1');
    await fixture.redis.commands.set(fixture.keys.key('steps', 'r1'), 'no hash');
    return fixture.spawn(owner, newRun('c', { input: SECRET }));
  },
  'a reason': async (fixture) => {
    await fixture.queued('r1');
    await fixture.redis.commands.set(fixture.keys.index('w', 'canceled'), 'no zset');
    return fixture.cancel('r1', { reason: SECRET });
  },
  'a token': async (fixture) => {
    await fixture.queued('r1');
    await fixture.redis.commands.set(fixture.keys.key('leases'), 'no zset');
    return fixture.claim(SECRET);
  },
  'a cron input': async (fixture) => {
    await fixture.redis.commands.set(fixture.keys.key('cronDef'), 'no hash');
    return fixture.register('w', { cron: [{ id: 'a', expression: '* * * * *', input: SECRET }] });
  },
};

describe('an error of Redis', () => {
  const store = useStore();

  it.each(Object.entries(REFUSED))('says what was refused, and does not carry %s', async (_, call) => {
    const error = await call(store()).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ refused: true, message: expect.stringContaining('WRONGTYPE') as string });
    const everything = inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error) + (error as Error).stack;
    expect(everything).not.toContain(SECRET);
  });

  it('leaves the other items of the same call alone', async () => {
    await store().redis.commands.set(store().keys.key('run', 'odd'), 'no hash');
    const results = await Promise.allSettled(
      ['r1', 'odd', 'r2'].map((id) => store().store.runs.enqueue(newRun(id, { input: SECRET }))),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await store().claim('t', 1)).map(({ id }) => id)).toEqual(['r1']);
    expect((await store().snapshot())['workflow-runs:w:queued']).toEqual({ r2: 'now' });
  });
});
