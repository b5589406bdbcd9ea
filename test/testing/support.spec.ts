import { Redis } from 'ioredis';
import { keysOf, useRedis } from '../support/redis.js';

describe('useRedis', () => {
  const redis = useRedis();
  const prefixes: string[] = [];

  it.each([1, 2])('gives a fresh prefix and removes its keys (%i)', async () => {
    for (const prefix of prefixes) expect(await keysOf(redis.commands, prefix)).toEqual([]);
    expect(prefixes).not.toContain(redis.prefix);
    prefixes.push(redis.prefix);
    await redis.commands.set(`{${redis.prefix}}:key`, 'value');
    expect(await keysOf(redis.commands, redis.prefix)).toHaveLength(1);
  });

  it('waits for connections that are being closed', async () => {
    const client = new Redis(redis.url);
    await client.ping();
    client.disconnect();
  });
});
