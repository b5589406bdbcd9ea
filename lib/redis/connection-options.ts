import type { Cluster, Redis, RedisOptions } from 'ioredis';

/**
 * How Redis is reached: a URL, options of ioredis, an existing `Redis` or `Cluster` (used, duplicated
 * for blocking reads, never closed by redflow), or a factory that gives one of these.
 * Default: `REDIS_URL`, else `redis://127.0.0.1:6379`.
 */
export type ConnectionOption =
  | string
  | RedisOptions
  | Redis
  | Cluster
  | (() => string | RedisOptions | Redis | Cluster | Promise<string | RedisOptions | Redis | Cluster>);
