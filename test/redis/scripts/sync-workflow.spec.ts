import type { WorkflowRecord } from '../../../lib/core/store.js';
import { useStore } from '../store-fixture.js';

describe('sync-workflow', () => {
  const store = useStore();
  const workflow = {
    ...{ name: 'w', queue: 'q', maxConcurrency: 2, maxAttempts: 3, onFailure: false },
    retriesJson: '{"maxAttempts":3}',
  };
  const hourly = { id: 'a:b', expression: '0 * * * *', timezone: 'Europe/Berlin', input: 'null' };

  const sync = (app: string, ...workflows: Omit<WorkflowRecord, 'app' | 'updatedAt'>[]) =>
    store().store.registry.sync({ app, workflows });

  it('writes metadata and triggers; a trigger is to be planned', async () => {
    const write = async () =>
      expect(await sync('app', { ...workflow, cron: [hourly], inputSchema: { type: 'object' } })).toEqual({
        removed: [],
        foreign: [],
      });
    await write();
    const definition = JSON.stringify({ workflow: 'w', ...hourly });
    expect(await store().snapshot()).toEqual({
      workflows: ['w'],
      'workflow:w': expect.objectContaining({
        name: 'w',
        app: 'app',
        updatedAt: 'now',
        queue: 'q',
        maxConcurrency: '2',
        maxAttempts: '3',
        retriesJson: '{"maxAttempts":3}',
        cronJson: JSON.stringify([hourly]),
        cronIdsJson: '["a:b"]',
        inputSchemaJson: '{"type":"object"}',
        cronKeys: 'w:a%3Ab',
      }) as object,
      'cron:def': { 'w:a%3Ab': definition },
      'cron:next': { 'w:a%3Ab': '0' },
    });
    expect(await store().changes(write)).toEqual({});
    expect(await store().store.registry.listWorkflows()).toEqual([
      {
        ...workflow,
        app: 'app',
        updatedAt: expect.any(Number) as number,
        cron: [hourly],
        inputSchema: { type: 'object' },
      },
    ]);
  });

  it('keeps the plan of an unchanged trigger, plans a changed one anew and forgets one that is gone', async () => {
    const other = { id: 'other', expression: '1 * * * *' };
    await sync('app', { ...workflow, cron: [hourly, other] });
    await store().redis.commands.zadd(store().keys.key('cronNext'), 77, 'w:a%3Ab', 88, 'w:other');
    await sync('app', { ...workflow, cron: [{ ...hourly, input: '1' }, other] });
    expect((await store().snapshot())['cron:next']).toEqual({ 'w:a%3Ab': '0', 'w:other': '88' });
    await sync('app', { ...workflow, cron: [other] });
    const { 'cron:next': next, 'cron:def': definitions } = await store().snapshot();
    expect(next).toEqual({ 'w:other': '88' });
    expect(Object.keys(definitions ?? {})).toEqual(['w:other']);
  });

  it('plans a trigger again whose plan was lost', async () => {
    await sync('app', { ...workflow, cron: [hourly] });
    await store().redis.commands.del(store().keys.key('cronNext'));
    await sync('app', { ...workflow, cron: [hourly] });
    expect((await store().snapshot())['cron:next']).toEqual({ 'w:a%3Ab': '0' });
  });

  it('leaves the workflow of another living app alone, and takes over that of a dead one', async () => {
    await sync('app', { ...workflow, cron: [hourly] });
    const take = (foreign: string[]) => async () =>
      expect(await sync('other', { ...workflow, cron: [] })).toEqual({ removed: [], foreign });
    expect(await store().changes(take(['w']))).toEqual({});
    await store().redis.commands.hset(store().keys.key('workflow', 'w'), 'updatedAt', '1');
    await take([])();
    const after = await store().snapshot();
    expect(after['workflow:w']).toMatchObject({ app: 'other', cronKeys: '' });
    expect(after).not.toHaveProperty('cron:next');
  });

  it('makes parked runs ready for the slots of a raised limit', async () => {
    for (const id of ['r1', 'r2', 'r3', 'r4']) await store().queued(id);
    await store().claim('t1');
    await sync('app', { ...workflow, maxConcurrency: 3, cron: [] });
    expect((await store().claim('t2')).map(({ id }) => id)).toEqual(['r2', 'r3']);
    expect(await store().snapshot()).toMatchObject({ 'workflow-parked:w': { r4: 'now' } });
  });
});
