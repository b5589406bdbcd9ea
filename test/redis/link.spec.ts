import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { ConfigurationError } from '../../lib/core/errors/configuration.error.js';
import { ConnectionError } from '../../lib/core/errors/connection.error.js';
import type { ConnectionOption } from '../../lib/redis/connection-options.js';
import { RedisStore } from '../../lib/redis/redis-store.js';
import { eventually } from '../support/eventually.js';
import { KEEP, newRun, useStore } from './store-fixture.js';

describe('a link to Redis', () => {
  const store = useStore();
  const ping = (connection: ConnectionOption) =>
    store()
      .openLink({ connection })
      .request('ping', (redis) => redis.ping());

  it.each<[string, () => ConnectionOption]>([
    ['a URL', () => store().redis.url],
    ['options', () => ({ host: new URL(store().redis.url).hostname, port: Number(new URL(store().redis.url).port) })],
    ['a factory', () => async () => store().redis.url],
    ['a client', () => store().redis.commands],
  ])('is opened by %s', async (_, connection) => {
    expect(await ping(connection())).toBe('PONG');
  });

  it('takes what is no answer of Redis for none', async () => {
    const echo = createServer((socket) => void socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const { port } = echo.address() as AddressInfo;
    const mute = new RedisStore({ connection: { host: '127.0.0.1', port }, prefix: 'p', commandTimeoutMs: 5_000 });
    const owner = { runId: 'r', token: 't' };
    const step = { name: 's', kind: 'step', status: 'succeeded', seq: 1, attempts: 1, startedAt: 1 } as const;
    const calls = [
      mute.work.recordStep({ ...owner, step }),
      mute.work.extendLeases({ runs: [owner], leaseMs: 1 }),
      mute.work.finish({ workflow: 'w', ...owner, outcome: { status: 'succeeded' } }, KEEP),
      mute.work.claim({ workerId: 'w', token: 't', queues: ['q'], limit: 1, leaseMs: 1 }),
      mute.work.release({ ...owner, to: 'ready' }),
      mute.runs.enqueue(newRun('r')),
    ];
    const results = await Promise.allSettled(calls);
    await mute.close();
    echo.close();
    expect(results.map((result) => (result.status === 'rejected' ? String(result.reason) : result.value))).toEqual(
      calls.map(
        () =>
          expect.stringMatching(/^ConnectionError: Redis .* (no answer to it|others than were asked for)$/) as unknown,
      ),
    );
  });

  it('leaves a client open that it was given', async () => {
    const link = store().openLink({ connection: store().redis.commands });
    await link.request('ping', (redis) => redis.ping());
    await link.close();
    expect(await store().redis.commands.ping()).toBe('PONG');
  });

  it.each<[string, ConnectionOption]>([
    ['a text that is no URL', 'user:SECRET@host'],
    ['a URL of another kind', 'https://user:SECRET@host'],
    ['options with a keyPrefix', { keyPrefix: 'SECRET' }],
    ['nothing', null as unknown as string],
  ])('refuses %s, and does not repeat it', async (_, connection) => {
    const error: unknown = await ping(connection).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('SECRET');
  });

  it('refuses a client with a keyPrefix', async () => {
    const client = new Redis({ lazyConnect: true, keyPrefix: 'x:' });
    await expect(ping(client)).rejects.toThrow('keyPrefix');
  });

  it('opens nothing once it is closed', async () => {
    const link = store().openLink();
    await link.close();
    await link.close();
    await expect(link.request('ping', (redis) => redis.ping())).rejects.toBeInstanceOf(ConnectionError);
    expect(await store().connections(/./)).toEqual([]);
  });

  it('refuses what is asked of it once it is closed after use', async () => {
    const link = store().openLink();
    await link.request('ping', (redis) => redis.ping());
    await link.close();
    await expect(link.request('ping', (redis) => redis.ping())).rejects.toThrow('closed');
  });

  it('tells once that a connection was lost, and once that it is back', async () => {
    const told: string[] = [];
    const link = store().openLink({ listener: (state) => told.push(state) });
    await link.request('ping', (redis) => redis.ping());
    await store().cut(/./);
    await eventually(() => told.includes('restored'));
    expect(await link.request('ping', (redis) => redis.ping())).toBe('PONG');
    expect(told).toEqual(['lost', 'restored']);
  });

  it('sends again where Redis is only busy, and gives up on what it refuses', async () => {
    const link = store().openLink();
    let calls = 0;
    const answer = await link.request('try', async () => {
      if (++calls < 3) throw new Error('LOADING Redis is loading the dataset in memory');
      return 'done';
    });
    expect([answer, calls]).toEqual(['done', 3]);
    const refused = link.request('try', async () => {
      calls++;
      throw new Error('NOPERM no permission');
    });
    await expect(refused).rejects.toThrow('Redis could not do "try": NOPERM');
    expect(calls).toBe(4);
  });

  it('has its errors without what ioredis adds of the arguments', async () => {
    const link = store().openLink();
    const thrown = Object.assign(new Error('ERR unknown command, with args beginning with: SECRET'), {
      command: { name: 'set', args: ['SECRET'] },
    });
    const error: unknown = await link.request('try', () => Promise.reject(thrown)).catch((each: unknown) => each);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('SECRET');
  });
});
