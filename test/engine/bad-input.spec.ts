import {
  createClient,
  defineWorkflow,
  startWorker,
  WorkflowRegistry,
  type ClientOptions,
  type WorkerOptions,
  type WorkflowReference,
} from '@redflow/nestjs';
import { z } from 'zod';
import { keysOf } from '../support/redis.js';
import { useEngine } from './engine.js';

const anything = defineWorkflow('anything', {}, () => 1);
const configurationError = (option: string) => ({
  name: 'ConfigurationError',
  option: expect.stringContaining(option) as string,
  message: expect.stringContaining(option) as string,
});

describe('what is wrong is named, and nothing is written', () => {
  const engine = useEngine();
  const written = () => keysOf(engine.redis.commands, engine.redis.prefix);

  it.each<[string, Partial<Record<keyof ClientOptions, unknown>>, string]>([
    ['an empty prefix', { prefix: '' }, 'prefix'],
    ['a prefix with braces', { prefix: 'a{b}' }, 'prefix'],
    ['a limit of 0 bytes', { limits: { payloadBytes: 0 } }, 'limits.payloadBytes'],
    ['a depth of 0', { limits: { payloadDepth: 0 } }, 'limits.payloadDepth'],
    ['a retention of true', { retention: { succeeded: true } }, 'retention.succeeded'],
    ['a negative age', { retention: { failed: { ageMs: -1 } } }, 'retention.failed.ageMs'],
    ['a count that is no number', { retention: { canceled: { count: 'ten' } } }, 'retention.canceled.count'],
    ['a codec without methods', { codec: {} }, 'codec'],
    ['a connection that is no URL', { connection: 'localhost' }, 'connection'],
    ['a connection that is a number', { connection: 6379 }, 'connection'],
    ['a keyPrefix of ioredis', { connection: { keyPrefix: 'x:' } }, 'connection'],
  ])('options of a client: %s', async (_what, options, option) => {
    const use = async () => {
      const client = createClient({ ...engine.redis.options, ...options } as ClientOptions);
      await client.run(anything, 1).finally(() => client.close());
    };
    await expect(use()).rejects.toMatchObject(configurationError(option));
    expect(await written()).toEqual([]);
  });

  it.each<[string, Partial<Record<keyof WorkerOptions, unknown>>, string]>([
    ['no app', { app: undefined }, 'app'],
    ['a blank app', { app: '  ' }, 'app'],
    ['no registry', { registry: undefined }, 'registry'],
    ['queues that are no list', { queues: 'q' }, 'queues'],
    ['a queue that is no text', { queues: ['q', 7] }, 'queues[1]'],
    ['a concurrency of 0', { concurrency: 0 }, 'concurrency'],
    ['a concurrency of 1.5', { concurrency: 1.5 }, 'concurrency'],
    ['a negative drainTimeoutMs', { drainTimeoutMs: -1 }, 'drainTimeoutMs'],
    ['a lease below 100 ms', { runtime: { leaseMs: 99 } }, 'runtime.leaseMs'],
    ['a reaperIntervalMs of 0', { runtime: { reaperIntervalMs: 0 } }, 'runtime.reaperIntervalMs'],
    ['negative recoveries', { runtime: { maxRecoveries: -1 } }, 'runtime.maxRecoveries'],
  ])('options of a worker: %s', async (_what, options, option) => {
    const registry = new WorkflowRegistry().add(anything);
    const start = () => startWorker({ app: 'test', registry, ...engine.redis.options, ...options } as WorkerOptions);
    await expect(start()).rejects.toMatchObject(configurationError(option));
    expect(await written()).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a queue that is no text', { queue: 7 }, 'queue'],
    ['a maxConcurrency of 0', { maxConcurrency: 0 }, 'maxConcurrency'],
    ['no attempts', { retries: { maxAttempts: 0 } }, 'retries.maxAttempts'],
    ['an unknown back-off', { retries: { backoff: { type: 'linear' } } }, 'retries.backoff.type'],
    ['a fixed back-off without a delay', { retries: { backoff: { type: 'fixed' } } }, 'retries.backoff.delayMs'],
    ['a custom back-off without a function', { retries: { backoff: { type: 'custom' } } }, 'retries.backoff.delay'],
    ['a negative cap', { retries: { backoff: { type: 'exponential', maxMs: -1 } } }, 'retries.backoff.maxMs'],
    ['a shrinking back-off', { retries: { backoff: { type: 'exponential', factor: 0.5 } } }, 'retries.backoff.factor'],
    ['a time-out of 0', { timeoutMs: 0 }, 'timeoutMs'],
    ['a time-out beyond what timers can wait', { timeoutMs: 2 ** 31 }, 'timeoutMs'],
    ['a schema that is none', { schema: { type: 'object' } }, 'schema'],
    ['an output schema that is none', { outputSchema: 7 }, 'outputSchema'],
    ['an onFailure that is no function', { onFailure: 'log' }, 'onFailure'],
    ['a cron that is no list', { cron: { expression: '* * * * *' } }, 'cron'],
    ['an empty cron expression', { cron: [{ expression: '' }] }, 'cron.expression'],
    ['a cron expression of four fields', { cron: [{ expression: '* * * *' }] }, 'cron.expression'],
    ['a cron expression of seven fields', { cron: [{ expression: '* * * * * * *' }] }, 'cron.expression'],
    ['a cron expression out of range', { cron: [{ expression: '61 * * * *' }] }, 'cron.expression'],
    ['a cron step of 0', { cron: [{ expression: '*/0 * * * *' }] }, 'cron.expression'],
    ['a day that never comes', { cron: [{ expression: '0 0 30 2 *' }] }, 'cron.expression'],
    ['a time drawn by chance', { cron: [{ expression: 'H * * * *' }] }, 'cron.expression'],
    ['a time zone that is none', { cron: [{ expression: '* * * * *', timezone: 'Mars/Olympus' }] }, 'cron.timezone'],
    ['an empty time zone', { cron: [{ expression: '* * * * *', timezone: '' }] }, 'cron.timezone'],
    ['a cron id that is no text', { cron: [{ id: 7, expression: '* * * * *' }] }, 'cron.id'],
    [
      'two equal cron ids',
      {
        cron: [
          { id: 'x', expression: '* * * * *' },
          { id: 'x', expression: '0 * * * *' },
        ],
      },
      'cron',
    ],
  ])('a definition with %s', (_what, options, option) => {
    const define = () => defineWorkflow('order', options as never, () => 1);
    expect(define).toThrow(`workflow "order": ${option}`);
  });

  it('a definition without a name or a handler', () => {
    expect(() => defineWorkflow(undefined as never, {}, () => 1)).toThrow('workflow name');
    expect(() => defineWorkflow('order', {}, undefined as never)).toThrow('workflow "order": handler');
  });

  it('two workflows of one name', () => {
    expect(() => new WorkflowRegistry().add(anything).add(defineWorkflow('anything', {}, () => 2))).toThrow(
      '"anything"',
    );
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a key that is no text', { idempotencyKey: 7 }, 'idempotencyKey'],
    ['a key with a lone surrogate', { idempotencyKey: 'a\ud800' }, 'idempotencyKey'],
    ['a ttl of 0', { idempotencyKey: 'k', idempotencyTtlMs: 0 }, 'idempotencyTtlMs'],
    ['an unknown onConflict', { idempotencyKey: 'k', onConflict: 'merge' }, 'onConflict'],
    ['an invalid date', { runAt: new Date('never') }, 'runAt'],
    ['a date as text', { runAt: 'tomorrow' }, 'runAt'],
    ['a time before 1970', { runAt: -1 }, 'runAt'],
    ['a negative delay', { delayMs: -1 }, 'delayMs'],
    ['a delay of NaN', { delayMs: Number.NaN }, 'delayMs'],
    ['both a time and a delay', { runAt: 1, delayMs: 1 }, 'runAt'],
    ['a queue that is no text', { queue: 7 }, 'queue'],
    ['no attempts', { maxAttempts: 0 }, 'maxAttempts'],
  ])('options of a run: %s', async (_what, options, option) => {
    await expect(engine.client.run(anything, 1, options)).rejects.toMatchObject(configurationError(option));
    await expect(engine.client.runMany([{ workflow: anything, input: 1, options }])).rejects.toMatchObject(
      configurationError(option),
    );
    expect(await written()).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['a class that is not decorated', class Plain {}],
    ['nothing', undefined],
    ['an object', {}],
  ])('a workflow that is %s', async (_what, workflow) => {
    await expect(engine.client.run(workflow as WorkflowReference, 1)).rejects.toMatchObject(
      configurationError('workflow'),
    );
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['an unknown status', { status: 'done' }, 'status'],
    ['a limit of 0', { limit: 0 }, 'limit'],
    ['a negative limit', { limit: -1 }, 'limit'],
    ['a limit of a million', { limit: 1_000_000 }, 'limit'],
    ['an offset of NaN', { offset: Number.NaN }, 'offset'],
    ['an offset of a million', { offset: 1_000_000 }, 'offset'],
    ['a cursor of its own', { cursor: 'page 2' }, 'cursor'],
    ['a workflow that is no text', { workflow: 7, input: undefined }, 'workflow'],
  ])('a list of runs with %s', async (_what, options, option) => {
    await expect(engine.client.listRuns(options)).rejects.toMatchObject(configurationError(option));
  });

  it('ids, names and times of other methods', async () => {
    const { client } = engine;
    await expect(client.getRun(7 as never)).rejects.toMatchObject(configurationError('runId'));
    await expect(client.getRunSteps(undefined as never)).rejects.toMatchObject(configurationError('runId'));
    await expect(client.cancelRun(null as never)).rejects.toMatchObject(configurationError('runId'));
    await expect(client.cancelRun('x', { reason: 7 as never })).rejects.toMatchObject(configurationError('reason'));
    await expect(client.getWorkflow(7 as never)).rejects.toMatchObject(configurationError('workflow name'));
    await expect(client.runByName(7 as never, 1)).rejects.toMatchObject(configurationError('workflow name'));
    await expect(client.getHandle('x').result({ timeoutMs: -1 })).rejects.toMatchObject(
      configurationError('timeoutMs'),
    );
    await expect(client.syncRegistry(new WorkflowRegistry(), { app: '' })).rejects.toMatchObject(
      configurationError('app'),
    );
  });

  describe('inputs', () => {
    const order = defineWorkflow(
      'order',
      { schema: z.object({ id: z.string(), lines: z.array(z.number()) }) },
      () => 1,
    );

    it('that the schema refuses, by path, without the value', async () => {
      const wrong = { id: 'secret', lines: [1, 'x'] } as never;
      const error: unknown = await engine.client.run(order, wrong).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'ValidationError', message: expect.stringContaining('workflow "order"') });
      expect((error as Error).message).toContain('lines.1');
      expect((error as Error).message).not.toContain('secret');
      expect(await written()).toEqual([]);
    });

    it('that a worker could not parse once they were stored', async () => {
      const dated = defineWorkflow('dated', { schema: z.object({ at: z.date() }) }, () => 1);
      await expect(engine.client.run(dated, { at: new Date() })).rejects.toMatchObject({ name: 'ValidationError' });
    });

    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    it.each<[string, unknown, RegExp]>([
      ['a BigInt', { n: 1n }, /BigInt/],
      ['a function', () => 1, /function/],
      ['a symbol', Symbol('s'), /symbol/],
      ['a cycle', cyclic, /cycle/],
      ['a nesting of a thousand levels', JSON.parse('['.repeat(1_000) + ']'.repeat(1_000)), /payloadDepth/],
      ['more than a megabyte', 'ä'.repeat(600_000), /1200002 bytes.*payloadBytes/],
      [
        'a toJSON that throws',
        {
          toJSON: () => {
            throw new Error('no JSON');
          },
        },
        /no JSON/,
      ],
      [
        'a getter that throws',
        Object.defineProperty({}, 'x', {
          enumerable: true,
          get: () => {
            throw new Error('trap');
          },
        }),
        /trap/,
      ],
    ])('that cannot be stored: %s', async (_what, input, message) => {
      await expect(engine.client.run(anything, input)).rejects.toMatchObject({
        name: 'SerializationError',
        message: expect.stringMatching(message),
      });
      expect(await written()).toEqual([]);
    });
  });
});
