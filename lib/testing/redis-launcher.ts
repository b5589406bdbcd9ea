import { fromDistributionPackage } from './redis/distribution-package.js';
import { fromDocker } from './redis/docker-container.js';
import { fromEnvironment } from './redis/environment-url.js';
import { fromPath } from './redis/path-server.js';
import { NoRedisError } from './redis/no-redis.error.js';
import { isLaunched, type LaunchedRedis, type LaunchOptions, type LaunchWay } from './redis/launch-way.js';

export type { LaunchedRedis, LaunchOptions, RedisSource } from './redis/launch-way.js';

const WAYS: readonly LaunchWay[] = [fromEnvironment, fromPath, fromDocker, fromDistributionPackage];

/**
 * Finds or brings a Redis for tests and samples; the first of these that is there:
 *
 * 1. `REDIS_URL`: used as it is, never stopped. Others may use it too, so give every test a prefix of its own.
 * 2. `redis-server` or `valkey-server` on the `PATH`: a private instance on a free loopback port with a
 *    temporary folder, nothing kept on disk.
 * 3. Docker, through the package `testcontainers` where it is installed: a private container of
 *    `REDFLOW_TEST_IMAGE`, default `redis:7-alpine`.
 * 4. On Debian and Ubuntu, as root or with passwordless `sudo`: the distribution's package `redis-server` is
 *    installed (its system service is not started), then as 2.
 *
 * A private instance ends with `close()`, and at the latest with this process, however that ends.
 *
 * @throws NoRedisError that says why each way failed
 */
export async function launchRedis(options: LaunchOptions = {}): Promise<LaunchedRedis> {
  const obstacles: string[] = [];
  for (const launch of WAYS) {
    const result = await launch(options);
    if (isLaunched(result)) return result;
    obstacles.push(result.obstacle);
  }
  throw new NoRedisError(obstacles);
}
