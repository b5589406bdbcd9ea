import { Cluster, Redis, type ClusterNode, type ClusterOptions, type RedisOptions } from 'ioredis';
import { ConfigurationError } from '../core/errors/configuration.error.js';
import type { ClusterConnection, ConnectionOption, ConnectionSource } from './connection-options.js';

export type RedisClient = Redis | Cluster;

/** What a link is for: a command must not hang; a reader waits, and a subscriber listens, for as long as it takes. */
export type LinkPurpose = 'commands' | 'blocking' | 'subscriber';

export interface ClientRequest {
  readonly connection: ConnectionOption;
  readonly purpose: LinkPurpose;
  /** How long a command waits for its answer, in ms. */
  readonly commandTimeoutMs: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
const MAX_RECONNECT_DELAY_MS = 1_000;
// From the end of our side of a socket until it is destroyed. ioredis waits so long even for one that is gone.
const DISCONNECT_TIMEOUT_MS = 100;
const CLUSTER_URL = /^(rediss?)\+cluster:\/\/([^@/]*@)?([^@/]+)\/?$/;
// Reconnections over which a command that was sent without an answer is sent again.
const MAX_RETRIES_PER_REQUEST = 10;

/** A client of our own for a connection in any of its forms. @throws ConfigurationError */
export async function openClient(request: ClientRequest): Promise<RedisClient> {
  const { connection } = request;
  const source: ConnectionSource = typeof connection === 'function' ? await connection() : connection;
  const options = nodeOptions(request);
  if (typeof source === 'string') return openUrl(source, options);
  if (typeof source !== 'object' || source === null) throw unusable();
  if (isClient(source)) return duplicate(source, options);
  if ('cluster' in source) return newCluster(source, options);
  return newRedis(source, options);
}

/** Whether a client is one of a cluster. Two copies of ioredis must understand each other: told by shape. */
export function isCluster(client: RedisClient): client is Cluster {
  return 'nodes' in client && typeof client.nodes === 'function';
}

function openUrl(url: string, options: RedisOptions): RedisClient {
  const nodes = CLUSTER_URL.exec(url);
  if (nodes) return newCluster(clusterOf(nodes), options);
  if (/^rediss?:\/\//.test(url) && URL.canParse(url)) return new Redis(url, { ...options, ...servedAlone() });
  throw wrongUrl();
}

function clusterOf([, scheme, login = '', hosts = '']: RegExpExecArray): ClusterConnection {
  const urls = hosts.split(',').map((host) => `redis://${login}${host}`);
  if (!urls.every((url) => URL.canParse(url))) throw wrongUrl();
  const [{ username, password }] = urls.map((url) => new URL(url)) as [URL];
  const cluster = urls.map((url) => {
    const { hostname, port } = new URL(url);
    return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) };
  });
  const redisOptions: RedisOptions = {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(scheme === 'rediss' && { tls: {} }),
  };
  return { cluster, redisOptions };
}

// Does not repeat the URL, which may hold a password.
function wrongUrl(): ConfigurationError {
  return new ConfigurationError(
    'connection',
    'is not a URL of the form redis://host:port, rediss://host:port or redis+cluster://host:port,host:port',
  );
}

function duplicate(source: Redis | Cluster, options: RedisOptions): RedisClient {
  if (!isCluster(source)) return newRedis(source.options, options);
  // The nodes that it was given are no public property; its options are.
  const { startupNodes } = source as unknown as { startupNodes: ClusterNode[] };
  return newCluster({ ...source.options, cluster: startupNodes }, options);
}

function newRedis(source: RedisOptions, options: RedisOptions): Redis {
  checkKeyPrefix(source.keyPrefix);
  if (!source.sentinels) return new Redis({ ...source, ...options, ...servedAlone() });
  // Without the detector a connection to a master that hangs, or is one no longer, would stay.
  const followed = { failoverDetector: true, role: 'master' } as const;
  const client = new Redis({ ...source, ...options, ...servedAlone(), ...followed });
  client.on('end', () => endDetector(client));
  return client;
}

// A client that is closed while it connects starts the detector all the same, which would never end.
function endDetector(client: Redis): void {
  const { connector } = client as unknown as { connector: { failoverDetector?: { cleanup(): void } | null } };
  connector.failoverDetector?.cleanup();
}

function newCluster({ cluster: nodes, ...source }: ClusterConnection, options: RedisOptions): Cluster {
  if (!(Symbol.iterator in Object(nodes)) || nodes.length === 0) {
    throw new ConfigurationError('connection', 'cluster must list at least one node: { cluster: [{ host, port }] }');
  }
  checkKeyPrefix(source.keyPrefix);
  checkKeyPrefix(source.redisOptions?.keyPrefix);
  const clusterOptions: ClusterOptions = {
    ...source,
    lazyConnect: false,
    enableOfflineQueue: true,
    enableAutoPipelining: false,
    scaleReads: 'master',
    clusterRetryStrategy: reconnectDelay,
    redisOptions: { ...source.redisOptions, ...options },
  };
  const client = new Cluster([...nodes], clusterOptions);
  leaveMovingSlotsAlone(client);
  return client;
}

/**
 * While a slot moves to another node, some of its keys are there already and some are not: a script would
 * take those for missing, on whichever node. Instead of following the redirection (`ASK`), whoever calls
 * waits until the slot has moved.
 */
function leaveMovingSlotsAlone(cluster: Cluster): void {
  const handleError = cluster.handleError.bind(cluster);
  cluster.handleError = (error, ttl, handlers) => {
    if (error.message.startsWith('ASK ')) (handlers as { defaults(): void }).defaults();
    else handleError(error, ttl, handlers);
  };
}

function nodeOptions({ purpose, commandTimeoutMs }: ClientRequest): RedisOptions {
  return {
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    enableOfflineQueue: true,
    enableAutoPipelining: false,
    maxRetriesPerRequest: purpose === 'commands' ? MAX_RETRIES_PER_REQUEST : null,
    // The link itself connects anew, and paces it.
    reconnectOnError: null,
    commandTimeout: purpose === 'commands' ? commandTimeoutMs : undefined,
  };
}

// A node of a cluster is connected to when it is needed, and never again: the cluster is asked for the way.
function servedAlone(): RedisOptions {
  return { lazyConnect: false, retryStrategy: reconnectDelay };
}

function reconnectDelay(attempt: number): number {
  return Math.min(100 * 2 ** Math.min(attempt - 1, 10), MAX_RECONNECT_DELAY_MS);
}

function isClient(source: object): source is Redis | Cluster {
  return 'duplicate' in source && typeof source.duplicate === 'function';
}

function checkKeyPrefix(keyPrefix: string | undefined): void {
  if (keyPrefix)
    throw new ConfigurationError('connection', 'must not have a keyPrefix: use the option "prefix" of redflow');
}

function unusable(): ConfigurationError {
  return new ConfigurationError(
    'connection',
    'must be a URL, ioredis options, { cluster: nodes }, a Redis or Cluster, or a factory of one',
  );
}
