import type { Cluster, ClusterNode, ClusterOptions, Redis, RedisOptions } from 'ioredis';

/** A Redis Cluster as plain data: some of its nodes, from which the others are found, and options of ioredis. */
export interface ClusterConnection extends ClusterOptions {
  readonly cluster: readonly ClusterNode[];
}

/** One of the forms in which a connection is given. */
export type ConnectionSource = string | RedisOptions | ClusterConnection | Redis | Cluster;

/**
 * How Redis is reached:
 *
 * - a URL: `redis://user:password@host:port/db`, `rediss://…` for TLS
 * - the URL of a Redis Cluster, with some of its nodes: `redis+cluster://user:password@host:port,host:port`,
 *   `rediss+cluster://…` for TLS
 * - options of ioredis: `{ host, port, username, password, tls, … }`
 * - a Sentinel set: `{ sentinels: [{ host, port }, …], name }`; the master is followed when it changes
 * - a Redis Cluster: `{ cluster: [{ host, port }, …], redisOptions: { password, tls, … } }`
 * - an existing `Redis` or `Cluster`: its options are used for connections of our own; it is never closed
 * - a factory that gives one of these, asked once per connection
 *
 * Default: `REDIS_URL`, else `redis://127.0.0.1:6379`. Time-outs, retries and queues are set by redflow
 * (`commandTimeoutMs`); a `keyPrefix` is refused, as the option `prefix` takes its place.
 */
export type ConnectionOption = ConnectionSource | (() => ConnectionSource | Promise<ConnectionSource>);
