// The tests of faults kill, freeze and configure servers of their own: a Redis in a container, or of somebody else, does
// not do. So where `redis-server` is not on the PATH, it comes with the distribution's package.
import { findExecutable } from '../dist/testing/redis/executable.js';
import { fromDistributionPackage } from '../dist/testing/redis/distribution-package.js';

const NAMES = ['redis-server'];
if (!(await findExecutable(NAMES))) {
  const redis = await fromDistributionPackage({ onProgress: (message) => process.stdout.write(`${message}\n`) });
  if ('obstacle' in redis) throw new Error(redis.obstacle);
  await redis.close();
}
process.stdout.write(`${await findExecutable(NAMES)}\n`);
