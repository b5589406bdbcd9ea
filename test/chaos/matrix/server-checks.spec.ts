import { defineWorkflow } from '@redflow/nestjs';
import type { RedisLink } from '../../../lib/redis/link.js';
import type { RedisClient } from '../../../lib/redis/open-client.js';
import { checkServer } from '../../../lib/redis/server-checks.js';
import { useEngine } from '../../engine/engine.js';
import { describeWithServer, usePrivateRedis } from './support/private-redis.js';

const GOOD = { redis_version: '7.2.4', maxmemory_policy: 'noeviction', aof_enabled: '1' };

/** A server that says what a test wants to hear. */
function saying(info: Record<string, string>, secondsAhead = 0): RedisLink {
  const lines = ['# Server', ...Object.entries(info).map(([name, value]) => `${name}:${value}`)];
  const client = {
    time: () => {
      const now = Date.now() + secondsAhead * 1_000;
      return Promise.resolve([String(Math.floor(now / 1_000)), String((now % 1_000) * 1_000)]);
    },
    info: () => Promise.resolve(lines.join('\r\n')),
  } as unknown as RedisClient;
  return { request: (_what: string, send: (redis: RedisClient) => unknown) => send(client) } as unknown as RedisLink;
}

describe('the check of a server', () => {
  it.each<[string, Record<string, string>, number, string[]]>([
    ['that is as it should be', {}, 0, []],
    ['that is too old', { redis_version: '6.0.16' }, 0, ['has version 6.0.16; redflow needs Redis 6.2.0 or Valkey']],
    ['that is just new enough', { redis_version: '6.2.0' }, 0, []],
    ['that is a Valkey', { redis_version: '7.2.4', valkey_version: '8.0.1' }, 0, []],
    ['that evicts', { maxmemory_policy: 'allkeys-lru' }, 0, ['set "maxmemory-policy noeviction"']],
    ['that evicts what is volatile', { maxmemory_policy: 'volatile-ttl' }, 0, ['set "maxmemory-policy noeviction"']],
    ['that forgets', { aof_enabled: '0' }, 0, ['set "appendonly yes"']],
    ['whose clock is ahead', {}, 60, ['about 60 s; runs go by the Redis clock: set up NTP']],
    ['whose clock is behind', {}, -3_600, ['about 3600 s']],
  ])('%s', async (_what, info, secondsAhead, expected) => {
    const warnings = await checkServer(saying({ ...GOOD, ...info }, secondsAhead));
    expect(warnings).toEqual(expected.map((part) => expect.stringContaining(part) as string));
  });

  it('whose user may not read its settings says nothing of them', async () => {
    const link = saying(GOOD);
    const request = (what: string, send: (redis: RedisClient) => Promise<unknown>) =>
      what === 'info' ? Promise.reject(new Error('NOPERM')) : link.request(what, send);
    await expect(checkServer({ request } as unknown as RedisLink)).resolves.toEqual([]);
  });
});

describeWithServer('a worker that starts', () => {
  const redis = usePrivateRedis();
  const engine = useEngine();

  it('warns of settings that endanger runs, once, unless told not to', async () => {
    await redis.server.commands.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await redis.server.commands.config('SET', 'appendonly', 'no');
    const workflow = defineWorkflow('any', {}, () => 1);
    const here = { connection: redis.url, prefix: engine.redis.prefix };
    await engine.startWorker([workflow], { ...here, serverChecks: false });
    const warnings = () => engine.log.filter((line) => line.startsWith('warn: Redis: '));
    expect(warnings()).toEqual([]);
    await engine.startWorker([workflow], here);
    expect(warnings()).toEqual([
      expect.stringContaining('set "maxmemory-policy noeviction"'),
      expect.stringContaining('set "appendonly yes"'),
    ]);
  });
});
