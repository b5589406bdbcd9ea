import type { RunQuery } from '../../../lib/core/store.js';
import { useStore } from '../store-fixture.js';

describe('list-runs', () => {
  const store = useStore();

  async function list(query: Partial<RunQuery> = {}): Promise<string[]> {
    const { runs } = await store().store.runs.listRuns({ limit: 50, offset: 0, ...query });
    return runs.map(({ id }) => id);
  }

  /** Ten runs that were created within one ms, or several: `createdAt` is set by hand. */
  async function seed(createdAt: (n: number) => number): Promise<void> {
    for (let n = 0; n < 10; n++) {
      const id = `r${n}`;
      const workflow = n % 2 === 0 ? 'even' : 'odd:';
      await store().queued(id, { workflow });
      const at = String(createdAt(n));
      await store().redis.commands.hset(store().keys.key('run', id), 'createdAt', at);
      for (const key of [store().keys.key('created'), store().keys.index(workflow, 'queued')]) {
        await store().redis.commands.zadd(key, at, id);
      }
    }
    for (const id of ['r2', 'r3']) await store().cancel(id);
  }

  const newestFirst = ['r9', 'r8', 'r7', 'r6', 'r5', 'r4', 'r3', 'r2', 'r1', 'r0'];

  it('changes nothing', async () => {
    await store().running('r1');
    expect(await store().changes(() => list())).toEqual({});
    expect(await store().changes(() => list({ status: 'running' }))).toEqual({});
  });

  it('gives runs newest first, by status, by workflow and by both', async () => {
    await seed((n) => 1_000 + n);
    expect(await list()).toEqual(newestFirst);
    expect(await list({ workflow: 'even' })).toEqual(['r8', 'r6', 'r4', 'r2', 'r0']);
    expect(await list({ status: 'canceled' })).toEqual(['r3', 'r2']);
    expect(await list({ status: 'canceled', workflow: 'odd:' })).toEqual(['r3']);
    expect(await list({ status: 'running', workflow: 'even' })).toEqual([]);
    expect(await list({ workflow: 'unknown' })).toEqual([]);
  });

  it('skips by offset', async () => {
    await seed((n) => 1_000 + n);
    expect(await list({ offset: 3, limit: 2 })).toEqual(['r6', 'r5']);
    expect(await list({ offset: 3, limit: 2, status: 'queued' })).toEqual(['r6', 'r5']);
    expect(await list({ offset: 10 })).toEqual([]);
  });

  it.each([
    ['of one millisecond each', (n: number) => 1_000 + n],
    ['all of one millisecond', () => 1_000],
  ])('goes through all pages by cursor: runs %s', async (_, createdAt) => {
    await seed(createdAt);
    for (const filter of [{}, { workflow: 'even' }, { status: 'queued' as const }]) {
      const all = await list(filter);
      const paged: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store().store.runs.listRuns({ limit: 3, offset: 0, cursor, ...filter });
        paged.push(...page.runs.map(({ id }) => id));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(paged).toEqual(all);
    }
  });

  it('is not led astray by runs that come in between two pages', async () => {
    await seed((n) => 1_000 + n);
    const { nextCursor } = await store().store.runs.listRuns({ limit: 5, offset: 0 });
    await store().queued('newer');
    expect(await list({ cursor: nextCursor, limit: 5 })).toEqual(['r4', 'r3', 'r2', 'r1', 'r0']);
  });

  it('refuses what is no cursor', async () => {
    await expect(list({ cursor: '1-2-3' })).rejects.toThrow('cursor');
    await expect(list({ cursor: '+inf' })).rejects.toThrow('cursor');
  });

  it('leaves out runs that are gone or cannot be read', async () => {
    for (const id of ['r1', 'odd', 'gone']) await store().queued(id);
    await store().redis.commands.del(store().keys.key('run', 'odd'), store().keys.key('run', 'gone'));
    await store().redis.commands.set(store().keys.key('run', 'odd'), 'no hash');
    expect(await list()).toEqual(['r1']);
  });
});
