import type { StepRecord } from '../../lib/core/step.js';
import type { Ownership } from '../../lib/core/store.js';
import { HOUR, KEEP, LEASE_MS, newRun, useStore, type StoreFixture } from './store-fixture.js';

type Write = (fixture: StoreFixture, owner: Ownership) => Promise<unknown>;

const step: StepRecord = { name: 's', kind: 'step', status: 'succeeded', seq: 1, attempts: 1, startedAt: 1 };

const finishAs =
  (outcome: Parameters<StoreFixture['store']['work']['finish']>[0]['outcome']): Write =>
  ({ store }, owner) =>
    store.work.finish({ workflow: 'w', ...owner, outcome }, KEEP);

/** Every write of a run. */
const WRITES: Readonly<Record<string, Write>> = {
  extend: async ({ store }, owner) => (await store.work.extendLeases({ runs: [owner], leaseMs: 9 * LEASE_MS }))[0],
  'record a step': ({ store }, owner) => store.work.recordStep({ ...owner, step }),
  'record a failure': ({ store }, owner) => store.work.recordFailure({ ...owner, error: '{}' }),
  'spawn an awaited child': (fixture, owner) => fixture.spawn(owner, newRun('c')),
  'spawn another child': (fixture, owner) => fixture.spawn(owner, newRun('c'), { awaited: false }),
  suspend: async ({ store }, owner) => (await store.work.suspend({ ...owner, steps: ['child'] })).state,
  'suspend until': async ({ store }, owner) =>
    (await store.work.suspend({ ...owner, steps: [], wakeAt: Date.now() + HOUR })).state,
  succeed: finishAs({ status: 'succeeded', output: '1' }),
  fail: finishAs({ status: 'failed', error: '{}' }),
  'end as canceled': finishAs({ status: 'canceled' }),
  'retry later': finishAs({ status: 'retry', error: '{}', delayMs: HOUR }),
  'retry at once': finishAs({ status: 'retry', error: '{}', delayMs: 0 }),
  release: ({ store }, owner) => store.work.release({ ...owner, to: 'ready' }),
  'release as an orphan': ({ store }, owner) => store.work.release({ ...owner, to: 'orphan' }),
};

/** How a writer comes to be none: gives what it still believes to own, and the answer that it gets. */
const STALE: Readonly<Record<string, (fixture: StoreFixture) => Promise<Ownership>>> = {
  'with a token that never was': async (fixture) => ({ ...(await fixture.running('r1')), token: 'never' }),
  'with an empty token': async (fixture) => ({ ...(await fixture.running('r1')), token: '' }),
  'with the token of a former claim': async (fixture) => {
    const former = await fixture.running('r1');
    await fixture.expireLease('r1');
    await fixture.recover();
    await fixture.claim('new');
    return former;
  },
  'after its run was recovered': async (fixture) => {
    const former = await fixture.running('r1');
    await fixture.expireLease('r1');
    await fixture.recover();
    return former;
  },
  'with the empty token of a run that was recovered': async (fixture) => {
    await fixture.running('r1');
    await fixture.expireLease('r1');
    await fixture.recover();
    return { runId: 'r1', token: '' };
  },
  'after it gave its run back': async (fixture) => {
    const former = await fixture.running('r1');
    await fixture.store.work.release({ ...former, to: 'ready' });
    return former;
  },
  'after its run waited and was claimed by another': async (fixture) => {
    const former = await fixture.running('r1');
    await fixture.store.work.suspend({ ...former, steps: [], wakeAt: Date.now() + HOUR });
    await fixture.makeDue('r1');
    await fixture.claim('new');
    return former;
  },
  'after its run was canceled while it waited': async (fixture) => {
    const former = await fixture.running('r1');
    await fixture.store.work.suspend({ ...former, steps: [], wakeAt: Date.now() + HOUR });
    await fixture.cancel('r1');
    return former;
  },
  'after its run has ended': async (fixture) => {
    const owner = await fixture.running('r1');
    await fixture.finish(owner, '"out"');
    return owner;
  },
  'after its run was planned again': async (fixture) => {
    const owner = await fixture.running('r1');
    await finishAs({ status: 'retry', error: '{}', delayMs: HOUR })(fixture, owner);
    return owner;
  },
  'after its run was removed': async (fixture) => {
    const owner = await fixture.running('r1');
    await fixture.finish(owner);
    await fixture.outlive('r1');
    await fixture.store.work.tidy({ retention: KEEP });
    return owner;
  },
  'of what is no run': async (fixture) => {
    await fixture.redis.commands.set(fixture.keys.key('run', 'r1'), 'no hash');
    return { runId: 'r1', token: 't' };
  },
};

describe.each(Object.entries(STALE))('a writer %s', (_, becomeStale) => {
  const store = useStore();

  it.each(Object.entries(WRITES))('changes nothing: %s', async (_write, write) => {
    await store().register('w');
    const owner = await becomeStale(store());
    const status = await statusOf(store(), owner);
    const answers = status === undefined ? ['lost'] : ['lost', status, 'suspended'];
    const changes = await store().changes(async () =>
      // The status that the former owner has brought about itself is told to it again.
      expect(answers).toContain(await write(store(), owner)),
    );
    expect(changes).toEqual({});
  });
});

describe('the owner of a run', () => {
  const store = useStore();

  it.each(Object.entries(WRITES))('does change something: %s', async (_, write) => {
    await store().register('w');
    const owner = await store().running('r1');
    expect(await write(store(), owner)).not.toBe('lost');
  });
});

async function statusOf({ redis, keys }: StoreFixture, { runId, token }: Ownership): Promise<string | undefined> {
  const [status, current] = await redis.commands.hmget(keys.key('run', runId), 'status', 'token').catch(() => []);
  return current === token ? (status ?? undefined) : undefined;
}
