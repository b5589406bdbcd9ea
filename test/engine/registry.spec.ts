import { defineWorkflow } from '@redflow/nestjs';
import { z } from 'zod';
import { Housekeeper } from '../../lib/engine/housekeeper.js';
import { SILENT_LOGGER } from '../../lib/engine/logger.js';
import { resolveOptions } from '../../lib/runtime/options.js';
import { eventually } from '../support/eventually.js';
import { registryOf, useEngine } from './engine.js';

describe('the registry in Redis', () => {
  const engine = useEngine();
  const sync = (workflows: Parameters<typeof registryOf>[0], app = 'billing') =>
    engine.client.syncRegistry(registryOf(workflows), { app });
  const plain = defineWorkflow('plain', {}, () => 1);
  const order = defineWorkflow(
    'order',
    {
      queue: 'orders',
      maxConcurrency: 50,
      retries: { maxAttempts: 3, backoff: { type: 'fixed', delayMs: 5 } },
      schema: z.object({ id: z.string(), amount: z.number().default(1) }),
      cron: [
        { id: 'nightly', expression: '0 3 * * *', timezone: 'Europe/Berlin', input: { id: 'night' } },
        { expression: '*/5 * * * *', input: { id: 'often' } },
      ],
    },
    () => 1,
  );
  /** As if an app had last been seen so long ago. */
  const age = async (name: string, ms: number) => {
    const key = engine.key(`workflow:${name}`);
    const updatedAt = Number(await engine.redis.commands.hget(key, 'updatedAt'));
    await engine.redis.commands.hset(key, 'updatedAt', updatedAt - ms);
  };

  it('tells queue, limits, retries, triggers and app of each workflow', async () => {
    await expect(sync([order, plain])).resolves.toEqual({ removed: [], foreign: [] });
    await expect(engine.redis.commands.smembers(engine.key('workflows'))).resolves.toHaveLength(2);
    const fields = await engine.redis.commands.hgetall(engine.key('workflow:order'));
    expect(fields).toMatchObject({ name: 'order', queue: 'orders', maxConcurrency: '50', app: 'billing' });
    expect(JSON.parse(fields['retriesJson'] as string)).toEqual({
      maxAttempts: 3,
      backoff: { type: 'fixed', delayMs: 5 },
    });
    expect(JSON.parse(fields['cronIdsJson'] as string)).toEqual(['nightly', '*/5 * * * * UTC']);
    expect(JSON.parse(fields['cronJson'] as string)).toMatchObject([{ id: 'nightly', timezone: 'Europe/Berlin' }, {}]);
    expect(Number(fields['updatedAt'])).toBeGreaterThan(0);
  });

  it('is read by clients', async () => {
    await sync([order, plain]);
    await expect(engine.client.listWorkflows()).resolves.toMatchObject([{ name: 'order' }, { name: 'plain' }]);
    await expect(engine.client.getWorkflow('order')).resolves.toMatchObject({
      name: 'order',
      queue: 'orders',
      maxConcurrency: 50,
      maxAttempts: 3,
      app: 'billing',
      cron: [{ id: 'nightly', expression: '0 3 * * *', timezone: 'Europe/Berlin' }, { id: '*/5 * * * * UTC' }],
    });
    await expect(engine.client.getWorkflow('nobody')).resolves.toBeUndefined();
  });

  it('publishes input schemas as JSON Schema, as callers write the input', async () => {
    await sync([order, plain]);
    const published = await engine.client.getWorkflow('order');
    expect(published?.inputSchema).toMatchObject({
      type: 'object',
      properties: { id: { type: 'string' }, amount: { type: 'number' } },
      required: ['id'],
    });
    expect((await engine.client.getWorkflow('plain'))?.inputSchema).toBeUndefined();
  });

  it('bears a schema that JSON Schema cannot say', async () => {
    const odd = defineWorkflow('odd', { schema: z.custom<string>(() => true).transform((text) => text) }, () => 1);
    await sync([odd]);
    await expect(engine.client.getWorkflow('odd')).resolves.toMatchObject({ name: 'odd' });
  });

  it('is written by a worker before its loops start', async () => {
    await engine.startWorker([order]);
    await expect(engine.client.listWorkflows()).resolves.toMatchObject([{ name: 'order', app: 'test' }]);
  });

  it('follows a changed definition', async () => {
    await sync([order]);
    await sync([defineWorkflow('order', { queue: 'other', maxConcurrency: 2 }, () => 1)]);
    await expect(engine.client.getWorkflow('order')).resolves.toMatchObject({
      queue: 'other',
      maxConcurrency: 2,
      maxAttempts: 1,
      cron: [],
      inputSchema: undefined,
    });
    await expect(engine.redis.commands.hlen(engine.key('cron:def'))).resolves.toBe(0);
    await expect(engine.redis.commands.zcard(engine.key('cron:next'))).resolves.toBe(0);
  });

  it('loses what its app registers no more, once that is 30 s old; the runs stay', async () => {
    await sync([order, plain]);
    const handle = await engine.client.run(order, { id: 'kept' });
    await age('order', 29_000);
    await expect(sync([plain])).resolves.toMatchObject({ removed: [] });
    await age('order', 2_000);
    await expect(sync([plain])).resolves.toMatchObject({ removed: ['order'] });
    await expect(engine.client.listWorkflows()).resolves.toMatchObject([{ name: 'plain' }]);
    await expect(engine.redis.commands.hlen(engine.key('cron:def'))).resolves.toBe(0);
    await expect(engine.redis.commands.zcard(engine.key('cron:next'))).resolves.toBe(0);
    await expect(handle.state()).resolves.toMatchObject({ status: 'queued' });
    await expect(engine.client.listRuns({ workflow: 'order' })).resolves.toMatchObject({ runs: [{ id: handle.id }] });
  });

  it('is tidied by running workers too: a trigger that a deploy has dropped stops', async () => {
    await sync([order, plain]);
    await age('order', 11 * 60_000);
    const store = engine.newStore();
    const { retention, payloads } = resolveOptions({});
    const housekeeper = new Housekeeper({
      store,
      payloads,
      retention,
      registry: registryOf([plain]),
      app: 'billing',
      logger: SILENT_LOGGER,
      onRestored: () => undefined,
    });
    housekeeper.start();
    await eventually(async () => (await engine.client.getWorkflow('order')) === undefined);
    await housekeeper.stop();
    await expect(engine.redis.commands.hlen(engine.key('cron:def'))).resolves.toBe(0);
    await expect(engine.client.listWorkflows()).resolves.toMatchObject([{ name: 'plain' }]);
  });

  it('keeps what other apps have registered, however old', async () => {
    await sync([order], 'shipping');
    await age('order', 86_400_000);
    await expect(sync([plain], 'billing')).resolves.toEqual({ removed: [], foreign: [] });
    await expect(engine.client.listWorkflows()).resolves.toMatchObject([{ name: 'order', app: 'shipping' }, {}]);
  });

  it('leaves a name to the living app that has it, and takes one over that is abandoned', async () => {
    await sync([order], 'shipping');
    const mine = defineWorkflow('order', { queue: 'mine' }, () => 1);
    await expect(sync([mine], 'billing')).resolves.toMatchObject({ foreign: ['order'] });
    await expect(engine.client.getWorkflow('order')).resolves.toMatchObject({ app: 'shipping', queue: 'orders' });
    await age('order', 31_000);
    await expect(sync([mine], 'billing')).resolves.toMatchObject({ foreign: [] });
    await expect(engine.client.getWorkflow('order')).resolves.toMatchObject({ app: 'billing', queue: 'mine' });
  });

  it('warns of a name that another app has', async () => {
    await sync([plain], 'theirs');
    await engine.startWorker([plain], { app: 'ours' });
    expect(engine.log).toContainEqual(expect.stringMatching(/warn: .*"plain".*another app/));
  });

  it('trims the name of the app, so that two spellings are one app', async () => {
    await sync([order, plain], '  billing ');
    await age('order', 31_000);
    await expect(sync([plain], 'billing')).resolves.toMatchObject({ removed: ['order'] });
  });

  it('may be empty', async () => {
    await expect(sync([])).resolves.toEqual({ removed: [], foreign: [] });
    await engine.startWorker([]);
    await eventually(async () => (await engine.client.listWorkflows()).length === 0);
  });

  it('survives entries that cannot be read', async () => {
    await sync([plain]);
    await engine.redis.commands.sadd(engine.key('workflows'), 'gone', 'broken');
    await engine.redis.commands.hset(engine.key('workflow:broken'), 'name', 'broken', 'cronJson', '{');
    await expect(engine.client.listWorkflows()).resolves.toMatchObject([{ name: 'plain' }]);
  });
});
