import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { Redis } from 'ioredis';
import type { Config } from 'jest';
import type * as AclRules from '../../lib/redis/acl-rules.js';
import type * as Launcher from '../../lib/testing/redis-launcher.js';
import type * as Topologies from '../topologies/redis-cluster.js';

declare global {
  var redflowTestRedis: { close(): Promise<void> } | undefined;
}

/**
 * Finds or brings one Redis for all specs (the prefixes of `useRedis` keep them apart), and says where in
 * `REDFLOW_TEST_URL`. `REDFLOW_TEST_TOPOLOGY` asks for another place to run them: `cluster`, of three masters,
 * or `acl`, as a user who has the rights that redflow asks for and no more.
 */
export default async function launchTestRedis({ rootDir }: Required<Pick<Config, 'rootDir'>>): Promise<void> {
  const topology = process.env['REDFLOW_TEST_TOPOLOGY'];
  if (topology === 'cluster') return launchCluster(rootDir);
  const { launchRedis } = await load<typeof Launcher>(rootDir, 'lib/testing/redis-launcher.ts');
  const onProgress = (message: string) => process.stderr.write(`redflow tests: ${message}\n`);
  const redis = await launchRedis({ onProgress });
  globalThis.redflowTestRedis = redis;
  process.env['REDFLOW_TEST_URL'] = redis.url;
  if (topology === 'acl') process.env['REDFLOW_TEST_USER_URL'] = await addMinimalUser(rootDir, redis.url);
}

async function launchCluster(rootDir: string): Promise<void> {
  const { RedisCluster } = await load<typeof Topologies>(rootDir, 'test/topologies/redis-cluster.ts');
  const cluster = await RedisCluster.start({ nodeTimeoutMs: 15_000 });
  globalThis.redflowTestRedis = cluster;
  process.env['REDFLOW_TEST_URL'] = cluster.url;
}

/** Gives the URL of a user with the minimal rights to the prefixes of all specs. */
async function addMinimalUser(rootDir: string, url: string): Promise<string> {
  const { aclRules } = await load<typeof AclRules>(rootDir, 'lib/redis/acl-rules.ts');
  const rules = aclRules('PREFIX').map((rule) => rule.replace('PREFIX', 'test-*'));
  const redis = new Redis(url);
  await redis.call('ACL', 'SETUSER', 'minimal', 'reset', 'on', '>secret', ...rules);
  await redis.quit();
  return url.replace('://', '://minimal:secret@');
}

// Jest loads this file by `require`, which does not find `x.ts` under the name `./x.js`: hence a bundle.
async function load<T>(rootDir: string, entry: string): Promise<T> {
  const outfile = join(rootDir, `node_modules/.cache/redflow/${basename(entry, '.ts')}-${process.pid}.cjs`);
  const entryPoints = [join(rootDir, entry)];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'cjs', packages: 'external' });
  try {
    return createRequire(outfile)(outfile) as T;
  } finally {
    await rm(outfile);
  }
}
