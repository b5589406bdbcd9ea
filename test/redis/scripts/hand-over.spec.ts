import type { Bell, HandedRun, NewRun } from '../../../lib/core/store.js';
import { Presence } from '../../../lib/redis/presence.js';
import { HOUR, LEASE_MS, newRun, useStore } from '../store-fixture.js';

describe('a start for which a claim stands by', () => {
  let bell: Bell | undefined;
  // Before the hook of the store, which looks for connections that are left.
  afterEach(async () => {
    await bell?.close();
    bell = undefined;
  });
  const store = useStore();
  let presence: Presence;
  beforeEach(async () => {
    presence = new Presence(store().keys, store().openLink({ purpose: 'subscriber' }));
    await presence.announce();
    await store().register('w', { maxConcurrency: 9 });
  });

  /** Stands by under the token `<token>s`. */
  const claim = (token: string, { workerId = 'idle', limit = 10, queues = ['q'], seenAs = presence.name ?? '' } = {}) =>
    store().store.work.claim({
      ...{ workerId, token, limit, queues, leaseMs: LEASE_MS },
      standBy: { token: `${token}s`, presence: seenAs },
    });
  const start = (id: string, run: Partial<NewRun> = {}) => store().store.runs.enqueue(newRun(id, run));
  const occupied = async () => {
    await store().register('w', { maxConcurrency: 1 });
    await store().running('r0');
  };
  const severalStarted = () => store().store.runs.enqueueMany([newRun('r-1'), newRun('r0')]);
  const state = async (id: string) => {
    const { status, token } = await store().redis.commands.hgetall(store().keys.key('run', id));
    return token === undefined ? status : `${status} ${token}`;
  };

  /** What the worker hears. */
  async function listen(workerId = 'idle'): Promise<HandedRun | undefined> {
    bell ??= store().store.openBell();
    const heard = await bell.wait({ workerId, queues: [], timeoutMs: 1 });
    return heard && 'handed' in heard ? heard.handed : undefined;
  }

  it('hands the run over: started, with lease, slot and the token of the next claim', async () => {
    expect(await claim('t')).toMatchObject({ runs: [], standsBy: true });
    const changes = await store().changes(() => start('r1', { input: '"in"', maxAttempts: 3 }));
    expect(changes).toMatchObject({
      'run:r1': { status: 'running', token: 'ts', startedAt: 'now', input: '"in"', maxAttempts: '3' },
      'workflow-runs:w:running': { r1: 'now' },
      leases: { r1: 'now+1h' },
      'worker:idle:claim': ' ts r1, expires now+2h',
      'q:q:standby': null,
    });
    const elsewhere = ['q:q:ready', 'q:q:bell', 'workflow-runs:w:queued'];
    expect(Object.keys(changes).filter((key) => elsewhere.includes(key))).toEqual([]);
  });

  it('tells the worker what a claim would', async () => {
    await store().register('Überweisung 1', { maxConcurrency: 9 });
    const run = { workflow: 'Überweisung 1', queue: 'Zahlungen €', input: '"€\\n𝄞 \n"', maxAttempts: 3 };
    await claim('t', { queues: [run.queue] });
    await start('r1', run);
    const handed = await listen();
    expect(handed).toEqual({
      now: expect.any(Number) as number,
      run: {
        ...{ id: 'r1', token: 'ts', ...run, attempt: 1 },
        ...{ createdAt: handed?.now, startedAt: handed?.now, steps: [], outcomes: [] },
      },
    });
    const [claimed] = (await claim('ts')).runs;
    expect(handed?.run).toEqual(claimed);
  });

  it.each<[string, Partial<NewRun>]>([
    ['no input', {}],
    ['an input in one piece', { input: '"x"' }],
    ['an input in pieces', { input: JSON.stringify('ä'.repeat(200)) }],
    ['the longest input', { input: JSON.stringify('x'.repeat(16_382)) }],
  ])('hands over %s', async (_, run) => {
    await claim('t');
    await start('r1', run);
    expect((await listen())?.run.input).toBe(run.input);
  });

  it('gives the run again by the next claim, where its message was lost', async () => {
    await claim('t');
    await start('r1');
    await start('r2');
    const [again, twice] = [await claim('ts'), await claim('ts')];
    expect(again.runs).toMatchObject([{ id: 'r1', token: 'ts' }]);
    expect(twice.runs).toEqual(again.runs);
    expect((await claim('u')).runs).toMatchObject([{ id: 'r2' }]);
  });

  it('leaves the run for the next claim, where the one that stood by is sent again', async () => {
    await start('r1');
    expect(await claim('t')).toMatchObject({ runs: [{ id: 'r1' }], standsBy: true });
    await start('r2');
    expect(await state('r2')).toBe('running ts');
    expect(await claim('t')).toMatchObject({ runs: [{ id: 'r1' }], standsBy: true });
    expect((await claim('ts')).runs).toMatchObject([{ id: 'r2' }]);
  });

  it('leaves it there, too, where the claim had found nothing', async () => {
    await claim('t');
    await start('r1');
    expect(await claim('t')).toMatchObject({ runs: [], standsBy: true });
    expect((await claim('ts')).runs).toMatchObject([{ id: 'r1' }]);
  });

  it('sent twice, starts the run once', async () => {
    await claim('t');
    await start('r1');
    expect(await store().changes(() => start('r1'))).toEqual({});
  });

  it('gives every claim that stands by its turn, and one run each', async () => {
    await claim('a', { workerId: 'first' });
    await claim('b', { workerId: 'second' });
    for (const id of ['r1', 'r2', 'r3']) await start(id);
    expect(await Promise.all(['r1', 'r2', 'r3'].map(state))).toEqual(['running as', 'running bs', 'queued']);
    expect((await store().snapshot())['q:q:bell']).toEqual(['1']);
  });

  it('passes over those that are gone, have claimed since, or cannot be seen', async () => {
    await claim('a', { workerId: 'gone' });
    await store().redis.commands.del(store().keys.key('claim', 'gone'));
    await claim('b', { workerId: 'busy' });
    await store().store.work.claim({ workerId: 'busy', token: 'bs', limit: 1, queues: ['other'], leaseMs: LEASE_MS });
    await claim('c', { workerId: 'killed', seenAs: 'nobody' });
    await claim('d', { workerId: 'idle' });
    await start('r1');
    expect(await state('r1')).toBe('running ds');
  });

  it('does not hand over one of several', async () => {
    await claim('t');
    await store().store.runs.enqueueMany([newRun('r1'), newRun('r2')]);
    expect(await Promise.all(['r1', 'r2'].map(state))).toEqual(['queued', 'queued']);
  });

  const inTheWay: [string, () => Promise<unknown>, Partial<NewRun>][] = [
    ['nobody stands by', async () => undefined, {}],
    ['the worker is not connected', () => claim('t', { seenAs: 'nobody' }), {}],
    ['the claim has filled its slots', () => start('r0').then(() => claim('t', { limit: 1 })), {}],
    ['the claim has found several runs', () => severalStarted().then(() => claim('t')), {}],
    ['the worker serves another queue', () => claim('t', { queues: ['other'] }), {}],
    ['the worker has withdrawn', () => claim('t').then(() => claim('ts', { limit: 0, queues: [], seenAs: '' })), {}],
    ['no slot is free', () => occupied().then(() => claim('t')), {}],
    ['the input is too long', () => claim('t'), { input: JSON.stringify('x'.repeat(16_383)) }],
    ['it is for later', () => claim('t'), { delayMs: HOUR }],
  ];
  it.each(inTheWay)('where %s, rings as ever', async (_, arrange, run) => {
    await arrange();
    await store().redis.commands.del(store().keys.key('bell', 'q'));
    await start('r1', run);
    expect(await state('r1')).toBe(run.delayMs ? 'scheduled' : 'queued');
    expect((await store().snapshot())['q:q:bell']).toEqual(['1']);
    expect(await listen()).toBeUndefined();
  });
});
