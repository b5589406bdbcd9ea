import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { jest } from '@jest/globals';
import { build } from 'esbuild';
import { Redis } from 'ioredis';
import { eventually } from '../support/eventually.js';

jest.unstable_mockModule('testcontainers', () => ({
  getContainerRuntimeClient: () => Promise.reject(new Error('no Docker in this test')),
}));
const { launchRedis, NoRedisError } = await import('@redflow/nestjs/testing');

const environment = { ...process.env };
afterEach(() => {
  for (const name of ['REDIS_URL', 'PATH']) {
    if (environment[name] === undefined) delete process.env[name];
    else process.env[name] = environment[name];
  }
});

async function withRedis<T>(url: string, body: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  // A client that never connected is closed already; `disconnect` would only start a timer.
  await redis.connect();
  try {
    return await body(redis);
  } finally {
    redis.disconnect();
  }
}

const answers = (url: string) => withRedis(url, (redis) => redis.ping()).then(Boolean, () => false);
const setting = (url: string, name: string) => withRedis(url, async (redis) => await redis.config('GET', name));

describe('launchRedis: REDIS_URL', () => {
  it('is taken as it is, and left alone', async () => {
    process.env['REDIS_URL'] = 'rediss://example.com:6380/1';
    const redis = await launchRedis();
    expect(redis).toMatchObject({ source: 'REDIS_URL', url: 'rediss://example.com:6380/1' });
    await redis.close();
  });

  it('must be a URL of Redis', async () => {
    process.env['REDIS_URL'] = 'localhost:6379';
    await expect(launchRedis()).rejects.toThrow('REDIS_URL: must start with redis:// or rediss://');
  });
});

// On a machine without a Redis server the tests themselves run on REDIS_URL or Docker.
const hasServer = (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, 'redis-server')));

(hasServer ? describe : describe.skip)('launchRedis: a server on the PATH', () => {
  it('is private, keeps nothing, and leaves nothing behind', async () => {
    process.env['REDIS_URL'] = 'redis://127.0.0.1:1';
    const redis = await launchRedis({ private: true });
    expect(redis).toMatchObject({ source: 'path', url: expect.stringMatching(/^redis:\/\/127\.0\.0\.1:\d+$/) });
    expect(await setting(redis.url, 'save')).toEqual(['save', '']);
    expect(await setting(redis.url, 'appendonly')).toEqual(['appendonly', 'no']);
    const [, folder] = await setting(redis.url, 'dir');
    await redis.close();
    await redis.close();
    expect(await answers(redis.url)).toBe(false);
    expect(existsSync(folder as string)).toBe(false);
  });

  it('takes arguments', async () => {
    const redis = await launchRedis({ private: true, args: ['--appendonly', 'yes', '--maxmemory', '10mb'] });
    expect(await setting(redis.url, 'appendonly')).toEqual(['appendonly', 'yes']);
    expect(await setting(redis.url, 'maxmemory')).toEqual(['maxmemory', '10485760']);
    await redis.close();
  });

  it('says why it did not start', async () => {
    await expect(launchRedis({ private: true, args: ['--no-such-option', '1'] })).rejects.toThrow(/no-such-option/);
  });

  it('is one of its own for each of many that start at once', async () => {
    const launched = await Promise.all(Array.from({ length: 8 }, () => launchRedis({ private: true })));
    expect(new Set(launched.map(({ url }) => url)).size).toBe(8);
    expect(await Promise.all(launched.map(({ url }) => answers(url)))).toEqual(launched.map(() => true));
    await Promise.all(launched.map(({ close }) => close()));
  });

  it.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)('ends with its process, by %s', async (signal) => {
    const home = await mkdtemp(join(tmpdir(), 'redflow-launcher-'));
    try {
      const { process: owner, url } = await launchInProcess(home);
      expect(await answers(url)).toBe(true);
      const [, folder] = await setting(url, 'dir');
      owner.kill(signal);
      await once(owner, 'exit');
      await eventually(async () => !(await answers(url)) && !existsSync(folder as string));
    } finally {
      await rm(home, { recursive: true });
    }
  });
});

/** A process of its own that launches a Redis and then does nothing. */
async function launchInProcess(home: string) {
  const outfile = join(home, 'launcher.cjs');
  const entryPoints = ['lib/testing/redis-launcher.ts'];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'cjs', packages: 'external' });
  const script = `require(process.argv[1]).launchRedis({ private: true }).then(({ url }) => console.log(url));
    setInterval(() => {}, 1_000_000)`;
  const owner = spawn(process.execPath, ['-e', script, outfile], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [url] = (await once(createInterface(owner.stdout), 'line')) as [string];
  return { process: owner, url };
}

describe('launchRedis: nowhere', () => {
  it('says what was tried', async () => {
    delete process.env['REDIS_URL'];
    process.env['PATH'] = '';
    const error: unknown = await launchRedis().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NoRedisError);
    expect((error as InstanceType<typeof NoRedisError>).obstacles).toEqual([
      'REDIS_URL: not set',
      'PATH: neither redis-server nor valkey-server is on it',
      'Docker: no daemon answers',
      'package: only on Debian and Ubuntu',
    ]);
  });
});
